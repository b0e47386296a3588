/* SPDX-License-Identifier: MIT */
/*
 * test_summary_quantiles.c: unload latency over all rounds, worked out by hand.
 */
#include "bench/report/summary.h"

#include "summary_run.h"

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

/* Round r of @n has the samples 100 r + 1 ... 100 r + 11, so its median is
 * 100 r + 6; the last round has @n_last of them. */
static json_t *rounds_run(int n, int n_last, int n_censored_last)
{
	json_t *run = new_run(), *rounds = json_array();

	add_cell(run, UNLOAD, "unload", "b", 2, "none");
	for (int r = 1; r <= n; r++) {
		json_t *ns = json_array();

		for (int i = 1; i <= (r < n ? 11 : n_last); i++)
			json_array_append_new(ns, json_real(100 * r + i));
		json_array_append_new(rounds,
				      json_pack("{s:i, s:o, s:i}", "round",
						r - 1, "ns", ns, "censored",
						r < n ? 0 : n_censored_last));
	}
	json_object_set_new(ours(run, "unload_samples"), UNLOAD, rounds);
	return run;
}

static void assert_p50_interval(json_t *run, double value, double lo, double hi,
				const char *why)
{
	json_t *summary = summary_make(run);
	const json_t *p50 = json_object_get(
		json_object_get(cell_of(summary, UNLOAD), "quantiles"),
		"p50_ns");

	assert_float_equal(field_number(p50, "value"), value, TINY);
	if (why) {
		assert_null_because(p50, "lo", why);
		assert_null_because(p50, "hi", why);
	} else {
		assert_float_equal(field_number(p50, "lo"), lo, TINY);
		assert_float_equal(field_number(p50, "hi"), hi, TINY);
		assert_float_equal(field_number(p50, "confidence"),
				   1 - 20 / 512.0, TINY);
	}
	json_decref(summary);
	json_decref(run);
}

static void test_summary_quantiles_pool_rounds_as_far_as_n_goes(void **state)
{
	json_t *run = unload_run(100, 0), *summary = summary_make(run);
	const json_t *q =
		json_object_get(cell_of(summary, UNLOAD), "quantiles");

	(void)state;
	assert_int_equal(field_int(q, "n", 0), 100);
	assert_int_equal(field_int(q, "succeeded", 0), 4);
	assert_float_equal(field_number(json_object_get(q, "p50_ns"), "value"),
			   50, TINY);
	assert_null_because(json_object_get(q, "p50_ns"), "lo",
			    "an interval needs 6 rounds");
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

/* The 2nd and the 8th of nine rounds; of the 99 samples alone it would be the
 * 40th and the 60th, 407 and 605. */
static void test_summary_quantile_interval_is_over_rounds(void **state)
{
	(void)state;
	assert_p50_interval(rounds_run(9, 11, 0), 506, 206, 806, NULL);
}

static void
test_summary_quantile_without_six_rounds_has_no_interval(void **state)
{
	(void)state;
	assert_p50_interval(rounds_run(5, 11, 0), 306, 0, 0,
			    "an interval needs 6 rounds");
}

/* A median takes ten samples: the last round has nine, or has most cut off. */
static void
test_summary_quantile_each_round_must_support_its_interval(void **state)
{
	(void)state;
	assert_p50_interval(
		rounds_run(9, 9, 0), 505, 0, 0,
		"a round alone has too few samples for an interval");
	assert_p50_interval(rounds_run(9, 5, 6), 506, 0, 0,
			    "of some round it had not ended at the time limit");
}

/* 19 ended and one did not: rank 10 of 20.  Were the null a sample of 0 it would
 * be 9; were it counted twice, 11. */
static void test_summary_null_sample_is_censored_once(void **state)
{
	json_t *run = rounds_run(1, 19, 1), *summary, *ns;
	const json_t *q;

	(void)state;
	ns = json_object_get(ours(run, "unload_samples"), UNLOAD);
	ns = json_object_get(json_array_get(ns, 0), "ns");
	json_array_insert_new(ns, 3, json_null());
	summary = summary_make(run);
	q = json_object_get(cell_of(summary, UNLOAD), "quantiles");
	assert_int_equal(field_int(q, "n", 0), 20);
	assert_int_equal(field_int(q, "censored", 0), 1);
	assert_float_equal(field_number(json_object_get(q, "p50_ns"), "value"),
			   110, TINY);
	json_decref(summary);
	json_decref(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_summary_quantiles_pool_rounds_as_far_as_n_goes),
		cmocka_unit_test(test_summary_quantile_among_censored_is_null),
		cmocka_unit_test(test_summary_quantile_interval_is_over_rounds),
		cmocka_unit_test(
			test_summary_quantile_without_six_rounds_has_no_interval),
		cmocka_unit_test(
			test_summary_quantile_each_round_must_support_its_interval),
		cmocka_unit_test(test_summary_null_sample_is_censored_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
