/* SPDX-License-Identifier: MIT */
/*
 * test_summary.c: the summary of a small made-up run, worked out by hand.
 *
 * With 9 rounds the interval of a median is the 2nd to the 8th value (each tail
 * 10/512, 96.1 %); with 6 the 1st to the 6th (96.9 %).
 */
#include "bench/report/summary.h"

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

static json_t *new_run(void)
{
	return json_pack("{s:[], s:{s:i, s:{s:s, s:s, s:[]}, s:{}}}",
			 "benchmarks", "unloadbench", "schema", 1, "plan",
			 "base", "b", "aa", "b", "cells", "unload_samples");
}

static json_t *ours(const json_t *run, const char *key)
{
	return json_object_get(json_object_get(run, "unloadbench"), key);
}

static json_t *add_cell(json_t *run, const char *name, const char *workload,
			const char *scheme, int cpus, const char *table)
{
	json_t *cell =
		json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:s}", "name",
			  name, "workload", workload, "scheme", scheme, "aa",
			  strstr(name, "/aa:2") ? 2 : 1, "cpus", cpus,
			  "hold_ns", 0, "think_ns", 0, "table", table);

	json_array_append_new(json_object_get(ours(run, "plan"), "cells"),
			      cell);
	return cell;
}

static json_t *add_row(json_t *run, const char *name, int round,
		       const char *key, double value)
{
	json_t *row = json_pack("{s:s, s:s, s:i, s:o}", "name", name,
				"run_name", name, "repetition_index", round,
				key, field_or_null(value));

	json_array_append_new(json_object_get(run, "benchmarks"), row);
	return row;
}

/* A look-up cell with one row for each of @rates[n]. */
static void add_lookup(json_t *run, const char *scheme, int cpus,
		       const char *suffix, const char *table,
		       const double *rates, int n)
{
	char name[128];

	snprintf(name, sizeof(name), LOOKUP, scheme, cpus, suffix);
	add_cell(run, name, "lookup", scheme, cpus, table);
	for (int i = 0; i < n; i++)
		add_row(run, name, i, "items_per_second", rates[i]);
}

static const json_t *find(const json_t *array, const char *key,
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

static const json_t *cell_of(const json_t *summary, const char *name)
{
	return find(json_object_get(summary, "cells"), "name", name);
}

static const json_t *group_of(const json_t *summary, const char *name)
{
	return find(json_object_get(summary, "groups"), "name", name);
}

static const json_t *ratio_of(const json_t *group, const char *cell)
{
	const json_t *members = json_object_get(group, "members");

	return json_object_get(find(members, "cell", cell), "ratio");
}

static void assert_figure(const json_t *figure, double value, double lo,
			  double hi, int n)
{
	assert_non_null(figure);
	assert_float_equal(field_number(figure, "value"), value, TINY);
	assert_float_equal(field_number(figure, "lo"), lo, TINY);
	assert_float_equal(field_number(figure, "hi"), hi, TINY);
	assert_int_equal(field_int(figure, "n", -1), n);
}

static void assert_null_because(const json_t *figure, const char *key,
				const char *why)
{
	assert_true(json_is_null(json_object_get(figure, key)));
	assert_string_equal(field_string(figure, "why", "(none)"), why);
}

static const double one_to_nine[] = { 5, 1, 9, 2, 8, 3, 7, 4, 6 };

static void test_summary_median_of_nine_rounds_has_2nd_and_8th(void **state)
{
	json_t *run = new_run(), *summary;
	const json_t *figure;

	(void)state;
	add_lookup(run, "b", 1, "", "none", one_to_nine, 9);
	summary = summary_make(run);
	figure = json_object_get(
		json_object_get(
			cell_of(summary,
				"lookup/scheme:b/cpus:1/hold_ns:0/think_ns:0"),
			"metrics"),
		"items_per_second");
	assert_figure(figure, 5, 2, 8, 9);
	assert_float_equal(field_number(figure, "confidence"), 1 - 20 / 512.0,
			   TINY);
	json_decref(summary);
	json_decref(run);
}

static void test_summary_five_rounds_have_no_interval(void **state)
{
	static const double twice[] = { 10, 2, 18, 4, 16 };
	json_t *run = new_run(), *summary;
	const json_t *figure, *ratio;

	(void)state;
	add_lookup(run, "b", 1, "", "none", one_to_nine, 5);
	add_lookup(run, "s", 1, "", "none", twice, 5);
	summary = summary_make(run);
	figure = json_object_get(
		json_object_get(
			cell_of(summary,
				"lookup/scheme:b/cpus:1/hold_ns:0/think_ns:0"),
			"metrics"),
		"items_per_second");
	assert_float_equal(field_number(figure, "value"), 5, TINY);
	assert_null_because(figure, "lo", "an interval needs 6 rounds, has 5");
	ratio = ratio_of(
		group_of(summary, "lookup/hold_ns:0/think_ns:0/cpus:1"),
		"lookup/scheme:s/cpus:1/hold_ns:0/think_ns:0");
	assert_null_because(ratio, "value",
			    "an interval needs 6 rounds in common, has 5");
	assert_true(json_is_null(json_object_get(ratio, "verdict")));
	json_decref(summary);
	json_decref(run);
}

/* Ratios 2, 2, 2, 3, 3, 3, 3, 4, 4 in the order of rounds; the rounds of the
 * scheme are stored backwards, so only pairing by round gets them. */
static void test_summary_ratio_is_paired_by_round(void **state)
{
	static const double factors[] = { 4, 2, 3, 2, 3, 2, 3, 4, 3 };
	const char *name = "lookup/scheme:s/cpus:1/hold_ns:0/think_ns:0";
	json_t *run = new_run(), *summary;
	const json_t *ratio;

	(void)state;
	add_lookup(run, "b", 1, "", "none", one_to_nine, 9);
	add_lookup(run, "b", 1, "/aa:2", "none", one_to_nine, 9);
	add_cell(run, name, "lookup", "s", 1, "none");
	for (int i = 8; i >= 0; i--)
		add_row(run, name, i, "items_per_second",
			factors[i] * one_to_nine[i]);
	summary = summary_make(run);
	ratio = ratio_of(
		group_of(summary, "lookup/hold_ns:0/think_ns:0/cpus:1"), name);
	assert_figure(ratio, 3, 2, 4, 9);
	assert_string_equal(field_string(ratio, "verdict", ""), "better");
	json_decref(summary);
	json_decref(run);
}

/* Twin over first: 0.8 twice, 1 four times, 1.1 thrice -> interval 0.8..1.1;
 * the farther bound is 1/0.8 = 1.25, a floor of 25 %. A ratio of 1.2 is then
 * nothing. */
static void test_summary_twin_gives_the_floor(void **state)
{
	static const double twin[] = { 0.8, 0.8, 1, 1, 1, 1, 1.1, 1.1, 1.1 };
	double first[9], second[9], other[9];
	json_t *run = new_run(), *summary;
	const json_t *group, *ratio;

	(void)state;
	for (int i = 0; i < 9; i++) {
		first[i] = 100;
		second[i] = 100 * twin[i];
		other[i] = 120;
	}
	add_lookup(run, "b", 1, "", "none", first, 9);
	add_lookup(run, "b", 1, "/aa:2", "none", second, 9);
	add_lookup(run, "s", 1, "", "none", other, 9);
	summary = summary_make(run);
	group = group_of(summary, "lookup/hold_ns:0/think_ns:0/cpus:1");
	assert_figure(json_object_get(group, "aa"), 1, 0.8, 1.1, 9);
	assert_float_equal(field_number(group, "floor"), 0.25, TINY);
	ratio = ratio_of(group, "lookup/scheme:s/cpus:1/hold_ns:0/think_ns:0");
	assert_figure(ratio, 1.2, 1.2, 1.2, 9);
	assert_string_equal(field_string(ratio, "verdict", ""), "same");
	assert_float_equal(field_number(find(json_object_get(summary, "floors"),
					     "metric", "items_per_second"),
					"largest"),
			   0.25, TINY);
	json_decref(summary);
	json_decref(run);
}

static void test_summary_without_twin_says_no_word(void **state)
{
	json_t *run = new_run(), *summary;
	const json_t *group, *ratio;

	(void)state;
	add_lookup(run, "b", 1, "", "none", one_to_nine, 9);
	add_lookup(run, "s", 1, "", "none", one_to_nine, 9);
	summary = summary_make(run);
	group = group_of(summary, "lookup/hold_ns:0/think_ns:0/cpus:1");
	assert_true(json_is_null(json_object_get(group, "floor")));
	assert_string_equal(field_string(group, "floor_why", ""),
			    "no A/A twin in this group");
	ratio = ratio_of(group, "lookup/scheme:s/cpus:1/hold_ns:0/think_ns:0");
	assert_true(json_is_null(json_object_get(ratio, "verdict")));
	assert_string_equal(field_string(ratio, "verdict_why", ""),
			    "no noise floor");
	json_decref(summary);
	json_decref(run);
}

static void test_summary_own_table_joins_every_table(void **state)
{
	const char *own = "lookup/scheme:o/cpus:2/hold_ns:0/think_ns:0";
	json_t *run = new_run(), *summary;
	const char *const groups[] = {
		"lookup/hold_ns:0/think_ns:0/cpus:2",
		"lookup/hold_ns:0/think_ns:0/table:rcu/cpus:2",
	};

	(void)state;
	add_lookup(run, "o", 2, "", "own", one_to_nine, 9);
	add_lookup(run, "b", 2, "", "none", one_to_nine, 9);
	add_lookup(run, "b", 2, "/table:rcu", "rcu", one_to_nine, 9);
	summary = summary_make(run);
	assert_int_equal(json_array_size(json_object_get(summary, "groups")),
			 2);
	for (int i = 0; i < 2; i++) {
		const json_t *group = group_of(summary, groups[i]);
		const json_t *member =
			find(json_object_get(group, "members"), "cell", own);

		assert_true(json_is_true(json_object_get(member, "own_table")));
		assert_figure(json_object_get(member, "ratio"), 1, 1, 1, 9);
	}
	json_decref(summary);
	json_decref(run);
}

/* One CPU gives 1..9, two give thrice that in each round. */
static void test_summary_scaling_is_paired_with_fewest_cpus(void **state)
{
	double thrice[9];
	json_t *run = new_run(), *summary;
	const json_t *scaling;

	(void)state;
	for (int i = 0; i < 9; i++)
		thrice[i] = 3 * one_to_nine[i];
	add_lookup(run, "b", 2, "", "none", thrice, 9);
	add_lookup(run, "b", 1, "", "none", one_to_nine, 9);
	summary = summary_make(run);
	scaling = json_object_get(
		cell_of(summary, "lookup/scheme:b/cpus:2/hold_ns:0/think_ns:0"),
		"scaling");
	assert_figure(scaling, 3, 3, 3, 9);
	assert_int_equal(field_int(scaling, "from_cpus", 0), 1);
	json_decref(summary);
	json_decref(run);
}

#define UNLOAD "unload/scheme:b/cpus:2/hold_ns:0/think_ns:0/mode:try"

/* Samples 1..n ns in two rounds, the larger ones first. */
static json_t *unload_run(int n, int n_censored)
{
	json_t *run = new_run(), *cell;
	json_t *small = json_array(), *large = json_array();

	cell = add_cell(run, UNLOAD, "unload", "b", 2, "none");
	json_object_set_new(cell, "mode", json_string("try"));
	for (int i = 1; i <= n; i++)
		json_array_append_new(i > n / 2 ? large : small,
				      json_integer(i));
	json_object_set_new(
		ours(run, "unload_samples"), UNLOAD,
		json_pack("[{s:i, s:o, s:s, s:i}, {s:i, s:o, s:s, s:i}]",
			  "round", 0, "ns", large, "succeeded", "1101",
			  "censored", n_censored, "round", 1, "ns", small,
			  "succeeded", "01", "censored", 0));
	return run;
}

static void test_summary_quantiles_pool_rounds_as_far_as_n_goes(void **state)
{
	json_t *run = unload_run(100, 0), *summary = summary_make(run);
	const json_t *q =
		json_object_get(cell_of(summary, UNLOAD), "quantiles");

	(void)state;
	assert_int_equal(field_int(q, "n", 0), 100);
	assert_int_equal(field_int(q, "succeeded", 0), 4);
	/* Conover: 95 % of a median of 100 is the 40th to the 61st value. */
	assert_figure(json_object_get(q, "p50_ns"), 50, 40, 61, 100);
	assert_float_equal(field_number(json_object_get(q, "p90_ns"), "value"),
			   90, TINY);
	assert_null_because(json_object_get(q, "p99_ns"), "value",
			    "needs 500 samples, has 100");
	assert_float_equal(field_number(json_object_get(q, "max_ns"), "value"),
			   100, TINY);
	json_decref(summary);
	json_decref(run);
}

static void test_summary_quantile_among_censored_is_null(void **state)
{
	json_t *run = unload_run(85, 15), *summary = summary_make(run);
	const json_t *q =
		json_object_get(cell_of(summary, UNLOAD), "quantiles");
	const char *why = "15 of 100 had not ended at the time limit";

	(void)state;
	assert_float_equal(field_number(json_object_get(q, "p50_ns"), "value"),
			   50, TINY);
	assert_null_because(json_object_get(q, "p90_ns"), "value", why);
	assert_null_because(json_object_get(q, "max_ns"), "value", why);
	json_decref(summary);
	json_decref(run);
}

static void test_summary_null_of_all_rounds_keeps_its_reason(void **state)
{
	json_t *run = new_run(), *summary;

	(void)state;
	add_cell(run, "x", "storm", "b", 2, "none");
	for (int i = 0; i < 9; i++)
		json_object_set_new(
			add_row(run, "x", i, "bystander_p50_ns", NAN), "why",
			json_pack("{s:s}", "bystander_p50_ns", "no free CPU"));
	summary = summary_make(run);
	assert_null_because(
		json_object_get(
			json_object_get(cell_of(summary, "x"), "metrics"),
			"bystander_p50_ns"),
		"value", "no free CPU");
	assert_null_because(json_object_get(cell_of(summary, "x"), "kept"),
			    "value", "the run has no such look-up cell");
	json_decref(summary);
	json_decref(run);
}

static void test_summary_cell_without_rows_stands_with_nulls(void **state)
{
	json_t *run = new_run(), *summary;

	(void)state;
	add_lookup(run, "b", 1, "", "none", one_to_nine, 9);
	add_lookup(run, "dead", 1, "", "none", NULL, 0);
	summary = summary_make(run);
	assert_null_because(
		ratio_of(
			group_of(summary, "lookup/hold_ns:0/think_ns:0/cpus:1"),
			"lookup/scheme:dead/cpus:1/hold_ns:0/think_ns:0"),
		"value", "the cell or the base has no rows");
	json_decref(summary);
	json_decref(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_summary_median_of_nine_rounds_has_2nd_and_8th),
		cmocka_unit_test(test_summary_five_rounds_have_no_interval),
		cmocka_unit_test(test_summary_ratio_is_paired_by_round),
		cmocka_unit_test(test_summary_twin_gives_the_floor),
		cmocka_unit_test(test_summary_without_twin_says_no_word),
		cmocka_unit_test(test_summary_own_table_joins_every_table),
		cmocka_unit_test(
			test_summary_scaling_is_paired_with_fewest_cpus),
		cmocka_unit_test(
			test_summary_quantiles_pool_rounds_as_far_as_n_goes),
		cmocka_unit_test(test_summary_quantile_among_censored_is_null),
		cmocka_unit_test(
			test_summary_null_of_all_rounds_keeps_its_reason),
		cmocka_unit_test(
			test_summary_cell_without_rows_stands_with_nulls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
