/* SPDX-License-Identifier: MIT */
/*
 * sysfile.h: small files of /proc and /sys, below a root of the caller's.
 *
 * Idea.  A root before each path lets a test stand in a made-up machine.
 * Owns.  Nothing; each call opens and closes.
 * Never. Takes an unreadable file for an empty one.
 */
#ifndef HARNESS_SYSFILE_H
#define HARNESS_SYSFILE_H

#include <stddef.h>
#include <stdio.h>

#define SYSFILE_PATH_BYTES 512

/**
 * sysfile_open() - open a file below a root for reading
 * @root: "" for the machine itself
 * @path: absolute
 *
 * Return: a stream; NULL with errno set.
 */
FILE *sysfile_open(const char *root, const char *path);

/**
 * sysfile_read() - a file's text without the white space at its end
 * @root:       "" for the machine itself
 * @path:       absolute
 * @size_bytes: room; what is longer is cut
 * @ret_text:   the text; written on success only
 *
 * Return: 0; -errno.
 */
int sysfile_read(const char *root, const char *path, size_t size_bytes,
		 char *ret_text);

/**
 * sysfile_number() - a file that begins with a number
 * @root:       "" for the machine itself
 * @path:       absolute
 * @ret_number: the number
 *
 * Return: 0; -EINVAL if there is none; another -errno.
 */
int sysfile_number(const char *root, const char *path, double *ret_number);

/**
 * sysfile_each() - call back for each file that matches a pattern
 * @root:     "" for the machine itself
 * @pattern:  as for glob(), absolute
 * @callback: gets the file's name without @root, its text cut at 255 bytes,
 *            and @arg; not called for what cannot be read
 * @arg:      the caller's
 *
 * Return: how many files were read.
 */
size_t sysfile_each(const char *root, const char *pattern,
		    void (*callback)(const char *path, const char *text,
				     void *arg),
		    void *arg);

#endif
