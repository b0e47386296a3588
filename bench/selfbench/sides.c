/* SPDX-License-Identifier: MIT */
/*
 * sides.c: measures one side, as a cell or by hand.
 */
#include "bench/selfbench/sides.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemes/prim/membarrier.h"
#include "schemes/prim/stopper.h"
#include "schemes/prim/table.h"
#include "schemes/registry.h"

#include "harness/stats.h"

#define CALLS 200u

/* The loop of scheme_loop.h with nothing around the call, as one would write
 * it: find by index, call, count. */
void hand_lookup(struct domain *dom, void *slot, const struct loop *l,
		 struct tally *t)
{
	const uint32_t *keys = l->keys;
	const uint32_t mask = l->mask;
	const uint64_t n = l->n;
	uint64_t refused = 0, mix = 0;

	(void)slot;
	for (uint64_t i = 0; i < n; i++) {
		struct handle *mod = table_find(dom, keys[i & mask]);

		if (__builtin_expect(mod != NULL, 1))
			mix ^= mod->ops->call(i);
		else
			refused++;
	}
	t->granted += n - refused;
	t->refused += refused;
	t->mix ^= mix;
}

/* One locked increment and one locked decrement, on a word of the handle. */
void hand_locked_pair(struct domain *dom, void *slot, const struct loop *l,
		      struct tally *t)
{
	struct handle *mod = table_find(dom, l->keys[0]);
	atomic_int *word = (atomic_int *)mod->reg;
	const uint64_t n = l->n;

	/* mod->reg is read by nobody meanwhile, and ends as it was. */
	(void)slot;
	for (uint64_t i = 0; i < n; i++) {
		atomic_fetch_add_explicit(word, 1, memory_order_acquire);
		atomic_fetch_sub_explicit(word, 1, memory_order_release);
	}
	t->granted += n;
}

static int make_cell(struct bench *b, const struct side *side,
		     const char *scheme, struct cell *ret)
{
	char param[64] = "", *equals;

	*ret = (struct cell){
		.ops = registry_find(SCHEMES_PLAIN, scheme),
		.workload = side->workload,
		.mode = side->mode,
		.cpu_ids = b->cpus,
		.n_cpus = side->n_cpus,
		.modules = 1,
		.tables = 1,
		.oversubscribe = 1,
		.aa = 1,
	};
	if (!ret->ops)
		return -ENOENT;
	ret->params = registry_default_params(ret->ops);
	if (!side->param)
		return 0;
	snprintf(param, sizeof(param), "%s", side->param);
	equals = strchr(param, '=');
	*equals = '\0';
	return registry_set_param(ret->ops, param, equals + 1, &ret->params);
}

static int runs_here(const struct cell *cell, char why[STAGE_WHY_BYTES])
{
	return cell->ops->probe
		       ? cell->ops->probe(&cell->params, why, STAGE_WHY_BYTES)
		       : 0;
}

static void keep_figures(struct bench *b, struct result *r)
{
	json_decref(b->last);
	b->last = r->figures;
	json_decref(r->why);
	json_decref(r->samples);
}

static double measure_cell(struct bench *b, const struct side *side,
			   char why[STAGE_WHY_BYTES])
{
	struct result r = { .figures = json_object(), .why = json_object() };
	struct cell cell;
	double value = NAN;
	int err = make_cell(b, side, side->scheme, &cell);

	if (!err)
		err = runs_here(&cell, why);
	if (!err)
		err = cell_has_mode(cell.workload)
			      ? workload_unload(&b->site, &cell, &b->orders, &r)
			      : workload_readers(&b->site, &cell, &b->orders,
						 &r);
	if (err && *r.problem)
		snprintf(why, STAGE_WHY_BYTES, "%s", r.problem);
	if (!err && side->figure)
		value = json_number_value(
			json_object_get(r.figures, side->figure));
	else if (!err)
		value = r.real_ns;
	keep_figures(b, &r);
	return value;
}

static double measure_loop(struct bench *b, const struct side *side,
			   char why[STAGE_WHY_BYTES])
{
	struct result r = { .figures = json_object(), .why = json_object() };
	struct cell cell;
	struct crew c;
	double value = NAN;
	int err = make_cell(b, side, "none", &cell);

	if (!err)
		err = crew_open(&b->site, &cell, &b->orders, false, &c, why);
	if (err)
		return NAN;
	for (size_t i = 0; i < c.n_readers; i++)
		c.readers[i].fn = side->loop;
	if (!crew_run(&b->site, &c, &b->orders, b->orders.window_ns, 0)) {
		crew_figures(&b->site, &c, &r);
		value = r.real_ns;
	}
	crew_close(&c);
	keep_figures(b, &r);
	return value;
}

/* A task that makes CALLS calls, each after a random dwell. */
struct calling {
	struct bench *b;
	double (*call)(void *arg);
	struct rng rng;
	double ns[CALLS];
};

static void calling_task(void *arg, uint64_t t0, uint64_t t1)
{
	struct calling *c = arg;
	const struct clock *clock = &c->b->site.clock;

	(void)t0, (void)t1;
	for (size_t i = 0; i < CALLS; i++) {
		uint64_t until =
			clock_now(clock) +
			clock_ticks(clock,
				    50e3 + (double)rng_below(&c->rng, 100000));

		while (clock_now(clock) < until)
			;
		c->ns[i] = c->call(c->b);
	}
}

double bare_membarrier(void *arg)
{
	const struct clock *clock = &((struct bench *)arg)->site.clock;
	uint64_t before = clock_now_ordered(clock);

	membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ);
	return clock_ns(clock, clock_now_ordered(clock) - before);
}

static int do_nothing(void *arg)
{
	(void)arg;
	return 0;
}

double empty_stop(void *arg)
{
	struct bench *b = arg;
	uint64_t before = clock_now_ordered(&b->site.clock);

	stop_machine_run(b->stoppers, do_nothing, NULL);
	return clock_ns(&b->site.clock,
			clock_now_ordered(&b->site.clock) - before);
}

static int open_stoppers(struct bench *b)
{
	size_t n = topology_n_cpus(b->site.topology);
	unsigned int *cpus = calloc(n, sizeof(*cpus));
	int err = cpus ? topology_order(b->site.topology, "compact", cpus, &n)
		       : -ENOMEM;

	if (!err)
		b->stoppers = aligned_alloc(
			SCHEME_ALIGN,
			(stopper_set_bytes(n) + SCHEME_ALIGN - 1) /
				SCHEME_ALIGN * SCHEME_ALIGN);
	if (!err && b->stoppers) {
		memset(b->stoppers, 0, stopper_set_bytes(n));
		err = stopper_start(b->stoppers, cpus, n);
	}
	free(cpus);
	return err;
}

static void close_stoppers(struct bench *b)
{
	if (b->stoppers)
		stopper_stop(b->stoppers);
	free(b->stoppers);
	b->stoppers = NULL;
}

/* The same readers as stop_machine's unload has, and the bare call. */
static double measure_task(struct bench *b, const struct side *side,
			   char why[STAGE_WHY_BYTES])
{
	struct calling calling = { .b = b, .call = side->task };
	struct cell cell;
	struct crew c;
	double median = NAN;
	int err = make_cell(b, side, "stop_machine", &cell);

	if (!err)
		err = runs_here(&cell, why);
	if (!err)
		err = crew_open(&b->site, &cell, &b->orders, true, &c, why);
	if (err)
		return NAN;
	calling.rng.state = b->orders.seed;
	c.roles[c.n_readers] = (struct team_role){
		.cpu = b->cpus[side->n_cpus - 1],
		.task = calling_task,
		.arg = &calling,
	};
	if (side->task == empty_stop)
		err = open_stoppers(b);
	if (!err && !crew_run(&b->site, &c, &b->orders, b->orders.cap_ns, 1)) {
		stats_sort(calling.ns, CALLS);
		stats_median_value(calling.ns, CALLS, &median);
	}
	if (side->task == empty_stop)
		close_stoppers(b);
	crew_close(&c);
	return median;
}

double side_measure(struct bench *b, const struct side *side,
		    char why[STAGE_WHY_BYTES])
{
	if (side->loop)
		return measure_loop(b, side, why);
	if (side->task)
		return measure_task(b, side, why);
	return measure_cell(b, side, why);
}

/* Stamps of one stop, by moment. */
struct stop_stamps {
	const struct clock *clock;
	_Atomic uint64_t at[N_STOP_MARKS];
};

static void on_mark(void *arg, enum stop_mark moment)
{
	struct stop_stamps *s = arg;

	atomic_store(&s->at[moment], clock_now_ordered(s->clock));
}

void print_stop_phases(struct bench *b)
{
	static const char *const names[N_STOP_MARKS] = {
		"initiator at FIFO",   "all woken",
		"first stopper",       "last stopper",
		"states and work",     "initiator runs again",
		"initiator as before",
	};
	struct stop_stamps stamps = { .clock = &b->site.clock };
	struct stop_marks marks = { on_mark, &stamps };
	double ns[N_STOP_MARKS][CALLS];

	if (open_stoppers(b)) {
		puts("phases of a stop: no stoppers here");
		close_stoppers(b);
		return;
	}
	stopper_set_marks(b->stoppers, &marks);
	for (size_t i = 0; i < CALLS; i++) {
		uint64_t start = clock_now_ordered(&b->site.clock);

		stop_machine_run(b->stoppers, do_nothing, NULL);
		for (int m = 0; m < N_STOP_MARKS; m++)
			ns[m][i] = clock_ns(&b->site.clock,
					    atomic_load(&stamps.at[m]) - start);
		clock_nap(100000);
	}
	close_stoppers(b);
	puts("phases of an empty stop without readers, median us since it was "
	     "asked for:");
	for (int m = 0; m < N_STOP_MARKS; m++) {
		double median;

		stats_sort(ns[m], CALLS);
		stats_median_value(ns[m], CALLS, &median);
		printf("  %-22s %8.2f\n", names[m], median / 1e3);
	}
}
