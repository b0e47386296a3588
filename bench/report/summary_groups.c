/* SPDX-License-Identifier: MIT */
/*
 * summary_groups.c: schemes against the base, among cells alike in all else.
 *
 * Idea.  A group is a set of cells that differ in scheme and its parameters
 * only. Each is compared with the base round by round; the base's twin under a
 * second name shows how far two equal things lie apart here, and no effect
 * inside that is called one.
 * A scheme that owns its table ran once, whatever the table of the others: its
 * cell joins every group that is like it otherwise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/summary.h"
#include "bench/report/summary_parts.h"

#define NAME_BYTES     256
#define FLOOR_TOO_WIDE 1.0 /* equal things lay apart by a factor of 2 */
#define OWN_TABLE      "own"

static bool is(const json_t *cell, const char *key, const char *value)
{
	return !strcmp(field_string(cell, key, ""), value);
}

/* Name of @cell without scheme, parameters and CPUs, as if it had @table. */
static void series_name(const json_t *cell, const char *table,
			char ret[NAME_BYTES])
{
	static const char *const counts[] = { "modules", "tables",
					      "oversubscribe" };
	const char *mode = field_string(cell, "mode", NULL);
	bool has_table = strcmp(table, "none") && strcmp(table, OWN_TABLE);
	const char *grace = field_string(cell, "grace", "none");
	bool has_grace = strcmp(grace, "none");
	int n = snprintf(
		ret, NAME_BYTES,
		"%.60s/hold_ns:%.15g/think_ns:%.15g%s%.40s%s%.20s%s%.24s",
		field_string(cell, "workload", "?"),
		field_number(cell, "hold_ns"), field_number(cell, "think_ns"),
		has_table ? "/table:" : "", has_table ? table : "",
		mode ? "/mode:" : "", mode ? mode : "",
		has_grace ? "/grace:" : "", has_grace ? grace : "");

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		json_int_t count = field_int(cell, counts[i], 1);

		if (count != 1)
			n += snprintf(ret + n, (size_t)(NAME_BYTES - n),
				      "/%s:%lld", counts[i], (long long)count);
	}
}

static bool higher_is_better(const json_t *cell)
{
	return !is(cell, "workload", "unload");
}

/* Why no word may be said of cells like @cell, whatever their numbers; NULL:
 * it may. */
static const char *no_verdict(const json_t *cell)
{
	bool unloads = is(cell, "workload", "unload");
	bool both = unloads || is(cell, "workload", "storm");

	if (unloads && is(cell, "mode", "try"))
		return "try mode mixes success and failure";
	if (field_int(cell, "oversubscribe", 1) > 1 ||
	    (both && field_int(cell, "cpus", 0) == 1))
		return "threads share CPUs";
	return NULL;
}

static json_t *group_new(const json_t *cell, const char *table)
{
	char series[NAME_BYTES], name[NAME_BYTES + 32];
	bool rate = higher_is_better(cell);
	json_int_t cpus = field_int(cell, "cpus", 0);

	series_name(cell, table, series);
	snprintf(name, sizeof(name), "%s/cpus:%lld", series, (long long)cpus);
	return json_pack(
		"{s:s, s:s, s:s, s:O*, s:I, s:s, s:s, s:b, s:s?, s:[]}", "name",
		name, "series", series, "workload",
		field_string(cell, "workload", ""), "mode",
		json_object_get(cell, "mode"), "cpus", cpus, "table", table,
		"metric", rate ? "items_per_second" : "p50_ns",
		"higher_is_better", rate, "no_verdict", no_verdict(cell),
		"members");
}

static void join(json_t *group, const json_t *cell, bool apart)
{
	json_t *member = json_pack(
		"{s:O, s:O, s:O*, s:I, s:b, s:b}", "cell",
		json_object_get(cell, "name"), "scheme",
		json_object_get(cell, "scheme"), "params",
		json_object_get(cell, "params"), "aa", field_int(cell, "aa", 1),
		"own_table", is(cell, "table", OWN_TABLE), "apart", apart);

	json_array_append_new(json_object_get(group, "members"), member);
}

/* Lets @cell join every group it is like, were its table the group's own, or
 * the one with its table. A round has it among the cells of the first table. */
static size_t join_all(json_t *groups, const json_t *cell)
{
	bool own = is(cell, "table", OWN_TABLE);
	const char *table = field_string(cell, "table", "none");
	char series[NAME_BYTES];
	size_t i, joined = 0;
	json_t *group;

	json_array_foreach (groups, i, group) {
		const char *of_group = field_string(group, "table", "none");

		series_name(cell, own ? of_group : table, series);
		if (!is(group, "series", series) ||
		    field_int(group, "cpus", 0) != field_int(cell, "cpus", 0))
			continue;
		join(group, cell, joined > 0);
		joined++;
	}
	return joined;
}

static void place_cells(json_t *groups, const json_t *cells, bool own)
{
	const json_t *cell;
	size_t i;

	json_array_foreach (cells, i, cell) {
		json_t *group;

		/* The loader's cell is about no scheme. */
		if (is(cell, "table", OWN_TABLE) != own ||
		    is(cell, "workload", "loader") || join_all(groups, cell))
			continue;
		group = group_new(cell, field_string(cell, "table", "none"));
		join(group, cell, false);
		json_array_append_new(groups, group);
	}
}

/* The member that runs @scheme under its @aa-th name; one with default
 * parameters if there is one. */
static json_t *find_member(const json_t *group, const char *scheme,
			   json_int_t aa)
{
	json_t *member, *found = NULL;
	size_t i;

	json_array_foreach (json_object_get(group, "members"), i, member) {
		bool plain =
			!json_object_size(json_object_get(member, "params"));

		if (is(member, "scheme", scheme) &&
		    field_int(member, "aa", 1) == aa && (plain || !found)) {
			found = member;
			if (plain)
				break;
		}
	}
	return found;
}

static json_t *rows_of(const struct run_index *index, const json_t *member)
{
	return json_object_get(index->rows, field_string(member, "cell", ""));
}

static struct interval interval_of(const json_t *figure)
{
	return (struct interval){
		.value = field_number(figure, "value"),
		.lo = field_number(figure, "lo"),
		.hi = field_number(figure, "hi"),
	};
}

/* Sets the group's noise floor from the base's twin. */
static void set_floor(const struct run_index *index, json_t *group,
		      const char *scheme)
{
	const json_t *twin = find_member(group, scheme, 2);
	const json_t *first = find_member(group, scheme, 1);
	json_t *aa = summary_paired(rows_of(index, twin), rows_of(index, first),
				    field_string(group, "metric", ""),
				    "no A/A twin in this group");
	struct interval ratio = interval_of(aa);
	double floor = isnan(ratio.lo) ? NAN : stats_floor(&ratio);

	json_object_set_new(group, "floor", field_or_null(floor));
	if (isnan(floor))
		json_object_set(group, "floor_why", json_object_get(aa, "why"));
	json_object_set_new(group, "aa", aa);
}

/* The word for @ratio, or NULL with a reason where none may be said. */
static const char *verdict_word(const json_t *ratio, const json_t *group,
				json_int_t aa, const char **ret_why)
{
	static const char *const words[] = {
		[VERDICT_NOT_SEPARATED] = "not separated",
		[VERDICT_SAME] = "same",
		[VERDICT_BETTER] = "better",
		[VERDICT_WORSE] = "worse",
		[VERDICT_TOO_FEW] = NULL,
	};
	struct interval x = interval_of(ratio);
	json_int_t n = field_int(ratio, "n", 0);
	double floor = field_number(group, "floor");
	enum verdict verdict;

	/* The twin makes the floor: held against it, it says nothing. */
	if (aa != 1) {
		*ret_why = "the A/A twin is the floor";
		return NULL;
	}
	*ret_why = field_string(group, "no_verdict", NULL);
	if (*ret_why)
		return NULL;
	if (isnan(x.lo)) {
		*ret_why = "no interval";
		return NULL;
	}
	verdict = stats_verdict(
		&x, (size_t)n, floor,
		json_is_true(json_object_get(group, "higher_is_better")));
	if (verdict == VERDICT_TOO_FEW)
		*ret_why = n < STATS_VERDICT_MIN_ROUNDS ? "fewer than 9 rounds"
							: "no noise floor";
	else if (floor >= FLOOR_TOO_WIDE) {
		*ret_why = SUMMARY_TOO_NOISY;
		return NULL;
	}
	return words[verdict];
}

static void compare(const struct run_index *index, json_t *group,
		    const json_t *base, json_t *member)
{
	json_t *ratio =
		summary_paired(rows_of(index, member), rows_of(index, base),
			       field_string(group, "metric", ""),
			       base ? "the cell or the base has no rows"
				    : "the base is not in this group");
	const char *why = NULL;
	const char *word =
		verdict_word(ratio, group, field_int(member, "aa", 1), &why);

	json_object_set_new(ratio, "verdict",
			    word ? json_string(word) : json_null());
	if (!word)
		json_object_set_new(ratio, "verdict_why", json_string(why));
	json_object_set_new(member, "ratio", ratio);
}

json_t *summary_groups(const struct run_index *index)
{
	const json_t *ours = json_object_get(index->run, "unloadbench");
	const json_t *plan = json_object_get(ours, "plan");
	const char *base_scheme = field_string(plan, "base", "");
	const char *aa_scheme = field_string(plan, "aa", base_scheme);
	json_t *groups = json_array(), *group, *member;
	size_t i, k;

	place_cells(groups, index->cells, false);
	place_cells(groups, index->cells, true);
	json_array_foreach (groups, i, group) {
		const json_t *base = find_member(group, base_scheme, 1);

		json_object_set_new(
			group, "base",
			base ? json_copy(json_object_get(base, "cell"))
			     : json_null());
		set_floor(index, group, aa_scheme);
		json_array_foreach (json_object_get(group, "members"), k,
				    member)
			if (member != base)
				compare(index, group, base, member);
	}
	return groups;
}
