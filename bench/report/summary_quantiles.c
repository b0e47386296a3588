/* SPDX-License-Identifier: MIT */
/*
 * summary_quantiles.c: unload latency over the samples of all rounds.
 *
 * Idea.  A round has too few samples for its tail, a run may have enough. What
 * was cut off at a cell's time limit counts as longer than all others; a
 * quantile that would lie among those is not given.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/summary_parts.h"

#define CURVE_STEPS_A_DECADE 12
#define CURVE_STEPS	     (6 * CURVE_STEPS_A_DECADE) /* to 1 in 10^6 */

/* All attempts of one cell; ns[] has those that ended, ascending. */
struct pool {
	double *ns;
	size_t n_ended;
	size_t n_censored;
	size_t n_succeeded;
	bool has_outcomes;
};

static size_t count_ones(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '1';
	return n;
}

static int pool_fill(struct pool *pool, const json_t *rounds)
{
	const json_t *round, *ns;
	size_t i, k, room = 1;

	json_array_foreach (rounds, i, round)
		room += json_array_size(json_object_get(round, "ns"));
	pool->ns = calloc(room, sizeof(*pool->ns));
	if (!pool->ns)
		return -ENOMEM;
	json_array_foreach (rounds, i, round) {
		const char *outcomes = field_string(round, "succeeded", NULL);

		json_array_foreach (json_object_get(round, "ns"), k, ns)
			/* null: censored, and counted as such. */
			if (json_is_number(ns))
				pool->ns[pool->n_ended++] =
					json_number_value(ns);
		pool->n_censored += field_int(round, "censored", 0);
		pool->n_succeeded += outcomes ? count_ones(outcomes) : 0;
		pool->has_outcomes |= outcomes && *outcomes;
	}
	stats_sort(pool->ns, pool->n_ended);
	return 0;
}

static json_t *unsupported(const struct pool *pool, double q, int err)
{
	size_t n = pool->n_ended + pool->n_censored;
	char why[96];

	if (err == -ERANGE)
		snprintf(why, sizeof(why),
			 "%zu of %zu had not ended at the time limit",
			 pool->n_censored, n);
	else
		snprintf(why, sizeof(why), "needs %.0f samples, has %zu",
			 ceil(5 / fmin(q, 1 - q) - 1e-6), n);
	return summary_unknown(n, why);
}

static json_t *quantile(const struct pool *pool, double q)
{
	size_t n = pool->n_ended + pool->n_censored;
	struct interval x;
	int err = stats_quantile_interval(pool->ns, n, pool->n_censored, q, &x);
	json_t *figure;

	if (!err)
		return summary_figure(&x, n);
	err = stats_quantile(pool->ns, n, pool->n_censored, q, &x.value);
	if (err)
		return unsupported(pool, q, err);
	figure = summary_unknown(n, "its upper bound is not in the samples");
	json_object_set_new(figure, "value", json_real(x.value));
	return figure;
}

/* The longest of all; it has no interval, and none is known if some attempts
 * were cut off. */
static json_t *longest(const struct pool *pool)
{
	json_t *figure;

	if (!pool->n_ended)
		return summary_unknown(0, "no attempt ended");
	if (pool->n_censored)
		return unsupported(pool, 1, -ERANGE);
	figure = summary_unknown(pool->n_ended, "a maximum has no interval");
	json_object_set_new(figure, "value",
			    json_real(pool->ns[pool->n_ended - 1]));
	return figure;
}

/* Quantiles evenly spaced on the 1/(1-q) axis, as far as they are supported. */
static json_t *curve(const struct pool *pool)
{
	size_t n = pool->n_ended + pool->n_censored;
	json_t *ret = json_array();

	for (int i = 1; i <= CURVE_STEPS; i++) {
		double q = 1 - pow(10, -(double)i / CURVE_STEPS_A_DECADE), ns;

		if (!stats_quantile(pool->ns, n, pool->n_censored, q, &ns))
			json_array_append_new(ret, json_pack("[f, f]", q, ns));
	}
	return ret;
}

static json_t *describe(const struct pool *pool)
{
	json_t *succeeded =
		pool->has_outcomes ? json_integer((json_int_t)pool->n_succeeded)
				   : json_null();

	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "n",
			 (json_int_t)(pool->n_ended + pool->n_censored),
			 "censored", (json_int_t)pool->n_censored, "succeeded",
			 succeeded, "p50_ns", quantile(pool, 0.5), "p90_ns",
			 quantile(pool, 0.9), "p99_ns", quantile(pool, 0.99),
			 "p99.9_ns", quantile(pool, 0.999), "max_ns",
			 longest(pool), "curve", curve(pool));
}

json_t *summary_quantiles(const json_t *run, const char *name)
{
	const json_t *ours = json_object_get(run, "unloadbench");
	const json_t *samples = json_object_get(ours, "unload_samples");
	const json_t *rounds = json_object_get(samples, name);
	struct pool pool = { 0 };
	json_t *ret = NULL;

	if (rounds && !pool_fill(&pool, rounds))
		ret = describe(&pool);
	free(pool.ns);
	return ret;
}
