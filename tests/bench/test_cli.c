/* SPDX-License-Identifier: MIT */
/*
 * test_cli.c: durations, numbers, counts and lists.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/cli.h"

static void test_cli_duration_of_each_unit_is_in_ns(void **state)
{
	static const struct {
		const char *text;
		double ns;
	} cases[] = {
		{ "0", 0 },	   { "0.0", 0 },     { "500ns", 500 },
		{ "2us", 2000 },   { "200ms", 2e8 }, { "1s", 1e9 },
		{ "1.5us", 1500 }, { ".5ms", 5e5 },  { "86400s", 86400e9 },
	};
	double ns;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(cli_duration(cases[i].text, &ns), 0);
		assert_float_equal(ns, cases[i].ns, 1e-6);
	}
}

static void test_cli_duration_of_nonsense_leaves_the_result_alone(void **state)
{
	static const char *const bad[] = { "",	     "5",     "-1ns", "+1ns",
					   " 1ns",   "1 ns",  "1nsx", "ns",
					   ".",	     "inf",   "nans", "1h",
					   "86401s", "1e999s" };
	double ns = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(cli_duration(bad[i], &ns), -EINVAL);
	assert_true(ns == 42);
}

static void test_cli_number_is_whole_and_in_range(void **state)
{
	static const char *const bad[] = { "",
					   "0",
					   "11",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "1.0",
					   "0x1",
					   "1e0",
					   "99999999999999999999" };
	unsigned long n = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(cli_number(bad[i], 1, 10, &n), -EINVAL);
	assert_int_equal(n, 42);
	assert_int_equal(cli_number("10", 1, 10, &n), 0);
	assert_int_equal(n, 10);
}

/* Counts as text, of @all CPUs, are @want. */
static void expect_counts(const char *text, size_t all, const size_t *want,
			  size_t n_want)
{
	size_t *counts, n;

	assert_int_equal(cli_counts(text, all, &counts, &n), 0);
	assert_int_equal(n, n_want);
	assert_memory_equal(counts, want, n * sizeof(*want));
	free(counts);
}

static void test_cli_counts_are_a_set_in_order(void **state)
{
	(void)state;
	expect_counts("8,1,2", 8, (size_t[]){ 1, 2, 8 }, 3);
	expect_counts("1,1,1-2,2", 8, (size_t[]){ 1, 2 }, 2);
	expect_counts("1,2,4-6", 8, (size_t[]){ 1, 2, 4, 5, 6 }, 5);
	expect_counts("all", 8, (size_t[]){ 8 }, 1);
	expect_counts("1,all", 1, (size_t[]){ 1 }, 1);
}

static void test_cli_counts_tell_nonsense_from_too_many(void **state)
{
	static const char *const bad[] = { "",
					   "0",
					   "3-1",
					   "x",
					   "1,,2",
					   "1,",
					   ",1",
					   "1-",
					   "-1",
					   "1-2-3",
					   "all-2",
					   "0-1",
					   "1111111111111111111111111-2" };
	size_t *counts = NULL, n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(cli_counts(bad[i], 8, &counts, &n), -EINVAL);
	assert_int_equal(cli_counts("9", 8, &counts, &n), -ERANGE);
	assert_int_equal(cli_counts("1-9", 8, &counts, &n), -ERANGE);
	assert_null(counts);
}

static int join(const char *word, void *arg)
{
	strcat(strcat(arg, word), ";");
	return strcmp(word, "stop") ? 0 : 7;
}

static void test_cli_each_visits_words_until_one_says_no(void **state)
{
	char seen[64] = "";

	(void)state;
	assert_int_equal(cli_each("a,bc", join, seen), 0);
	assert_string_equal(seen, "a;bc;");
	*seen = '\0';
	assert_int_equal(cli_each("a,stop,b", join, seen), 7);
	assert_string_equal(seen, "a;stop;");
	*seen = '\0';
	assert_int_equal(cli_each("a,,b", join, seen), -EINVAL);
	assert_string_equal(seen, "a;");
	assert_int_equal(cli_each("", join, seen), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cli_duration_of_each_unit_is_in_ns),
		cmocka_unit_test(
			test_cli_duration_of_nonsense_leaves_the_result_alone),
		cmocka_unit_test(test_cli_number_is_whole_and_in_range),
		cmocka_unit_test(test_cli_counts_are_a_set_in_order),
		cmocka_unit_test(test_cli_counts_tell_nonsense_from_too_many),
		cmocka_unit_test(test_cli_each_visits_words_until_one_says_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
