/* SPDX-License-Identifier: MIT */
/*
 * team.c: the parent's half of a team; the threads' is team_worker.c.
 *
 * Idea.  Start a job, wait until all are at it, let it warm up, publish T0 and
 * T1, sleep until all are idle again.
 * Never. Wakes up inside a window: where all CPUs are measured that would take
 * one away from a reader.
 */
#include "harness/team_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/steady.h"

#define START_NS     10e9 /* for threads to start */
#define LEAD_NS	     2e6  /* T0 lies this far ahead */
#define WARM_STEP_NS 2000000
#define WARM_STEPS   5

static bool all_arrived(const struct team *team)
{
	return team->arrived >= team->window.n_roles ||
	       atomic_load_explicit(&team->over, memory_order_relaxed);
}

static bool all_idle(const struct team *team)
{
	return !team->busy;
}

/* Sleeps until @reached, or @timeout_ns have gone; false then. */
static bool wait_until(struct team *team, bool (*reached)(const struct team *),
		       double timeout_ns)
{
	uint64_t end_ns =
		clock_kernel_ns(CLOCK_MONOTONIC) + (uint64_t)timeout_ns;
	struct timespec end = { .tv_sec = (time_t)(end_ns / 1000000000u),
				.tv_nsec = (long)(end_ns % 1000000000u) };
	bool met;
	int err = 0;

	pthread_mutex_lock(&team->lock);
	while (!reached(team) && !err)
		err = pthread_cond_timedwait(&team->told, &team->lock, &end);
	met = reached(team);
	pthread_mutex_unlock(&team->lock);
	return met;
}

static void init_locks(struct team *team)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&team->lock, NULL);
	pthread_cond_init(&team->wake, NULL);
	pthread_cond_init(&team->told, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

int team_create(size_t size, const struct clock *clock, struct team **ret)
{
	struct team *team = aligned_alloc(TEAM_LINE, sizeof(*team));
	int err = 0;

	if (!team)
		return -ENOMEM;
	memset(team, 0, sizeof(*team));
	team->clock = clock;
	init_locks(team);
	team->workers = aligned_alloc(TEAM_LINE, size * sizeof(struct worker));
	if (!team->workers)
		err = -ENOMEM;
	else
		memset(team->workers, 0, size * sizeof(struct worker));
	team->busy = size;
	while (!err && team->size < size) {
		struct worker *w = &team->workers[team->size];

		w->team = team;
		w->index = team->size;
		err = -pthread_create(&w->thread, NULL, team_worker_main, w);
		team->size += !err;
	}
	/* Whether there are software events is known once all are idle. */
	if (!err && !wait_until(team, all_idle, START_NS))
		err = -ETIMEDOUT;
	if (err) {
		team_destroy(team);
		return err;
	}
	*ret = team;
	return 0;
}

void team_destroy(struct team *team)
{
	if (!team)
		return;
	pthread_mutex_lock(&team->lock);
	team->ending = true;
	pthread_cond_broadcast(&team->wake);
	pthread_mutex_unlock(&team->lock);
	for (size_t i = 0; i < team->size; i++)
		pthread_join(team->workers[i].thread, NULL);
	pthread_cond_destroy(&team->told);
	pthread_cond_destroy(&team->wake);
	pthread_mutex_destroy(&team->lock);
	free(team->workers);
	free(team);
}

const char *team_perf_why(const struct team *team)
{
	return team->perf_why;
}

/* Relaxed: the lock's release publishes all of it with the job. */
static void start_job(struct team *team, const struct team_window *window)
{
	pthread_mutex_lock(&team->lock);
	for (size_t i = 0; i < window->n_roles; i++)
		atomic_store_explicit(&team->workers[i].progress, 0,
				      memory_order_relaxed);
	atomic_store_explicit(&team->t0, UNPUBLISHED, memory_order_relaxed);
	atomic_store_explicit(&team->t1, UNPUBLISHED, memory_order_relaxed);
	atomic_store_explicit(&team->passed, 0, memory_order_relaxed);
	atomic_store_explicit(&team->over, false, memory_order_relaxed);
	team->arrived = 0;
	team->busy = window->n_roles;
	team->window = *window;
	team->job++;
	pthread_cond_broadcast(&team->wake);
	pthread_mutex_unlock(&team->lock);
}

static double total_progress(struct team *team)
{
	double sum = 0;

	for (size_t i = 0; i < team->window.n_roles; i++)
		sum += (double)atomic_load_explicit(&team->workers[i].progress,
						    memory_order_relaxed);
	return sum;
}

/* Lets the load run until its rate shows no trend. */
static void warm_up(struct team *team, struct team_report *report)
{
	double max_ns = team->window.warmup_max_ns;
	double rates[WARM_STEPS] = { 0 }, done = 0;
	uint64_t start = clock_kernel_ns(CLOCK_MONOTONIC), last = start, now;
	size_t n = 0;

	do {
		double progress;

		clock_nap(WARM_STEP_NS);
		now = clock_kernel_ns(CLOCK_MONOTONIC);
		progress = total_progress(team);
		memmove(rates, rates + 1, sizeof(rates) - sizeof(*rates));
		rates[WARM_STEPS - 1] =
			(progress - done) / (double)(now - last);
		done = progress;
		last = now;
		report->warmup_ns = (double)(now - start);
		if (++n > WARM_STEPS && steady_rates(rates, WARM_STEPS))
			return;
	} while (report->warmup_ns < max_ns);
	report->warmup_capped = true;
}

double team_overlap(const struct team_part *parts, size_t n)
{
	uint64_t max_t0 = 0, min_t0 = UINT64_MAX, max_t1 = 0;
	uint64_t min_t1 = UINT64_MAX;

	for (size_t i = 0; i < n; i++) {
		if (!parts[i].t1)
			continue;
		max_t0 = parts[i].t0 > max_t0 ? parts[i].t0 : max_t0;
		min_t0 = parts[i].t0 < min_t0 ? parts[i].t0 : min_t0;
		max_t1 = parts[i].t1 > max_t1 ? parts[i].t1 : max_t1;
		min_t1 = parts[i].t1 < min_t1 ? parts[i].t1 : min_t1;
	}
	if (max_t1 <= min_t0)
		return 0;
	return (double)(int64_t)(min_t1 - max_t0) / (double)(max_t1 - min_t0);
}

static int first_error(struct team *team)
{
	for (size_t i = 0; i < team->window.n_roles; i++)
		if (team->workers[i].err)
			return team->workers[i].err;
	return 0;
}

static void publish_window(struct team *team, struct team_report *report)
{
	uint64_t t0 =
		clock_now(team->clock) + clock_ticks(team->clock, LEAD_NS);
	uint64_t t1 = t0 + clock_ticks(team->clock, team->window.length_ns);

	report->t0 = t0;
	atomic_store_explicit(&team->t1, t1, memory_order_relaxed);
	atomic_store_explicit(&team->t0, t0, memory_order_release /* A */);
}

int team_run(struct team *team, const struct team_window *window,
	     struct team_part *ret_parts, struct team_report *ret_report)
{
	struct team_report report = { 0 };

	if (window->n_roles < 1 || window->n_roles > team->size)
		return -EINVAL;
	start_job(team, window);
	if (!wait_until(team, all_arrived, window->grace_ns))
		return -ETIMEDOUT;
	/* Relaxed, here and below: set before the lock was last released. */
	if (!atomic_load_explicit(&team->over, memory_order_relaxed)) {
		warm_up(team, &report);
		publish_window(team, &report);
	}
	if (!wait_until(team, all_idle,
			LEAD_NS + window->length_ns + window->grace_ns))
		return -ETIMEDOUT;
	if (first_error(team))
		return first_error(team);
	report.t1 = atomic_load_explicit(&team->t1, memory_order_relaxed);
	for (size_t i = 0; i < window->n_roles; i++)
		ret_parts[i] = team->workers[i].part;
	report.overlap = team_overlap(ret_parts, window->n_roles);
	*ret_report = report;
	return 0;
}
