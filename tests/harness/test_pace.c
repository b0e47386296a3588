/* SPDX-License-Identifier: MIT */
/*
 * test_pace.c: the planned window on a clock that the test makes up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/team.h"

#define T0 100
#define T1 200

/* A load of 10 operations and one refusal a batch; @now is its end. */
static bool batch_ends(struct pace *p, struct team_count *count, uint64_t now)
{
	count->done += 10;
	count->refused++;
	return pace_step(p, now, *count, T0, T1);
}

static void test_pace_counts_what_lies_between_its_stamps(void **state)
{
	struct pace p = { .state = PACE_WARM };
	struct team_count count = { 0 };
	int entered = 0;

	(void)state;
	for (uint64_t now = 7; now < 300; now += 7)
		entered += batch_ends(&p, &count, now);
	/* 15 * 7 and 29 * 7 are the first boundaries at or past each end. */
	assert_int_equal(entered, 2);
	assert_int_equal(p.state, PACE_OUT);
	assert_int_equal(p.part.t0, 105);
	assert_int_equal(p.part.t1, 203);
	assert_int_equal(p.part.count.done, 140);
	assert_int_equal(p.part.count.refused, 14);
	assert_int_equal(p.part.longest_gap, 7);
}

static void test_pace_boundary_on_the_stamp_is_in(void **state)
{
	struct pace p = { .state = PACE_WARM };
	struct team_count count = { 0 };

	(void)state;
	assert_false(batch_ends(&p, &count, T0 - 1));
	assert_true(batch_ends(&p, &count, T0));
	assert_false(batch_ends(&p, &count, T1 - 1));
	assert_true(batch_ends(&p, &count, T1));
	assert_int_equal(p.part.t0, T0);
	assert_int_equal(p.part.t1, T1);
	assert_int_equal(p.part.count.done, 20);
}

static void test_pace_skew_is_less_than_the_batch_across_the_end(void **state)
{
	(void)state;
	for (uint64_t length = 1; length < 100; length++) {
		struct pace p = { .state = PACE_WARM };
		struct team_count count = { 0 };

		for (uint64_t now = 0; now < 400; now += length)
			batch_ends(&p, &count, now);
		assert_in_range(p.part.t0, T0, T0 + length - 1);
		assert_in_range(p.part.t1, T1, T1 + length - 1);
		assert_int_equal(p.part.count.done,
				 10 * (p.part.t1 - p.part.t0) / length);
	}
}

static void test_pace_gaps_count_only_inside(void **state)
{
	const uint64_t ends[] = { 10, 102, 110, 140, 150, 215, 500, 900 };
	struct pace p = { .state = PACE_WARM };
	struct team_count count = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		batch_ends(&p, &count, ends[i]);
	/* Not 10 to 102, nor what came later; 150 to 215 crosses T1. */
	assert_int_equal(p.part.longest_gap, 65);
	assert_int_equal(p.part.count.done, 40);
}

static void test_pace_nothing_counts_after_the_end(void **state)
{
	struct pace p = { .state = PACE_WARM };
	struct team_count count = { 0 };
	struct team_part at_end;

	(void)state;
	batch_ends(&p, &count, T0);
	batch_ends(&p, &count, T1);
	at_end = p.part;
	for (uint64_t now = T1; now < 10 * T1; now += 50)
		assert_false(batch_ends(&p, &count, now));
	assert_memory_equal(&at_end, &p.part, sizeof(at_end));
}

static void test_pace_late_stamp_keeps_the_rate(void **state)
{
	struct pace p = { .state = PACE_WARM };
	/* One operation a tick, in batches as uneven as may be. */
	const uint64_t ends[] = { 3, 99, 171, 172, 199, 263 };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		pace_step(&p, ends[i], (struct team_count){ ends[i], 0 }, T0,
			  T1);
	assert_int_equal(p.part.t0, 171);
	assert_int_equal(p.part.t1, 263);
	assert_int_equal(p.part.count.done, p.part.t1 - p.part.t0);
}

static void test_pace_end_that_is_moved_up_ends_it(void **state)
{
	struct pace p = { .state = PACE_WARM };

	(void)state;
	pace_step(&p, 101, (struct team_count){ 5, 0 }, T0, UINT64_MAX);
	pace_step(&p, 110, (struct team_count){ 9, 0 }, T0, UINT64_MAX);
	assert_true(pace_step(&p, 120, (struct team_count){ 11, 0 }, T0, 115));
	assert_int_equal(p.part.t1, 120);
	assert_int_equal(p.part.count.done, 6);
}

static double overlap_of_two(uint64_t t0, uint64_t t1)
{
	const struct team_part parts[2] = {
		{ .t0 = T0, .t1 = T1 },
		{ .t0 = t0, .t1 = t1 },
	};

	return team_overlap(parts, 2);
}

static void test_overlap_of_stamps_made_by_hand(void **state)
{
	(void)state;
	assert_float_equal(overlap_of_two(100, 200), 1, 1e-6);
	/* 20 % late at the start; at both ends. */
	assert_float_equal(overlap_of_two(120, 200), .8, 1e-6);
	assert_float_equal(overlap_of_two(120, 220), 80. / 120, 1e-6);
	/* Never met: 200 - 300 of 400 - 100. */
	assert_float_equal(overlap_of_two(300, 400), -100. / 300, 1e-6);
	/* One that has no end has no part in it. */
	assert_float_equal(overlap_of_two(500, 0), 1, 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pace_counts_what_lies_between_its_stamps),
		cmocka_unit_test(test_pace_boundary_on_the_stamp_is_in),
		cmocka_unit_test(
			test_pace_skew_is_less_than_the_batch_across_the_end),
		cmocka_unit_test(test_pace_gaps_count_only_inside),
		cmocka_unit_test(test_pace_nothing_counts_after_the_end),
		cmocka_unit_test(test_pace_late_stamp_keeps_the_rate),
		cmocka_unit_test(test_pace_end_that_is_moved_up_ends_it),
		cmocka_unit_test(test_overlap_of_stamps_made_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
