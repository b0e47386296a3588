/* SPDX-License-Identifier: MIT */
/*
 * test_summary_groups.c: who is compared with whom, and when no word is said.
 */
#include "bench/report/summary.h"

#include "summary_run.h"

/* A look-up cell on two CPUs with @factor times the base's rates. */
static void add_times(json_t *run, const char *scheme, const char *suffix,
		      double factor)
{
	double rates[9];

	for (int i = 0; i < 9; i++)
		rates[i] = factor * one_to_nine[i];
	add_lookup(run, scheme, 2, suffix, "none", rates, 9);
}

static void assert_no_word(const json_t *ratio, const char *why)
{
	assert_true(json_is_null(json_object_get(ratio, "verdict")));
	assert_string_equal(field_string(ratio, "verdict_why", ""), why);
}

/* What sets a comparison apart, and what is said of a tenth of the base. */
struct setting {
	const char *workload;
	const char *mode;
	int cpus;
	int oversubscribe;
	const char *word; /* NULL: none */
	const char *why;
};

static void add_setting(json_t *run, const struct setting *s, const char *name,
			const char *scheme, double factor)
{
	const char *key =
		strcmp(s->workload, "unload") ? "items_per_second" : "p50_ns";
	json_t *cell =
		add_cell(run, name, s->workload, scheme, s->cpus, "none");

	if (s->mode)
		json_object_set_new(cell, "mode", json_string(s->mode));
	json_object_set_new(cell, "oversubscribe",
			    json_integer(s->oversubscribe));
	for (int i = 0; i < 9; i++)
		add_row(run, name, i, key, factor * one_to_nine[i]);
}

static void check_setting(const struct setting *s)
{
	json_t *run = new_run(), *summary;
	const json_t *group, *ratio;

	add_setting(run, s, "base", "b", 1);
	add_setting(run, s, "base/aa:2", "b", 1);
	add_setting(run, s, "other", "s", 0.1);
	summary = summary_make(run);
	group = json_array_get(json_object_get(summary, "groups"), 0);
	ratio = ratio_of(group, "other");
	assert_figure(ratio, 0.1, 0.1, 0.1, 9);
	if (s->word)
		assert_string_equal(field_string(ratio, "verdict", ""),
				    s->word);
	else
		assert_no_word(ratio, s->why);
	json_decref(summary);
	json_decref(run);
}

/* Two cells that differ in @key alone, which is @x and @y. */
static size_t groups_of_two(const char *key, json_t *x, json_t *y)
{
	json_t *run = new_run(), *summary;
	size_t n;

	json_object_set_new(add_cell(run, "x", "unload", "b", 2, "none"), key,
			    x);
	json_object_set_new(add_cell(run, "y", "unload", "s", 2, "none"), key,
			    y);
	summary = summary_make(run);
	n = json_array_size(json_object_get(summary, "groups"));
	json_decref(summary);
	json_decref(run);
	return n;
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

/* A twin that is always twice the base would be "better" than itself. */
static void test_summary_twin_gets_no_word(void **state)
{
	json_t *run = new_run(), *summary;
	const json_t *ratio;

	(void)state;
	add_times(run, "b", "", 1);
	add_times(run, "b", "/aa:2", 2);
	summary = summary_make(run);
	ratio = ratio_of(
		group_of(summary, "lookup/hold_ns:0/think_ns:0/cpus:2"),
		"lookup/scheme:b/cpus:2/hold_ns:0/think_ns:0/aa:2");
	assert_figure(ratio, 2, 2, 2, 9);
	assert_no_word(ratio, "the A/A twin is the floor");
	json_decref(summary);
	json_decref(run);
}

static void test_summary_shared_cpus_and_tries_get_no_word(void **state)
{
	static const char mixed[] = "try mode mixes success and failure";
	static const char shared[] = "threads share CPUs";
	static const struct setting settings[] = {
		{ "unload", "try", 2, 1, NULL, mixed },
		{ "unload", "try", 1, 1, NULL, mixed },
		{ "unload", "wait", 1, 1, NULL, shared },
		{ "storm", "wait", 1, 1, NULL, shared },
		{ "lookup", NULL, 2, 2, NULL, shared },
		/* Their like with a CPU each gets its word. */
		{ "unload", "wait", 2, 1, "better", NULL },
		{ "storm", "wait", 2, 1, "worse", NULL },
		{ "storm", "try", 2, 1, "worse", NULL },
		{ "lookup", NULL, 1, 1, "worse", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		check_setting(&settings[i]);
}

/* The base lies a factor of 3 from itself: a floor of 200 %. */
static void test_summary_floor_of_100_percent_is_too_noisy(void **state)
{
	static const double twins[] = { 3, 2, 1.9 };
	static const char *const words[] = { NULL, NULL, "better" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		json_t *run = new_run(), *summary;
		const json_t *ratio;

		add_times(run, "b", "", 1);
		add_times(run, "b", "/aa:2", twins[i]);
		add_times(run, "s", "", 10);
		summary = summary_make(run);
		ratio = ratio_of(
			group_of(summary, "lookup/hold_ns:0/think_ns:0/cpus:2"),
			"lookup/scheme:s/cpus:2/hold_ns:0/think_ns:0");
		if (words[i])
			assert_string_equal(field_string(ratio, "verdict", ""),
					    words[i]);
		else
			assert_no_word(ratio, "too noisy");
		json_decref(summary);
		json_decref(run);
	}
}

static void test_summary_group_is_alike_in_hold_think_and_grace(void **state)
{
	(void)state;
	assert_int_equal(groups_of_two("hold_ns", json_real(0), json_real(500)),
			 2);
	assert_int_equal(
		groups_of_two("hold_ns", json_real(500), json_real(500)), 1);
	assert_int_equal(
		groups_of_two("think_ns", json_real(0), json_real(0.5)), 2);
	assert_int_equal(
		groups_of_two("grace", json_string("none"), json_string("rcu")),
		2);
	assert_int_equal(
		groups_of_two("grace", json_string("rcu"), json_string("rcu")),
		1);
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
		/* It ran among the cells of the first table. */
		assert_int_equal(json_is_true(json_object_get(member, "apart")),
				 i);
		assert_figure(json_object_get(member, "ratio"), 1, 1, 1, 9);
	}
	json_decref(summary);
	json_decref(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_summary_twin_gives_the_floor),
		cmocka_unit_test(test_summary_without_twin_says_no_word),
		cmocka_unit_test(test_summary_twin_gets_no_word),
		cmocka_unit_test(
			test_summary_shared_cpus_and_tries_get_no_word),
		cmocka_unit_test(
			test_summary_floor_of_100_percent_is_too_noisy),
		cmocka_unit_test(
			test_summary_group_is_alike_in_hold_think_and_grace),
		cmocka_unit_test(test_summary_own_table_joins_every_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
