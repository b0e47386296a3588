/* SPDX-License-Identifier: MIT */
/*
 * test_rwsem.c: the lock word is what the algorithm says at every step.
 *
 * Idea.  A cancel callback runs on the waiter's own thread while it is queued:
 * from there one thread alone can look at the lock, release it or steal it at
 * an exact point, and nothing depends on the machine's speed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "prim/rwsem.h"

#define WATCHDOG_S 60

static int start_watchdog(void **state)
{
	(void)state;
	alarm(WATCHDOG_S);
	return 0;
}

static uint64_t word_of(struct rwsem *sem)
{
	return atomic_load(&sem->count);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool always(void *arg)
{
	(void)arg;
	return true;
}

/* ---- one thread ---------------------------------------------------------- */

static void test_rwsem_init_is_free(void **state)
{
	struct rwsem sem;

	(void)state;
	rwsem_init(&sem);
	assert_int_equal(word_of(&sem), 0);
}

static void test_rwsem_readers_count_from_bit_8(void **state)
{
	struct rwsem sem;

	(void)state;
	rwsem_init(&sem);
	rwsem_down_read(&sem);
	assert_int_equal(word_of(&sem), 0x100);
	rwsem_down_read(&sem);
	assert_int_equal(word_of(&sem), 0x200);
	rwsem_up_read(&sem);
	rwsem_up_read(&sem);
	assert_int_equal(word_of(&sem), 0);
	rwsem_down_write(&sem);
	assert_int_equal(word_of(&sem), 0x1);
	rwsem_up_write(&sem);
	assert_int_equal(word_of(&sem), 0);
}

/* By hand from kernel/locking/rwsem.c's comment on the count word. */
static void test_rwsem_trylock_matrix(void **state)
{
	static const struct {
		uint64_t word;
		bool reads, writes;
	} rows[] = {
		{ 0x0, true, true },	/* free */
		{ 0x100, true, false }, /* a reader */
		{ 0x500, true, false }, /* five */
		{ 0x1, false, false },	/* a writer */
		{ 0x2, false, false },	/* free, waited for */
		{ 0x102, false, false }, { 0x3, false, false },
		{ 0x6, false, false }, /* free, promised */
		{ 0x106, false, false }, { 1ull << 63, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rwsem sem;

		rwsem_init(&sem);
		atomic_store(&sem.count, rows[i].word);
		assert_int_equal(rwsem_down_read_trylock(&sem), rows[i].reads);
		assert_int_equal(word_of(&sem),
				 rows[i].word + (rows[i].reads ? 0x100 : 0));
		atomic_store(&sem.count, rows[i].word);
		assert_int_equal(rwsem_down_write_trylock(&sem),
				 rows[i].writes);
		assert_int_equal(word_of(&sem),
				 rows[i].word + (rows[i].writes ? 1 : 0));
	}
}

/* What the posting of 2002 would have done: 0 - 1. */
static void test_rwsem_released_twice_is_shut_for_ever(void **state)
{
	struct rwsem sem;

	(void)state;
	rwsem_init(&sem);
	rwsem_down_write(&sem);
	rwsem_up_write(&sem);
	atomic_fetch_sub(&sem.count, 1);
	assert_int_equal(word_of(&sem), UINT64_MAX);
	assert_false(rwsem_down_read_trylock(&sem));
	assert_false(rwsem_down_write_trylock(&sem));
	assert_int_equal(word_of(&sem), UINT64_MAX);
}

static void test_rwsem_free_lock_is_had_unasked(void **state)
{
	struct rwsem sem;

	(void)state;
	rwsem_init(&sem);
	assert_int_equal(rwsem_down_write_interruptible(&sem, always, NULL), 0);
	assert_int_equal(word_of(&sem), 0x1);
}

/* ---- one waiter, seen from its own cancel callback ------------------------
 */

/**
 * struct probe - what a callback does and has seen
 * @end:   -EINTR at this poll; 0: never
 * @step:  called at each poll
 * @polls: so far, this one included
 * @when:  the poll at which the handoff bit was first seen; 0: not yet
 */
struct probe {
	struct rwsem *sem;
	int end;
	void (*step)(struct probe *p);
	int polls;
	int when;
	uint64_t start_ns, handoff_ns;
};

static bool probe_poll(void *arg)
{
	struct probe *p = arg;

	p->polls++;
	if (!p->when && word_of(p->sem) & RWSEM_HANDOFF) {
		p->when = p->polls;
		p->handoff_ns = now_ns();
	}
	if (p->step)
		p->step(p);
	return p->polls == p->end;
}

static int wait_to_write(struct probe *p)
{
	p->start_ns = now_ns();
	return rwsem_down_write_interruptible(p->sem, probe_poll, p);
}

/* Before the first sleep, after some, before and after handoff. */
static void test_rwsem_cancelled_at_any_poll_leaves_no_trace(void **state)
{
	(void)state;
	for (int end = 1; end <= 8; end++) {
		struct rwsem sem;
		struct probe p = { .sem = &sem, .end = end };

		rwsem_init(&sem);
		rwsem_down_read(&sem);
		assert_int_equal(wait_to_write(&p), -EINTR);
		assert_int_equal(p.polls, end);
		assert_int_equal(word_of(&sem), 0x100);
		assert_true(rwsem_down_read_trylock(&sem));
		rwsem_up_read(&sem);
		rwsem_up_read(&sem);
		assert_int_equal(word_of(&sem), 0);
	}
}

static void test_rwsem_first_waiter_promises_itself_the_lock(void **state)
{
	struct rwsem sem;
	struct probe p = { .sem = &sem, .end = 6 };

	(void)state;
	rwsem_init(&sem);
	rwsem_down_read(&sem);
	assert_int_equal(wait_to_write(&p), -EINTR);
	/* Polls 1 to 5 have 0 to 4 slept milliseconds behind them. */
	assert_int_equal(p.when, 5);
	assert_true(p.handoff_ns - p.start_ns >= 4000000);
}

static void release_when_promised(struct probe *p)
{
	if (p->polls != 5)
		return;
	rwsem_up_read(p->sem);
	assert_int_equal(word_of(p->sem), RWSEM_WAITERS | RWSEM_HANDOFF);
	assert_false(rwsem_down_read_trylock(p->sem));
	assert_false(rwsem_down_write_trylock(p->sem));
}

static void test_rwsem_promised_lock_is_not_stolen(void **state)
{
	struct rwsem sem;
	struct probe p = { .sem = &sem, .step = release_when_promised };

	(void)state;
	rwsem_init(&sem);
	rwsem_down_read(&sem);
	assert_int_equal(wait_to_write(&p), 0);
	assert_int_equal(p.polls, 5);
	assert_int_equal(word_of(&sem), 0x1);
	rwsem_up_write(&sem);
	assert_int_equal(word_of(&sem), 0);
}

static void steal_once(struct probe *p)
{
	if (p->polls == 1) {
		rwsem_up_read(p->sem);
		assert_int_equal(word_of(p->sem), RWSEM_WAITERS);
		rwsem_down_read(p->sem);
		assert_int_equal(word_of(p->sem), RWSEM_WAITERS | 0x100);
	} else if (p->polls == 2) {
		rwsem_up_read(p->sem);
	}
}

static void test_rwsem_waited_for_lock_is_stolen_by_reader(void **state)
{
	struct rwsem sem;
	struct probe p = { .sem = &sem, .step = steal_once };

	(void)state;
	rwsem_init(&sem);
	rwsem_down_read(&sem);
	assert_int_equal(wait_to_write(&p), 0);
	assert_int_equal(p.polls, 2);
	assert_int_equal(word_of(&sem), 0x1);
}

#define CLAIM(name) cmocka_unit_test(test_rwsem_##name)

int main(void)
{
	static const struct CMUnitTest claims[] = {
		CLAIM(init_is_free),
		CLAIM(readers_count_from_bit_8),
		CLAIM(trylock_matrix),
		CLAIM(released_twice_is_shut_for_ever),
		CLAIM(free_lock_is_had_unasked),
		CLAIM(cancelled_at_any_poll_leaves_no_trace),
		CLAIM(first_waiter_promises_itself_the_lock),
		CLAIM(promised_lock_is_not_stolen),
		CLAIM(waited_for_lock_is_stolen_by_reader),
	};

	return cmocka_run_group_tests_name("rwsem", claims, start_watchdog,
					   NULL);
}
