/* SPDX-License-Identifier: MIT */
/*
 * rwlock.h: the spinning reader-writer lock of a look-up under TABLE_RWLOCK.
 *
 * Idea.  One word: readers count by READER, a writer sets WRITER and waits for
 * the readers to leave; a reader that meets a writer steps back and waits.  As
 * in the kernel's queued rwlock a reader pays one locked add to lock and one to
 * unlock, on a line that all readers share.
 *
 * Ordering.  A  a lock's acquire pairs with  B  an unlock's release.
 * Can't.  No queue: writers may be overtaken by later readers for as long as
 * those readers are inside, not longer, since WRITER turns new ones back.
 * Source: Linux 6.1 kernel/locking/qrwlock.c; fs/filesystems.c get_fs_type().
 */
#ifndef PRIM_RWLOCK_H
#define PRIM_RWLOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "prim/wait.h"

#define RWLOCK_WRITER 1u
#define RWLOCK_READER 2u

struct rwlock {
	_Atomic uint32_t word;
};

/* The rest of a read lock that met a writer; holds READER once on entry. */
void rwlock_read_slow(struct rwlock *l);

static inline void rwlock_read_lock(struct rwlock *l)
{
	if (unlikely(atomic_fetch_add_explicit(&l->word, RWLOCK_READER,
					       memory_order_acquire /* A */) &
		     RWLOCK_WRITER))
		rwlock_read_slow(l);
}

static inline void rwlock_read_unlock(struct rwlock *l)
{
	atomic_fetch_sub_explicit(&l->word, RWLOCK_READER,
				  memory_order_release /* B */);
}

static inline void rwlock_write_lock(struct rwlock *l)
{
	unsigned int spins = 0;

	while (atomic_fetch_or_explicit(&l->word, RWLOCK_WRITER,
					memory_order_relaxed) &
	       RWLOCK_WRITER)
		wait_relax(&spins);
	while (atomic_load_explicit(&l->word, memory_order_acquire /* A */) !=
	       RWLOCK_WRITER)
		wait_relax(&spins);
}

static inline void rwlock_write_unlock(struct rwlock *l)
{
	atomic_fetch_and_explicit(&l->word, ~RWLOCK_WRITER,
				  memory_order_release /* B */);
}

#endif
