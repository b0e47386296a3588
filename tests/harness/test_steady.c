/* SPDX-License-Identifier: MIT */
/*
 * test_steady.c: what counts as a trend.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/steady.h"

static void test_steady_flat_rates_are_steady(void **state)
{
	const double flat[] = { 100, 100, 100, 100, 100 };
	const double noisy[] = { 100, 104, 97, 103, 99 };

	(void)state;
	assert_true(steady_rates(flat, 5));
	assert_true(steady_rates(noisy, 5));
}

static void test_steady_ramps_are_not(void **state)
{
	const double up[] = { 100, 110, 120, 130, 140 };
	const double down[] = { 140, 130, 120, 110, 100 };
	/* The line rises by 40, the scatter about it is 2. */
	const double noisy[] = { 101, 108, 121, 129, 141 };

	(void)state;
	assert_false(steady_rates(up, 5));
	assert_false(steady_rates(down, 5));
	assert_false(steady_rates(noisy, 5));
}

static void test_steady_trend_of_a_percent_is_let_through(void **state)
{
	const double below[] = { 1000, 1002, 1004, 1006, 1008 };
	const double above[] = { 1000, 1003, 1006, 1009, 1012 };

	(void)state;
	assert_true(steady_rates(below, 5));
	assert_false(steady_rates(above, 5));
}

static void test_steady_too_few_or_idle_is_not(void **state)
{
	const double flat[] = { 100, 100, 100 };
	const double idle[] = { 0, 0, 0, 0, 0 };

	(void)state;
	assert_false(steady_rates(flat, 0));
	assert_false(steady_rates(flat, 1));
	assert_false(steady_rates(flat, 2));
	assert_true(steady_rates(flat, 3));
	assert_false(steady_rates(idle, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady_flat_rates_are_steady),
		cmocka_unit_test(test_steady_ramps_are_not),
		cmocka_unit_test(test_steady_trend_of_a_percent_is_let_through),
		cmocka_unit_test(test_steady_too_few_or_idle_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
