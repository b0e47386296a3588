/* SPDX-License-Identifier: MIT */
/*
 * clock.h: the one clock of the suite, and naps.
 *
 * Idea.  A processor's counter where it is invariant and its measured rate
 *	  holds still, else clock_gettime(): a stamp then costs 10 ns, not 25.
 * Owns.  Every read of a clock, and every #ifdef an architecture needs for it.
 * Never. Corrects or smooths: a tick count is what the hardware said.
 */
#ifndef HARNESS_CLOCK_H
#define HARNESS_CLOCK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/**
 * struct clock - how to read time, and what reading it costs
 * @ns_per_tick:     ns in one tick; 1.0 without a counter
 * @is_tsc:          ticks are the processor's counter (TSC or CNTVCT)
 * @cost_ns:         ns one clock_now() takes
 * @ordered_cost_ns: ns one clock_now_ordered() takes
 * @why:             why not the counter, or ""
 *
 * What the hot loop reads comes first and lies in one cache line.
 */
struct clock {
	double ns_per_tick;
	bool is_tsc;
	double cost_ns;
	double ordered_cost_ns;
	char why[96];
};

#if defined(__x86_64__)
static inline uint64_t clock_counter(void)
{
	return __builtin_ia32_rdtsc();
}

/* mfence: earlier stores are visible.  lfence: earlier loads are done before
 * the read, and the read is done before anything later starts. */
static inline uint64_t clock_counter_ordered(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("mfence\n\tlfence\n\trdtsc\n\tlfence"
			 : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}
#elif defined(__aarch64__)
static inline uint64_t clock_counter(void)
{
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
}

/* dsb: earlier accesses are complete.  isb: the read is not done early, and
 * nothing later is done before it. */
static inline uint64_t clock_counter_ordered(void)
{
	uint64_t ticks;

	__asm__ volatile("dsb sy\n\tisb\n\tmrs %0, cntvct_el0\n\tisb"
			 : "=r"(ticks)::"memory");
	return ticks;
}
#else
#define CLOCK_NO_COUNTER 1
static inline uint64_t clock_counter(void)
{
	return 0;
}

static inline uint64_t clock_counter_ordered(void)
{
	return 0;
}
#endif

static inline uint64_t clock_kernel_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/**
 * clock_init() - choose the clock, measure its rate and its cost
 * @ret: the clock; valid in every thread of every process of this boot
 *
 * Takes about 50 ms.  The counter is chosen when the processor calls it
 * invariant and two measurements of 20 ms against CLOCK_MONOTONIC_RAW agree
 * within 1e-3; else ns of CLOCK_MONOTONIC, and @ret->why says why.
 *
 * Return: 0; -errno when the kernel's clock cannot be read.
 */
int clock_init(struct clock *ret);

/**
 * clock_decide() - whether the counter may be used
 * @invariant: the processor says the rate does not change
 * @first:     ticks per ns, first measurement
 * @second:    ticks per ns, second measurement
 * @ret:       rate, choice and reason; costs are left alone
 *
 * The judgement of clock_init(), apart so that it can be tested.
 */
void clock_decide(bool invariant, double first, double second,
		  struct clock *ret);

/**
 * clock_now() - a stamp that nothing waits for
 * @c: the clock
 *
 * For batches: the processor may move it some tens of instructions.
 *
 * Return: ticks.
 */
static inline uint64_t clock_now(const struct clock *c)
{
	if (c->is_tsc)
		return clock_counter();
	return clock_kernel_ns(CLOCK_MONOTONIC);
}

/**
 * clock_now_ordered() - a stamp that no memory access crosses
 * @c: the clock
 *
 * For single events.  Not for the loop: it costs twice a clock_now().
 *
 * Return: ticks.
 */
static inline uint64_t clock_now_ordered(const struct clock *c)
{
	uint64_t ticks;

	if (c->is_tsc)
		return clock_counter_ordered();
	/* The call itself is fenced against neither side on every kernel. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	ticks = clock_kernel_ns(CLOCK_MONOTONIC);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return ticks;
}

/**
 * clock_ns() - a span of ticks in ns
 * @c:     the clock
 * @ticks: a difference of two stamps
 *
 * Return: ns.
 */
static inline double clock_ns(const struct clock *c, uint64_t ticks)
{
	return (double)ticks * c->ns_per_tick;
}

/**
 * clock_ticks() - a span of ns in ticks, to the nearest
 * @c:  the clock
 * @ns: at least 0
 *
 * Return: ticks.
 */
static inline uint64_t clock_ticks(const struct clock *c, double ns)
{
	return (uint64_t)(ns / c->ns_per_tick + 0.5);
}

/**
 * clock_json() - the clock as a record's block
 * @c: the clock
 *
 * Return: a new object {source, ns_per_tick, cost_ns, ordered_cost_ns, why};
 * why is null when the counter is used.  NULL without memory.
 */
json_t *clock_json(const struct clock *c);

/**
 * clock_nap() - sleep, off the hot path
 * @ns: how long; signals do not shorten it
 */
void clock_nap(uint64_t ns);

/**
 * clock_thread_cpu_ns() - CPU time of the calling thread
 *
 * Return: ns, user and kernel.
 */
uint64_t clock_thread_cpu_ns(void);

#endif
