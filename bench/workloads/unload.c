/* SPDX-License-Identifier: MIT */
/*
 * unload.c: a number of unloads while N-1 readers look up; and storm: unloads
 * for the length of a planned window, and what they cost everybody else.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/workloads/unloader.h"

/* A window cannot hold more dwells than this. */
#define LEAST_DWELL_NS 50000.0

/* Of the cell, or a sibling of one that is: it would feel the cell's work. */
static bool is_near(const struct topology *t, const struct cell *cell,
		    unsigned int cpu)
{
	for (size_t i = 0; i < cell->n_cpus; i++)
		if (cell->cpu_ids[i] == cpu ||
		    topology_shares_core(t, cell->cpu_ids[i], cpu))
			return true;
	return false;
}

/* A CPU on a core outside the cell's set, as far off as there is; -1: none. */
static int free_cpu(const struct site *site, const struct cell *cell)
{
	size_t n = topology_n_cpus(site->topology);
	unsigned int *all = calloc(n, sizeof(*all));
	int cpu = -1;

	if (all && !topology_order(site->topology, "scatter", all, &n))
		for (size_t i = 0; i < n; i++)
			if (!is_near(site->topology, cell, all[i]))
				cpu = (int)all[i];
	free(all);
	return cpu;
}

static int open_bystander(struct site *site, const struct cell *cell,
			  struct unloader *u)
{
	int cpu = free_cpu(site, cell), err;

	if (cpu < 0)
		return 0;
	err = bystander_start((unsigned int)cpu, &site->clock, &u->bystander);
	return err ? err : bystander_open(u->bystander);
}

static void stall_figure(const struct site *site, const struct crew *c,
			 struct result *ret)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < c->n_readers; i++)
		if (c->parts[i].longest_gap > longest)
			longest = c->parts[i].longest_gap;
	result_set(ret, "stall_max_ns", clock_ns(&site->clock, longest));
}

/* The row's real_time is the unload's median; without one there is none. */
static void unload_time(struct result *ret)
{
	json_t *p50 = json_object_get(ret->figures, "p50_ns");

	ret->real_ns = json_is_number(p50) ? json_number_value(p50) : NAN;
}

static int run_unloads(struct site *site, const struct cell *cell,
		       const struct orders *orders, struct crew *c,
		       struct result *ret)
{
	bool storm = cell->workload == WORKLOAD_STORM;
	double length = storm ? orders->window_ns : orders->cap_ns;
	size_t most =
		storm ? (size_t)(length / LEAST_DWELL_NS) + 1 : orders->unloads;
	struct unloader u = { 0 };
	int err = unloader_open(site, c, orders, most, &u);

	if (!err && storm)
		err = open_bystander(site, cell, &u);
	if (!err)
		err = crew_run(site, c, orders, length, 1);
	if (u.bystander && bystander_close(u.bystander))
		u.bystander_lost = true;
	if (!err)
		err = u.err;
	if (!err)
		err = stage_balance(&c->stage, ret->problem);
	if (!err) {
		crew_figures(site, c, ret);
		unloader_figures(&u, ret);
		if (storm) {
			stall_figure(site, c, ret);
			bystander_figures(&u, ret);
		} else {
			unload_time(ret);
		}
	}
	unloader_close(&u);
	return err;
}

int workload_unload(struct site *site, const struct cell *cell,
		    const struct orders *orders, struct result *ret)
{
	struct crew c;
	int err = crew_open(site, cell, orders, true, &c, ret->problem);

	if (!err)
		err = run_unloads(site, cell, orders, &c, ret);
	if (err && !*ret->problem)
		snprintf(ret->problem, sizeof(ret->problem), "window: %s",
			 strerror(-err));
	crew_close(&c);
	return err;
}
