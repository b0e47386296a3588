/* SPDX-License-Identifier: MIT */
/*
 * summary_quantiles.c: unload latency over the samples of all rounds.
 *
 * Idea.  A round has too few samples for its tail, a run may have enough. What
 * was cut off at a cell's time limit counts as longer than all others; a
 * quantile that would lie among those is not given.
 * Unloads of one process are alike, so their number says little about how sure
 * a quantile is: its interval is that of the rounds' own quantiles.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/summary_parts.h"

#define CURVE_STEPS_A_DECADE 12
#define CURVE_STEPS	     (6 * CURVE_STEPS_A_DECADE) /* to 1 in 10^6 */

/* Attempts; ns[] has those that ended, ascending. */
struct attempts {
	double *ns;
	size_t n_ended;
	size_t n_censored;
};

/* All attempts of one cell, and those of each round. */
struct pool {
	struct attempts all;
	struct attempts *rounds;
	size_t n_rounds;
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

static int attempts_fill(struct attempts *attempts, const json_t *round)
{
	const json_t *all = json_object_get(round, "ns"), *ns;
	size_t i;

	attempts->ns = calloc(json_array_size(all) + 1, sizeof(*attempts->ns));
	if (!attempts->ns)
		return -ENOMEM;
	json_array_foreach (all, i, ns)
		/* null: censored, and counted as such. */
		if (json_is_number(ns))
			attempts->ns[attempts->n_ended++] =
				json_number_value(ns);
	attempts->n_censored = (size_t)field_int(round, "censored", 0);
	stats_sort(attempts->ns, attempts->n_ended);
	return 0;
}

/* The attempts of all rounds as one. */
static int pool_join(struct pool *pool)
{
	struct attempts *all = &pool->all;
	size_t room = 1;

	for (size_t i = 0; i < pool->n_rounds; i++)
		room += pool->rounds[i].n_ended;
	all->ns = calloc(room, sizeof(*all->ns));
	if (!all->ns)
		return -ENOMEM;
	for (size_t i = 0; i < pool->n_rounds; i++) {
		const struct attempts *round = &pool->rounds[i];

		memcpy(all->ns + all->n_ended, round->ns,
		       round->n_ended * sizeof(*all->ns));
		all->n_ended += round->n_ended;
		all->n_censored += round->n_censored;
	}
	stats_sort(all->ns, all->n_ended);
	return 0;
}

static int pool_fill(struct pool *pool, const json_t *rounds)
{
	const json_t *round;
	size_t i;

	pool->rounds =
		calloc(json_array_size(rounds) + 1, sizeof(*pool->rounds));
	if (!pool->rounds)
		return -ENOMEM;
	json_array_foreach (rounds, i, round) {
		const char *outcomes = field_string(round, "succeeded", NULL);

		if (attempts_fill(&pool->rounds[pool->n_rounds++], round))
			return -ENOMEM;
		pool->n_succeeded += outcomes ? count_ones(outcomes) : 0;
		pool->has_outcomes |= outcomes && *outcomes;
	}
	return pool_join(pool);
}

static void pool_free(struct pool *pool)
{
	for (size_t i = 0; i < pool->n_rounds; i++)
		free(pool->rounds[i].ns);
	free(pool->rounds);
	free(pool->all.ns);
}

static size_t count(const struct attempts *attempts)
{
	return attempts->n_ended + attempts->n_censored;
}

static int quantile_of(const struct attempts *attempts, double q,
		       double *ret_ns)
{
	return stats_quantile(attempts->ns, count(attempts),
			      attempts->n_censored, q, ret_ns);
}

static json_t *unsupported(const struct attempts *all, double q, int err)
{
	char why[96];

	if (err == -ERANGE)
		snprintf(why, sizeof(why),
			 "%zu of %zu had not ended at the time limit",
			 all->n_censored, count(all));
	else
		snprintf(why, sizeof(why), "needs %.0f samples, has %zu",
			 ceil(5 / fmin(q, 1 - q) - 1e-6), count(all));
	return summary_unknown(count(all), why);
}

/* The interval of the rounds' own quantiles; -EDOM if they are too few, what
 * stats_quantile() says if a round has none. */
static int interval_over_rounds(const struct pool *pool, double q,
				struct interval *ret)
{
	double *x = calloc(pool->n_rounds + 1, sizeof(*x));
	int err = x ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < pool->n_rounds; i++)
		err = quantile_of(&pool->rounds[i], q, &x[i]);
	if (!err) {
		stats_sort(x, pool->n_rounds);
		err = stats_median(x, pool->n_rounds, ret);
	}
	free(x);
	return err;
}

static const char *no_interval(int err)
{
	switch (err) {
	case -EDOM:
		return "an interval needs 6 rounds";
	case -ERANGE:
		return "of some round it had not ended at the time limit";
	default:
		return "a round alone has too few samples for an interval";
	}
}

static json_t *quantile(const struct pool *pool, double q)
{
	size_t n = count(&pool->all);
	struct interval x;
	double pooled;
	json_t *figure;
	int err = quantile_of(&pool->all, q, &pooled);

	if (err)
		return unsupported(&pool->all, q, err);
	err = interval_over_rounds(pool, q, &x);
	figure = err ? summary_unknown(n, no_interval(err))
		     : summary_figure(&x, n);
	json_object_set_new(figure, "value", json_real(pooled));
	return figure;
}

/* The longest of all; it has no interval, and none is known if some attempts
 * were cut off. */
static json_t *longest(const struct attempts *all)
{
	json_t *figure;

	if (!all->n_ended)
		return summary_unknown(0, "no attempt ended");
	if (all->n_censored)
		return unsupported(all, 1, -ERANGE);
	figure = summary_unknown(all->n_ended, "a maximum has no interval");
	json_object_set_new(figure, "value",
			    json_real(all->ns[all->n_ended - 1]));
	return figure;
}

/* Quantiles evenly spaced on the 1/(1-q) axis, as far as they are supported. */
static json_t *curve(const struct attempts *all)
{
	json_t *ret = json_array();

	for (int i = 1; i <= CURVE_STEPS; i++) {
		double q = 1 - pow(10, -(double)i / CURVE_STEPS_A_DECADE), ns;

		if (!quantile_of(all, q, &ns))
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
			 (json_int_t)count(&pool->all), "censored",
			 (json_int_t)pool->all.n_censored, "succeeded",
			 succeeded, "p50_ns", quantile(pool, 0.5), "p90_ns",
			 quantile(pool, 0.9), "p99_ns", quantile(pool, 0.99),
			 "p99.9_ns", quantile(pool, 0.999), "max_ns",
			 longest(&pool->all), "curve", curve(&pool->all));
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
	pool_free(&pool);
	return ret;
}
