/* SPDX-License-Identifier: MIT */
/*
 * summary_run.h: runs of a few cells and rows, put together by hand.
 *
 * With 9 rounds the interval of a median is the 2nd to the 8th value (each tail
 * 10/512, 96.1 %); with 6 the 1st to the 6th (96.9 %).
 */
#ifndef SUMMARY_RUN_H
#define SUMMARY_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench/report/fields.h"

#define LOOKUP "lookup/scheme:%s/cpus:%d/hold_ns:0/think_ns:0%s"
#define TINY   1e-9

static inline json_t *new_run(void)
{
	return json_pack("{s:[], s:{s:i, s:{s:s, s:s, s:[]}, s:{}}}",
			 "benchmarks", "unloadbench", "schema", 1, "plan",
			 "base", "b", "aa", "b", "cells", "unload_samples");
}

static inline json_t *ours(const json_t *run, const char *key)
{
	return json_object_get(json_object_get(run, "unloadbench"), key);
}

static inline json_t *add_cell(json_t *run, const char *name,
			       const char *workload, const char *scheme,
			       int cpus, const char *table)
{
	json_t *cell =
		json_pack("{s:s, s:s, s:s, s:i, s:i, s:f, s:f, s:s}", "name",
			  name, "workload", workload, "scheme", scheme, "aa",
			  strstr(name, "/aa:2") ? 2 : 1, "cpus", cpus,
			  "hold_ns", 0.0, "think_ns", 0.0, "table", table);

	json_array_append_new(json_object_get(ours(run, "plan"), "cells"),
			      cell);
	return cell;
}

static inline json_t *add_row(json_t *run, const char *name, int round,
			      const char *key, double value)
{
	json_t *row = json_pack("{s:s, s:s, s:i, s:o}", "name", name,
				"run_name", name, "repetition_index", round,
				key, field_or_null(value));

	json_array_append_new(json_object_get(run, "benchmarks"), row);
	return row;
}

/* A look-up cell with one row for each of @rates[n]. */
static inline void add_lookup(json_t *run, const char *scheme, int cpus,
			      const char *suffix, const char *table,
			      const double *rates, int n)
{
	char name[128];

	snprintf(name, sizeof(name), LOOKUP, scheme, cpus, suffix);
	add_cell(run, name, "lookup", scheme, cpus, table);
	for (int i = 0; i < n; i++)
		add_row(run, name, i, "items_per_second", rates[i]);
}

static inline const json_t *find(const json_t *array, const char *key,
				 const char *value)
{
	const json_t *entry;
	size_t i;

	json_array_foreach (array, i, entry)
		if (!strcmp(field_string(entry, key, ""), value))
			return entry;
	fail_msg("no entry with %s = %s", key, value);
	return NULL;
}

static inline const json_t *cell_of(const json_t *summary, const char *name)
{
	return find(json_object_get(summary, "cells"), "name", name);
}

static inline const json_t *group_of(const json_t *summary, const char *name)
{
	return find(json_object_get(summary, "groups"), "name", name);
}

static inline const json_t *ratio_of(const json_t *group, const char *cell)
{
	const json_t *members = json_object_get(group, "members");

	return json_object_get(find(members, "cell", cell), "ratio");
}

static inline void assert_figure(const json_t *figure, double value, double lo,
				 double hi, int n)
{
	assert_non_null(figure);
	assert_float_equal(field_number(figure, "value"), value, TINY);
	assert_float_equal(field_number(figure, "lo"), lo, TINY);
	assert_float_equal(field_number(figure, "hi"), hi, TINY);
	assert_int_equal(field_int(figure, "n", -1), n);
}

static inline void assert_null_because(const json_t *figure, const char *key,
				       const char *why)
{
	assert_true(json_is_null(json_object_get(figure, key)));
	assert_string_equal(field_string(figure, "why", "(none)"), why);
}

static const double one_to_nine[] = { 5, 1, 9, 2, 8, 3, 7, 4, 6 };

#endif
