/* SPDX-License-Identifier: MIT */
/*
 * test_calibrate.c: look-ups a batch, by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/calibrate.h"

/* 5 us of 2 ns; stamps and the slowest ask for less: 500 and 10000. */
static void test_calibrate_batch_is_5_us_of_the_floor(void **state)
{
	(void)state;
	assert_int_equal(calibrate_batch(2, 100, 10, 200e6), 2500);
}

/* Half a percent of 5 ms are 25 us: 50 look-ups of 500 ns. */
static void test_calibrate_batch_is_cut_by_the_slowest_scheme(void **state)
{
	(void)state;
	assert_int_equal(calibrate_batch(20, 500, 10, 5e6), 50);
}

/*
 * 100 stamps of 40 ns are 4 us: 2000 look-ups of 2 ns.  Half a percent of 5 ms
 * are 1250 look-ups of 20 ns, one percent 2500.
 */
static void test_calibrate_batch_is_100_stamps_within_one_percent(void **state)
{
	(void)state;
	assert_int_equal(calibrate_batch(2, 20, 40, 5e6), 2000);
}

/* One percent of 5 ms are 1000 look-ups of 50 ns: 100 stamps are too many. */
static void test_calibrate_batch_is_never_over_one_percent(void **state)
{
	(void)state;
	assert_int_equal(calibrate_batch(2, 50, 40, 5e6), 1000);
}

/* Where 100 stamps take over 5 us they decide too. */
static void
test_calibrate_batch_of_a_slow_clock_is_longer_than_5_us(void **state)
{
	(void)state;
	assert_int_equal(calibrate_batch(1, 1, 1000, 1e9), 100000);
}

static void test_calibrate_batch_of_long_holds_is_one(void **state)
{
	(void)state;
	assert_int_equal(calibrate_batch(1e6, 2e6, 10, 10e6), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calibrate_batch_is_5_us_of_the_floor),
		cmocka_unit_test(
			test_calibrate_batch_is_cut_by_the_slowest_scheme),
		cmocka_unit_test(
			test_calibrate_batch_is_100_stamps_within_one_percent),
		cmocka_unit_test(
			test_calibrate_batch_is_never_over_one_percent),
		cmocka_unit_test(
			test_calibrate_batch_of_a_slow_clock_is_longer_than_5_us),
		cmocka_unit_test(test_calibrate_batch_of_long_holds_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
