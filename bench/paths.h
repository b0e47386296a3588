/* SPDX-License-Identifier: MIT */
/*
 * paths.h: where the suite's own files are, in a build tree or installed.
 */
#ifndef PATHS_H
#define PATHS_H

#include <limits.h>
#include <stddef.h>

/**
 * paths_find() - full path of a file that came with the program
 * @kind: "drivers" or "plots"
 * @name: file name within it
 * @ret:  PATH_MAX bytes
 *
 * Looked for beside the executable (build tree), then in ../lib/unloadbench,
 * ../lib/TRIPLET/unloadbench and ../share/unloadbench (installed).
 * Return: 0; -ENOENT.
 */
int paths_find(const char *kind, const char *name, char ret[PATH_MAX]);

/** paths_self_dir() - the executable's directory; 0 or -errno */
int paths_self_dir(char ret[PATH_MAX]);

#endif
