/* SPDX-License-Identifier: MIT */
/*
 * plan.h: every cell of a run, and the order of every round, fixed beforehand.
 *
 * Idea.  Cells that differ only in their scheme are a group, and are compared;
 * within a group the schemes stand in a balanced order, round by round, and the
 * groups are shuffled.  The same options, topology and seed make the same plan.
 */
#ifndef PLAN_H
#define PLAN_H

#include "bench/options.h"
#include "harness/topology.h"

#define PLAN_WHY_BYTES 512

/**
 * struct plan - what a run will do
 * @cells:   [n_cells]
 * @group:   [n_cells], which comparison a cell belongs to, 0..n_groups-1
 * @cpu_ids: OS ids in the order they are taken, [n_cpus]
 * @counts:  CPU counts, [n_counts]
 * @base:    the scheme that ratios are to
 * @skipped: [{"name", "why"}]
 */
struct plan {
	const struct options *options;
	struct cell *cells;
	size_t *group;
	size_t n_cells;
	size_t n_groups;
	unsigned int *cpu_ids;
	size_t n_cpus;
	size_t *counts;
	size_t n_counts;
	const char *base;
	json_t *skipped;
};

/**
 * plan_make() - expand the options
 * @why: on failure one line for the user
 * Return: 0; -EINVAL for bad input; -ENODEV when no scheme can run here.
 */
int plan_make(const struct options *o, const struct topology *t,
	      struct plan *ret, char why[PLAN_WHY_BYTES]);

void plan_free(struct plan *plan);

/**
 * plan_round() - the order of one round
 * @ret: [n_cells], indices of cells
 * Return: 0; -ENOMEM.
 */
int plan_round(const struct plan *plan, size_t round, size_t *ret);

/** plan_seed() - what a cell's random choices of one round start from */
uint64_t plan_seed(const struct plan *plan, size_t cell, size_t round);

/** plan_unload_cap_ns() - how long an unload cell may take */
double plan_unload_cap_ns(const struct plan *plan);

/** plan_seconds() - how long the run is expected to take */
double plan_seconds(const struct plan *plan);

/** plan_print() - what --dry-run shows, on stdout */
void plan_print(const struct plan *plan, bool json);

/** plan_to_json() - for the record and --dry-run; a new object */
json_t *plan_to_json(const struct plan *plan);

#endif
