/* SPDX-License-Identifier: MIT */
/*
 * sides.h: what selfbench sets against each other.
 */
#ifndef SIDES_H
#define SIDES_H

#include "bench/workloads/unloader.h"

/**
 * struct side - one thing that is measured
 * @what:    in words
 * @scheme:  measured as a cell; NULL: @loop or @task is
 * @param:   "name=value" of the scheme, or NULL
 * @workload, @mode: of the cell
 * @n_cpus:  1 or 2
 * @figure:  which figure of the row; NULL: ns per look-up
 * @loop:    a reader loop written by hand, on the stage of `none`
 * @task:    a call without a scheme, beside stop_machine's readers; returns ns
 */
struct side {
	const char *what;
	const char *scheme;
	const char *param;
	enum workload workload;
	enum remove_mode mode;
	size_t n_cpus;
	const char *figure;
	void (*loop)(struct domain *dom, void *slot, const struct loop *l,
		     struct tally *t);
	double (*task)(void *arg);
};

/**
 * struct bench - the room in which sides are measured
 * @last: figures of the side measured last, for those who want another
 */
struct bench {
	struct site site;
	struct orders orders;
	unsigned int cpus[2];
	json_t *last;
	void *stoppers;
};

/** side_measure() - once; NAN when it cannot run here, with why */
double side_measure(struct bench *b, const struct side *side,
		    char why[STAGE_WHY_BYTES]);

/* Loops written by hand. */
void hand_lookup(struct domain *dom, void *slot, const struct loop *l,
		 struct tally *t);
void hand_locked_pair(struct domain *dom, void *slot, const struct loop *l,
		      struct tally *t);

/* Calls without a scheme. */
double bare_membarrier(void *arg);
double empty_stop(void *arg);

/** print_stop_phases() - medians of the moments of an empty stop */
void print_stop_phases(struct bench *b);

#endif
