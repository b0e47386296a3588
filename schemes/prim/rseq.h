/* SPDX-License-Identifier: MIT */
/*
 * rseq.h: counts per CPU without a lock prefix, by restartable sequences.
 *
 * Idea.  The kernel's get and put turn preemption off, add to the count of the
 * CPU they are on, and turn it on again.  User space cannot turn preemption
 * off, but it can have the kernel start a short section again whenever it was
 * preempted, migrated or signalled inside: {look at the state, find the CPU,
 * add one} commits by a single store, so that it happens on one CPU while the
 * state is what it was seen to be, or it has not happened at all.  Whoever
 * makes every running thread pass through the scheduler, or sends
 * membarrier(PRIVATE_EXPEDITED_RSEQ), knows afterwards that no section is under
 * way that saw an older state.
 *
 * Ordering.
 *   A  the section's load of the state is an acquire: pairs with the release
 *      by which the scheme made it live
 *   B  rseq_add's store is a release: pairs with the acquire of whoever sums
 *      the counts; both what a holder did and an earlier count are visible
 *      where this one is
 * Nothing orders the increment of rseq_inc_if against what follows it: that is
 * what the stop or the membarrier is for.
 *
 * Under TSan, which cannot read assembly, another algorithm stands in: locked,
 * it adds one, looks at the state again and takes the one back if it is not the
 * wanted one.  So a clean run under TSan says nothing about the sections, only
 * about what is built on them.  Its own half of Dekker's is sequentially
 * consistent; the other half, set the state and then sum, is no stronger than
 * its stop or membarrier in between, which is a full barrier on every CPU that
 * runs us (TSan itself knows nothing of a membarrier).  The one is taken back
 * from the word it was added to, so that a get under way never makes a sum too
 * low.  It may make it too high: a try may then find a module held that nobody
 * holds, and CAP_EXACT_BUSY is not kept.
 *
 * Never.  In code that may be unloaded: a descriptor that is gone when the
 * kernel looks at it is fatal.  It is not cleared after the section; the kernel
 * does that when it finds the thread elsewhere.
 * Can't.  Run where glibc has not registered: ask rseq_available().
 * Source: Linux kernel/rseq.c; commit d7822b1e24f2 (4.18).
 */
#ifndef PRIM_RSEQ_H
#define PRIM_RSEQ_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prim/arch.h"
#include "scheme.h"

/**
 * rseq_available() - whether this process's threads may run sections
 * @ret_why: [len], what is missing; untouched on success
 * @len:     of @ret_why, bytes
 *
 * Any thread.
 * Return: 0; -ENOSYS where the kernel or glibc lacks it or was told not to.
 */
int rseq_available(char *ret_why, size_t len);

#ifdef PRIM_TSAN

static inline _Atomic uint64_t *rseq_locked_word(char *percpu, size_t offset)
{
	size_t cpu = (size_t)sched_getcpu();

	return (_Atomic uint64_t *)(percpu + (cpu << PERCPU_SHIFT) + offset);
}

static inline bool rseq_inc_if(const _Atomic uint32_t *state, uint32_t wanted,
			       char *percpu, size_t offset, uint64_t *aborts)
{
	_Atomic uint64_t *word = rseq_locked_word(percpu, offset);

	(void)aborts;
	/* Without a state there may be no word either. */
	if (atomic_load(state) != wanted)
		return false;
	atomic_fetch_add(word, 1);
	if (atomic_load(state) == wanted)
		return true;
	atomic_fetch_sub(word, 1);
	return false;
}

static inline void rseq_add(char *percpu, size_t offset, int64_t n,
			    uint64_t *aborts)
{
	(void)aborts;
	atomic_fetch_add(rseq_locked_word(percpu, offset), (uint64_t)n);
}

#else

/**
 * rseq_inc_if() - add one to this CPU's count if *@state is @wanted
 * @state:  looked at inside the section
 * @wanted: 0..4095
 * @percpu: per-CPU memory, see PERCPU_SHIFT
 * @offset: of the 64-bit count in it, bytes
 * @aborts: the calling thread's own: how often its sections began again
 *
 * Return: false if the state was another; then nothing was counted.
 */
static inline __attribute__((always_inline)) bool
rseq_inc_if(const _Atomic uint32_t *state, uint32_t wanted, char *percpu,
	    size_t offset, uint64_t *aborts)
{
	return rseq_arch_inc_if(rseq_area(), state, wanted, percpu + offset,
				aborts);
}

/**
 * rseq_add() - add @n to this CPU's count, whatever the state
 * @n: -4095..4095; the rest as above
 */
static inline __attribute__((always_inline)) void
rseq_add(char *percpu, size_t offset, int64_t n, uint64_t *aborts)
{
	rseq_arch_add(rseq_area(), percpu + offset, n, aborts);
}

#endif
#endif
