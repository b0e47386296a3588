/* SPDX-License-Identifier: MIT */
/*
 * team_worker.c: what a team's threads do.
 *
 * Idea.  A reader runs its load and looks at the clock after each batch; a task
 * waits for T0 and is called once.
 * Never. Tells the parent anything between T0 and T1: to wake it would take a
 * CPU away from a reader.
 */
#include "harness/team_worker.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

/* What the thread used so far; read just outside the stamps, untimed. */
struct usage {
	struct switches switches;
	struct perf_counts counts;
};

static void open_usage(struct worker *w, struct usage *before)
{
	switches_read(&before->switches);
	if (w->counts_events)
		perf_enable(&w->perf);
}

static void close_usage(struct worker *w, const struct usage *before,
			struct team_part *part)
{
	struct usage after;

	if (w->counts_events && !perf_disable(&w->perf) &&
	    !perf_read(&w->perf, &after.counts)) {
		part->counts = after.counts;
		part->has_counts = true;
	}
	switches_read(&after.switches);
	part->used = switches_since(&before->switches, &after.switches);
}

/* Relaxed: it is noticed soon, and nothing is read because of it. */
static bool window_is_off(struct team *team)
{
	return atomic_load_explicit(&team->over, memory_order_relaxed);
}

/* Relaxed: it only says how long the load is still wanted. */
static void pass(struct team *team)
{
	atomic_fetch_add_explicit(&team->passed, 1, memory_order_relaxed);
}

static bool all_passed(struct team *team)
{
	return atomic_load_explicit(&team->passed, memory_order_relaxed) >=
	       team->window.n_roles;
}

static void arrive(struct team *team)
{
	pthread_mutex_lock(&team->lock);
	team->arrived++;
	pthread_cond_signal(&team->told);
	pthread_mutex_unlock(&team->lock);
}

/* Runs the load until every role has passed its end. */
static void run_reader(struct worker *w, const struct team_role *role)
{
	struct team *team = w->team;
	const struct clock *clock = team->clock;
	struct pace pace = { .state = PACE_WARM };
	struct usage before = { 0 };
	struct team_count count = role->batch(role->arg);

	arrive(team);
	while (pace.state != PACE_OUT || !all_passed(team)) {
		struct team_count more = role->batch(role->arg);
		uint64_t t0, t1, now;

		count.done += more.done;
		count.refused += more.refused;
		t0 = atomic_load_explicit(&team->t0, memory_order_relaxed);
		t1 = atomic_load_explicit(&team->t1, memory_order_relaxed);
		now = clock_now(clock);
		if (pace.state == PACE_WARM) {
			/* Relaxed: a figure, read now and then. */
			atomic_store_explicit(&w->progress,
					      count.done + count.refused,
					      memory_order_relaxed);
			if (window_is_off(team))
				return;
			if (now >= t0) {
				open_usage(w, &before);
				now = clock_now(clock);
			}
		}
		if (pace_step(&pace, now, count, t0, t1) &&
		    pace.state == PACE_OUT) {
			w->part = pace.part;
			close_usage(w, &before, &w->part);
			pass(team);
		}
	}
}

/* Sleeps up to T0: a task may share its CPU with a reader. */
static void run_task(struct worker *w, const struct team_role *role)
{
	struct team *team = w->team;
	uint64_t t0;

	arrive(team);
	for (;;) {
		if (window_is_off(team))
			return;
		t0 = atomic_load_explicit(&team->t0,
					  memory_order_acquire /* B */);
		if (clock_now(team->clock) >= t0)
			break;
		clock_nap(TEAM_POLL_NS);
	}
	role->task(role->arg, t0,
		   atomic_load_explicit(&team->t1, memory_order_relaxed));
	/* Relaxed: the window's end, to readers a value like any other. */
	atomic_store_explicit(&team->t1, clock_now(team->clock),
			      memory_order_relaxed);
	pass(team);
}

static int pin_to(unsigned int cpu)
{
	size_t bytes = CPU_ALLOC_SIZE(cpu + 1);
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	int err = 0;

	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(bytes, set);
	CPU_SET_S(cpu, bytes, set);
	if (sched_setaffinity(0, bytes, set))
		err = -errno;
	CPU_FREE(set);
	return err;
}

static void call_off(struct team *team)
{
	pthread_mutex_lock(&team->lock);
	/* Relaxed: readers act on it whenever they see it. */
	atomic_store_explicit(&team->over, true, memory_order_relaxed);
	pthread_cond_signal(&team->told);
	pthread_mutex_unlock(&team->lock);
}

static void work(struct worker *w, const struct team_role *role)
{
	memset(&w->part, 0, sizeof(w->part));
	w->err = pin_to(role->cpu);
	if (!w->err && role->enter)
		w->err = role->enter(role->arg);
	if (w->err) {
		call_off(w->team);
		return;
	}
	if (role->batch)
		run_reader(w, role);
	else
		run_task(w, role);
	if (role->leave)
		role->leave(role->arg);
}

static bool has_job(const struct worker *w)
{
	return w->team->job != w->job_seen &&
	       w->index < w->team->window.n_roles;
}

void *team_worker_main(void *worker)
{
	struct worker *w = worker;
	struct team *team = w->team;
	char why[PERF_WHY_BYTES] = "";

	/* Software events are extra: without them the reason is kept. */
	w->counts_events = !perf_open(&w->perf, why);
	pthread_mutex_lock(&team->lock);
	if (!w->counts_events)
		memcpy(team->perf_why, why, sizeof(why));
	for (;;) {
		team->busy--;
		pthread_cond_signal(&team->told);
		while (!team->ending && !has_job(w))
			pthread_cond_wait(&team->wake, &team->lock);
		if (team->ending)
			break;
		w->job_seen = team->job;
		pthread_mutex_unlock(&team->lock);
		work(w, &team->window.roles[w->index]);
		pthread_mutex_lock(&team->lock);
	}
	pthread_mutex_unlock(&team->lock);
	if (w->counts_events)
		perf_close(&w->perf);
	return NULL;
}
