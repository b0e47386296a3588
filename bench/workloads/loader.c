/* SPDX-License-Identifier: MIT */
/*
 * loader.c: what dlopen and dlclose cost while readers run.
 *
 * Idea.  Timed cells keep their modules loaded, for mapping and unmapping would
 * bury every scheme; this row, labelled `loader`, is what was left out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/workloads/readers.h"
#include "harness/stats.h"

#define CYCLES	 40u
#define DWELL_NS 100000u

/* The loading thread: times each half of each cycle. */
struct loading {
	struct site *site;
	double open_ns[CYCLES], close_ns[CYCLES];
	size_t n;
	struct interrupts irqs[2];
	bool has_irqs;
	char why[STAGE_WHY_BYTES];
	int err;
};

static void load_once(struct loading *l)
{
	const struct clock *clock = &l->site->clock;
	uint64_t t0 = clock_now_ordered(clock), t1, t2;
	struct loaded copy;

	l->err = loaded_open(l->site->pool.path, &copy, l->why);
	if (l->err)
		return;
	t1 = clock_now_ordered(clock);
	/* Proof of unmapping is timed with it: it reads one small file. */
	l->err = module_unload(&copy.module, MODULE_REUSE);
	t2 = clock_now_ordered(clock);
	l->open_ns[l->n] = clock_ns(clock, t1 - t0);
	l->close_ns[l->n++] = clock_ns(clock, t2 - t1);
}

static void loading_task(void *arg, uint64_t t0, uint64_t t1)
{
	struct loading *l = arg;

	(void)t0;
	l->has_irqs = !l->site->irqs_why &&
		      !interrupts_read(&l->site->irqs, &l->irqs[0]);
	while (!l->err && l->n < CYCLES && clock_now(&l->site->clock) < t1) {
		load_once(l);
		clock_nap(DWELL_NS);
	}
	l->has_irqs =
		l->has_irqs && !interrupts_read(&l->site->irqs, &l->irqs[1]);
}

static void half_figure(double *ns, size_t n, const char *name,
			struct result *ret)
{
	double median;

	stats_sort(ns, n);
	if (n && !stats_median_value(ns, n, &median))
		result_set(ret, name, median);
	else
		result_null(ret, name, "no cycle was completed");
}

static void loader_figures(struct loading *l, struct result *ret)
{
	double ipis = 0;

	half_figure(l->open_ns, l->n, "dlopen_p50_ns", ret);
	half_figure(l->close_ns, l->n, "dlclose_p50_ns", ret);
	result_set(ret, "samples", (double)l->n);
	result_label(ret, "loader");
	if (!l->has_irqs || !l->n) {
		result_null(ret, "ipis",
			    l->site->irqs_why ? l->site->irqs_why
					      : "no cycle was completed");
		return;
	}
	for (int k = 0; k < INTERRUPT_KINDS; k++)
		if (l->irqs[0].known[k])
			ipis += (double)interrupts_since(
				&l->irqs[0], &l->irqs[1],
				(enum interrupt_kind)k);
	result_set(ret, "ipis", ipis / (double)l->n);
}

int workload_loader(struct site *site, const struct cell *cell,
		    const struct orders *orders, struct result *ret)
{
	struct loading loading = { .site = site };
	struct crew c;
	int err = crew_open(site, cell, orders, true, &c, ret->problem);

	if (!err) {
		c.roles[c.n_readers] = (struct team_role){
			.cpu = cell->cpu_ids[cell->n_cpus - 1],
			.task = loading_task,
			.arg = &loading,
		};
		err = crew_run(site, &c, orders, orders->cap_ns, 1);
	}
	if (!err && loading.err) {
		err = loading.err;
		snprintf(ret->problem, sizeof(ret->problem), "%s",
			 *loading.why ? loading.why : strerror(-err));
	}
	if (!err) {
		crew_figures(site, &c, ret);
		loader_figures(&loading, ret);
		ret->real_ns = json_number_value(
			json_object_get(ret->figures, "dlclose_p50_ns"));
	}
	if (err && !*ret->problem)
		snprintf(ret->problem, sizeof(ret->problem), "window: %s",
			 strerror(-err));
	crew_close(&c);
	return err;
}
