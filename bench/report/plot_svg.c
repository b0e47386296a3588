/* SPDX-License-Identifier: MIT */
/*
 * plot_svg.c: sets title and desc of an SVG; see plot_svg.h.
 */
#include "bench/report/plot_svg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of a file as a string to be freed; NULL with errno set. */
static char *read_all(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t bytes = 0;

	if (!in)
		return NULL;
	if (getdelim(&text, &bytes, '\0', in) < 0) {
		free(text);
		text = NULL;
		errno = EBADMSG;
	}
	fclose(in);
	return text;
}

static void put_escaped(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '&')
			fputs("&amp;", out);
		else if (*s == '<')
			fputs("&lt;", out);
		else if ((unsigned char)*s >= ' ')
			fputc(*s, out);
	}
}

int plot_svg_describe(const char *path, const char *title, const char *desc)
{
	char *text = read_all(path), *begin, *end = NULL;
	FILE *out;

	if (!text)
		return -errno;
	begin = strstr(text, "<title>");
	if (begin)
		end = strstr(begin, "</desc>");
	out = end ? fopen(path, "w") : NULL;
	if (!out) {
		free(text);
		return end ? -errno : -EBADMSG;
	}
	fprintf(out, "%.*s<title>", (int)(begin - text), text);
	put_escaped(out, title);
	fputs("</title>\n<desc>", out);
	put_escaped(out, desc);
	fputs(end, out);
	free(text);
	return fclose(out) ? -errno : 0;
}
