/* SPDX-License-Identifier: MIT */
/*
 * test_report_words.c: the report claims no more than its run allows, and its
 * titles and notes say what the figures are.
 */
#include "report_text.h"

#define WIDE 200 /* so that few sentences are broken */

static bool says(const char *text, const char *words)
{
	return strstr(text, words) != NULL;
}

/* Whether the claims, which stand above all tables, say so. */
static bool claims(const char *text, const char *words)
{
	const char *at = strstr(text, words);

	return at && at < strstr(text, "In all tables:");
}

/* A run whose rows of @workload had @key set by hand. */
static json_t *run_with(const char *workload, const char *key, json_t *value)
{
	json_t *run = synthetic_run(&small), *row;
	size_t i;

	json_array_foreach (json_object_get(run, "benchmarks"), i, row)
		if (!strncmp(json_string_value(json_object_get(row, "name")),
			     workload, strlen(workload)))
			json_object_set(row, key, value);
	json_decref(value);
	return run;
}

static void test_report_claims_cite_no_tries_and_no_shared_cpus(void **state)
{
	char *text = print(&small, WIDE);

	(void)state;
	assert_true(says(text, "try mode, table none"));
	assert_true(says(text, "-a: no word: try mode mixes success"));
	assert_true(says(text, "-a: no word: threads share CPUs"));
	assert_true(claims(text, "wait mode"));
	assert_false(claims(text, "try mode"));
	assert_false(claims(text, "unload, 1 CPU,"));
	assert_false(claims(text, "storm, 1 CPU,"));
	free(text);
}

/* Every twin is thrice the base: no group has a floor that words could beat. */
static void test_report_of_a_base_unlike_itself_is_too_noisy(void **state)
{
	static const char *const keys[] = { "items_per_second", "p50_ns" };
	json_t *run = synthetic_run(&small), *row;
	char *text;
	size_t i, k;

	(void)state;
	json_array_foreach (json_object_get(run, "benchmarks"), i, row) {
		if (json_integer_value(json_object_get(row, "aa")) != 2)
			continue;
		for (k = 0; k < 2; k++) {
			double x = json_number_value(
				json_object_get(row, keys[k]));

			json_object_set_new(row, keys[k], json_real(3 * x));
		}
	}
	text = print_run(run, WIDE);
	assert_true(says(text, "  too noisy\n"));
	assert_false(says(text, "  better\n"));
	assert_false(says(text, "  worse\n"));
	assert_true(claims(text, "No claim is made"));
	free(text);
}

static void test_report_has_what_a_caller_waits_beside_the_phases(void **state)
{
	char *text = print(&small, 72);

	(void)state;
	assert_true(says(text, "  going  drained  quiesced  decided  "
			       "returned\n"));
	assert_true(says(text, "  freeable  insert\n"));
	assert_true(says(text, " p50 p50ok "));
	assert_false(says(text, "decided freeable"));
	free(text);
}

/* Files of before have no such figure. */
static void test_report_of_a_run_without_new_figures_marks_them(void **state)
{
	static const char *const keys[] = { "returned_ns", "p50_success_ns",
					    "cpu_share", "iterations" };
	json_t *run = synthetic_run(&small), *row;
	char *text;
	size_t i;

	(void)state;
	json_array_foreach (json_object_get(run, "benchmarks"), i, row)
		for (size_t k = 0; k < 4; k++)
			json_object_del(row, keys[k]);
	text = print_run(run, 72);
	assert_true(says(text, ": not measured here\n"));
	assert_true(says(text, ": no round gave it\n"));
	free(text);
}

static void test_report_titles_say_per_attempt_and_closed_loop(void **state)
{
	char *text = print(&small, WIDE);

	(void)state;
	assert_true(says(text, "IPIs are per attempt"));
	assert_true(says(text, "IPIs are per unload asked for, its retries "
			       "inside"));
	assert_false(says(text, "IPIs are per unload;"));
	assert_true(says(text, "Unload latency, us, closed loop"));
	assert_true(says(text, "storm of unloads (closed loop)"));
	assert_true(says(text, "look-ups/s of as many readers"));
	assert_true(says(text, "unloads  stall"));
	free(text);
}

/* 1000000 granted and 250000 refused: 20 %. */
static void test_report_shows_refused_gets_as_a_share(void **state)
{
	char *text = print_run(
		run_with("storm", "refused", json_integer(250000)), WIDE);

	(void)state;
	assert_true(says(text, "   20.00    20.00 "));
	free(text);
}

static void test_report_own_table_says_it_was_measured_apart(void **state)
{
	static const char apart[] = "measured once a round, not beside this "
				    "group\n";
	char *text = print(&small, WIDE);
	const char *rcu = strstr(text, "(higher is better); table rcu");
	const char *note = strstr(text, apart);

	(void)state;
	assert_non_null(rcu);
	assert_non_null(note);
	/* The tables before, without an axis, have the short note. */
	assert_true(note > rcu);
	assert_true(strstr(text, "\n  *: brings its own table, whatever the "
				 "others'\n") < rcu);
	free(text);
}

static void test_report_gap_below_what_is_seen_is_no_zero(void **state)
{
	char *text = print_run(
		run_with("storm", "bystander_p50_ns", json_real(0)), WIDE);

	(void)state;
	assert_true(says(text, "<0.5"));
	free(text);
	text = print_run(run_with("storm", "bystander_p50_ns", json_real(900)),
			 WIDE);
	assert_false(says(text, "<0.5"));
	assert_true(says(text, " 0.900"));
	free(text);
}

static void test_report_of_one_cpu_count_has_no_scaling_table(void **state)
{
	static const int one[] = { 2, 0 };
	struct synthetic s = small;
	char *text = print(&s, WIDE);

	(void)state;
	assert_true(says(text, "as a multiple of the fewest CPUs'"));
	free(text);
	s.counts = one;
	text = print(&s, WIDE);
	assert_false(says(text, "as a multiple of the fewest CPUs'"));
	free(text);
}

static void test_report_says_one_without_an_s(void **state)
{
	struct synthetic s = small;
	json_t *run, *machine;
	char *text;

	(void)state;
	s.rounds = 1;
	run = synthetic_run(&s);
	machine =
		json_object_get(json_object_get(run, "unloadbench"), "machine");
	json_object_set_new(machine, "topology",
			    json_pack("{s:i, s:i, s:i, s:i}", "packages", 1,
				      "cores", 2, "cpus", 2, "nodes", 1));
	text = print_run(run, WIDE);
	assert_true(says(text, "1 package, 2 cores, 2 CPUs, 1 NUMA node, 64"));
	assert_true(says(text, "1 round in balanced"));
	assert_true(says(text, "1 cell or round of one gave nothing"));
	assert_false(says(text, " 1 rounds"));
	free(text);
}

/* 5 readers' schemes and the twin, on 2 CPU counts: 10 + 2 ref cells, 9 rounds.
 */
static void test_report_counts_disturbed_windows(void **state)
{
	char *text = print(&small, WIDE);

	(void)state;
	assert_true(says(text, "; 0 windows marked disturbed"));
	free(text);
	text = print_run(
		run_with("ref", "label", json_string("overlap_low disturbed")),
		WIDE);
	assert_true(says(text, "; 108 windows marked disturbed"));
	assert_true(says(text, "; 108 windows kept in spite of low overlap"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_report_claims_cite_no_tries_and_no_shared_cpus),
		cmocka_unit_test(
			test_report_of_a_base_unlike_itself_is_too_noisy),
		cmocka_unit_test(
			test_report_has_what_a_caller_waits_beside_the_phases),
		cmocka_unit_test(
			test_report_of_a_run_without_new_figures_marks_them),
		cmocka_unit_test(
			test_report_titles_say_per_attempt_and_closed_loop),
		cmocka_unit_test(test_report_shows_refused_gets_as_a_share),
		cmocka_unit_test(
			test_report_own_table_says_it_was_measured_apart),
		cmocka_unit_test(test_report_gap_below_what_is_seen_is_no_zero),
		cmocka_unit_test(
			test_report_of_one_cpu_count_has_no_scaling_table),
		cmocka_unit_test(test_report_says_one_without_an_s),
		cmocka_unit_test(test_report_counts_disturbed_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
