/* SPDX-License-Identifier: MIT */
/*
 * labels.h: what a cell's scheme is called, and which cells are alike.
 *
 * Idea.  In full: the scheme's name and its parameters as key=value. In short,
 * for tables: a name that is too long is cut, and what is cut or left out
 * gives way to a number, name+1, that a legend resolves.
 */
#ifndef REPORT_LABELS_H
#define REPORT_LABELS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

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

/**
 * cell_like() - the cell that differs in workload and CPUs alone
 * @cells:    plan.cells
 * @model:    one of them
 * @workload: of the cell looked for
 * @cpus:     of the cell looked for; 0: the fewest there are
 *
 * Return: borrowed; NULL if there is none.
 */
const json_t *cell_like(const json_t *cells, const json_t *model,
			const char *workload, json_int_t cpus);

/** label_has() - whether a row of a cell was labelled @word; @result: the
 * summary's entry of the cell */
bool label_has(const json_t *result, const char *word);

/** entries_by_name() - object: name -> entry of @array; new reference */
json_t *entries_by_name(const json_t *array);

/**
 * label_setting() - what a cell's group has in common, for titles
 * @cell:  entry of plan.cells
 * @ret:   "try mode, table rcu, hold 0 ns, think 0 ns"
 * @bytes: room in @ret, 160 is enough
 *
 * Return: @ret.
 */
const char *label_setting(const json_t *cell, char *ret, size_t bytes);

#endif
