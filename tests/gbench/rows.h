/* SPDX-License-Identifier: MIT */
/*
 * rows.h: a reporter that copies what it is given, for the tests of gbench.
 *
 * Idea.  Rows live only inside the callback; tests look at them after the run.
 */
#ifndef TEST_ROWS_H
#define TEST_ROWS_H

#include <stdio.h>
#include <string.h>

#include "harness/gbench.h"

#define MAX_ROWS     16
#define MAX_COUNTERS 4

struct rows {
	int n, begun, ended;
	int stop_at; /* row callback fails at this row, from 1; 0: never */
	struct gbench_row row[MAX_ROWS];
	struct gbench_value counter[MAX_ROWS][MAX_COUNTERS];
	char text[MAX_ROWS][3 + MAX_COUNTERS][128];
};

static inline const char *rows_keep(char *into, const char *text)
{
	if (!text)
		return NULL;
	snprintf(into, 128, "%s", text);
	return into;
}

static inline int rows_begin(void *user)
{
	struct rows *rows = user;

	rows->begun++;
	return 0;
}

static inline int rows_add(void *user, const struct gbench_row *row)
{
	struct rows *rows = user;
	struct gbench_row *r = &rows->row[rows->n];
	char(*text)[128] = rows->text[rows->n];
	struct gbench_value *c = rows->counter[rows->n];

	*r = *row;
	r->name = rows_keep(text[0], row->name);
	r->error = rows_keep(text[1], row->error);
	r->label = rows_keep(text[2], row->label);
	r->counters = c;
	for (size_t i = 0; i < row->ncounters && i < MAX_COUNTERS; i++) {
		c[i].name = rows_keep(text[3 + i], row->counters[i].name);
		c[i].value = row->counters[i].value;
	}
	rows->n++;
	return rows->n == rows->stop_at ? -123 : 0;
}

static inline void rows_end(void *user)
{
	struct rows *rows = user;

	rows->ended++;
}

static inline int rows_run(struct rows *rows, const char *filter,
			   struct gbench_tally *ret)
{
	struct gbench_reporter into = {
		.user = rows,
		.begin = rows_begin,
		.row = rows_add,
		.end = rows_end,
	};

	return gbench_run(&into, filter, ret);
}

#endif
