/* SPDX-License-Identifier: MIT */
/*
 * test_summary.c: figures of single cells of small made-up runs, worked out by
 * hand.
 */
#include "bench/report/summary.h"

#include "summary_run.h"

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

static void add_storm(json_t *run, const char *name, int cpus)
{
	add_cell(run, name, "storm", "b", cpus, "none");
	for (int i = 0; i < 9; i++)
		add_row(run, name, i, "items_per_second", 3 * one_to_nine[i]);
}

static const json_t *kept_of(const json_t *summary, const char *name)
{
	return json_object_get(cell_of(summary, name), "kept");
}

/* Look-ups with 1 and 4 CPUs.  Of a storm's 2 CPUs one reads, of 4 three do,
 * and alone the reader keeps half of its CPU. */
static void test_summary_kept_compares_as_many_readers(void **state)
{
	double tenfold[9];
	json_t *run = new_run(), *summary;

	(void)state;
	for (int i = 0; i < 9; i++)
		tenfold[i] = 10 * one_to_nine[i];
	add_lookup(run, "b", 1, "", "none", one_to_nine, 9);
	add_lookup(run, "b", 4, "", "none", tenfold, 9);
	add_storm(run, "storm1", 1);
	add_storm(run, "storm2", 2);
	add_storm(run, "storm4", 4);
	summary = summary_make(run);
	assert_figure(kept_of(summary, "storm1"), 3, 3, 3, 9);
	assert_figure(kept_of(summary, "storm2"), 3, 3, 3, 9);
	assert_null_because(kept_of(summary, "storm4"), "value",
			    "the run has no such look-up cell");
	json_decref(summary);
	json_decref(run);
}

/* 25 of 100 gets; a row of which no get is known is left out. */
static void test_summary_refused_is_a_share_of_all_gets(void **state)
{
	json_t *run = new_run(), *summary;

	(void)state;
	add_cell(run, "x", "storm", "b", 2, "none");
	for (int i = 0; i < 9; i++)
		json_object_set_new(add_row(run, "x", i, "refused", 25),
				    "iterations", json_integer(75));
	add_row(run, "x", 9, "refused", 25);
	summary = summary_make(run);
	assert_figure(json_object_get(
			      json_object_get(cell_of(summary, "x"), "metrics"),
			      "refused_share"),
		      0.25, 0.25, 0.25, 9);
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
		cmocka_unit_test(
			test_summary_scaling_is_paired_with_fewest_cpus),
		cmocka_unit_test(test_summary_kept_compares_as_many_readers),
		cmocka_unit_test(test_summary_refused_is_a_share_of_all_gets),
		cmocka_unit_test(
			test_summary_null_of_all_rounds_keeps_its_reason),
		cmocka_unit_test(
			test_summary_cell_without_rows_stands_with_nulls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
