/* SPDX-License-Identifier: MIT */
/*
 * workload.h: what is asked of a scheme, once, for one cell of one round.
 *
 * Idea.  A workload sets a stage, runs one window with the team, clears the
 * stage and leaves figures.  A figure that cannot be given is null and its
 * reason stands beside it; it is never a zero.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include "bench/stage.h"
#include "harness/bystander.h"
#include "harness/interrupts.h"
#include "harness/team.h"

/**
 * struct site - what a worker process has for all its cells
 * @irqs_why: why there are no interrupt counts; NULL: there are
 */
struct site {
	struct topology *topology;
	struct clock clock;
	struct team *team;
	struct pool pool;
	struct interrupts_file irqs;
	const char *irqs_why;
	double spins_per_ns;
};

/**
 * struct orders - what the plan fixes for a cell
 * @window_ns:     reader and storm windows
 * @warmup_max_ns: the load may take this long to become steady
 * @batch_ops:     look-ups per batch
 * @unloads:       unload cells end after this many
 * @cap_ns:        ... or after this long
 * @seed:          of this cell in this round
 */
struct orders {
	double window_ns;
	double warmup_max_ns;
	uint64_t batch_ops;
	size_t unloads;
	double cap_ns;
	uint64_t seed;
};

/**
 * struct result - what a workload leaves
 * @figures:     name -> number or null
 * @why:         name -> reason, for every null
 * @samples:     unload samples, or NULL
 * @real_ns:     the row's real_time; NAN: none
 * @cpu_ns:      CPU time per look-up, all readers
 * @operations:  the row's iterations
 * @label:       words about the cell as a whole
 * @repeated:    windows thrown away for their overlap
 * @problem:     why there is no row at all; "": there is one
 */
struct result {
	json_t *figures;
	json_t *why;
	json_t *samples;
	double real_ns;
	double cpu_ns;
	uint64_t operations;
	char label[64];
	unsigned int repeated;
	char problem[STAGE_WHY_BYTES];
};

/** result_set() - a figure; one that is not finite is null for want of data */
void result_set(struct result *r, const char *name, double value);

/** result_null() - a figure that cannot be given, and why */
void result_null(struct result *r, const char *name, const char *why);

/** result_label() - one more word in the row's label */
void result_label(struct result *r, const char *word);

/**
 * workload_readers() - lookup and ref: every CPU a reader, one planned window
 * workload_unload()  - N-1 readers and an unloader: unload cells end at a
 *                      count, storm cells are a planned window with a bystander
 * workload_loader()  - N-1 readers, and a thread that maps and unmaps modules
 * @ret: figures and why are made by the caller
 *
 * On the worker's main thread.
 * Return: 0; -errno with ret->problem.
 */
int workload_readers(struct site *site, const struct cell *cell,
		     const struct orders *orders, struct result *ret);
int workload_unload(struct site *site, const struct cell *cell,
		    const struct orders *orders, struct result *ret);
int workload_loader(struct site *site, const struct cell *cell,
		    const struct orders *orders, struct result *ret);

#endif
