/* SPDX-License-Identifier: MIT */
/*
 * test_stats.c: figures, intervals and verdicts against values from elsewhere.
 *
 * Idea.  Expected values are published, or exact binomial sums done by hand or
 * with bc; each says which. Both sides of every bound are tried.
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
#define NEAR	  1e-12

#define assert_near(got, expected, within)                                     \
	assert_true(fabs((got) - (expected)) <= (within))

/* 1, 2, ..., so that a sample's value is its rank. */
static void fill_ranks(double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (double)(i + 1);
}

/* Darwin's maize, height in inches of 15 pairs, as in Fisher, The Design of
 * Experiments (1935), ch. 3. */
static const double selfed[15] = { 17.375, 20.375, 20,	  20,	18.375,
				   18.625, 18.625, 15.25, 16.5, 18,
				   16.25,  18,	   12.75, 15.5, 18 };
static const double crossed[15] = { 23.5,  12,	   21,	   22,	  19.125,
				    21.5,  22.125, 20.375, 18.25, 21.625,
				    23.25, 21,	   22.125, 23,	  12 };

static void test_sort_unsorted_becomes_ascending(void **state)
{
	double x[5] = { 3, -1, 2, 3, 0 };
	static const double sorted[5] = { -1, 0, 2, 3, 3 };

	(void)state;
	stats_sort(x, 5);
	assert_memory_equal(x, sorted, sizeof(x));
	stats_sort(x, 0);
}

static void test_median_value_odd_even_and_none(void **state)
{
	static const double x[4] = { 1, 2, 4, 9 };
	double median = UNTOUCHED;

	(void)state;
	assert_int_equal(stats_median_value(x, 0, &median), -EDOM);
	assert_near(median, UNTOUCHED, 0);
	assert_int_equal(stats_median_value(x, 1, &median), 0);
	assert_near(median, 1, 0);
	assert_int_equal(stats_median_value(x, 3, &median), 0);
	assert_near(median, 2, 0);
	assert_int_equal(stats_median_value(x, 4, &median), 0);
	assert_near(median, 3, 0);
}

static void test_median_ranks_and_coverage_are_the_published_ones(void **state)
{
	/* Coverage 1 - 2 P(B < lo): to n = 15 whole numbers over 2^n by hand,
	 * the rest with bc to 40 digits; ranks as in common sign-test tables.
	 */
	static const struct {
		size_t n, lo, hi;
		double coverage;
	} table[] = {
		{ 6, 1, 6, 1 - 2 / 64. },
		{ 7, 1, 7, 1 - 2 / 128. },
		{ 8, 1, 8, 1 - 2 / 256. },
		{ 9, 2, 8, 1 - 2 * 10 / 512. },
		{ 10, 2, 9, 1 - 2 * 11 / 1024. },
		{ 11, 2, 10, 1 - 2 * 12 / 2048. },
		{ 12, 3, 10, 1 - 2 * 79 / 4096. },
		{ 15, 4, 12, 1 - 2 * 576 / 32768. },
		{ 30, 10, 21, 1 - 2 * 0.021386972628533840 },
		{ 50, 18, 33, 1 - 2 * 0.016419568782134242 },
		{ 100, 40, 61, 1 - 2 * 0.017600100108852408 },
	};
	double x[100];

	(void)state;
	fill_ranks(x, 100);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct interval got;

		assert_int_equal(stats_median(x, table[i].n, &got), 0);
		assert_near(got.value, (table[i].n + 1) / 2., 0);
		assert_near(got.lo, table[i].lo, 0);
		assert_near(got.hi, table[i].hi, 0);
		assert_near(got.confidence, table[i].coverage, NEAR);
	}
}

static void test_median_of_a_million_stays_exact(void **state)
{
	/* Normal limit: n/2 -+ 0.98 sqrt(n) is 499020 and 500980; at this n
	 * the exact ranks are within two of it. One rank more at each
	 * end is worth 2 * 0.0584 / 500 of coverage. */
	static double x[1000000];
	struct interval got;

	(void)state;
	fill_ranks(x, 1000000);
	assert_int_equal(stats_median(x, 1000000, &got), 0);
	assert_near(got.lo, 499020, 2);
	assert_near(got.hi, 500981, 2);
	assert_near(got.confidence, 0.95, 2.4e-4);
	assert_true(got.confidence >= 0.95);
}

static void test_median_under_six_has_no_interval(void **state)
{
	static const double x[5] = { 1, 2, 3, 4, 5 };
	struct interval got = { .value = UNTOUCHED };

	(void)state;
	for (size_t n = 0; n < 6; n++)
		assert_int_equal(stats_median(x, n, &got), -EDOM);
	assert_near(got.value, UNTOUCHED, 0);
}

static void test_paired_ratio_of_darwins_maize(void **state)
{
	/* By hand: the 15 ratios sorted; 4th, 8th and 12th. */
	double scratch[15];
	struct interval got;

	(void)state;
	assert_int_equal(stats_paired_ratio(selfed, crossed, 15, scratch, &got),
			 0);
	assert_near(got.value, 21 / 18., NEAR);
	assert_near(got.lo, 21 / 20., NEAR);
	assert_near(got.hi, 23.5 / 17.375, NEAR);
	assert_near(got.confidence, 1 - 2 * 576 / 32768., NEAR);
}

static void test_paired_ratio_of_bad_input_is_refused(void **state)
{
	static const double bad[] = { 0, -1, NAN, INFINITY };
	static const double good[6] = { 1, 1, 1, 1, 1, 1 };
	double scratch[6];
	struct interval got = { .value = UNTOUCHED };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		double x[6] = { 1, 1, 1, 1, 1, bad[i] };

		assert_int_equal(stats_paired_ratio(x, good, 6, scratch, &got),
				 -EINVAL);
		assert_int_equal(stats_paired_ratio(good, x, 6, scratch, &got),
				 -EINVAL);
	}
	assert_int_equal(stats_paired_ratio(good, good, 5, scratch, &got),
			 -EDOM);
	assert_near(got.value, UNTOUCHED, 0);
	assert_int_equal(stats_paired_ratio(good, good, 6, scratch, &got), 0);
	assert_near(got.value, 1, 0);
}

static void test_sign_test_p_is_the_published_one(void **state)
{
	/* Maize, two of 15 below: 2 (1+15+105)/2^15. R, binom.test(5, 18):
	 * p = 0.09625, exactly 2 * 12616 / 2^18; two ties are added here. */
	double a[20] = { 0 }, b[20], p;

	(void)state;
	assert_int_equal(stats_sign_test(selfed, crossed, 15, &p), 0);
	assert_near(p, 242 / 32768., NEAR);
	for (size_t i = 0; i < 20; i++)
		b[i] = i < 5 ? 1 : i < 18 ? -1 : 0;
	assert_int_equal(stats_sign_test(a, b, 20, &p), 0);
	assert_near(p, 25232 / 262144., NEAR);
	assert_int_equal(stats_sign_test(b, a, 20, &p), 0);
	assert_near(p, 25232 / 262144., NEAR);
}

static void test_sign_test_edges(void **state)
{
	static const double a[6] = { 1, 1, 1, 1, 1, 1 };
	static const double above[6] = { 2, 2, 2, 2, 2, 2 };
	static const double even[4] = { 0, 0, 2, 2 };
	static const double bad[4] = { 1, 1, 1, NAN };
	double p = UNTOUCHED;

	(void)state;
	assert_int_equal(stats_sign_test(a, above, 3, &p), -EDOM);
	assert_int_equal(stats_sign_test(a, bad, 4, &p), -EINVAL);
	assert_int_equal(stats_sign_test(bad, a, 4, &p), -EINVAL);
	assert_near(p, UNTOUCHED, 0);
	assert_int_equal(stats_sign_test(a, above, 6, &p), 0);
	assert_near(p, 2 / 64., NEAR);
	assert_int_equal(stats_sign_test(a, a, 4, &p), 0);
	assert_near(p, 1, 0);
	assert_int_equal(stats_sign_test(a, even, 4, &p), 0);
	assert_near(p, 1, 0);
}

static void test_jain_of_known_shares(void **state)
{
	/* By hand: all equal 1; one has all 1/n; 1 and 3: 16/20. */
	static const double equal[4] = { 5e9, 5e9, 5e9, 5e9 };
	static const double one[4] = { 0, 7, 0, 0 };
	static const double uneven[2] = { 1, 3 };
	static const double zero[2] = { 0, 0 };
	static const double bad[3][2] = { { 1, -1 },
					  { 1, NAN },
					  { 1, INFINITY } };
	double got;

	(void)state;
	assert_int_equal(stats_jain(equal, 4, &got), 0);
	assert_near(got, 1, NEAR);
	assert_int_equal(stats_jain(one, 4, &got), 0);
	assert_near(got, 0.25, NEAR);
	assert_int_equal(stats_jain(uneven, 2, &got), 0);
	assert_near(got, 0.8, NEAR);
	got = UNTOUCHED;
	assert_int_equal(stats_jain(zero, 2, &got), -EDOM);
	assert_int_equal(stats_jain(uneven, 0, &got), -EDOM);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(stats_jain(bad[i], 2, &got), -EINVAL);
	assert_near(got, UNTOUCHED, 0);
}

static void test_rank_correlation_of_published_series(void **state)
{
	/* Hours of television in order of IQ, the example of Wikipedia's
	 * article on Spearman's rho: -29/165. Ties by hand: ranks 1.5 1.5 3.5
	 * 3.5 against 1 2 3 4 give 4/sqrt(4 * 5). */
	static const double tv[10] = { 2, 20, 28, 27, 50, 29, 7, 17, 6, 12 };
	static const double ties[4] = { 1, 1, 2, 2 };
	static const double falls[3] = { 9, 1, -4 };
	double scratch[10], rho;

	(void)state;
	assert_int_equal(stats_rank_correlation(tv, 10, scratch, &rho), 0);
	assert_near(rho, -29 / 165., NEAR);
	assert_int_equal(stats_rank_correlation(ties, 4, scratch, &rho), 0);
	assert_near(rho, 4 / sqrt(20), NEAR);
	assert_int_equal(stats_rank_correlation(falls, 3, scratch, &rho), 0);
	assert_near(rho, -1, NEAR);
}

static void test_rank_correlation_of_two_or_equal_is_undefined(void **state)
{
	static const double x[4] = { 3, 3, 3, 3 };
	static const double rising[2] = { 1, 2 };
	double scratch[4], rho = UNTOUCHED;

	(void)state;
	assert_int_equal(stats_rank_correlation(x, 4, scratch, &rho), -EDOM);
	assert_int_equal(stats_rank_correlation(rising, 2, scratch, &rho),
			 -EDOM);
	assert_near(rho, UNTOUCHED, 0);
}

static void test_relative_stddev_by_hand(void **state)
{
	/* Mean 5, squared deviations add up to 32. */
	static const double x[8] = { 2, 4, 4, 4, 5, 5, 7, 9 };
	static const double negative[2] = { -1, -3 };
	static const double balanced[2] = { -1, 1 };
	double got;

	(void)state;
	assert_int_equal(stats_relative_stddev(x, 8, &got), 0);
	assert_near(got, sqrt(32 / 7.) / 5, NEAR);
	assert_int_equal(stats_relative_stddev(negative, 2, &got), 0);
	assert_near(got, sqrt(2) / 2, NEAR);
	got = UNTOUCHED;
	assert_int_equal(stats_relative_stddev(x, 1, &got), -EDOM);
	assert_int_equal(stats_relative_stddev(balanced, 2, &got), -EDOM);
	assert_near(got, UNTOUCHED, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort_unsorted_becomes_ascending),
		cmocka_unit_test(test_median_value_odd_even_and_none),
		cmocka_unit_test(
			test_median_ranks_and_coverage_are_the_published_ones),
		cmocka_unit_test(test_median_of_a_million_stays_exact),
		cmocka_unit_test(test_median_under_six_has_no_interval),
		cmocka_unit_test(test_paired_ratio_of_darwins_maize),
		cmocka_unit_test(test_paired_ratio_of_bad_input_is_refused),
		cmocka_unit_test(test_sign_test_p_is_the_published_one),
		cmocka_unit_test(test_sign_test_edges),
		cmocka_unit_test(test_jain_of_known_shares),
		cmocka_unit_test(test_rank_correlation_of_published_series),
		cmocka_unit_test(
			test_rank_correlation_of_two_or_equal_is_undefined),
		cmocka_unit_test(test_relative_stddev_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
