/* SPDX-License-Identifier: MIT */
/*
 * test_team.c: real readers in real windows.
 *
 * Idea.  Nothing here depends on how fast they are: claims are about order, and
 * about counts that loads make up themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "actors.h"

/* Slept for in batches that must not fit evenly into the window. */
#define SLOW_BATCH_NS (12 * MS)
#define ODD_WINDOW_NS (66 * MS)

static struct team_count slow(void *arg)
{
	struct actor *a = arg;

	a->n_batches++;
	a->last_call = clock_now(&the_clock);
	clock_nap(a->nap_ns);
	return (struct team_count){ 1, 0 };
}

/* An operation takes a tick: the rate is known, whatever the machine does. */
static struct team_count tick_by_tick(void *arg)
{
	struct actor *a = arg;
	uint64_t last = a->last_call, gap;

	quick(arg);
	gap = last ? a->last_call - last : 0;
	a->longest = gap > a->longest ? gap : a->longest;
	return (struct team_count){ gap, 0 };
}

static size_t n_before(const struct team_part *parts, size_t n, uint64_t moment)
{
	size_t early = 0;

	for (size_t i = 0; i < n; i++)
		early += parts[i].t0 < moment;
	return early;
}

static void test_team_nobody_starts_before_the_last_has_come(void **state)
{
	const struct team_part early[2] = { { .t0 = 5 }, { .t0 = 7 } };
	struct play p = play_of(SIZE, 30 * MS);

	(void)state;
	p.roles[3].enter = enter_late;
	p.actors[3].nap_ns = 50 * MS;
	assert_int_equal(run_in(team, &p), 0);
	for (size_t i = 0; i < SIZE; i++) {
		assert_int_equal(n_before(p.parts, SIZE, p.actors[i].entered),
				 0);
		assert_true(p.parts[i].t1 > p.parts[i].t0);
		assert_true(p.parts[i].t1 >= p.report.t1);
		assert_int_equal(p.actors[i].n_left, 1);
	}
	assert_int_equal(n_before(p.parts, SIZE, p.report.t0), 0);
	assert_int_equal(n_before(early, 2, 6), 1);
}

static void test_team_late_thread_shows_in_the_overlap(void **state)
{
	struct play p = play_of(2, ODD_WINDOW_NS);

	(void)state;
	p.roles[1].batch = slow;
	p.actors[1].nap_ns = SLOW_BATCH_NS;
	assert_int_equal(run_in(team, &p), 0);
	assert_true(p.report.overlap < .99);
	assert_true(p.report.overlap == team_overlap(p.parts, 2));
}

/* The slow one passes T1 up to a batch later; repeated until it does. */
static void test_team_load_stays_on_until_all_have_passed(void **state)
{
	uint64_t enough = clock_ticks(&the_clock, 3 * MS);
	struct play p;

	(void)state;
	for (int i = 0; i < 20; i++) {
		p = play_of(2, ODD_WINDOW_NS);
		p.roles[1].batch = slow;
		p.actors[1].nap_ns = SLOW_BATCH_NS;
		assert_int_equal(run_in(team, &p), 0);
		if (p.parts[1].t1 > p.parts[0].t1 + enough)
			break;
	}
	assert_true(p.parts[1].t1 > p.parts[0].t1 + enough);
	assert_true(p.actors[0].last_call > p.parts[0].t1);
}

static void test_team_rate_is_by_the_threads_own_stamps(void **state)
{
	struct play p = play_of(2, 100 * MS);
	uint64_t ticks;
	int64_t off;

	(void)state;
	p.roles[0].batch = tick_by_tick;
	assert_int_equal(run_in(team, &p), 0);
	ticks = p.parts[0].t1 - p.parts[0].t0;
	off = (int64_t)(p.parts[0].count.done - ticks);
	/* One a tick, but for where in a batch each of the stamps falls. */
	assert_true((uint64_t)llabs(off) <=
		    p.actors[0].longest + p.parts[0].longest_gap);
	assert_int_equal(p.parts[0].count.refused, 0);
	assert_true(p.parts[1].count.done > 0);
	assert_int_equal(p.parts[1].count.refused, 2 * p.parts[1].count.done);
}

static void test_team_events_are_there_or_it_says_why(void **state)
{
	struct play p = play_of(2, 30 * MS);

	(void)state;
	assert_int_equal(run_in(team, &p), 0);
	for (size_t i = 0; i < 2; i++) {
		const struct team_part *part = &p.parts[i];

		assert_true(part->used.cpu_ns > 0);
		assert_int_equal(part->has_counts, !*team_perf_why(team));
		if (part->has_counts)
			assert_true(part->counts.n[PERF_TASK_CLOCK_NS] > 0);
	}
}

/* To poll would take a CPU from a reader, hundreds of times a window. */
static void test_team_parent_sleeps_through_the_window(void **state)
{
	struct play p = play_of(2, 200 * MS);
	struct rusage before, after;

	(void)state;
	getrusage(RUSAGE_THREAD, &before);
	assert_int_equal(run_in(team, &p), 0);
	getrusage(RUSAGE_THREAD, &after);
	assert_true(after.ru_nvcsw - before.ru_nvcsw < 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test(test_team_##name)
		TEST(nobody_starts_before_the_last_has_come),
		TEST(late_thread_shows_in_the_overlap),
		TEST(load_stays_on_until_all_have_passed),
		TEST(rate_is_by_the_threads_own_stamps),
		TEST(events_are_there_or_it_says_why),
		TEST(parent_sleeps_through_the_window),
	};

	return cmocka_run_group_tests(tests, make_team, end_team);
}
