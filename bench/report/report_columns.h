/* SPDX-License-Identifier: MIT */
/*
 * report_columns.h: what the tables of a report say of one cell.
 */
#ifndef REPORT_COLUMNS_H
#define REPORT_COLUMNS_H

#include "bench/report/report_parts.h"

/**
 * struct table_kind - a table of cells, one a line
 * @columns: [@n_columns], the first two are CPUs and scheme
 * @add:     appends the other columns of @member of @group to @row
 */
struct table_kind {
	const struct column *columns;
	size_t n_columns;
	void (*add)(struct report *report, json_t *row, const json_t *group,
		    const json_t *member);
};

extern const struct table_kind report_rate_table;
extern const struct table_kind report_time_table;
extern const struct table_kind report_try_table;
extern const struct table_kind report_wait_table;
extern const struct table_kind report_phase_table;
extern const struct table_kind report_beside_table;
extern const struct table_kind report_storm_table;

/** report_add_text() - append @text to @row */
void report_add_text(json_t *row, const char *text);

/** report_add_figure() - append the value of a FIGURE, or a mark for it */
void report_add_figure(struct report *report, json_t *row, const json_t *figure,
		       double scale);

/** report_metric() - FIGURE @key of a member's cell; NULL if it has none */
const json_t *report_metric(const struct report *report, const json_t *member,
			    const char *key);

/** report_result() - the summary's entry of a member's cell */
const json_t *report_result(const struct report *report, const json_t *member);

#endif
