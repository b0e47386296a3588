/* SPDX-License-Identifier: MIT */
/*
 * team.c: the threads behind team.h.
 *
 * Ordering.
 *   A  a job's release under team->lock  pairs with  B  a worker's lock
 *   C  the last arrival's release        pairs with  D  the parent's acquire
 *   E  a part's release through `passed` pairs with  F  the parent's acquire
 * T0 and T1 are values on a clock and order nothing: relaxed.
 */
#include "harness/team.h"

#include "harness/steady.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LEAD_NS	     2e6 /* T0 lies this far ahead */
#define POLL_NS	     100000
#define WARM_STEP_NS 2000000
#define WARM_STEPS   5
#define UNPUBLISHED  UINT64_MAX

struct worker {
	_Alignas(TEAM_LINE) _Atomic uint64_t progress; /* while warming */
	_Alignas(TEAM_LINE) struct team *team;
	pthread_t thread;
	size_t index;
	unsigned int job_seen;
	int err;
	bool counts_events;
	struct perf perf;
	struct team_part part;
};

struct team {
	/* Read by all in a window, written only to plan and to end it. */
	_Alignas(TEAM_LINE) _Atomic uint64_t t0;
	_Atomic uint64_t t1;
	_Alignas(TEAM_LINE) atomic_size_t arrived;
	_Alignas(TEAM_LINE) atomic_size_t passed;
	_Alignas(TEAM_LINE) const struct clock *clock;
	const struct team_window *window;
	size_t n_readers;
	atomic_bool over; /* a role failed to enter: no window comes */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	unsigned int job;
	atomic_size_t busy;
	bool ending;
	char perf_why[PERF_WHY_BYTES];
	size_t size;
	struct worker *workers;
};

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

static bool window_is_off(struct team *team)
{
	return atomic_load_explicit(&team->over, memory_order_relaxed);
}

/* Runs the load until every reader has its second stamp. */
static void run_reader(struct worker *w, const struct team_role *role)
{
	struct team *team = w->team;
	const struct clock *clock = team->clock;
	struct pace pace = { .state = PACE_WARM };
	struct usage before = { 0 };
	struct team_count count = role->batch(role->arg);

	atomic_fetch_add_explicit(&team->arrived, 1,
				  memory_order_release /* C */);
	while (pace.state != PACE_OUT ||
	       atomic_load_explicit(&team->passed, memory_order_relaxed) <
		       team->n_readers) {
		struct team_count more = role->batch(role->arg);
		uint64_t t0, t1, now;

		count.done += more.done;
		count.refused += more.refused;
		t0 = atomic_load_explicit(&team->t0, memory_order_relaxed);
		t1 = atomic_load_explicit(&team->t1, memory_order_relaxed);
		now = clock_now(clock);
		if (pace.state == PACE_WARM) {
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
			atomic_fetch_add_explicit(&team->passed, 1,
						  memory_order_release /* E */);
		}
	}
}

/* Sleeps up to T0: a task may share its CPU with a reader. */
static void run_task(struct worker *w, const struct team_role *role)
{
	struct team *team = w->team;
	const struct clock *clock = team->clock;
	uint64_t t0, now;

	atomic_fetch_add_explicit(&team->arrived, 1,
				  memory_order_release /* C */);
	for (;;) {
		if (window_is_off(team))
			return;
		t0 = atomic_load_explicit(&team->t0, memory_order_relaxed);
		now = clock_now(clock);
		if (t0 != UNPUBLISHED && now >= t0)
			break;
		clock_nap(POLL_NS);
	}
	w->part.t0 = now;
	role->task(role->arg, t0,
		   atomic_load_explicit(&team->t1, memory_order_relaxed));
	w->part.t1 = clock_now(clock);
	atomic_store_explicit(&team->t1, w->part.t1, memory_order_relaxed);
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

static void work(struct worker *w, const struct team_role *role)
{
	memset(&w->part, 0, sizeof(w->part));
	w->err = pin_to(role->cpu);
	if (!w->err && role->enter)
		w->err = role->enter(role->arg);
	if (w->err) {
		atomic_store_explicit(&w->team->over, true,
				      memory_order_relaxed);
		return;
	}
	if (role->batch)
		run_reader(w, role);
	else
		run_task(w, role);
	if (role->leave)
		role->leave(role->arg);
}

/* Software events are extra: without them the reason is kept. */
static void open_events(struct worker *w)
{
	char why[PERF_WHY_BYTES];

	w->counts_events = !perf_open(&w->perf, why);
	if (w->counts_events)
		return;
	pthread_mutex_lock(&w->team->lock);
	memcpy(w->team->perf_why, why, sizeof(why));
	pthread_mutex_unlock(&w->team->lock);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct team *team = w->team;

	open_events(w);
	for (;;) {
		const struct team_window *window;

		pthread_mutex_lock(&team->lock); /* B */
		while (!team->ending && (team->job == w->job_seen ||
					 w->index >= team->window->n_roles)) {
			w->job_seen = team->job;
			pthread_cond_wait(&team->wake, &team->lock);
		}
		w->job_seen = team->job;
		window = team->window;
		if (team->ending) {
			pthread_mutex_unlock(&team->lock);
			if (w->counts_events)
				perf_close(&w->perf);
			return NULL;
		}
		pthread_mutex_unlock(&team->lock);
		work(w, &window->roles[w->index]);
		atomic_fetch_sub_explicit(&team->busy, 1,
					  memory_order_release /* E */);
	}
}

int team_create(size_t size, const struct clock *clock, struct team **ret)
{
	struct team *team = aligned_alloc(TEAM_LINE, sizeof(*team));
	int err = 0;

	if (!team)
		return -ENOMEM;
	memset(team, 0, sizeof(*team));
	team->clock = clock;
	pthread_mutex_init(&team->lock, NULL);
	pthread_cond_init(&team->wake, NULL);
	team->workers = aligned_alloc(TEAM_LINE, size * sizeof(struct worker));
	if (!team->workers)
		err = -ENOMEM;
	else
		memset(team->workers, 0, size * sizeof(struct worker));
	while (!err && team->size < size) {
		struct worker *w = &team->workers[team->size];

		w->team = team;
		w->index = team->size;
		err = -pthread_create(&w->thread, NULL, worker_main, w);
		team->size += !err;
	}
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
	pthread_cond_destroy(&team->wake);
	pthread_mutex_destroy(&team->lock);
	free(team->workers);
	free(team);
}

const char *team_perf_why(const struct team *team)
{
	return team->perf_why;
}

static void start_job(struct team *team, const struct team_window *window)
{
	team->n_readers = 0;
	for (size_t i = 0; i < window->n_roles; i++)
		team->n_readers += window->roles[i].batch != NULL;
	for (size_t i = 0; i < window->n_roles; i++)
		atomic_store_explicit(&team->workers[i].progress, 0,
				      memory_order_relaxed);
	atomic_store_explicit(&team->t0, UNPUBLISHED, memory_order_relaxed);
	atomic_store_explicit(&team->t1, UNPUBLISHED, memory_order_relaxed);
	atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
	atomic_store_explicit(&team->passed, 0, memory_order_relaxed);
	atomic_store_explicit(&team->over, false, memory_order_relaxed);
	atomic_store_explicit(&team->busy, window->n_roles,
			      memory_order_relaxed);
	pthread_mutex_lock(&team->lock);
	team->window = window;
	team->job++;
	pthread_cond_broadcast(&team->wake);
	pthread_mutex_unlock(&team->lock); /* A */
}

static bool all_arrived(struct team *team)
{
	return atomic_load_explicit(&team->arrived,
				    memory_order_acquire /* D */) >=
	       team->window->n_roles;
}

static bool all_done(struct team *team)
{
	return !atomic_load_explicit(&team->busy, memory_order_acquire /* F */);
}

/* Naps until @reached, or @timeout_ns have gone; false then. */
static bool nap_until(struct team *team, bool (*reached)(struct team *),
		      double timeout_ns)
{
	uint64_t start = clock_kernel_ns(CLOCK_MONOTONIC);

	while (!reached(team)) {
		if (atomic_load_explicit(&team->over, memory_order_relaxed) &&
		    reached != all_done)
			return true;
		if ((double)(clock_kernel_ns(CLOCK_MONOTONIC) - start) >
		    timeout_ns)
			return false;
		clock_nap(POLL_NS);
	}
	return true;
}

static double total_progress(struct team *team)
{
	double sum = 0;

	for (size_t i = 0; i < team->window->n_roles; i++)
		sum += (double)atomic_load_explicit(&team->workers[i].progress,
						    memory_order_relaxed);
	return sum;
}

/* Lets the load run until its rate shows no trend. */
static void warm_up(struct team *team, struct team_report *report)
{
	double max_ns = team->window->warmup_max_ns;
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
	return ((double)min_t1 - (double)max_t0) / (double)(max_t1 - min_t0);
}

static int first_error(struct team *team)
{
	for (size_t i = 0; i < team->window->n_roles; i++)
		if (team->workers[i].err)
			return team->workers[i].err;
	return 0;
}

static void publish_window(struct team *team, struct team_report *report)
{
	uint64_t t0 =
		clock_now(team->clock) + clock_ticks(team->clock, LEAD_NS);
	uint64_t t1 = t0 + clock_ticks(team->clock, team->window->length_ns);

	report->t0 = t0;
	/* T1 first: who sees T0 must not meet an unpublished T1 in its way. */
	atomic_store_explicit(&team->t1, t1, memory_order_relaxed);
	atomic_store_explicit(&team->t0, t0, memory_order_relaxed);
}

int team_run(struct team *team, const struct team_window *window,
	     struct team_part *ret_parts, struct team_report *ret_report)
{
	struct team_report report = { 0 };
	bool done;

	if (window->n_roles < 1 || window->n_roles > team->size)
		return -EINVAL;
	start_job(team, window);
	if (!nap_until(team, all_arrived, window->grace_ns))
		return -ETIMEDOUT;
	if (!atomic_load(&team->over)) {
		warm_up(team, &report);
		publish_window(team, &report);
	}
	done = nap_until(team, all_done,
			 LEAD_NS + window->length_ns + window->grace_ns);
	if (!done)
		return -ETIMEDOUT;
	if (first_error(team))
		return first_error(team);
	report.t1 = atomic_load(&team->t1);
	for (size_t i = 0; i < window->n_roles; i++)
		ret_parts[i] = team->workers[i].part;
	report.overlap = team_overlap(ret_parts, window->n_roles);
	*ret_report = report;
	return 0;
}
