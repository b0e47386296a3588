/* SPDX-License-Identifier: MIT */
/*
 * percpu_count.c: the sum over all CPUs.
 */
#include "prim/percpu_count.h"

/* Smaller than no page of any machine. */
#define LEAST_PAGE_BYTES 4096

void percpu_count_touch(const struct domain *dom)
{
	const size_t bytes = percpu_count_bytes(dom->cfg.n_modules);

	for (size_t cpu = 0; cpu < dom->cfg.n_possible; cpu++) {
		const volatile char *counts =
			dom->percpu + (cpu << PERCPU_SHIFT);

		for (size_t at = 0; at < bytes; at += LEAST_PAGE_BYTES)
			(void)counts[at];
	}
}

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
