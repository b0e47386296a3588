/* SPDX-License-Identifier: MIT */
/*
 * unload_figures.c: what the samples of one round add up to.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/workloads/unloader.h"
#include "harness/stats.h"

/* One number of a sample, NAN where it has none. */
typedef double sample_value(const struct unloader *u,
			    const struct unload_sample *s, int which);

static double latency_of(const struct unloader *u,
			 const struct unload_sample *s, int which)
{
	(void)which;
	return s->end ? clock_ns(&u->site->clock, s->end - s->start) : NAN;
}

static double success_of(const struct unloader *u,
			 const struct unload_sample *s, int which)
{
	return s->succeeded ? latency_of(u, s, which) : NAN;
}

static double returned_of(const struct unloader *u,
			  const struct unload_sample *s, int which)
{
	(void)which;
	return s->end ? clock_ns(&u->site->clock, s->returned) : NAN;
}

static double phase_of(const struct unloader *u, const struct unload_sample *s,
		       int which)
{
	/* A cancelled attempt came through phases that decided nothing. */
	return s->end && s->phase[which]
		       ? clock_ns(&u->site->clock, s->phase[which])
		       : NAN;
}

static double exit_of(const struct unloader *u, const struct unload_sample *s,
		      int which)
{
	(void)which;
	return s->succeeded ? clock_ns(&u->site->clock, s->exit) : NAN;
}

static double freeable_of(const struct unloader *u,
			  const struct unload_sample *s, int which)
{
	(void)which;
	return s->freeable ? clock_ns(&u->site->clock, s->freeable) : NAN;
}

static double insert_of(const struct unloader *u, const struct unload_sample *s,
			int which)
{
	(void)which;
	return s->succeeded ? clock_ns(&u->site->clock, s->insert) : NAN;
}

/* Longest gap of the bystander while an unload went on. */
static double disturbed_of(const struct unloader *u,
			   const struct unload_sample *s, int which)
{
	(void)which;
	if (!s->end)
		return NAN;
	return clock_ns(&u->site->clock,
			bystander_longest_gap(u->bystander, s->start, s->end));
}

/* ... and in an equal interval just before it, if nothing went on there. */
static double quiet_of(const struct unloader *u, const struct unload_sample *s,
		       int which)
{
	uint64_t length = s->end - s->start;
	const struct unload_sample *before = s - 1;

	(void)which;
	if (!s->end ||
	    (s > u->samples &&
	     (!before->end ||
	      before->end + before->exit + before->insert + length > s->start)))
		return NAN;
	return clock_ns(&u->site->clock,
			bystander_longest_gap(u->bystander, s->start - length,
					      s->start));
}

/* All samples' values, ascending; the caller frees. */
static double *gather(const struct unloader *u, sample_value *value, int which,
		      size_t *ret_n)
{
	double *all = calloc(u->n + 1, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; all && i < u->n; i++) {
		double x = value(u, &u->samples[i], which);

		if (!isnan(x))
			all[n++] = x;
	}
	if (all)
		stats_sort(all, n);
	*ret_n = n;
	return all;
}

static void quantile_figure(const double *sorted, size_t n, size_t censored,
			    double q, const char *name, struct result *ret)
{
	char why[96];
	double x;
	int err = stats_quantile(sorted, n, censored, q, &x);

	if (!err) {
		result_set(ret, name, x);
		return;
	}
	if (err == -ERANGE)
		snprintf(why, sizeof(why),
			 "%zu of %zu attempts had not ended at the cap",
			 censored, n);
	else
		snprintf(why, sizeof(why), "needs %.0f samples, has %zu",
			 ceil(5 / (q < .5 ? q : 1 - q) - 1e-9), n);
	result_null(ret, name, why);
}

static void median_figure(const struct unloader *u, sample_value *value,
			  int which, const char *name, const char *absent,
			  struct result *ret)
{
	size_t n;
	double *all = gather(u, value, which, &n), median;

	if (all && n && !stats_median_value(all, n, &median))
		result_set(ret, name, median);
	else
		result_null(ret, name, absent);
	free(all);
}

static size_t count_censored(const struct unloader *u)
{
	size_t censored = 0;

	for (size_t i = 0; i < u->n; i++)
		censored += !u->samples[i].end;
	return censored;
}

static void latency_figures(const struct unloader *u, struct result *ret)
{
	static const struct {
		double q;
		const char *name;
	} quantiles[] = { { .5, "p50_ns" },
			  { .9, "p90_ns" },
			  { .99, "p99_ns" } };
	size_t n, censored = count_censored(u);
	double *all = gather(u, latency_of, 0, &n);

	for (size_t i = 0; all && i < 3; i++)
		quantile_figure(all, n + censored, censored, quantiles[i].q,
				quantiles[i].name, ret);
	if (!all || !n)
		result_null(ret, "max_ns", "no attempt was decided");
	else if (censored)
		result_null(ret, "max_ns",
			    "some attempt had not ended at the cap");
	else
		result_set(ret, "max_ns", all[n - 1]);
	result_set(ret, "samples", (double)(n + censored));
	result_set(ret, "censored", (double)censored);
	free(all);
}

/* Why nothing waited for a grace period. */
static const char *no_freeable(const struct unloader *u)
{
	const struct stage *s = &u->crew->stage;

	if (!(s->ops->caps & CAP_NEEDS_GRACE))
		return "this scheme's memory may go once it has decided";
	return s->shape.cell->grace.source ? "no attempt succeeded"
					   : "--grace none: not modelled";
}

static void phase_figures(const struct unloader *u, struct result *ret)
{
	static const char *const names[N_PHASES] = {
		[PHASE_GOING] = "phase_going_ns",
		[PHASE_DRAINED] = "phase_drained_ns",
		[PHASE_QUIESCED] = "phase_quiesced_ns",
		[PHASE_DECIDED] = "phase_decided_ns",
	};

	for (int p = PHASE_GOING; p < N_PHASES; p++)
		median_figure(u, phase_of, p, names[p],
			      "no attempt came through this phase", ret);
	median_figure(u, exit_of, 0, "exit_ns", "no attempt succeeded", ret);
	median_figure(u, returned_of, 0, "returned_ns",
		      "no attempt was decided", ret);
	median_figure(u, freeable_of, 0, "phase_freeable_ns", no_freeable(u),
		      ret);
	median_figure(u, insert_of, 0, "insert_ns", "no attempt succeeded",
		      ret);
}

/* Waiting: attempts per unload.  Trying: the share of attempts that unload. */
static void attempt_figures(const struct unloader *u, struct result *ret)
{
	double succeeded = 0, attempts = 0;

	for (size_t i = 0; i < u->n; i++) {
		succeeded += u->samples[i].succeeded;
		attempts += 1 + (double)u->samples[i].retries;
	}
	result_set(ret, "unloads", succeeded);
	if (!u->n)
		result_null(ret, "success", "no attempt was made");
	else
		result_set(ret, "success", succeeded / (double)u->n);
	if (u->mode != REMOVE_WAIT) {
		median_figure(u, success_of, 0, "p50_success_ns",
			      "no attempt succeeded", ret);
		return;
	}
	if (succeeded > 0)
		result_set(ret, "attempts", attempts / succeeded);
	else
		result_null(ret, "attempts", "no unload was completed");
}

static void interrupt_figures(const struct unloader *u, struct result *ret)
{
	static const char *const names[INTERRUPT_KINDS] = {
		[INTERRUPT_CALL] = "ipis_call",
		[INTERRUPT_RESCHEDULE] = "ipis_resched",
		[INTERRUPT_TLB] = "ipis_tlb",
	};
	const char *why = u->site->irqs_why;
	double all = 0;

	if (!why && (!u->has_irqs || !u->n))
		why = u->n ? "/proc/interrupts could not be read"
			   : "no attempt was made";
	for (int k = 0; k < INTERRUPT_KINDS; k++) {
		double delta;

		if (why || !u->irqs[0].known[k]) {
			result_null(ret, names[k],
				    why ? why : "not counted on this machine");
			continue;
		}
		delta = (double)interrupts_since(&u->irqs[0], &u->irqs[1],
						 (enum interrupt_kind)k);
		all += delta;
		result_set(ret, names[k], delta / (double)u->n);
	}
	if (why)
		result_null(ret, "ipis", why);
	else
		result_set(ret, "ipis", all / (double)u->n);
}

/* Every sample goes into the record: they are few. */
static json_t *samples_json(const struct unloader *u)
{
	json_t *ns = json_array();
	char *succeeded = calloc(u->n + 1, 1);
	json_t *samples;

	for (size_t i = 0; succeeded && i < u->n; i++) {
		double x = latency_of(u, &u->samples[i], 0);

		succeeded[i] = u->samples[i].succeeded ? '1' : '0';
		json_array_append_new(ns, isnan(x) ? json_null()
						   : json_real(round(x)));
	}
	samples = json_pack("{s:o, s:s, s:I}", "ns", ns, "succeeded",
			    succeeded ? succeeded : "", "censored",
			    (json_int_t)count_censored(u));
	free(succeeded);
	return samples;
}

void unloader_figures(const struct unloader *u, struct result *ret)
{
	latency_figures(u, ret);
	phase_figures(u, ret);
	attempt_figures(u, ret);
	interrupt_figures(u, ret);
	ret->samples = samples_json(u);
}

static void no_bystander(struct result *ret, const char *why)
{
	result_null(ret, "bystander_p50_ns", why);
	result_null(ret, "bystander_p90_ns", why);
	result_null(ret, "bystander_max_ns", why);
	result_null(ret, "bystander_quiet_p50_ns", why);
	result_null(ret, "bystander_quiet_p90_ns", why);
}

void bystander_figures(const struct unloader *u, struct result *ret)
{
	size_t n, n_quiet;
	double *all, *quiet;

	if (!u->bystander) {
		no_bystander(ret, "no core outside the measured set");
		return;
	}
	if (u->bystander_lost) {
		no_bystander(ret, "the bystander died or hung");
		return;
	}
	if (bystander_overflowed(u->bystander)) {
		no_bystander(ret, "more gaps than the bystander could keep");
		return;
	}
	all = gather(u, disturbed_of, 0, &n);
	quiet = gather(u, quiet_of, 0, &n_quiet);
	if (all && quiet) {
		quantile_figure(all, n, 0, .5, "bystander_p50_ns", ret);
		quantile_figure(all, n, 0, .9, "bystander_p90_ns", ret);
		quantile_figure(quiet, n_quiet, 0, .5, "bystander_quiet_p50_ns",
				ret);
		quantile_figure(quiet, n_quiet, 0, .9, "bystander_quiet_p90_ns",
				ret);
	}
	if (all && n)
		result_set(ret, "bystander_max_ns", all[n - 1]);
	else
		result_null(ret, "bystander_max_ns", "no unload was completed");
	free(all);
	free(quiet);
}
