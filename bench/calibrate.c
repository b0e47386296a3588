/* SPDX-License-Identifier: MIT */
/*
 * calibrate.c: times spins, the floor and the slowest scheme, and looks whether
 * twice the work takes twice the time.
 */
#include "bench/calibrate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/workloads/readers.h"
#include "schemes/scheme_loop.h"

#define TRIES	     9
#define SPINS	     200000u
#define FLOOR_NS     5000.0
#define STAMPS	     100.0
#define WINDOW_SHARE 0.005
#define MOST_SHARE   0.01
#define TRIAL_OPS    64u
#define WINDOWS	     3
#define TRIAL_NS     4e6
#define LINEAR_NS    20000.0

uint64_t calibrate_batch(double floor_ns, double slowest_ns, double stamp_ns,
			 double window_ns)
{
	double ops = FLOOR_NS / floor_ns;

	ops = fmin(ops, WINDOW_SHARE * window_ns / slowest_ns);
	ops = fmax(ops, fmin(STAMPS * stamp_ns / floor_ns,
			     MOST_SHARE * window_ns / slowest_ns));
	return ops < 1 ? 1 : (uint64_t)ops;
}

/* The least of several: noise only adds. */
static double time_spins(const struct clock *clock)
{
	double least = INFINITY;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = clock_now_ordered(clock);

		loop_spin(SPINS);
		least = fmin(least, clock_ns(clock, clock_now_ordered(clock) -
							    before));
	}
	return SPINS / least;
}

static double time_loop(struct reader *r, uint64_t n, const struct clock *clock)
{
	double least = INFINITY;

	r->loop.n = n;
	for (int i = 0; i < TRIES; i++) {
		uint64_t before = clock_now_ordered(clock);

		r->fn(&r->stage->dom, stage_slot(r->stage, r->slot), &r->loop,
		      &r->tally);
		least = fmin(least, clock_ns(clock, clock_now_ordered(clock) -
							    before));
	}
	return least;
}

/**
 * struct trial - what a short try of one way to read says
 * @window_ns: a look-up, with all readers at work
 * @alone_ns:  a look-up, alone on one thread: the least of several
 * @linearity: twice the look-ups by once, alone
 */
struct trial {
	double window_ns;
	double alone_ns;
	double linearity;
};

static void try_alone(struct site *site, struct crew *c, struct trial *t)
{
	double ns = t->window_ns;
	uint64_t n = ns < LINEAR_NS ? (uint64_t)(LINEAR_NS / ns) : 1;

	if (stage_attach(&c->stage, 0))
		return;
	for (int i = 0; i < 3 && !(t->linearity > 1.95 && t->linearity < 2.05);
	     i++) {
		double once = time_loop(&c->readers[0], n, &site->clock);

		t->linearity =
			time_loop(&c->readers[0], 2 * n, &site->clock) / once;
		t->alone_ns = fmin(t->alone_ns, once / (double)n);
	}
	stage_detach(&c->stage, 0);
}

static int try_cell(struct site *site, const struct cell *cell,
		    struct trial *ret, char why[STAGE_WHY_BYTES])
{
	struct orders orders = { .batch_ops = TRIAL_OPS, .warmup_max_ns = 0 };
	struct result result = { .figures = json_object(),
				 .why = json_object() };
	struct crew c;
	int err = crew_open(site, cell, &orders, false, &c, why);

	*ret = (struct trial){ 0, INFINITY, NAN };
	/* The slowest of a few: readers that hardly met did not contend. */
	for (int i = 0; !err && i < WINDOWS; i++) {
		err = crew_run(site, &c, &orders, TRIAL_NS, 0);
		if (err)
			break;
		crew_figures(site, &c, &result);
		ret->window_ns = fmax(ret->window_ns, result.real_ns);
	}
	if (!err) {
		ret->alone_ns = ret->window_ns;
		if (isfinite(ret->window_ns))
			try_alone(site, &c, ret);
	}
	crew_close(&c);
	json_decref(result.figures);
	json_decref(result.why);
	return err;
}

/* The batch entry of a cell's kind, hold and think; made when missing. */
static json_t *batch_entry(json_t *batches, const struct cell *cell)
{
	json_t *entry;
	size_t i;

	json_array_foreach (batches, i, entry)
		if (!strcmp(workload_words[cell->workload],
			    json_string_value(
				    json_object_get(entry, "workload"))) &&
		    json_number_value(json_object_get(entry, "hold_ns")) ==
			    cell->hold_ns &&
		    json_number_value(json_object_get(entry, "think_ns")) ==
			    cell->think_ns)
			return entry;
	entry = json_pack("{s:s, s:f, s:f, s:f, s:f}", "workload",
			  workload_words[cell->workload], "hold_ns",
			  cell->hold_ns, "think_ns", cell->think_ns, "floor_ns",
			  0.0, "slowest_ns", 0.0);
	json_array_append_new(batches, entry);
	return entry;
}

static void note_trial(json_t *entry, const struct trial *t)
{
	double floor = json_number_value(json_object_get(entry, "floor_ns"));
	double slowest =
		json_number_value(json_object_get(entry, "slowest_ns"));

	if (!floor || t->alone_ns < floor)
		json_object_set_new(entry, "floor_ns", json_real(t->alone_ns));
	if (t->window_ns > slowest)
		json_object_set_new(entry, "slowest_ns",
				    json_real(t->window_ns));
}

static void fix_batches(json_t *batches, const struct site *site,
			double window_ns)
{
	json_t *entry;
	size_t i;

	json_array_foreach (batches, i, entry) {
		double floor =
			json_number_value(json_object_get(entry, "floor_ns"));
		uint64_t ops = calibrate_batch(
			floor,
			json_number_value(json_object_get(entry, "slowest_ns")),
			site->clock.cost_ns, window_ns);

		json_object_set_new(entry, "batch_ops",
				    json_integer((json_int_t)ops));
		json_object_set_new(
			entry, "stamp_share",
			json_real(site->clock.cost_ns / (floor * (double)ops)));
	}
}

static void calibrate_cell(struct site *site, const json_t *job, json_t *answer)
{
	char name[CELL_NAME_BYTES], why[STAGE_WHY_BYTES] = "window failed";
	struct trial t = { NAN, NAN, NAN };
	struct cell cell;

	if (cell_from_json(json_object_get(job, "cell"), &cell))
		return;
	cell_name(&cell, name);
	if (try_cell(site, &cell, &t, why) || !isfinite(t.window_ns))
		json_array_append_new(
			json_object_get(answer, "problems"),
			json_pack("{s:s, s:s}", "name", name, "why", why));
	else
		note_trial(
			batch_entry(json_object_get(answer, "batches"), &cell),
			&t);
	if (isfinite(t.linearity))
		json_array_append_new(json_object_get(answer, "linearity"),
				      json_pack("{s:s, s:f}", "name", name,
						"ratio", t.linearity));
	free(cell.cpu_ids);
}

json_t *calibrate(struct site *site, const json_t *request)
{
	json_t *answer = json_pack("{s:f, s:[], s:[], s:[]}", "spins_per_ns",
				   time_spins(&site->clock), "batches",
				   "linearity", "problems");
	const json_t *job;
	size_t i;

	site->spins_per_ns =
		json_number_value(json_object_get(answer, "spins_per_ns"));
	json_array_foreach (json_object_get(request, "jobs"), i, job)
		calibrate_cell(site, job, answer);
	fix_batches(json_object_get(answer, "batches"), site,
		    json_number_value(json_object_get(request, "window_ns")));
	return answer;
}
