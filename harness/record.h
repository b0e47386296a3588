/* SPDX-License-Identifier: MIT */
/*
 * record.h: the one writer of result files.
 *
 * Idea.  A file is written whole under another name and renamed: who reads it
 * sees the old one or the new one, never half of one.
 * Never. Replaces a file that this run did not make.
 */
#ifndef HARNESS_RECORD_H
#define HARNESS_RECORD_H

#include <jansson.h>

/**
 * record_create() - make @dir, and claim @dir/@name for this run
 * @dir:   made with its parents where missing
 * @first: what the file holds until the first record_write()
 * Return: 0; -EEXIST when the file is there already; -errno, and no file.
 */
int record_create(const char *dir, const char *name, const json_t *first);

/**
 * record_write() - replace @dir/@name
 * Return: 0; -errno, and the old file is whole.
 */
int record_write(const char *dir, const char *name, const json_t *json);

#endif
