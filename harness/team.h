/* SPDX-License-Identifier: MIT */
/*
 * team.h: pinned threads, and windows in which all of them work at once.
 *
 * Idea.  Every reader runs the load before the window opens and keeps it on
 * until the last one has passed its end.  The parent publishes T0 and T1 on one
 * clock, a few ms ahead; each reader stamps time and count at its first batch
 * boundary at or after each.  A thread's rate is its own count by its own time,
 * so that a late stamp shortens nothing.
 * Owns.  The harness's threads.  Made once a process; asleep between windows.
 * Never. A lock or a write shared between readers while a window is open, and
 * never a number of operations that was planned instead of counted.
 */
#ifndef HARNESS_TEAM_H
#define HARNESS_TEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/clock.h"
#include "harness/perf.h"

#define TEAM_LINE 128

struct team;

/* What a batch did: operations done, and operations that were refused. */
struct team_count {
	uint64_t done;
	uint64_t refused;
};

/**
 * struct team_role - what one thread does in a window
 * @cpu:   OS id it is pinned to
 * @enter: on the thread, before its first batch; 0 or -errno; may be NULL
 * @leave: on the thread, after the window, if its own @enter had succeeded; may
 *         be NULL
 * @batch: one batch of the load; returns what it did.  NULL: a task
 * @task:  instead of batches: called once at T0, ends the window by returning;
 *         readers keep the load on until then, counted only up to T1; at
 *         most one role has one
 * @arg:   given to all of them
 */
struct team_role {
	unsigned int cpu;
	int (*enter)(void *arg);
	void (*leave)(void *arg);
	struct team_count (*batch)(void *arg);
	void (*task)(void *arg, uint64_t t0, uint64_t t1);
	void *arg;
};

/**
 * struct team_part - what one thread did in a window
 * @t0, @t1:     its own stamps, ticks
 * @count:       operations between them
 * @longest_gap: longest time between two batch boundaries, ticks
 * @used:        CPU time and switches between the stamps
 * @has_counts:  whether @counts is there; team_perf_why() says why not
 * @counts:      software events between the stamps
 */
struct team_part {
	uint64_t t0, t1;
	struct team_count count;
	uint64_t longest_gap;
	struct switches used;
	bool has_counts;
	struct perf_counts counts;
};

/**
 * struct team_window - one window, as planned
 * @roles:         [n_roles]
 * @n_roles:       1..team's size
 * @length_ns:     T1 - T0; with a task the most it may take
 * @warmup_max_ns: the load is warm when it is steady, or after this long
 * @grace_ns:      how long until the window counts as hung: past T1, and from
 *                 the start until the last role has begun
 */
struct team_window {
	const struct team_role *roles;
	size_t n_roles;
	double length_ns;
	double warmup_max_ns;
	double grace_ns;
};

/**
 * struct team_report - one window, as it was
 * @t0, @t1:       as published, ticks; with a task T1 is its end
 * @overlap:       (min t1 - max t0) / (max t1 - min t0) of the readers; signed
 * @warmup_ns:     what warming took
 * @warmup_capped: it never became steady
 */
struct team_report {
	uint64_t t0, t1;
	double overlap;
	double warmup_ns;
	bool warmup_capped;
};

/**
 * team_create() - make @size threads
 * @size:  1 or more
 * @clock: kept by pointer
 * Return: 0; -errno.
 */
int team_create(size_t size, const struct clock *clock, struct team **ret);

/** team_destroy() - end and join the threads; NULL is fine */
void team_destroy(struct team *team);

/**
 * team_run() - one window
 * @ret_parts:  [n_roles], a task's own part is all zero
 * @ret_report: the window as a whole
 *
 * Sleeps meanwhile, and does not wake up between T0 and T1.
 * Return: 0; an enter()'s -errno; -ETIMEDOUT when a thread hangs, after which
 * the team can only be abandoned with its process.
 */
int team_run(struct team *team, const struct team_window *window,
	     struct team_part *ret_parts, struct team_report *ret_report);

/**
 * team_overlap() - how much of the window all readers shared
 * @parts: [n]; parts with t1 == 0 are left out
 * Return: 1 for a perfect window, negative when they never met.
 */
double team_overlap(const struct team_part *parts, size_t n);

/** team_perf_why() - why some thread has no software events; "" if all have */
const char *team_perf_why(const struct team *team);

enum pace_state {
	PACE_WARM, /* before T0 */
	PACE_IN,   /* stamped T0 */
	PACE_OUT,  /* stamped T1 */
};

/**
 * struct pace - where a reader is in a window; pure, so that a test can drive
 * it with a clock of its own
 */
struct pace {
	enum pace_state state;
	uint64_t last;
	struct team_count at_t0;
	struct team_part part;
};

/**
 * pace_step() - a batch boundary
 * @now: ticks;  @count: operations so far;  @t0, @t1: as published
 * Return: true when this very boundary entered a new state.
 */
static inline bool pace_step(struct pace *p, uint64_t now,
			     struct team_count count, uint64_t t0, uint64_t t1)
{
	uint64_t gap = now - p->last;

	p->last = now;
	if (p->state == PACE_WARM) {
		if (now < t0)
			return false;
		p->state = PACE_IN;
		p->part.t0 = now;
		p->at_t0 = count;
		return true;
	}
	if (p->state == PACE_OUT)
		return false;
	if (gap > p->part.longest_gap)
		p->part.longest_gap = gap;
	if (now < t1)
		return false;
	p->state = PACE_OUT;
	p->part.t1 = now;
	p->part.count.done = count.done - p->at_t0.done;
	p->part.count.refused = count.refused - p->at_t0.refused;
	return true;
}

#endif
