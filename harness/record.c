/* SPDX-License-Identifier: MIT */
/*
 * record.c: writes beside, syncs, renames.
 */
#include "harness/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_dirs(const char *dir)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0777) && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(path, 0777) && errno != EEXIST ? -errno : 0;
}

static int dump_to(const char *path, const json_t *json)
{
	FILE *f = fopen(path, "we");
	int err = 0;

	if (!f)
		return -errno;
	errno = 0;
	if (json_dumpf(json, f, JSON_INDENT(1)) || fputc('\n', f) == EOF ||
	    fflush(f) || fsync(fileno(f)))
		err = errno ? -errno : -EIO;
	if (fclose(f) && !err)
		err = -errno;
	return err;
}

static int paths_of(const char *dir, const char *name, char to[PATH_MAX],
		    char tmp[PATH_MAX])
{
	if (snprintf(to, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX ||
	    snprintf(tmp, PATH_MAX, "%s/.%s.%ld", dir, name, (long)getpid()) >=
		    PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

/* Claims the name, or finds that it is taken. */
static int claim(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int record_create(const char *dir, const char *name, const json_t *first)
{
	char to[PATH_MAX], tmp[PATH_MAX];
	int err = paths_of(dir, name, to, tmp);

	if (!err)
		err = make_dirs(dir);
	if (!err)
		err = claim(to);
	if (err)
		return err;
	err = record_write(dir, name, first);
	if (err)
		unlink(to);
	return err;
}

int record_write(const char *dir, const char *name, const json_t *json)
{
	char to[PATH_MAX], tmp[PATH_MAX];
	int err = paths_of(dir, name, to, tmp);

	if (!err)
		err = dump_to(tmp, json);
	if (!err && rename(tmp, to))
		err = -errno;
	if (err)
		unlink(tmp);
	return err;
}
