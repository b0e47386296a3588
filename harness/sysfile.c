/* SPDX-License-Identifier: MIT */
/*
 * sysfile.c: small files of /proc and /sys, below a root of the caller's.
 *
 * Idea.  They are one line, or few; all are read as text.
 * Owns.  Nothing.
 * Never. Writes.
 */
#include "harness/sysfile.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

FILE *sysfile_open(const char *root, const char *path)
{
	char full[SYSFILE_PATH_BYTES];
	int n = snprintf(full, sizeof(full), "%s%s", root, path);

	if (n < 0 || (size_t)n >= sizeof(full)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(full, "re");
}

int sysfile_read(const char *root, const char *path, size_t size_bytes,
		 char *ret_text)
{
	FILE *file = sysfile_open(root, path);
	char *text;
	size_t length;
	int err = 0;

	if (!file)
		return -errno;
	text = malloc(size_bytes);
	if (!text) {
		fclose(file);
		return -ENOMEM;
	}
	length = fread(text, 1, size_bytes - 1, file);
	if (ferror(file))
		err = errno ? -errno : -EIO;
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	if (!err) {
		memcpy(ret_text, text, length);
		ret_text[length] = '\0';
	}
	free(text);
	fclose(file);
	return err;
}

int sysfile_number(const char *root, const char *path, double *ret_number)
{
	char text[64];
	char *end;
	double number;
	int err = sysfile_read(root, path, sizeof(text), text);

	if (err)
		return err;
	number = strtod(text, &end);
	if (end == text)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

size_t sysfile_each(const char *root, const char *pattern,
		    void (*callback)(const char *path, const char *text,
				     void *arg),
		    void *arg)
{
	char full[SYSFILE_PATH_BYTES];
	char text[256];
	size_t n_read = 0;
	glob_t found;

	if ((size_t)snprintf(full, sizeof(full), "%s%s", root, pattern) >=
		    sizeof(full) ||
	    glob(full, 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i] + strlen(root);

		if (sysfile_read(root, path, sizeof(text), text))
			continue;
		callback(path, text, arg);
		n_read++;
	}
	globfree(&found);
	return n_read;
}
