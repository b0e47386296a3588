/* SPDX-License-Identifier: MIT */
/*
 * lookup.c: lookup and ref: nothing but readers, in one planned window.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/workloads/readers.h"

#define LEAST_OVERLAP 0.99
#define MOST_REPEATS  3

/* A window in which readers hardly met says little: it is run again. */
static int run_until_met(struct site *site, struct crew *c,
			 const struct orders *orders, struct result *ret)
{
	int err = crew_run(site, c, orders, orders->window_ns, 0);

	while (!err && !c->shared && c->report.overlap < LEAST_OVERLAP) {
		if (ret->repeated == MOST_REPEATS) {
			result_label(ret, "overlap_low");
			break;
		}
		ret->repeated++;
		err = crew_run(site, c, orders, orders->window_ns, 0);
	}
	return err;
}

int workload_readers(struct site *site, const struct cell *cell,
		     const struct orders *orders, struct result *ret)
{
	struct crew c;
	int err = crew_open(site, cell, orders, false, &c, ret->problem);

	if (!err)
		err = run_until_met(site, &c, orders, ret);
	if (!err)
		err = stage_balance(&c.stage, ret->problem);
	if (!err)
		crew_figures(site, &c, ret);
	else if (!*ret->problem)
		snprintf(ret->problem, sizeof(ret->problem), "window: %s",
			 strerror(-err));
	crew_close(&c);
	return err;
}
