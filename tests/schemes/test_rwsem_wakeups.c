/* SPDX-License-Identifier: MIT */
/*
 * test_rwsem_wakeups.c: who sleeps on the lock is woken, not merely polled.
 *
 * Idea.  The timed sleeps of rwsem.c hide a wake-up that was lost: the waiter
 * looks again 1 ms later.  Here a sleep lasts an hour, the waiter is known to
 * be asleep before the lock is released, and only a wake-up can end its sleep
 * before the watchdog does.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "prim/rwsem.h"

#define WATCHDOG_S 60
#define HOUR_NS	   (3600ull * 1000000000)

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

/**
 * struct sleeper - a thread that waits for the lock in sleeps of an hour
 * @cancelled: a writer's; NULL: not interruptible
 */
struct sleeper {
	struct rwsem *sem;
	bool (*cancelled)(void *arg);
	pthread_t thread;
	_Atomic long tid;
};

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static void *sleep_to_write(void *arg)
{
	struct sleeper *s = arg;

	atomic_store(&s->tid, syscall(SYS_gettid));
	if (!rwsem_write_slow(s->sem, s->cancelled, NULL, HOUR_NS))
		rwsem_up_write(s->sem);
	return NULL;
}

static void *sleep_to_read(void *arg)
{
	struct sleeper *s = arg;
	uint64_t count;

	atomic_store(&s->tid, syscall(SYS_gettid));
	count = atomic_fetch_add(&s->sem->count, RWSEM_READER) + RWSEM_READER;
	rwsem_read_slow(s->sem, count, HOUR_NS);
	rwsem_up_read(s->sem);
	return NULL;
}

/* The state letter of /proc/self/task/TID/stat behind the name in brackets. */
static char state_of(long tid)
{
	char path[64], letter = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", tid);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*d (%*[^)]) %c", &letter), 1);
	fclose(f);
	return letter;
}

/*
 * Until @s is in the queue and asleep.  Behind the queue nothing but its futex
 * makes it sleep: that lock is free and nobody else comes.
 */
static void start(struct sleeper *s, void *(*body)(void *))
{
	assert_int_equal(pthread_create(&s->thread, NULL, body, s), 0);
	while (!(word_of(s->sem) & RWSEM_WAITERS))
		sched_yield();
	while (state_of(atomic_load(&s->tid)) != 'S')
		sched_yield();
}

static void test_rwsem_last_reader_wakes_sleeping_writer(void **state)
{
	(void)state;
	for (int polls = 0; polls < 2; polls++) {
		struct rwsem sem;
		struct sleeper s = { .sem = &sem,
				     .cancelled = polls ? never : NULL };

		rwsem_init(&sem);
		rwsem_down_read(&sem);
		rwsem_down_read(&sem);
		start(&s, sleep_to_write);
		rwsem_up_read(&sem);
		assert_int_equal(word_of(&sem), RWSEM_READER | RWSEM_WAITERS);
		rwsem_up_read(&sem);
		pthread_join(s.thread, NULL);
		assert_int_equal(word_of(&sem), 0);
	}
}

static void test_rwsem_releasing_writer_wakes_sleeping_writer(void **state)
{
	(void)state;
	for (int polls = 0; polls < 2; polls++) {
		struct rwsem sem;
		struct sleeper s = { .sem = &sem,
				     .cancelled = polls ? never : NULL };

		rwsem_init(&sem);
		rwsem_down_write(&sem);
		start(&s, sleep_to_write);
		rwsem_up_write(&sem);
		pthread_join(s.thread, NULL);
		assert_int_equal(word_of(&sem), 0);
	}
}

static void test_rwsem_releasing_writer_wakes_sleeping_reader(void **state)
{
	struct rwsem sem;
	struct sleeper s = { .sem = &sem };

	(void)state;
	rwsem_init(&sem);
	rwsem_down_write(&sem);
	start(&s, sleep_to_read);
	rwsem_up_write(&sem);
	pthread_join(s.thread, NULL);
	assert_int_equal(word_of(&sem), 0);
}

/* ---- what counts as patience ---------------------------------------------
 */

/* A writer's polls: one before each sleep. */
struct polls {
	struct rwsem *sem;
	int n, promised_at;
};

static bool count_polls(void *arg)
{
	struct polls *p = arg;

	p->n++;
	if (!p->promised_at && word_of(p->sem) & RWSEM_HANDOFF)
		p->promised_at = p->n;
	return p->n == 70;
}

struct nuisance {
	pthread_t target;
	atomic_bool stop;
};

static void no_op(int sig)
{
	(void)sig;
}

static void *send_signals(void *arg)
{
	struct nuisance *n = arg;

	while (!atomic_load(&n->stop)) {
		pthread_kill(n->target, SIGUSR1);
		usleep(1000);
	}
	return NULL;
}

/* Four slices of 16 parts; a sleep cut short is one part, so poll 65 sees it.
 */
static void test_rwsem_sleep_cut_short_is_no_slice(void **state)
{
	struct sigaction act = { .sa_handler = no_op };
	struct rwsem sem;
	struct polls p = { .sem = &sem };
	struct nuisance n = { .target = pthread_self() };
	pthread_t thread;

	(void)state;
	sigaction(SIGUSR1, &act, NULL);
	rwsem_init(&sem);
	rwsem_down_read(&sem);
	assert_int_equal(pthread_create(&thread, NULL, send_signals, &n), 0);
	assert_int_equal(rwsem_write_slow(&sem, count_polls, &p, HOUR_NS),
			 -EINTR);
	atomic_store(&n.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(p.promised_at, 65);
}

/* As in Linux 6.1, whose reader mask holds the top bit. */
static void test_rwsem_too_many_readers_keep_writers_out(void **state)
{
	struct rwsem sem;
	struct polls p = { .sem = &sem };

	(void)state;
	rwsem_init(&sem);
	atomic_store(&sem.count, RWSEM_READFAIL);
	assert_int_equal(rwsem_down_write_interruptible(&sem, count_polls, &p),
			 -EINTR);
	assert_int_equal(word_of(&sem), RWSEM_READFAIL);
}

#define CLAIM(name) cmocka_unit_test(test_rwsem_##name)

int main(void)
{
	static const struct CMUnitTest claims[] = {
		CLAIM(last_reader_wakes_sleeping_writer),
		CLAIM(releasing_writer_wakes_sleeping_writer),
		CLAIM(releasing_writer_wakes_sleeping_reader),
		CLAIM(sleep_cut_short_is_no_slice),
		CLAIM(too_many_readers_keep_writers_out),
	};

	return cmocka_run_group_tests_name("rwsem_wakeups", claims,
					   start_watchdog, NULL);
}
