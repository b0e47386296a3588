/* SPDX-License-Identifier: MIT */
/*
 * plan_order.c: the order of a round, the time of a plan, and how it is shown.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan.h"
#include "harness/order.h"

/* What a cell takes beside its window: warm-up, stage, balance. */
#define BESIDE_S      0.05
#define UNLOAD_S      0.0002 /* a dwell and an unload */
#define START_S	      0.3    /* a worker, per round */
#define CALIBRATION_S 2.0

/* The cells of @group, in the balanced order of @round, appended to @ret. */
static int order_group(const struct plan *plan, size_t group, size_t round,
		       size_t *ret, size_t *used)
{
	size_t n = 0, first = 0, *scratch, *order;
	int err;

	for (size_t i = plan->n_cells; i-- > 0;) {
		n += plan->group[i] == group;
		first = plan->group[i] == group ? i : first;
	}
	if (!n)
		return 0;
	scratch = calloc(order_row_scratch(n) + n, sizeof(*scratch));
	if (!scratch)
		return -ENOMEM;
	order = scratch + order_row_scratch(n);
	err = order_row(rng_derive(plan->options->seed, group), n, round,
			scratch, order);
	/* A group's cells were made one after the other. */
	for (size_t i = 0; !err && i < n; i++)
		ret[(*used)++] = first + order[i];
	free(scratch);
	return err;
}

int plan_round(const struct plan *plan, size_t round, size_t *ret)
{
	size_t *groups = calloc(plan->n_groups, sizeof(*groups)), used = 0;
	struct rng rng = { .state = rng_derive(plan->options->seed,
					       ~(uint64_t)round) };
	int err = groups ? 0 : -ENOMEM;

	for (size_t g = 0; !err && g < plan->n_groups; g++)
		groups[g] = g;
	if (!err)
		order_shuffle(&rng, groups, plan->n_groups);
	for (size_t g = 0; !err && g < plan->n_groups; g++)
		err = order_group(plan, groups[g], round, ret, &used);
	free(groups);
	return err;
}

uint64_t plan_seed(const struct plan *plan, size_t cell, size_t round)
{
	/* 63 bits: JSON's integers are signed. */
	return rng_derive(plan->options->seed,
			  (uint64_t)round << 32 | (cell + 1)) >>
	       1;
}

double plan_unload_cap_ns(const struct plan *plan)
{
	double cap = 1e9, windows = 10 * plan->options->window_ns;

	return windows > cap ? windows : cap;
}

/* Who waits for readers on his own CPU gets few unloads before the cap. */
static double cell_seconds(const struct plan *plan, const struct cell *cell)
{
	double unloads = (double)plan->options->unloads * UNLOAD_S;
	double cap = plan_unload_cap_ns(plan) * 1e-9;
	bool shared = cell->n_cpus == 1 || cell->oversubscribe > 1;

	if (cell->workload != WORKLOAD_UNLOAD)
		return plan->options->window_ns * 1e-9;
	return (shared && cell->mode == REMOVE_WAIT) || unloads > cap ? cap
								      : unloads;
}

double plan_seconds(const struct plan *plan)
{
	double round = START_S;

	for (size_t i = 0; i < plan->n_cells; i++)
		round += BESIDE_S + cell_seconds(plan, &plan->cells[i]);
	return CALIBRATION_S + round * (double)plan->options->rounds;
}

static json_t *numbers(const size_t *x, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_integer((json_int_t)x[i]));
	return array;
}

static json_t *rounds_json(const struct plan *plan)
{
	json_t *rounds = json_array();
	size_t *order = calloc(plan->n_cells + 1, sizeof(*order));

	for (size_t r = 0; order && r < plan->options->rounds; r++)
		if (!plan_round(plan, r, order))
			json_array_append_new(rounds,
					      numbers(order, plan->n_cells));
	free(order);
	return rounds;
}

json_t *plan_to_json(const struct plan *plan)
{
	const struct options *o = plan->options;
	json_t *cells = json_array(), *ids = json_array();

	for (size_t i = 0; i < plan->n_cells; i++)
		json_array_append_new(cells, cell_to_json(&plan->cells[i]));
	for (size_t i = 0; i < plan->n_cpus; i++)
		json_array_append_new(ids, json_integer(plan->cpu_ids[i]));
	return json_pack(
		"{s:s, s:I, s:I, s:f, s:s, s:o, s:o, s:I, s:f, s:s, s:s, s:f, "
		"s:o, s:o}",
		"name", o->plan, "seed", (json_int_t)o->seed, "rounds",
		(json_int_t)o->rounds, "window_ns", o->window_ns, "order",
		o->order, "cpu_ids", ids, "counts",
		numbers(plan->counts, plan->n_counts), "unloads",
		(json_int_t)o->unloads, "unload_cap_ns",
		plan_unload_cap_ns(plan), "base", plan->base, "aa", plan->base,
		"expected_seconds", plan_seconds(plan), "cells", cells,
		"rounds_order", rounds_json(plan));
}

static void print_json(const struct plan *plan)
{
	json_t *json = plan_to_json(plan);

	json_object_set(json, "skipped", plan->skipped);
	json_dumpf(json, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(json);
}

void plan_print(const struct plan *plan, bool json)
{
	const struct options *o = plan->options;
	const json_t *skipped;
	char name[CELL_NAME_BYTES];
	size_t i;

	if (json) {
		print_json(plan);
		return;
	}
	printf("plan %s: %zu cells, %lu rounds, seed %lu, about %.0f s\n"
	       "batch sizes are calibrated when the run starts\n",
	       o->plan, plan->n_cells, o->rounds, o->seed, plan_seconds(plan));
	for (i = 0; i < plan->n_cells; i++) {
		cell_name(&plan->cells[i], name);
		puts(name);
	}
	json_array_foreach (plan->skipped, i, skipped)
		printf("skipped: %s: %s\n",
		       json_string_value(json_object_get(skipped, "name")),
		       json_string_value(json_object_get(skipped, "why")));
}
