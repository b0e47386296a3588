/* SPDX-License-Identifier: MIT */
/*
 * rwsem.h: the kernel's sleeping reader-writer lock, in userspace.
 *
 * Models.  Linux 6.1 rw_semaphore.
 * Idea.  One count word: a writer bit, "somebody waits", "the lock is promised
 * to the first waiter" (handoff), and readers from bit 8.  A reader adds
 * itself first and looks afterwards, so that without writers a lock and an
 * unlock are one locked add each.  Everything else is slow path: a queue in
 * order of arrival on another line, each waiter asleep on a futex word of its
 * own on its own stack.
 *   A reader that finds the lock free but waited for steals it; one that finds
 *   other readers in and somebody waiting queues, or readers would starve a
 *   writer.  A writer spins RWSEM_SPINS pauses before it queues, and may steal.
 *   A first waiter that has waited 4 ms sets the handoff bit: nobody steals any
 *   more.  When a reader is first, all queued readers (at most 256) are let in.
 * Cost.  Readers: one locked add to lock, one to unlock.  256 bytes a lock.
 *
 * Ordering.
 *   A  a lock's acquire     pairs with  B  every unlock's release:
 *      what was done under the lock is visible to the next who has it.  All
 *      changes of the count are read-modify-writes, so an A that meets a later
 *      value than B's still pairs with it (release sequence).
 *   C  a granter's release of a waiter's word  pairs with  D  the waiter's
 *      acquire: the granter did A on the waiter's behalf.
 * Can't.  See whether an owner is on a CPU (owner_on_cpu) or whether the
 * scheduler wants this CPU (need_resched): so there is no owner word (the
 * kernel's readers store one on the count's line), the spin is bounded by
 * number whoever owns the lock, spinners are not queued among themselves (no
 * OSQ), and a waiter with handoff sleeps where the kernel's spins.  Read a
 * clock: the 4 ms are four sleeps of 1 ms that timed out; a sleep that ended
 * early (a wake-up that came to nothing, a signal) counts as a sixteenth of one.
 * Source: Linux 6.1 kernel/locking/rwsem.c.
 */
#ifndef PRIM_RWSEM_H
#define PRIM_RWSEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "prim/arch.h"
#include "prim/spinlock.h"
#include "scheme.h"

#define RWSEM_WRITER   (1ull << 0)
#define RWSEM_WAITERS  (1ull << 1)
#define RWSEM_HANDOFF  (1ull << 2)
#define RWSEM_READER   (1ull << 8)
#define RWSEM_READFAIL (1ull << 63) /* more readers than fit, or a bug */

/* With the top bit, as in the kernel: a count beyond reason is locked. */
#define RWSEM_READERS (~(RWSEM_READER - 1))
#define RWSEM_LOCKED  (RWSEM_WRITER | RWSEM_READERS)
#define RWSEM_READ_FAILED                                                      \
	(RWSEM_WRITER | RWSEM_WAITERS | RWSEM_HANDOFF | RWSEM_READFAIL)

/*
 * Looks a writer spins, one cpu_relax() each: on x86 some microseconds by the
 * length of a pause; on AArch64 a yield is near a nop, and the spin hardly more
 * than the looks.  The kernel spins by the clock, up to 25 us on readers.
 */
#define RWSEM_SPINS 256u
/* A first waiter's patience, and one timed sleep of it. */
#define RWSEM_HANDOFF_MS  4
#define RWSEM_SLICE_NS	  1000000
#define RWSEM_MAX_GRANTED 256

struct rwsem_waiter;
TAILQ_HEAD(rwsem_queue, rwsem_waiter);

/**
 * struct rwsem - the lock
 * @count:     see the bits above; the only word of the fast paths
 * @wait_lock: guards @waiters, and the waiters and handoff bits
 * @waiters:   in order of arrival
 */
struct rwsem {
	_Alignas(SCHEME_ALIGN) _Atomic uint64_t count;
	_Alignas(SCHEME_ALIGN) struct spinlock wait_lock;
	struct rwsem_queue waiters;
};

/*
 * Slow paths; only the inline functions below call them, with a slice of
 * RWSEM_SLICE_NS.  A timed sleep hides a wake-up that was lost, so tests call
 * them with a slice too long to end.
 */
void rwsem_read_slow(struct rwsem *sem, uint64_t count, uint64_t slice_ns);
int rwsem_write_slow(struct rwsem *sem, bool (*cancelled)(void *arg), void *arg,
		     uint64_t slice_ns);
void rwsem_wake(struct rwsem *sem);

/** rwsem_init() - a free lock; before anybody else can see @sem */
void rwsem_init(struct rwsem *sem);

/**
 * rwsem_down_read() - lock for reading; may sleep
 * @sem: the lock; not held by this thread in any way: a reader that locks
 *       again while a writer waits would wait for itself
 */
static inline void rwsem_down_read(struct rwsem *sem)
{
	uint64_t count = atomic_fetch_add_explicit(
		&sem->count, RWSEM_READER, memory_order_acquire /* A */);

	if (unlikely(count & RWSEM_READ_FAILED))
		rwsem_read_slow(sem, count + RWSEM_READER, RWSEM_SLICE_NS);
}

/**
 * rwsem_up_read() - release a read lock, on any thread
 * @sem: read-locked
 */
static inline void rwsem_up_read(struct rwsem *sem)
{
	uint64_t count =
		atomic_fetch_sub_explicit(&sem->count, RWSEM_READER,
					  memory_order_release /* B */) -
		RWSEM_READER;

	if (unlikely((count & (RWSEM_LOCKED | RWSEM_WAITERS)) == RWSEM_WAITERS))
		rwsem_wake(sem);
}

/**
 * rwsem_down_read_trylock() - lock for reading if that needs no wait
 * @sem: the lock
 *
 * Return: true when locked; false when a writer has it or anybody waits.
 */
static inline bool rwsem_down_read_trylock(struct rwsem *sem)
{
	/* Relaxed: the exchange decides. */
	uint64_t count =
		atomic_load_explicit(&sem->count, memory_order_relaxed);

	while (!(count & RWSEM_READ_FAILED)) {
		if (atomic_compare_exchange_weak_explicit(
			    &sem->count, &count, count + RWSEM_READER,
			    memory_order_acquire /* A */, memory_order_relaxed))
			return true;
	}
	return false;
}

/**
 * rwsem_down_write_trylock() - lock for writing if that needs no wait
 * @sem: the lock
 *
 * Return: true when locked; false when anybody has it or waits for it.
 */
static inline bool rwsem_down_write_trylock(struct rwsem *sem)
{
	uint64_t none = 0;

	/* Relaxed on failure: nothing was entered. */
	return atomic_compare_exchange_strong_explicit(
		&sem->count, &none, RWSEM_WRITER, memory_order_acquire /* A */,
		memory_order_relaxed);
}

/**
 * rwsem_down_write() - lock for writing; may sleep
 * @sem: the lock; not held by this thread in any way
 */
static inline void rwsem_down_write(struct rwsem *sem)
{
	if (!rwsem_down_write_trylock(sem))
		rwsem_write_slow(sem, NULL, NULL, RWSEM_SLICE_NS);
}

/**
 * rwsem_down_write_interruptible() - lock for writing unless told to give up
 * @sem:       the lock; not held by this thread in any way
 * @cancelled: asked at least every 1 ms while waiting, never when the lock is
 *             had at once.  NULL: waits for ever, and polls nothing once its
 *             patience is over
 * @arg:       its argument
 *
 * Return: 0 locked; -EINTR not locked, and no trace of this waiter is left.
 */
static inline int rwsem_down_write_interruptible(struct rwsem *sem,
						 bool (*cancelled)(void *arg),
						 void *arg)
{
	if (rwsem_down_write_trylock(sem))
		return 0;
	return rwsem_write_slow(sem, cancelled, arg, RWSEM_SLICE_NS);
}

/**
 * rwsem_up_write() - release a write lock, on any thread
 * @sem: write-locked.  Releasing it twice leaves all bits set, as in the
 *       kernel: nobody gets the lock ever again
 */
static inline void rwsem_up_write(struct rwsem *sem)
{
	if (unlikely(atomic_fetch_sub_explicit(&sem->count, RWSEM_WRITER,
					       memory_order_release /* B */) &
		     RWSEM_WAITERS))
		rwsem_wake(sem);
}

#endif
