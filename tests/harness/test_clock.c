/* SPDX-License-Identifier: MIT */
/*
 * test_clock.c: the clock agrees with the kernel's, and gives way honestly.
 */
#include "harness/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>

#include <cmocka.h>

static uint64_t raw_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The two ends of both spans are read next to each other, the raw clock
 * outside; so the span must lie between "inner" and "outer" up to the rate. */
static void check_span(const struct clock *c)
{
	uint64_t outer = raw_ns();
	uint64_t start = clock_now_ordered(c);
	uint64_t inner = raw_ns();
	uint64_t end;
	double ns;

	clock_nap(50000000);
	inner = raw_ns() - inner;
	end = clock_now_ordered(c);
	outer = raw_ns() - outer;
	ns = clock_ns(c, end - start);
	assert_true(ns >= (double)inner * 0.997);
	assert_true(ns <= (double)outer * 1.003);
}

static void test_clock_span_agrees_with_the_kernels(void **state)
{
	struct clock c;

	(void)state;
	assert_int_equal(clock_init(&c), 0);
	check_span(&c);
	assert_true(c.cost_ns > 0.0);
	assert_true(c.ordered_cost_ns > 0.0);
	assert_int_equal(c.is_tsc, c.why[0] == '\0');
}

static void test_clock_fallback_counts_ns(void **state)
{
	struct clock c = { 0 };

	(void)state;
	clock_decide(false, 2.0, 2.0, &c);
	assert_false(c.is_tsc);
	assert_true(c.ns_per_tick == 1.0);
	assert_non_null(strstr(c.why, "invariant"));
	check_span(&c);
}

static void test_clock_rates_within_1e3_choose_the_counter(void **state)
{
	struct clock c = { 0 };

	(void)state;
#ifdef CLOCK_NO_COUNTER
	skip();
#endif
	clock_decide(true, 2.0, 2.001, &c);
	assert_true(c.is_tsc);
	assert_true(c.ns_per_tick > 0.4998 && c.ns_per_tick < 0.5);
	assert_string_equal(c.why, "");
}

static void test_clock_rates_that_differ_give_way_with_a_reason(void **state)
{
	struct clock c = { 0 };

	(void)state;
#ifdef CLOCK_NO_COUNTER
	skip();
#endif
	clock_decide(true, 2.0, 2.01, &c);
	assert_false(c.is_tsc);
	assert_non_null(strstr(c.why, "differs"));
	clock_decide(true, 0.0, 0.0, &c);
	assert_false(c.is_tsc);
	assert_non_null(strstr(c.why, "still"));
}

static void test_clock_ordered_stamps_never_go_back(void **state)
{
	struct clock c;
	uint64_t last = 0;

	(void)state;
	assert_int_equal(clock_init(&c), 0);
	for (int i = 0; i < 100000; i++) {
		uint64_t now = clock_now_ordered(&c);

		assert_true(now >= last);
		last = now;
	}
}

static void test_clock_ticks_and_ns_are_inverse(void **state)
{
	struct clock c = { .ns_per_tick = 0.5, .is_tsc = true };

	(void)state;
	assert_int_equal(clock_ticks(&c, 1000.0), 2000);
	assert_int_equal(clock_ticks(&c, 0.0), 0);
	assert_true(clock_ns(&c, 2000) == 1000.0);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void test_clock_nap_is_not_cut_short_by_a_signal(void **state)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_value = { .tv_usec = 5000 } };
	uint64_t start;

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	start = raw_ns();
	setitimer(ITIMER_REAL, &soon, NULL);
	clock_nap(30000000);
	/* NTP may slew the clock the nap is on by 500 ppm. */
	assert_true(raw_ns() - start > 29900000);
}

static void test_clock_thread_cpu_time_stands_still_asleep(void **state)
{
	uint64_t start = clock_thread_cpu_ns();

	(void)state;
	assert_true(start > 0);
	clock_nap(100000000);
	assert_true(clock_thread_cpu_ns() - start < 50000000);
}

static void test_clock_json_names_the_source_and_the_reason(void **state)
{
	struct clock c = { .ns_per_tick = 1.0, .why = "because" };
	json_t *block = clock_json(&c);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(block, "source")),
			    "clock_gettime");
	assert_string_equal(json_string_value(json_object_get(block, "why")),
			    "because");
	json_decref(block);
	c.is_tsc = true;
	block = clock_json(&c);
	assert_true(json_is_null(json_object_get(block, "why")));
	json_decref(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_span_agrees_with_the_kernels),
		cmocka_unit_test(test_clock_fallback_counts_ns),
		cmocka_unit_test(
			test_clock_rates_within_1e3_choose_the_counter),
		cmocka_unit_test(
			test_clock_rates_that_differ_give_way_with_a_reason),
		cmocka_unit_test(test_clock_ordered_stamps_never_go_back),
		cmocka_unit_test(test_clock_ticks_and_ns_are_inverse),
		cmocka_unit_test(test_clock_nap_is_not_cut_short_by_a_signal),
		cmocka_unit_test(
			test_clock_thread_cpu_time_stands_still_asleep),
		cmocka_unit_test(
			test_clock_json_names_the_source_and_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
