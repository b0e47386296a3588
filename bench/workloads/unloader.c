/* SPDX-License-Identifier: MIT */
/*
 * unloader.c: dwells, removes, inserts, and keeps every sample.
 */
#include "bench/workloads/unloader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DWELL_LEAST_NS 50000u
#define DWELL_MOST_NS  150000u

static void dwell(struct unloader *u)
{
	const struct clock *clock = &u->site->clock;
	uint64_t ns = DWELL_LEAST_NS +
		      rng_below(&u->rng, DWELL_MOST_NS - DWELL_LEAST_NS);
	uint64_t until = clock_now(clock) + clock_ticks(clock, (double)ns);

	if (u->sleeps)
		clock_nap(ns);
	while (clock_now(clock) < until)
		;
}

/* Attempts that decided nothing (cancelled at the cap) stay without an end. */
static void keep_sample(struct unload_sample *s, const struct attempt *a,
			int err)
{
	s->start = a->at[PHASE_REQUESTED];
	s->end = err == -EINTR ? 0 : a->at[PHASE_DECIDED];
	for (int p = 0; p < N_PHASES; p++)
		s->phase[p] = a->at[p] ? a->at[p] - s->start : 0;
	s->exit = a->exit1 - a->exit0;
	s->returned = a->returned - s->start;
	s->freeable = a->freeable ? a->freeable - s->start : 0;
	s->retries = a->retries;
	s->succeeded = !err;
}

/* One unload, and the module is back when it returns. */
static int unload_once(struct unloader *u, size_t module, uint64_t cap)
{
	struct attempt a = { .give_up = cap };
	struct unload_sample *s = &u->samples[u->n];
	const struct clock *clock = &u->site->clock;
	int err = stage_remove(&u->crew->stage, module, u->mode, &a);
	uint64_t before;

	if (err && err != -EWOULDBLOCK && err != -EINTR)
		return err;
	keep_sample(s, &a, err);
	if (!err) {
		before = clock_now_ordered(clock);
		err = stage_insert(&u->crew->stage, module, NULL);
		s->insert = clock_now_ordered(clock) - before;
		if (err)
			return err;
	}
	u->n++;
	return 0;
}

static void unloader_task(void *arg, uint64_t t0, uint64_t t1)
{
	struct unloader *u = arg;
	size_t modules = u->crew->stage.shape.cell->modules;

	(void)t0;
	if (u->has_irqs)
		u->has_irqs = !interrupts_read(&u->site->irqs, &u->irqs[0]);
	while (!u->err && u->n < u->most) {
		dwell(u);
		if (clock_now(&u->site->clock) >= t1)
			break;
		u->err = unload_once(u, u->n % modules, t1);
	}
	if (u->has_irqs)
		u->has_irqs = !interrupts_read(&u->site->irqs, &u->irqs[1]);
}

static int unloader_enter(void *arg)
{
	struct unloader *u = arg;

	return stage_attach(&u->crew->stage, u->crew->n_readers);
}

static void unloader_leave(void *arg)
{
	struct unloader *u = arg;

	stage_detach(&u->crew->stage, u->crew->n_readers);
}

int unloader_open(struct site *site, struct crew *crew,
		  const struct orders *orders, size_t most,
		  struct unloader *ret)
{
	const struct cell *cell = crew->stage.shape.cell;

	*ret = (struct unloader){
		.site = site,
		.crew = crew,
		.mode = cell->mode,
		.most = most,
		.sleeps = cell->n_cpus == 1,
		.rng = { .state = orders->seed },
		.samples = calloc(most, sizeof(*ret->samples)),
		.has_irqs = !site->irqs_why,
	};
	if (!ret->samples)
		return -ENOMEM;
	crew->roles[crew->n_readers] = (struct team_role){
		.cpu = cell->cpu_ids[cell->n_cpus - 1],
		.enter = unloader_enter,
		.leave = unloader_leave,
		.task = unloader_task,
		.arg = ret,
	};
	return 0;
}

void unloader_close(struct unloader *u)
{
	free(u->samples);
	bystander_stop(u->bystander);
	memset(u, 0, sizeof(*u));
}
