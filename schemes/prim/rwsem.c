/* SPDX-License-Identifier: MIT */
/*
 * rwsem.c: the slow paths of prim/rwsem.h: queue, sleep, wake, hand over.
 *
 * Idea.  Under wait_lock: the queue, and the waiters and handoff bits, which
 * say about the queue "not empty" and "its first waiter has lost patience".
 * Nobody sleeps before the waiters bit is set, and who releases the lock after
 * that sees the bit and comes to the queue: no wake-up is lost.
 * Readers are granted the lock by whoever wakes them; a writer is only told to
 * try again.
 * Never.  Touches a waiter after telling it: it lives on its own thread's
 * stack.  The futex call that follows gets an address only; at worst it wakes
 * somebody who looks at his own word again.
 */
#include "prim/rwsem.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

#include "prim/delay.h"
#include "prim/futex.h"

/* Patience is counted in sixteenths of a slice. */
#define SLICE_PARTS 16u
#define NS_PER_S    1000000000u
#define PATIENCE    (RWSEM_HANDOFF_MS * SLICE_PARTS)

/* A waiter's futex word. */
enum {
	WORD_AWAKE,
	WORD_ASLEEP,	/* or about to be */
	WORD_TRY_AGAIN, /* told to a writer */
	WORD_GRANTED,	/* told to a reader: the lock is yours */
};

/**
 * struct rwsem_waiter - one thread in the queue, on its own stack
 * @link:     in sem->waiters, or in a wakeup's list; under wait_lock
 * @word:     WORD_...
 * @waited:   in parts of a slice, up to PATIENCE; its thread's
 * @writer:   what it waits for
 * @promised: it is first and has set the handoff bit; under wait_lock
 */
struct rwsem_waiter {
	TAILQ_ENTRY(rwsem_waiter) link;
	_Atomic uint32_t word;
	_Atomic uint32_t waited;
	bool writer;
	bool promised;
};

/* Whom to tell once wait_lock is released. */
struct wakeup {
	struct rwsem_queue readers;
	_Atomic uint32_t *writer;
};

enum wake_kind {
	WAKE_ANY,	 /* the lock may be free */
	WAKE_READERS,	 /* readers have it */
	WAKE_READ_OWNED, /* this thread is one of them */
};

void rwsem_init(struct rwsem *sem)
{
	atomic_init(&sem->count, 0);
	atomic_init(&sem->wait_lock.taken, 0);
	TAILQ_INIT(&sem->waiters);
}

/* Relaxed throughout this file unless lettered: wait_lock orders the queue. */
static uint64_t count_of(struct rwsem *sem)
{
	return atomic_load_explicit(&sem->count, memory_order_relaxed);
}

static void add_count(struct rwsem *sem, uint64_t change)
{
	atomic_fetch_add_explicit(&sem->count, change, memory_order_relaxed);
}

static bool out_of_patience(struct rwsem_waiter *w)
{
	return atomic_load_explicit(&w->waited, memory_order_relaxed) >=
	       PATIENCE;
}

static void wakeup_init(struct wakeup *wake)
{
	TAILQ_INIT(&wake->readers);
	wake->writer = NULL;
}

static void wakeup_deliver(struct wakeup *wake)
{
	struct rwsem_waiter *w;

	while ((w = TAILQ_FIRST(&wake->readers))) {
		TAILQ_REMOVE(&wake->readers, w, link);
		atomic_store_explicit(&w->word, WORD_GRANTED,
				      memory_order_release /* C */);
		futex_wake(&w->word, 1);
	}
	if (wake->writer)
		futex_wake(wake->writer, 1);
}

/* Take a reader's share for the first waiter, unless a writer stole the lock.
 */
static bool claim_for_reader(struct rwsem *sem, struct rwsem_waiter *first)
{
	uint64_t back = RWSEM_READER;

	if (!(atomic_fetch_add_explicit(&sem->count, RWSEM_READER,
					memory_order_acquire /* A */) &
	      RWSEM_WRITER))
		return true;
	if (!first->promised && out_of_patience(first)) {
		first->promised = true;
		back -= RWSEM_HANDOFF;
	}
	add_count(sem, -back);
	return false;
}

/* Let in all queued readers; @claimed is what the count already has. */
static void grant_readers(struct rwsem *sem, uint64_t claimed,
			  struct wakeup *wake)
{
	struct rwsem_waiter *w = TAILQ_FIRST(&sem->waiters), *next;
	uint64_t change = -claimed;
	int granted = 0;

	if (w->promised)
		change -= RWSEM_HANDOFF;
	for (; w && granted < RWSEM_MAX_GRANTED; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->writer)
			continue;
		TAILQ_REMOVE(&sem->waiters, w, link);
		TAILQ_INSERT_TAIL(&wake->readers, w, link);
		change += RWSEM_READER;
		granted++;
	}
	if (TAILQ_EMPTY(&sem->waiters))
		change -= RWSEM_WAITERS;
	add_count(sem, change);
}

/* Under wait_lock: decide who is to be woken. */
static void mark_wake(struct rwsem *sem, enum wake_kind kind,
		      struct wakeup *wake)
{
	struct rwsem_waiter *first = TAILQ_FIRST(&sem->waiters);
	uint64_t claimed = kind == WAKE_READ_OWNED ? 0 : RWSEM_READER;

	if (!first)
		return;
	if (!first->writer) {
		if (!claimed || claim_for_reader(sem, first))
			grant_readers(sem, claimed, wake);
		return;
	}
	/* One that is awake is on its way to wait_lock. */
	if (kind == WAKE_ANY &&
	    atomic_load_explicit(&first->word, memory_order_relaxed) ==
		    WORD_ASLEEP) {
		atomic_store_explicit(&first->word, WORD_TRY_AGAIN,
				      memory_order_relaxed);
		wake->writer = &first->word;
	}
}

/* The same for one who has queued and found the lock as @count says. */
static void mark_wake_if_open(struct rwsem *sem, uint64_t count,
			      struct wakeup *wake)
{
	if (count & RWSEM_WRITER)
		return;
	mark_wake(sem, count & RWSEM_READERS ? WAKE_READERS : WAKE_ANY, wake);
}

static void wake_as(struct rwsem *sem, enum wake_kind kind)
{
	struct wakeup wake;

	wakeup_init(&wake);
	delay_point(DELAY_LOCK_SLOW);
	spin_lock(&sem->wait_lock);
	mark_wake(sem, kind, &wake);
	spin_unlock(&sem->wait_lock);
	wakeup_deliver(&wake);
}

void rwsem_wake(struct rwsem *sem)
{
	wake_as(sem, WAKE_ANY);
}

/* One sleep: a slice while patience lasts or somebody polls, else until told.
 */
static void sleep_once(struct rwsem_waiter *w, bool polls, uint64_t slice_ns)
{
	struct timespec slice = {
		.tv_sec = (time_t)(slice_ns / NS_PER_S),
		.tv_nsec = (long)(slice_ns % NS_PER_S),
	};
	bool timed = polls || !out_of_patience(w);
	int err = futex_wait(&w->word, WORD_ASLEEP, timed ? &slice : NULL);
	uint32_t parts = err == -ETIMEDOUT ? SLICE_PARTS : 1;

	if (out_of_patience(w))
		return;
	atomic_fetch_add_explicit(&w->waited, parts, memory_order_relaxed);
}

/* Queue a reader that has added itself; true: it turned out to be in. */
static bool queue_reader(struct rwsem *sem, struct rwsem_waiter *w,
			 struct wakeup *wake)
{
	uint64_t change = -RWSEM_READER;

	if (TAILQ_EMPTY(&sem->waiters)) {
		if (!(atomic_load_explicit(&sem->count,
					   memory_order_acquire /* A */) &
		      (RWSEM_WRITER | RWSEM_READFAIL)))
			return true;
		change += RWSEM_WAITERS;
	}
	TAILQ_INSERT_TAIL(&sem->waiters, w, link);
	change += atomic_fetch_add_explicit(&sem->count, change,
					    memory_order_relaxed);
	mark_wake_if_open(sem, change, wake);
	return false;
}

/**
 * rwsem_read_slow() - the rest of a read lock that found more than readers
 * @sem:      the lock
 * @count:    what this reader's add left, itself included
 * @slice_ns: a timed sleep of its patience
 */
void rwsem_read_slow(struct rwsem *sem, uint64_t count, uint64_t slice_ns)
{
	struct rwsem_waiter w = { .word = WORD_ASLEEP };
	struct wakeup wake;
	bool entered;

	delay_point(DELAY_LOCK_SLOW);
	/* Alone, nobody promised: stolen.  The add was the acquire (A). */
	if ((count & ~RWSEM_WAITERS) == RWSEM_READER) {
		wake_as(sem, WAKE_READ_OWNED);
		return;
	}
	wakeup_init(&wake);
	spin_lock(&sem->wait_lock);
	entered = queue_reader(sem, &w, &wake);
	spin_unlock(&sem->wait_lock);
	wakeup_deliver(&wake);
	while (!entered) {
		entered = atomic_load_explicit(&w.word,
					       memory_order_acquire /* D */) ==
			  WORD_GRANTED;
		if (!entered)
			sleep_once(&w, false, slice_ns);
	}
}

static bool spin_for_write(struct rwsem *sem)
{
	for (unsigned int i = 0; i < RWSEM_SPINS; i++) {
		uint64_t count = count_of(sem);

		if (count & RWSEM_HANDOFF)
			return false;
		if (!(count & RWSEM_LOCKED) &&
		    atomic_compare_exchange_weak_explicit(
			    &sem->count, &count, count | RWSEM_WRITER,
			    memory_order_acquire /* A */, memory_order_relaxed))
			return true;
		cpu_relax();
	}
	return false;
}

/* Under wait_lock: bits that go when @w leaves the queue. */
static uint64_t dequeue(struct rwsem *sem, struct rwsem_waiter *w)
{
	TAILQ_REMOVE(&sem->waiters, w, link);
	return (w->promised ? RWSEM_HANDOFF : 0) |
	       (TAILQ_EMPTY(&sem->waiters) ? RWSEM_WAITERS : 0);
}

/* Under wait_lock: take the lock, or promise it to @w when it is high time. */
static bool take_queued(struct rwsem *sem, struct rwsem_waiter *w)
{
	uint64_t count = count_of(sem);
	bool first = TAILQ_FIRST(&sem->waiters) == w;

	while (!(count & RWSEM_LOCKED) && (first || !(count & RWSEM_HANDOFF))) {
		if (!atomic_compare_exchange_weak_explicit(
			    &sem->count, &count, count | RWSEM_WRITER,
			    memory_order_acquire /* A */, memory_order_relaxed))
			continue;
		/* The two bits change under wait_lock only, so this is exact.
		 */
		add_count(sem, -dequeue(sem, w));
		return true;
	}
	if (first && !w->promised && out_of_patience(w)) {
		w->promised = true;
		add_count(sem, RWSEM_HANDOFF);
	}
	return false;
}

/* Leave the queue without the lock, and pass on a wake-up meant for us. */
static int give_up(struct rwsem *sem, struct rwsem_waiter *w)
{
	struct wakeup wake;
	bool first;

	wakeup_init(&wake);
	delay_point(DELAY_LOCK_SLOW);
	spin_lock(&sem->wait_lock);
	first = TAILQ_FIRST(&sem->waiters) == w;
	add_count(sem, -dequeue(sem, w));
	if (first)
		mark_wake(sem, WAKE_ANY, &wake);
	spin_unlock(&sem->wait_lock);
	wakeup_deliver(&wake);
	return -EINTR;
}

static void queue_writer(struct rwsem *sem, struct rwsem_waiter *w,
			 struct wakeup *wake)
{
	bool alone = TAILQ_EMPTY(&sem->waiters);

	TAILQ_INSERT_TAIL(&sem->waiters, w, link);
	if (alone)
		add_count(sem, RWSEM_WAITERS);
	else
		mark_wake_if_open(sem, count_of(sem), wake);
}

/**
 * rwsem_write_slow() - the rest of a write lock that was not free
 * @sem:       the lock
 * @cancelled: NULL: waits for ever
 * @arg:       its argument
 * @slice_ns:  a timed sleep of its patience, and between two polls
 *
 * Return: 0 or -EINTR.
 */
int rwsem_write_slow(struct rwsem *sem, bool (*cancelled)(void *arg), void *arg,
		     uint64_t slice_ns)
{
	struct rwsem_waiter w = { .word = WORD_AWAKE, .writer = true };
	struct wakeup wake;

	delay_point(DELAY_LOCK_SLOW);
	if (spin_for_write(sem))
		return 0;
	wakeup_init(&wake);
	spin_lock(&sem->wait_lock);
	queue_writer(sem, &w, &wake);
	while (!take_queued(sem, &w)) {
		atomic_store_explicit(&w.word, WORD_ASLEEP,
				      memory_order_relaxed);
		spin_unlock(&sem->wait_lock);
		wakeup_deliver(&wake);
		wakeup_init(&wake);
		if (cancelled && cancelled(arg))
			return give_up(sem, &w);
		sleep_once(&w, cancelled != NULL, slice_ns);
		delay_point(DELAY_LOCK_SLOW);
		spin_lock(&sem->wait_lock);
	}
	spin_unlock(&sem->wait_lock);
	wakeup_deliver(&wake);
	return 0;
}
