/* SPDX-License-Identifier: MIT */
/*
 * stats.c: what may be said of a handful of numbers; see stats.h.
 *
 * Idea.  One binomial tail carries all intervals and the sign test: how many
 * of n samples fall below a quantile is a count of coin tosses.
 * Owns.  Nothing.
 * Never. Approximates a tail by a normal one: with nine rounds it would lie.
 */
#include "harness/stats.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SIGN_TEST_MIN 4	   /* 2/2^4: no p under 0.1 before it */
#define TAIL_MIN      5.0  /* samples expected beyond a quantile */
#define ROUNDING      1e-9 /* 50 * (1 - 0.9) is a hair under 5 */

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

void stats_sort(double *x, size_t n)
{
	if (n > 1)
		qsort(x, n, sizeof(*x), compare);
}

/*
 * P(B <= k) for B binomial with n tosses and chance q, 0 < q < 1. Terms are
 * taken relative to the largest and divided by their own sum: no factorial
 * overflows, and a far term that becomes 0 was too small to matter.
 */
static double binomial_lower(size_t k, size_t n, double q)
{
	double odds = q / (1 - q), sum = 0, tail = 0, term = 1;
	size_t mode = fmin(floor((double)(n + 1) * q), (double)n);

	for (size_t i = mode;; i--) {
		sum += term;
		if (i <= k)
			tail += term;
		if (!i)
			break;
		term *= (double)i / ((double)(n - i + 1) * odds);
	}
	term = 1;
	for (size_t i = mode + 1; i <= n; i++) {
		term *= (double)(n - i + 1) * odds / (double)i;
		sum += term;
		if (i <= k)
			tail += term;
	}
	return tail / sum;
}

/* The rank, from 1, of the largest order statistic that is above the quantile q
 * with a chance of at most half of what the interval may miss; 0: none. */
static size_t lower_rank(size_t n, double q)
{
	const double may_miss = (1 - STATS_CONFIDENCE) / 2;
	size_t from = 0, to = n;

	while (from < to) {
		size_t k = from + (to - from) / 2;

		if (binomial_lower(k, n, q) <= may_miss)
			from = k + 1;
		else
			to = k;
	}
	return from;
}

/* Ranks, from 1, of the two order statistics around a quantile. */
struct bounds {
	size_t lo;
	size_t hi;
	double confidence;
};

static int quantile_bounds(size_t n, double q, struct bounds *ret)
{
	size_t lo = lower_rank(n, q);
	size_t from_top = lower_rank(n, 1 - q);

	if (!lo || !from_top)
		return -EDOM;
	ret->lo = lo;
	ret->hi = n + 1 - from_top;
	ret->confidence = 1 - binomial_lower(lo - 1, n, q) -
			  binomial_lower(from_top - 1, n, 1 - q);
	return 0;
}

int stats_median_value(const double *sorted, size_t n, double *ret)
{
	if (!n)
		return -EDOM;
	*ret = n % 2 ? sorted[n / 2]
		     : sorted[n / 2 - 1] / 2 + sorted[n / 2] / 2;
	return 0;
}

int stats_median(const double *sorted, size_t n, struct interval *ret)
{
	struct bounds bounds;
	int err = quantile_bounds(n, 0.5, &bounds);

	if (err)
		return err;
	ret->lo = sorted[bounds.lo - 1];
	ret->hi = sorted[bounds.hi - 1];
	ret->confidence = bounds.confidence;
	return stats_median_value(sorted, n, &ret->value);
}

int stats_quantile(const double *sorted, size_t n, size_t n_censored, double q,
		   double *ret)
{
	size_t rank;

	if (!(q > 0 && q < 1) || n_censored > n)
		return -EINVAL;
	if ((double)n * fmin(q, 1 - q) < TAIL_MIN - ROUNDING)
		return -ENODATA;
	rank = ceil((double)n * q - ROUNDING);
	if (rank > n - n_censored)
		return -ERANGE;
	*ret = sorted[rank - 1];
	return 0;
}

int stats_quantile_interval(const double *sorted, size_t n, size_t n_censored,
			    double q, struct interval *ret)
{
	struct bounds bounds;
	double value;
	int err = stats_quantile(sorted, n, n_censored, q, &value);

	if (!err)
		err = quantile_bounds(n, q, &bounds);
	if (err)
		return err;
	if (bounds.hi > n - n_censored)
		return -ERANGE;
	ret->value = value;
	ret->lo = sorted[bounds.lo - 1];
	ret->hi = sorted[bounds.hi - 1];
	ret->confidence = bounds.confidence;
	return 0;
}

static bool positive(double x)
{
	return isfinite(x) && x > 0;
}

int stats_paired_ratio(const double *a, const double *b, size_t n,
		       double *scratch, struct interval *ret)
{
	struct interval logs;
	int err;

	for (size_t i = 0; i < n; i++) {
		if (!positive(a[i]) || !positive(b[i]))
			return -EINVAL;
		scratch[i] = log(b[i]) - log(a[i]);
	}
	stats_sort(scratch, n);
	err = stats_median(scratch, n, &logs);
	if (err)
		return err;
	ret->value = exp(logs.value);
	ret->lo = exp(logs.lo);
	ret->hi = exp(logs.hi);
	ret->confidence = logs.confidence;
	return 0;
}

int stats_sign_test(const double *a, const double *b, size_t n, double *ret)
{
	size_t above = 0, below = 0, fewer;

	if (n < SIGN_TEST_MIN)
		return -EDOM;
	for (size_t i = 0; i < n; i++) {
		if (isnan(a[i]) || isnan(b[i]))
			return -EINVAL;
		above += b[i] > a[i];
		below += b[i] < a[i];
	}
	fewer = above < below ? above : below;
	*ret = fmin(1, 2 * binomial_lower(fewer, above + below, 0.5));
	return 0;
}

int stats_jain(const double *rates, size_t n, double *ret)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(rates[i]) || rates[i] < 0)
			return -EINVAL;
		sum += rates[i];
		squares += rates[i] * rates[i];
	}
	if (squares == 0)
		return -EDOM;
	*ret = sum * sum / ((double)n * squares);
	return 0;
}

/* How many of sorted[n] are below x, or, with or_equal, not above it. */
static size_t count_below(const double *sorted, size_t n, double x,
			  bool or_equal)
{
	size_t from = 0, to = n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (sorted[mid] < x || (or_equal && sorted[mid] == x))
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

int stats_rank_correlation(const double *x, size_t n, double *scratch,
			   double *ret)
{
	double mean_rank = ((double)n + 1) / 2;
	double together = 0, of_x = 0, of_time = 0;

	if (n < 3)
		return -EDOM;
	for (size_t i = 0; i < n; i++)
		scratch[i] = x[i];
	stats_sort(scratch, n);
	for (size_t i = 0; i < n; i++) {
		size_t first = count_below(scratch, n, x[i], false) + 1;
		size_t last = count_below(scratch, n, x[i], true);
		double rank = (double)(first + last) / 2 - mean_rank;
		double time = (double)(i + 1) - mean_rank;

		together += rank * time;
		of_x += rank * rank;
		of_time += time * time;
	}
	if (of_x == 0)
		return -EDOM;
	*ret = together / sqrt(of_x * of_time);
	return 0;
}

int stats_relative_stddev(const double *x, size_t n, double *ret)
{
	double mean = 0, squares = 0;

	if (n < 2)
		return -EDOM;
	for (size_t i = 0; i < n; i++)
		mean += x[i] / (double)n;
	if (mean == 0)
		return -EDOM;
	for (size_t i = 0; i < n; i++)
		squares += (x[i] - mean) * (x[i] - mean);
	*ret = sqrt(squares / (double)(n - 1)) / fabs(mean);
	return 0;
}

double stats_floor(const struct interval *aa)
{
	return fmax(fmax(aa->hi, 1 / aa->lo) - 1, 0);
}

enum verdict stats_verdict(const struct interval *ratio, size_t n, double floor,
			   bool higher_is_better)
{
	double top = 1 + fmax(STATS_VERDICT_MIN_EFFECT, floor);
	bool significant = ratio->lo > 1 || ratio->hi < 1;
	bool large = ratio->value > top || ratio->value * top < 1;

	if (n < STATS_VERDICT_MIN_ROUNDS || !isfinite(floor) || floor < 0)
		return VERDICT_TOO_FEW;
	if (ratio->hi <= top && ratio->lo * top >= 1)
		return VERDICT_SAME;
	if (!significant || !large)
		return VERDICT_NOT_SEPARATED;
	return (ratio->value > 1) == higher_is_better ? VERDICT_BETTER
						      : VERDICT_WORSE;
}
