/* SPDX-License-Identifier: MIT */
/*
 * percpu_count.c: the sum over all CPUs.
 */
#include "prim/percpu_count.h"

bool percpu_count_idle(const struct domain *dom, const struct handle *mod,
		       enum delay_point between)
{
	uint64_t incs = 0, decs = 0;

	(void)between;
	for (uint32_t cpu = 0; cpu < dom->cfg.n_possible; cpu++) {
		/* Pairs with B of prim/rseq.h. */
		decs += atomic_load_explicit(
			&percpu_count_on(dom, mod, cpu)->decs,
			memory_order_acquire);
		delay_point(between);
	}
	for (uint32_t cpu = 0; cpu < dom->cfg.n_possible; cpu++) {
		/* Relaxed: the acquires above made them visible. */
		incs += atomic_load_explicit(
			&percpu_count_on(dom, mod, cpu)->incs,
			memory_order_relaxed);
		delay_point(between);
	}
	return incs == decs;
}
