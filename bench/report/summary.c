/* SPDX-License-Identifier: MIT */
/*
 * summary.c: what a run says, worked out once; see summary.h.
 */
#include "bench/report/summary.h"

#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/summary_parts.h"

static json_t *index_rows(const json_t *run)
{
	const json_t *row;
	json_t *rows = json_object();
	size_t i;

	json_array_foreach (json_object_get(run, "benchmarks"), i, row) {
		const char *name = field_string(row, "run_name", "");
		json_t *of_cell = json_object_get(rows, name);

		if (!of_cell) {
			of_cell = json_array();
			json_object_set_new(rows, name, of_cell);
		}
		json_array_append(of_cell, (json_t *)row);
	}
	return rows;
}

/* The widest floor of all groups that are judged by @metric. */
static json_t *widest_floor(const json_t *groups, const char *metric)
{
	const json_t *group, *widest = NULL;
	size_t i, n = 0;
	double floor = NAN;

	json_array_foreach (groups, i, group) {
		double x = field_number(group, "floor");

		if (isnan(x) ||
		    strcmp(field_string(group, "metric", ""), metric))
			continue;
		n++;
		if (!(x <= floor)) {
			floor = x;
			widest = group;
		}
	}
	return json_pack("{s:s, s:o, s:O?, s:I}", "metric", metric, "largest",
			 field_or_null(floor), "group",
			 json_object_get(widest, "name"), "groups",
			 (json_int_t)n);
}

json_t *summary_make(const json_t *run)
{
	const json_t *ours = json_object_get(run, "unloadbench");
	const json_t *plan = json_object_get(ours, "plan"), *cell;
	struct run_index index = {
		.run = run,
		.cells = json_object_get(plan, "cells"),
		.rows = index_rows(run),
	};
	json_t *cells = json_array(), *groups;
	size_t i;

	json_array_foreach (index.cells, i, cell)
		json_array_append_new(cells, summary_cell(&index, cell));
	groups = summary_groups(&index);
	json_decref(index.rows);
	return json_pack("{s:o, s:o, s:[o, o]}", "cells", cells, "groups",
			 groups, "floors",
			 widest_floor(groups, "items_per_second"),
			 widest_floor(groups, "p50_ns"));
}
