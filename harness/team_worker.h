/* SPDX-License-Identifier: MIT */
/*
 * team_worker.h: what the two halves of a team share; not for users.
 *
 * Idea.  team.c is the parent's half, team_worker.c is the threads'.
 *
 * Ordering.
 *   A  the release of T0  pairs with  B  the task's acquire: who sees T0 sees
 *      the T1 that goes with it
 * Jobs, arrivals and results go through team->lock.  To a reader T0 and T1 are
 * values on a clock and order nothing: relaxed.  A T1 that it sees late is
 * UNPUBLISHED, which is far ahead, and is read again after the next batch.
 */
#ifndef HARNESS_TEAM_WORKER_H
#define HARNESS_TEAM_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "harness/team.h"

#define UNPUBLISHED  UINT64_MAX
#define TEAM_POLL_NS 100000

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
	_Alignas(TEAM_LINE) atomic_size_t passed; /* T1, of all roles */
	_Alignas(TEAM_LINE) atomic_bool over;	  /* no window will come */
	const struct clock *clock;
	/* A copy: a thread without a role may wake when the caller's is gone.
	 */
	struct team_window window;
	size_t size;
	struct worker *workers;

	/* All below under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* to threads: a job, or the end */
	pthread_cond_t told; /* to the parent: arrived, over or idle */
	unsigned int job;
	bool ending;
	size_t arrived;
	size_t busy;
	char perf_why[PERF_WHY_BYTES];
};

/**
 * team_worker_main() - a thread's life: its part of each job until the end
 * @worker: struct worker
 * Return: NULL.
 */
void *team_worker_main(void *worker);

#endif
