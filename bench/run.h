/* SPDX-License-Identifier: MIT */
/*
 * run.h: a run under way, shared by the files that make up `unloadbench run`.
 */
#ifndef RUN_H
#define RUN_H

#include <limits.h>

#include "bench/runfile.h"

#define RUN_LINE_BYTES 512

/**
 * struct run - a run under way
 * @batches:  look-ups per batch, by hold and think
 * @dir:      where the record goes
 * @round:    which round it is
 * @place:    where in the round's order the next answer stands
 * @troubled: a worker ended badly behind its last cell
 */
struct run {
	struct options options;
	struct topology *topology;
	struct clock clock;
	struct plan plan;
	json_t *record;
	json_t *batches;
	double spins_per_ns;
	char dir[PATH_MAX];
	size_t round;
	size_t place;
	uint64_t started_ns;
	bool troubled;
};

/** run_silence_ms() - how long a worker that is well may say nothing */
int run_silence_ms(const struct run *run);

/** run_job() - what a worker is told of the @cell-th cell; a new object */
json_t *run_job(const struct run *run, size_t cell);

/** run_request() - jobs and what they share; takes @jobs, a new object */
json_t *run_request(const struct run *run, json_t *jobs);

/**
 * run_calibrate() - let a worker find the batches, and put them on record
 * Return: 0; -EINTR; -errno.
 */
int run_calibrate(struct run *run);

/** run_check_drift() - the delays' unit again: did the clock rate drift? */
void run_check_drift(struct run *run);

#endif
