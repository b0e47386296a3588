/* SPDX-License-Identifier: MIT */
/*
 * readers.c: reader threads, and the figures every workload takes from them.
 */
#include "bench/workloads/readers.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats.h"

#define LEAST_SHARE 0.97
#define GRACE_NS    20e9 /* a window that is this late hangs */

static struct team_count reader_batch(void *arg)
{
	struct reader *r = arg;
	struct team_count before = { r->tally.granted, r->tally.refused };

	r->fn(&r->stage->dom, stage_slot(r->stage, r->slot), &r->loop,
	      &r->tally);
	return (struct team_count){ r->tally.granted - before.done,
				    r->tally.refused - before.refused };
}

static int reader_enter(void *arg)
{
	struct reader *r = arg;

	return stage_attach(r->stage, r->slot);
}

static void reader_leave(void *arg)
{
	struct reader *r = arg;

	stage_detach(r->stage, r->slot);
}

static size_t reader_cpus(const struct cell *cell, bool unloader)
{
	return unloader && cell->n_cpus > 1 ? cell->n_cpus - 1 : cell->n_cpus;
}

size_t crew_threads(const struct cell *cell)
{
	return cell->n_cpus * cell->oversubscribe + 1;
}

static void make_reader(struct crew *c, const struct site *site,
			const struct orders *orders, size_t i, size_t n_cpus)
{
	const struct cell *cell = c->stage.shape.cell;
	struct reader *r = &c->readers[i];

	*r = (struct reader){
		.stage = &c->stage,
		.slot = i,
		.loop = {
			.n = orders->batch_ops,
			.keys = stage_keys(&c->stage, i),
			.mask = c->stage.key_mask,
			.hold = (uint32_t)(cell->hold_ns * site->spins_per_ns),
			.think = (uint32_t)(cell->think_ns *
					    site->spins_per_ns),
		},
		.fn = cell->workload == WORKLOAD_REF
			      ? c->stage.readers->ref_loop
			      : c->stage.readers->lookup_loop,
	};
	c->roles[i] = (struct team_role){
		.cpu = cell->cpu_ids[i % n_cpus],
		.enter = reader_enter,
		.leave = reader_leave,
		.batch = reader_batch,
		.arg = r,
	};
}

int crew_open(struct site *site, const struct cell *cell,
	      const struct orders *orders, bool unloader, struct crew *ret,
	      char why[STAGE_WHY_BYTES])
{
	size_t n_cpus = reader_cpus(cell, unloader);
	size_t n = n_cpus * cell->oversubscribe;
	struct stage_shape shape = {
		.topology = site->topology,
		.clock = &site->clock,
		.cell = cell,
		.n_slots = n + 1,
		.seed = orders->seed,
	};
	int err;

	memset(ret, 0, sizeof(*ret));
	err = stage_open(&shape, &site->pool, &ret->stage, why);
	if (err)
		return err;
	ret->readers = aligned_alloc(TEAM_LINE, n * sizeof(*ret->readers));
	ret->roles = calloc(n + 1, sizeof(*ret->roles));
	ret->parts = calloc(n + 1, sizeof(*ret->parts));
	if (!ret->readers || !ret->roles || !ret->parts) {
		snprintf(why, STAGE_WHY_BYTES, "no memory for %zu readers", n);
		return -ENOMEM;
	}
	ret->n_readers = n;
	ret->shared =
		cell->oversubscribe > 1 || (unloader && cell->n_cpus == 1);
	for (size_t i = 0; i < n; i++)
		make_reader(ret, site, orders, i, n_cpus);
	return 0;
}

void crew_close(struct crew *c)
{
	if (c->abandoned)
		return;
	if (c->stage.ops)
		stage_close(&c->stage);
	free(c->readers);
	free(c->roles);
	free(c->parts);
	memset(c, 0, sizeof(*c));
}

int crew_run(struct site *site, struct crew *c, const struct orders *orders,
	     double length_ns, size_t extra)
{
	struct team_window window = {
		.roles = c->roles,
		.n_roles = c->n_readers + extra,
		.length_ns = length_ns,
		.warmup_max_ns = orders->warmup_max_ns,
		.grace_ns = GRACE_NS,
	};

	int err = team_run(site->team, &window, c->parts, &c->report);

	c->abandoned = err == -ETIMEDOUT;
	return err;
}

static void throughput_figures(const struct site *site, const struct crew *c,
			       struct result *ret)
{
	double *rates = calloc(c->n_readers, sizeof(*rates));
	double total = 0, refused = 0, cpu_ns = 0, done = 0, jain = NAN;
	double wall_ns = 0;

	for (size_t i = 0; rates && i < c->n_readers; i++) {
		const struct team_part *p = &c->parts[i];
		double ns = clock_ns(&site->clock, p->t1 - p->t0);

		rates[i] = ns > 0 ? (double)p->count.done / ns * 1e9 : 0;
		total += rates[i];
		done += (double)p->count.done;
		refused += (double)p->count.refused;
		cpu_ns += (double)p->used.cpu_ns;
		wall_ns += ns;
	}
	if (rates && total > 0)
		stats_jain(rates, c->n_readers, &jain);
	free(rates);
	result_set(ret, "items_per_second", total);
	result_set(ret, "refused", refused);
	if (isnan(jain))
		result_null(ret, "jain", "no look-up was granted");
	else
		result_set(ret, "jain", jain);
	ret->real_ns = total > 0 ? (double)c->n_readers / total * 1e9 : NAN;
	ret->cpu_ns = done > 0 ? cpu_ns / done : NAN;
	ret->operations = (uint64_t)done;
	result_set(ret, "batch_ns",
		   ret->real_ns * (double)c->readers[0].loop.n);
	result_set(ret, "cpu_share", cpu_ns / wall_ns);
	/* Where readers share CPUs it is what was asked for. */
	if (!c->shared && cpu_ns < LEAST_SHARE * wall_ns)
		result_label(ret, "disturbed");
}

static void switch_figures(const struct site *site, const struct crew *c,
			   struct result *ret)
{
	uint64_t nvcsw = 0, nivcsw = 0, migrations = 0, faults = 0;
	bool counted = true;

	for (size_t i = 0; i < c->n_readers; i++) {
		const struct team_part *p = &c->parts[i];

		nvcsw += p->used.voluntary;
		nivcsw += p->used.involuntary;
		counted = counted && p->has_counts;
		migrations += p->counts.n[PERF_CPU_MIGRATIONS];
		faults += p->counts.n[PERF_PAGE_FAULTS];
	}
	result_set(ret, "nvcsw", (double)nvcsw);
	result_set(ret, "nivcsw", (double)nivcsw);
	if (!counted) {
		result_null(ret, "migrations", team_perf_why(site->team));
		result_null(ret, "page_faults", team_perf_why(site->team));
		return;
	}
	result_set(ret, "migrations", (double)migrations);
	result_set(ret, "page_faults", (double)faults);
}

void crew_figures(const struct site *site, const struct crew *c,
		  struct result *ret)
{
	throughput_figures(site, c, ret);
	switch_figures(site, c, ret);
	if (c->shared)
		result_null(ret, "overlap", "threads of this cell share CPUs");
	else
		result_set(ret, "overlap", c->report.overlap);
	result_set(ret, "warmup_ns", c->report.warmup_ns);
	if (c->report.warmup_capped)
		result_label(ret, "warmup_capped");
	if (c->shared)
		result_label(ret, c->stage.shape.cell->oversubscribe > 1
					  ? "oversubscribed"
					  : "shared_cpu");
}
