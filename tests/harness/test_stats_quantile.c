/* SPDX-License-Identifier: MIT */
/*
 * test_stats_quantile.c: quantiles are given where samples support them.
 *
 * Idea.  A sample's value is its rank, so that a wrong rank shows; both sides
 * of every bound are tried.
 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <errno.h>
#include <math.h>

#include "harness/stats.h"

#define UNTOUCHED 77.0
#define MAX_N	  600
#define NEAR	  1e-12

#define assert_near(got, expected, within)                                     \
	assert_true(fabs((got) - (expected)) <= (within))

/* 1, 2, ..., so that a sample's value is its rank. */
static void fill_ranks(double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (double)(i + 1);
}

static void test_quantile_is_the_nearest_rank(void **state)
{
	/* By hand: ceil(n q). In doubles 100 * 0.07 is a hair over 7 and
	 * 50 * (1 - 0.9) a hair under 5; neither may show. */
	static const struct {
		size_t n;
		double q, rank;
	} table[] = {
		{ 600, 0.99, 594 }, { 500, 0.99, 495 }, { 50, 0.9, 45 },
		{ 51, 0.9, 46 },    { 10, 0.5, 5 },	{ 11, 0.5, 6 },
		{ 50, 0.1, 5 },	    { 51, 0.1, 6 },	{ 100, 0.07, 7 },
	};
	double x[MAX_N];

	(void)state;
	fill_ranks(x, MAX_N);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		double got;

		assert_int_equal(
			stats_quantile(x, table[i].n, 0, table[i].q, &got), 0);
		assert_near(got, table[i].rank, 0);
	}
}

static void test_quantile_beyond_its_samples_is_no_data(void **state)
{
	double x[MAX_N], got = UNTOUCHED;
	struct interval interval = { .value = UNTOUCHED };

	(void)state;
	fill_ranks(x, MAX_N);
	assert_int_equal(stats_quantile(x, 499, 0, 0.99, &got), -ENODATA);
	assert_int_equal(stats_quantile(x, 49, 0, 0.9, &got), -ENODATA);
	assert_int_equal(stats_quantile(x, 49, 0, 0.1, &got), -ENODATA);
	assert_int_equal(stats_quantile(x, 9, 0, 0.5, &got), -ENODATA);
	assert_int_equal(stats_quantile(x, 0, 0, 0.5, &got), -ENODATA);
	assert_int_equal(stats_quantile_interval(x, 499, 0, 0.99, &interval),
			 -ENODATA);
	assert_near(got, UNTOUCHED, 0);
	assert_near(interval.value, UNTOUCHED, 0);
}

static void test_quantile_in_the_censored_share_is_out_of_range(void **state)
{
	/* Rank 594 of 600: six censored leave it known, seven do not. */
	double x[MAX_N], got = UNTOUCHED;

	(void)state;
	fill_ranks(x, MAX_N);
	assert_int_equal(stats_quantile(x, 600, 7, 0.99, &got), -ERANGE);
	assert_int_equal(stats_quantile(x, 600, 600, 0.5, &got), -ERANGE);
	assert_near(got, UNTOUCHED, 0);
	assert_int_equal(stats_quantile(x, 600, 6, 0.99, &got), 0);
	assert_near(got, 594, 0);
}

static void test_quantile_of_bad_share_or_count_is_invalid(void **state)
{
	static const double bad[] = { 0, 1, -0.1, 1.1, NAN };
	double x[MAX_N], got = UNTOUCHED;

	(void)state;
	fill_ranks(x, MAX_N);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(stats_quantile(x, MAX_N, 0, bad[i], &got),
				 -EINVAL);
	assert_int_equal(stats_quantile(x, 20, 21, 0.5, &got), -EINVAL);
	assert_near(got, UNTOUCHED, 0);
}

static void test_quantile_interval_ranks_are_the_binomial_ones(void **state)
{
	/* bc: n=100 q=.9: P(B<=83) .0206, P(B<=84) .0399, P(B>=96) .0237,
	 * P(B>=95) .0576. Tables, n=20 q=.25: P(B<=1) .0243, P(B<=2) .0913,
	 * P(B>=10) .0139, P(B>=9) .0409. */
	double x[100];
	struct interval got;

	(void)state;
	fill_ranks(x, 100);
	assert_int_equal(stats_quantile_interval(x, 100, 0, 0.9, &got), 0);
	assert_near(got.value, 90, 0);
	assert_near(got.lo, 84, 0);
	assert_near(got.hi, 96, 0);
	assert_near(got.confidence, 0.9762889173365228 - 0.0205988101452997,
		    NEAR);
	assert_int_equal(stats_quantile_interval(x, 20, 0, 0.25, &got), 0);
	assert_near(got.value, 5, 0);
	assert_near(got.lo, 2, 0);
	assert_near(got.hi, 10, 0);
	assert_near(got.confidence, 0.9861355830562388 - 0.0243126248651606,
		    NEAR);
}

static void test_quantile_interval_with_censored_bound_is_refused(void **state)
{
	double x[100];
	struct interval got = { .value = UNTOUCHED };

	(void)state;
	fill_ranks(x, 100);
	assert_int_equal(stats_quantile_interval(x, 100, 5, 0.9, &got),
			 -ERANGE);
	assert_near(got.value, UNTOUCHED, 0);
	assert_int_equal(stats_quantile_interval(x, 100, 4, 0.9, &got), 0);
	assert_near(got.hi, 96, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantile_is_the_nearest_rank),
		cmocka_unit_test(test_quantile_beyond_its_samples_is_no_data),
		cmocka_unit_test(
			test_quantile_in_the_censored_share_is_out_of_range),
		cmocka_unit_test(
			test_quantile_of_bad_share_or_count_is_invalid),
		cmocka_unit_test(
			test_quantile_interval_ranks_are_the_binomial_ones),
		cmocka_unit_test(
			test_quantile_interval_with_censored_bound_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
