/* SPDX-License-Identifier: MIT */
/*
 * actors.h: loads for the tests of team.
 *
 * Idea.  Every role is an actor, whose load notes when it was called; threads
 * share CPUs where there are not enough.
 */
#ifndef TEST_ACTORS_H
#define TEST_ACTORS_H

#include <sched.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/team.h"

#define SIZE   8
#define MS     1000000.
#define SECOND 1000000000.

static struct clock the_clock;
static struct team *team;

struct actor {
	uint64_t entered, last_call, ended; /* ticks */
	uint64_t longest;		    /* between two calls, ticks */
	uint64_t nap_ns;		    /* of enter, batch or task */
	int enter_err;
	unsigned int n_batches, n_tasks, n_left;
	uint64_t task_t0, task_t1;
};

static inline unsigned int some_cpu(size_t i)
{
	unsigned int cpus[CPU_SETSIZE];
	size_t n = 0;
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[n++] = cpu;
	return cpus[i % n];
}

static inline int enter(void *arg)
{
	struct actor *a = arg;

	a->entered = clock_now(&the_clock);
	return a->enter_err;
}

static inline int enter_late(void *arg)
{
	struct actor *a = arg;

	clock_nap(a->nap_ns);
	return enter(arg);
}

static inline void leave(void *arg)
{
	struct actor *a = arg;

	a->n_left++;
}

/* Two refused for each that is done. */
static inline struct team_count quick(void *arg)
{
	struct actor *a = arg;

	a->n_batches++;
	a->last_call = clock_now(&the_clock);
	for (volatile int i = 0; i < 500; i++)
		;
	return (struct team_count){ 10, 20 };
}

struct play {
	struct actor actors[SIZE];
	struct team_role roles[SIZE];
	struct team_window window;
	struct team_part parts[SIZE];
	struct team_report report;
};

/* @n quick readers. */
static inline struct play play_of(size_t n, double length_ns)
{
	struct play p = { 0 };

	for (size_t i = 0; i < n; i++) {
		p.roles[i].cpu = some_cpu(i);
		p.roles[i].enter = enter;
		p.roles[i].leave = leave;
		p.roles[i].batch = quick;
	}
	p.window.n_roles = n;
	p.window.length_ns = length_ns;
	p.window.warmup_max_ns = 20 * MS;
	p.window.grace_ns = 20 * SECOND;
	return p;
}

static inline int run_in(struct team *some, struct play *p)
{
	for (size_t i = 0; i < SIZE; i++)
		p->roles[i].arg = &p->actors[i];
	p->window.roles = p->roles;
	return team_run(some, &p->window, p->parts, &p->report);
}

static inline int make_clock(void **state)
{
	(void)state;
	return clock_init(&the_clock);
}

static inline int make_team(void **state)
{
	int err = make_clock(state);

	return err ? err : team_create(SIZE, &the_clock, &team);
}

static inline int end_team(void **state)
{
	(void)state;
	team_destroy(team);
	team_destroy(NULL);
	return 0;
}

#endif
