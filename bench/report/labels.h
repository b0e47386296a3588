/* SPDX-License-Identifier: MIT */
/*
 * labels.h: what a cell's scheme is called in tables and figures.
 *
 * Idea.  In full: the scheme's name and its parameters as key=value. In short,
 * for tables: a name that is too long is cut, and what is cut or left out
 * gives way to a number, name+1, that a legend resolves.
 */
#ifndef REPORT_LABELS_H
#define REPORT_LABELS_H

#include <jansson.h>

#define LABEL_BYTES 160

/**
 * label_full() - scheme and parameters of a cell
 * @cell: plan.cells' entry
 * @ret:  "stop_machine mechanism=membarrier"
 *
 * Return: @ret.
 */
const char *label_full(const json_t *cell, char ret[LABEL_BYTES]);

/**
 * labels_short() - labels for narrow tables
 * @cells: plan.cells
 *
 * Return: a new object: full label -> label of up to 16 characters.
 */
json_t *labels_short(const json_t *cells);

#endif
