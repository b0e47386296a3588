/* SPDX-License-Identifier: MIT */
/*
 * percpu_count.h: a module's references, counted by CPU and in two halves.
 *
 * Idea.  A get adds to incs and a put to decs, each on the CPU it runs on; a
 * put may run on another CPU than its get, so only the sums mean anything.  Two
 * counts that only grow can be summed while they do, as one signed count
 * cannot: every put summed had its get before it, so summing decs first never
 * finds fewer references than there are.
 *
 * Ordering.  The decs are loaded with acquire, which pairs with B, the release
 * of rseq_add (prim/rseq.h): a put that is seen brings along the gets before
 * it, so that the incs summed later contain them; and what the holder did.
 * Source: Linux 2.6.35 kernel/module.c module_refcount(); commits 5fbfb18d7a5b,
 * e1783a240f49.
 */
#ifndef PRIM_PERCPU_COUNT_H
#define PRIM_PERCPU_COUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prim/delay.h"
#include "scheme.h"

/* One line for a module on a CPU, so that modules do not disturb each other. */
#define PERCPU_COUNT_BYTES 64

struct percpu_count {
	_Alignas(PERCPU_COUNT_BYTES) _Atomic uint64_t incs;
	_Atomic uint64_t decs;
};

/* What a reader thread keeps: how often its sections began again. */
struct percpu_count_slot {
	uint64_t aborts;
};

/* Where in each CPU's memory the module's incs lie, and its decs. */
static inline size_t percpu_incs_of(const struct handle *mod)
{
	return (size_t)mod->id * PERCPU_COUNT_BYTES;
}

static inline size_t percpu_decs_of(const struct handle *mod)
{
	return percpu_incs_of(mod) + offsetof(struct percpu_count, decs);
}

/** percpu_count_bytes() - struct sizes.percpu for @n_modules modules */
static inline size_t percpu_count_bytes(uint32_t n_modules)
{
	return (size_t)n_modules * PERCPU_COUNT_BYTES;
}

/* The counts of @mod on @cpu. */
static inline struct percpu_count *
percpu_count_on(const struct domain *dom, const struct handle *mod, size_t cpu)
{
	return (struct percpu_count *)(dom->percpu + (cpu << PERCPU_SHIFT) +
				       percpu_incs_of(mod));
}

/**
 * percpu_count_touch() - read every page that a sum will read
 * @dom: the domain
 *
 * The first read of a page faults: better here than with all CPUs stopped.
 */
void percpu_count_touch(const struct domain *dom);

/**
 * percpu_count_idle() - whether nobody has a reference
 * @dom:     the domain
 * @mod:     the module
 * @between: what to pass between two CPUs in the delayed build
 *
 * True only if no reference existed when the decs had been summed, provided
 * that from then on only holders count: under a stop, or behind a closed door.
 * Any thread; never waits.
 */
bool percpu_count_idle(const struct domain *dom, const struct handle *mod,
		       enum delay_point between);

#endif
