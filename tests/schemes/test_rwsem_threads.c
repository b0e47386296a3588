/* SPDX-License-Identifier: MIT */
/*
 * test_rwsem_threads.c: what several threads may and may not do at once.
 *
 * Idea.  Every claim is about who gets in at all or what is left behind, never
 * about how fast; a lost wake-up or a deadlock ends in the watchdog.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "prim/rwsem.h"

#define WATCHDOG_S  60
#define MAX_THREADS 300

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

static void run_threads(size_t n, void *(*body)(void *), void *arg)
{
	pthread_t thread[MAX_THREADS];

	for (size_t i = 0; i < n; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, body, arg),
				 0);
	for (size_t i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
}

struct scene {
	struct rwsem sem;
	atomic_bool stop;
	atomic_int arrived;
	pthread_barrier_t inside;
	long a, b; /* equal whenever the lock is free */
};

static void scene_init(struct scene *s)
{
	*s = (struct scene){ 0 };
	rwsem_init(&s->sem);
}

static void *wait_for_write(void *arg)
{
	struct scene *s = arg;

	rwsem_down_write(&s->sem);
	rwsem_up_write(&s->sem);
	return NULL;
}

static void *wait_for_read(void *arg)
{
	struct scene *s = arg;

	atomic_fetch_add(&s->arrived, 1);
	rwsem_down_read(&s->sem);
	rwsem_up_read(&s->sem);
	return NULL;
}

/**
 * struct waiter - a writer that gives up
 * @reader: put behind it at its first poll, when @with_reader
 * @polls:  left once the reader is on its way
 */
struct waiter {
	struct scene *s;
	bool with_reader, started;
	pthread_t reader;
	int polls;
};

static bool give_up_at_last(void *arg)
{
	struct waiter *w = arg;

	if (w->with_reader && !w->started) {
		pthread_create(&w->reader, NULL, wait_for_read, w->s);
		w->started = true;
	}
	if (w->with_reader && !atomic_load(&w->s->arrived))
		return false;
	return !w->polls--;
}

static void test_rwsem_who_gives_up_lets_in_the_reader_behind(void **state)
{
	struct scene s;
	struct waiter w = { .s = &s, .with_reader = true, .polls = 20 };

	(void)state;
	scene_init(&s);
	rwsem_down_read(&s.sem);
	assert_int_equal(
		rwsem_down_write_interruptible(&s.sem, give_up_at_last, &w),
		-EINTR);
	/* The first read lock is still held: nobody else will wake it. */
	pthread_join(w.reader, NULL);
	assert_int_equal(word_of(&s.sem), 0x100);
}

static void test_rwsem_second_waiter_giving_up_leaves_the_first(void **state)
{
	struct scene s;
	struct waiter w = { .s = &s, .polls = 3 };
	pthread_t first;

	(void)state;
	scene_init(&s);
	rwsem_down_read(&s.sem);
	pthread_create(&first, NULL, wait_for_write, &s);
	while (!(word_of(&s.sem) & RWSEM_WAITERS))
		sched_yield();
	assert_int_equal(
		rwsem_down_write_interruptible(&s.sem, give_up_at_last, &w),
		-EINTR);
	assert_int_equal(word_of(&s.sem) & ~RWSEM_HANDOFF,
			 0x100 | RWSEM_WAITERS);
	rwsem_up_read(&s.sem);
	pthread_join(first, NULL);
	assert_int_equal(word_of(&s.sem), 0);
}

/* A waker that finds a thief's writer bit promises the lock to the reader. */
static void test_rwsem_reader_out_of_patience_is_promised_the_lock(void **state)
{
	struct scene s;
	struct timespec start, end;
	pthread_t reader;

	(void)state;
	scene_init(&s);
	rwsem_down_write(&s.sem);
	clock_gettime(CLOCK_MONOTONIC, &start);
	pthread_create(&reader, NULL, wait_for_read, &s);
	while (!(word_of(&s.sem) & RWSEM_HANDOFF)) {
		rwsem_wake(&s.sem);
		sched_yield();
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true((end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec -
			    start.tv_nsec >=
		    4000000);
	assert_int_equal(word_of(&s.sem),
			 RWSEM_WRITER | RWSEM_WAITERS | RWSEM_HANDOFF);
	rwsem_up_write(&s.sem);
	pthread_join(reader, NULL);
	assert_int_equal(word_of(&s.sem), 0);
}

/*
 * A reader's add that will be taken back can hide from the last reader that
 * the lock is free.  Then the one who takes it back has to wake the writer,
 * which by now sleeps without a timeout.
 */
static void test_rwsem_queueing_reader_wakes_whom_its_add_hid(void **state)
{
	struct scene s;
	pthread_t writer;

	(void)state;
	scene_init(&s);
	rwsem_down_read(&s.sem);
	pthread_create(&writer, NULL, wait_for_write, &s);
	while (!(word_of(&s.sem) & RWSEM_HANDOFF))
		sched_yield();
	atomic_fetch_add(&s.sem.count, RWSEM_READER);
	rwsem_up_read(&s.sem);
	rwsem_read_slow(&s.sem, word_of(&s.sem), RWSEM_SLICE_NS);
	pthread_join(writer, NULL);
	assert_int_equal(word_of(&s.sem), 0x100);
}

static void *meet_inside(void *arg)
{
	struct scene *s = arg;

	atomic_fetch_add(&s->arrived, 1);
	rwsem_down_read(&s->sem);
	pthread_barrier_wait(&s->inside);
	rwsem_up_read(&s->sem);
	return NULL;
}

static void *release_writer(void *arg)
{
	struct scene *s = arg;

	while (atomic_load(&s->arrived) < 8)
		sched_yield();
	rwsem_up_write(&s->sem);
	return NULL;
}

static void test_rwsem_waiting_readers_come_in_together(void **state)
{
	struct scene s;
	pthread_t releaser;

	(void)state;
	scene_init(&s);
	pthread_barrier_init(&s.inside, NULL, 8);
	rwsem_down_write(&s.sem);
	pthread_create(&releaser, NULL, release_writer, &s);
	run_threads(8, meet_inside, &s);
	pthread_join(releaser, NULL);
	pthread_barrier_destroy(&s.inside);
	assert_int_equal(word_of(&s.sem), 0);
}

static void *release_many(void *arg)
{
	struct scene *s = arg;
	struct timespec nap = { .tv_nsec = 20000000 };

	while (atomic_load(&s->arrived) < MAX_THREADS)
		sched_yield();
	nanosleep(&nap, NULL); /* so that most are in the queue */
	rwsem_up_write(&s->sem);
	return NULL;
}

static void test_rwsem_more_readers_than_one_wake_up_grants(void **state)
{
	struct scene s;
	pthread_t releaser;

	(void)state;
	scene_init(&s);
	rwsem_down_write(&s.sem);
	pthread_create(&releaser, NULL, release_many, &s);
	run_threads(MAX_THREADS, wait_for_read, &s);
	pthread_join(releaser, NULL);
	assert_int_equal(word_of(&s.sem), 0);
}

static void *read_until_stopped(void *arg)
{
	struct scene *s = arg;

	while (!atomic_load(&s->stop)) {
		rwsem_down_read(&s->sem);
		rwsem_up_read(&s->sem);
	}
	return NULL;
}

static void *write_some_then_stop(void *arg)
{
	struct scene *s = arg;

	for (int i = 0; i < 300; i++)
		wait_for_write(s);
	atomic_store(&s->stop, true);
	return NULL;
}

static void test_rwsem_writer_ends_under_flood_of_readers(void **state)
{
	struct scene s;
	pthread_t writer;

	(void)state;
	scene_init(&s);
	pthread_create(&writer, NULL, write_some_then_stop, &s);
	run_threads(6, read_until_stopped, &s);
	pthread_join(writer, NULL);
	assert_int_equal(word_of(&s.sem), 0);
}

static bool coin(void *arg)
{
	uint32_t *seed = arg;

	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 31;
}

/* One way in of six at random; true when it was had for writing. */
static bool enter(struct rwsem *sem, uint32_t *seed, bool *ret_reads)
{
	bool write = coin(seed), try = coin(seed);
	bool granted = true;

	if (write && try && coin(seed))
		granted = !rwsem_down_write_interruptible(sem, coin, seed);
	else if (write && try)
		granted = rwsem_down_write_trylock(sem);
	else if (write)
		rwsem_down_write(sem);
	else if (try)
		granted = rwsem_down_read_trylock(sem);
	else
		rwsem_down_read(sem);
	*ret_reads = granted && !write;
	return granted && write;
}

static void *mix(void *arg)
{
	struct scene *s = arg;
	uint32_t seed = (uint32_t)atomic_fetch_add(&s->arrived, 1);
	long written = 0;

	for (int i = 0; i < 5000; i++) {
		bool reads;

		if (enter(&s->sem, &seed, &reads)) {
			s->a++;
			if (!(i & 63))
				sched_yield();
			s->b++;
			written++;
			rwsem_up_write(&s->sem);
		} else if (reads) {
			if (s->a != s->b)
				written = -1000000000;
			rwsem_up_read(&s->sem);
		}
	}
	return (void *)written;
}

static void test_rwsem_oversubscribed_threads_exclude_each_other(void **state)
{
	struct scene s;
	pthread_t thread[8];
	long written = 0;

	(void)state;
	scene_init(&s);
	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, mix, &s);
	for (int i = 0; i < 8; i++) {
		void *n;

		pthread_join(thread[i], &n);
		written += (long)n;
	}
	assert_int_equal(s.a, written);
	assert_int_equal(s.b, written);
	assert_int_equal(word_of(&s.sem), 0);
}

#define CLAIM(name) cmocka_unit_test(test_rwsem_##name)

int main(void)
{
	static const struct CMUnitTest claims[] = {
		CLAIM(who_gives_up_lets_in_the_reader_behind),
		CLAIM(second_waiter_giving_up_leaves_the_first),
		CLAIM(reader_out_of_patience_is_promised_the_lock),
		CLAIM(queueing_reader_wakes_whom_its_add_hid),
		CLAIM(waiting_readers_come_in_together),
		CLAIM(more_readers_than_one_wake_up_grants),
		CLAIM(writer_ends_under_flood_of_readers),
		CLAIM(oversubscribed_threads_exclude_each_other),
	};

	return cmocka_run_group_tests_name("rwsem_threads", claims,
					   start_watchdog, NULL);
}
