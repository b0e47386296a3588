/* SPDX-License-Identifier: MIT */
/*
 * spinlock.h: a lock for a few instructions on a slow path.
 *
 * Idea.  One word; who finds it taken spins a little and then gives the CPU
 * away, for the owner may be waiting for it.
 * Never.  Held across a system call, a callback or a wait.
 *
 * Ordering.  A  the lock's acquire pairs with  B  the unlock's release.
 */
#ifndef PRIM_SPINLOCK_H
#define PRIM_SPINLOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "prim/wait.h"

struct spinlock {
	_Atomic uint32_t taken;
};

static inline void spin_lock(struct spinlock *l)
{
	unsigned int spins = 0;

	while (atomic_exchange_explicit(&l->taken, 1,
					memory_order_acquire /* A */)) {
		/* Relaxed: only a hint when to try again. */
		while (atomic_load_explicit(&l->taken, memory_order_relaxed))
			wait_relax(&spins);
	}
}

static inline void spin_unlock(struct spinlock *l)
{
	atomic_store_explicit(&l->taken, 0, memory_order_release /* B */);
}

#endif
