/* SPDX-License-Identifier: MIT */
/*
 * stats.h: what may be said of a handful of numbers.
 *
 * Idea.  Medians and order statistics: their intervals are exact for any
 * continuous distribution, so nobody has to believe in a normal one.
 * Owns.  Nothing: pure functions on the caller's arrays, any thread.
 * Never. Reads, prints, allocates or deletes a sample by its value.
 *
 * Formulas and sources: docs/METHOD.md, section Statistics. No function takes
 * a NaN for a number unless it says so; "ascending" means as stats_sort()
 * leaves it.
 */
#ifndef HARNESS_STATS_H
#define HARNESS_STATS_H

#include <stdbool.h>
#include <stddef.h>

/** The level intervals are asked for; discreteness makes most exceed it. */
#define STATS_CONFIDENCE 0.95

/** Fewer rounds than this get figures and intervals, but no verdict word. */
#define STATS_VERDICT_MIN_ROUNDS 9

/** No effect up to this is called better or worse, however sure it is. */
#define STATS_VERDICT_MIN_EFFECT 0.01

/**
 * struct interval - a figure and how far it can be trusted
 * @value:      the estimate, in the samples' unit
 * @lo:         lower bound, same unit
 * @hi:         upper bound, same unit
 * @confidence: exact coverage of @lo..@hi, STATS_CONFIDENCE..1
 */
struct interval {
	double value;
	double lo;
	double hi;
	double confidence;
};

/** stats_sort() - sort @x, [n], any unit, ascending in place */
void stats_sort(double *x, size_t n);

/**
 * stats_median_value() - the bare median
 * @sorted: [n], any unit, ascending; read only
 * @n:      number of samples, at least 1
 * @ret:    middle sample, or the mean of the two middle ones
 *
 * Return: 0; -EDOM if @n is 0.
 */
int stats_median_value(const double *sorted, size_t n, double *ret);

/**
 * stats_median() - the median with its exact order-statistic interval
 * @sorted: [n], any unit, ascending; read only
 * @n:      number of samples, 6 or more
 * @ret:    median, the order statistics around it and their coverage
 *
 * Return: 0; -EDOM if @n < 6, where no 95 % interval exists.
 * Source: David and Nagaraja, Order Statistics, 7.1.
 */
int stats_median(const double *sorted, size_t n, struct interval *ret);

/**
 * stats_quantile() - a quantile, if the samples support it
 * @sorted:     [n - n_censored], any unit, ascending; read only
 * @n:          number of samples, censored ones included
 * @n_censored: samples known only to be larger than all others, 0..@n
 * @q:          share, above 0 and below 1
 * @ret:        nearest rank: the smallest sample x such that at least a share
 *              @q of the @n samples are <= x
 *
 * Supported means that at least five samples are expected beyond it:
 * n(1-q) >= 5, and n*q >= 5 for the quantiles below the median.
 *
 * Return: 0; -EINVAL for a @q or @n_censored out of range; -ENODATA if there
 * are too few samples; -ERANGE if the quantile lies in the censored share.
 */
int stats_quantile(const double *sorted, size_t n, size_t n_censored, double q,
		   double *ret);

/**
 * stats_quantile_interval() - a quantile with its order-statistic interval
 * @sorted:     [n - n_censored], as for stats_quantile()
 * @n:          number of samples, censored ones included
 * @n_censored: samples known only to be larger than all others, 0..@n
 * @q:          share, above 0 and below 1
 * @ret:        the quantile, bounds and their coverage; at most 2.5 % is
 *              left out on either side
 *
 * Return: as stats_quantile(); -ERANGE also if the upper bound alone lies in
 * the censored share.
 */
int stats_quantile_interval(const double *sorted, size_t n, size_t n_censored,
			    double q, struct interval *ret);

/**
 * stats_paired_ratio() - by what factor b differs from a, round by round
 * @a:       [n], one figure a round, above 0, finite; read only
 * @b:       [n], the other scheme's figure of the same rounds, likewise
 * @n:       number of rounds, 6 or more
 * @scratch: [n], overwritten
 * @ret:     exp of the median of log(b/a) and of its exact sign-test
 *           interval; dimensionless
 *
 * Return: 0; -EDOM if @n < 6; -EINVAL if a figure is not above 0 and finite.
 */
int stats_paired_ratio(const double *a, const double *b, size_t n,
		       double *scratch, struct interval *ret);

/**
 * stats_sign_test() - exact two-sided p of "a and b differ by luck alone"
 * @a:   [n], one figure a round, not NaN; read only
 * @b:   [n], likewise
 * @n:   number of rounds, 4 or more
 * @ret: p, above 0 and up to 1; ties are dropped, and are p = 1 if all tie
 *
 * Return: 0; -EDOM if @n < 4, where p says nothing; -EINVAL for a NaN.
 */
int stats_sign_test(const double *a, const double *b, size_t n, double *ret);

/**
 * stats_jain() - Jain's index of fairness
 * @rates: [n], per thread, any unit, 0 or more, finite; read only
 * @n:     number of threads, at least 1
 * @ret:   1 if all rates are equal, down to 1/n if one thread has all
 *
 * Return: 0; -EDOM if @n is 0 or every rate is; -EINVAL for a bad rate.
 * Source: Jain, Chiu and Hawe, DEC-TR-301, 1984.
 */
int stats_jain(const double *rates, size_t n, double *ret);

/**
 * stats_rank_correlation() - does a series drift with time?
 * @x:       [n], in the order taken, any unit; read only
 * @n:       number of samples, 3 or more
 * @scratch: [n], overwritten
 * @ret:     Spearman's rho of @x with its own order, -1..1; ties share the
 *           mean of their ranks
 *
 * Return: 0; -EDOM if @n < 3 or all samples are equal.
 */
int stats_rank_correlation(const double *x, size_t n, double *scratch,
			   double *ret);

/**
 * stats_relative_stddev() - spread as a share of the mean
 * @x:   [n], any unit; read only
 * @n:   number of samples, 2 or more
 * @ret: sample standard deviation (divisor n-1) over the mean's size
 *
 * Return: 0; -EDOM if @n < 2 or the mean is 0.
 */
int stats_relative_stddev(const double *x, size_t n, double *ret);

/**
 * enum verdict - the only words a comparison may use
 * @VERDICT_TOO_FEW:       under STATS_VERDICT_MIN_ROUNDS rounds, or no noise
 *                         floor: figures without a word
 * @VERDICT_NOT_SEPARATED: neither a difference nor its absence is shown
 * @VERDICT_SAME:          any difference is inside the band, which must be
 *                         printed with the word: a noisy run has a wide one
 * @VERDICT_BETTER:        significant and beyond the band, for the better
 * @VERDICT_WORSE:         significant and beyond the band, for the worse
 */
enum verdict {
	VERDICT_TOO_FEW,
	VERDICT_NOT_SEPARATED,
	VERDICT_SAME,
	VERDICT_BETTER,
	VERDICT_WORSE,
};

/**
 * stats_floor() - the noise floor that an A/A comparison shows
 * @aa: ratio of one scheme to itself under a second name, bounds above 0
 *
 * Return: 0 or more: max(hi, 1/lo) - 1, what the farther bound is away from 1.
 */
double stats_floor(const struct interval *aa);

/**
 * stats_verdict() - the word for a ratio
 * @ratio:            of the scheme to its reference, bounds above 0
 * @n:                rounds behind it
 * @floor:            stats_floor() of the run's A/A twin, 0 or more; NaN if
 *                    the run has none
 * @higher_is_better: true for rates, false for times
 *
 * Band: from 1/(1+m) to 1+m, m = max(STATS_VERDICT_MIN_EFFECT, @floor). Better
 * and worse need an interval without 1 and a ratio outside the band; same
 * needs the whole interval inside it. Exchanging scheme and reference
 * exchanges better and worse and changes nothing else.
 *
 * Return: the verdict.
 */
enum verdict stats_verdict(const struct interval *ratio, size_t n, double floor,
			   bool higher_is_better);

#endif
