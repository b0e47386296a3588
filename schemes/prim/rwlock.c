/* SPDX-License-Identifier: MIT */
/*
 * rwlock.c: a reader that met a writer steps back and waits.
 */
#include "prim/rwlock.h"

void rwlock_read_slow(struct rwlock *l)
{
	unsigned int spins = 0;

	do {
		/* Relaxed: nothing was entered; the next add acquires. */
		atomic_fetch_sub_explicit(&l->word, RWLOCK_READER,
					  memory_order_relaxed);
		while (atomic_load_explicit(&l->word, memory_order_relaxed) &
		       RWLOCK_WRITER)
			wait_relax(&spins);
	} while (atomic_fetch_add_explicit(&l->word, RWLOCK_READER,
					   memory_order_acquire /* A */) &
		 RWLOCK_WRITER);
}
