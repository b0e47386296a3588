/* SPDX-License-Identifier: MIT */
/*
 * summary_parts.h: the parts summary_make() is put together from.
 */
#ifndef REPORT_SUMMARY_PARTS_H
#define REPORT_SUMMARY_PARTS_H

#include <jansson.h>
#include <stddef.h>

#include "harness/stats.h"

/**
 * struct run_index - a run, and its rows by cell
 * @run:   the run file's content
 * @cells: plan.cells
 * @rows:  object: cell name -> array of its rows in time order
 */
struct run_index {
	const json_t *run;
	const json_t *cells;
	json_t *rows;
};

/** summary_figure() - FIGURE of an interval over @n rounds; new reference */
json_t *summary_figure(const struct interval *x, size_t n);

/** summary_unknown() - FIGURE of nulls with its reason; new reference */
json_t *summary_unknown(size_t n, const char *why);

/**
 * summary_paired() - ratio of two cells' figures, round by round
 * @of:   rows of the cell in the numerator, or NULL
 * @to:   rows of the cell in the denominator, or NULL
 * @key:  the figure, a key of a row
 * @why:  what is missing if a cell is NULL
 *
 * Return: FIGURE, a new reference; nulls where fewer than 6 rounds have both.
 */
json_t *summary_paired(const json_t *of, const json_t *to, const char *key,
		       const char *why);

/** summary_rows() - rows of a cell, borrowed; NULL if it has none */
json_t *summary_rows(const struct run_index *index, const json_t *cell);

/** summary_cell() - the entry of `cells` for @cell; new reference */
json_t *summary_cell(const struct run_index *index, const json_t *cell);

/** summary_quantiles() - over all rounds' samples of @name; NULL: it has none
 */
json_t *summary_quantiles(const json_t *run, const char *name);

/** summary_groups() - `groups`; new reference */
json_t *summary_groups(const struct run_index *index);

#endif
