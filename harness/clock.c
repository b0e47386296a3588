/* SPDX-License-Identifier: MIT */
/*
 * clock.c: choosing the clock, and what it costs.
 *
 * Idea.  A counter's frequency as announced is not trusted: it is measured
 *	  twice against the kernel's raw clock, and two answers must agree.
 * Owns.  Nothing; the caller keeps the struct.
 * Never. Uses a counter that may change its rate or stop in deep idle.
 */
#include "harness/clock.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define SPAN_NS	  20000000u
#define AGREEMENT 1e-3

/* One moment on both clocks. */
struct moment {
	uint64_t ticks;
	uint64_t raw_ns;
};

static bool counter_is_invariant(void)
{
#if defined(__x86_64__)
	unsigned int a;
	unsigned int b;
	unsigned int c;
	unsigned int d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
#elif defined(__aarch64__)
	return true; /* the architecture promises it of the generic timer */
#else
	return false;
#endif
}

/* The narrowest of some brackets: an interrupt between the reads widens its
 * own bracket and so drops out. */
static struct moment take_moment(void)
{
	struct moment best = { 0, 0 };
	uint64_t narrowest = UINT64_MAX;

	for (int i = 0; i < 16; i++) {
		uint64_t before = clock_counter_ordered();
		uint64_t raw_ns = clock_kernel_ns(CLOCK_MONOTONIC_RAW);
		uint64_t width = clock_counter_ordered() - before;

		if (width >= narrowest)
			continue;
		narrowest = width;
		best.ticks = before + width / 2;
		best.raw_ns = raw_ns;
	}
	return best;
}

static double measure_ticks_per_ns(void)
{
	struct moment start = take_moment();
	struct moment end;

	clock_nap(SPAN_NS);
	end = take_moment();
	if (end.raw_ns <= start.raw_ns || end.ticks <= start.ticks)
		return 0.0;
	return (double)(end.ticks - start.ticks) /
	       (double)(end.raw_ns - start.raw_ns);
}

void clock_decide(bool invariant, double first, double second,
		  struct clock *ret)
{
	ret->is_tsc = false;
	ret->ns_per_tick = 1.0;
	ret->why[0] = '\0';
#ifdef CLOCK_NO_COUNTER
	snprintf(ret->why, sizeof(ret->why),
		 "no counter is known for this architecture");
	return;
#endif
	if (!invariant) {
		snprintf(ret->why, sizeof(ret->why),
			 "the processor does not call its counter invariant");
		return;
	}
	if (!(first > 0.0) || !(second > 0.0)) {
		snprintf(ret->why, sizeof(ret->why),
			 "the counter stands still");
		return;
	}
	if (fabs(first / second - 1.0) > AGREEMENT) {
		snprintf(ret->why, sizeof(ret->why),
			 "its rate differs: %.6f, then %.6f ticks per ns",
			 first, second);
		return;
	}
	ret->is_tsc = true;
	ret->ns_per_tick = 2.0 / (first + second);
}

/* The least of several means: what interrupts add is not the stamp's. */
static double cost_of(const struct clock *c,
		      uint64_t (*stamp)(const struct clock *c))
{
	const int n = 500;
	double least_ns = INFINITY;

	for (int block = 0; block < 20; block++) {
		uint64_t start = clock_now_ordered(c);
		double ns;

		for (int i = 0; i < n; i++)
			stamp(c);
		ns = clock_ns(c, clock_now_ordered(c) - start) / n;
		least_ns = fmin(least_ns, ns);
	}
	return least_ns;
}

int clock_init(struct clock *ret)
{
	struct clock c = { 0 };
	struct timespec now;
	double first = 0.0;
	double second = 0.0;
	bool invariant = counter_is_invariant();

	if (clock_gettime(CLOCK_MONOTONIC, &now) ||
	    clock_gettime(CLOCK_MONOTONIC_RAW, &now))
		return -errno;
	if (invariant) {
		first = measure_ticks_per_ns();
		second = measure_ticks_per_ns();
	}
	clock_decide(invariant, first, second, &c);
	c.cost_ns = cost_of(&c, clock_now);
	c.ordered_cost_ns = cost_of(&c, clock_now_ordered);
	*ret = c;
	return 0;
}

json_t *clock_json(const struct clock *c)
{
#if defined(__aarch64__)
	const char *counter = "cntvct";
#else
	const char *counter = "tsc";
#endif
	return json_pack("{s:s, s:f, s:f, s:f, s:s?}", "source",
			 c->is_tsc ? counter : "clock_gettime", "ns_per_tick",
			 c->ns_per_tick, "cost_ns", c->cost_ns,
			 "ordered_cost_ns", c->ordered_cost_ns, "why",
			 c->is_tsc ? NULL : c->why);
}

void clock_nap(uint64_t ns)
{
	uint64_t end_ns = clock_kernel_ns(CLOCK_MONOTONIC) + ns;
	struct timespec end = { .tv_sec = (time_t)(end_ns / 1000000000u),
				.tv_nsec = (long)(end_ns % 1000000000u) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) ==
	       EINTR)
		;
}

uint64_t clock_thread_cpu_ns(void)
{
	return clock_kernel_ns(CLOCK_THREAD_CPUTIME_ID);
}
