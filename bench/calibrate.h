/* SPDX-License-Identifier: MIT */
/*
 * calibrate.h: what a plan fixes once, so that all cells share it.
 *
 * Idea.  One number of look-ups per batch for all schemes of a comparison: the
 * floor takes some microseconds, at least a hundred stamps, and the slowest
 * scheme takes a small share of the window, or its stamps would be late.  Look-up
 * and ref are comparisons of their own.
 */
#ifndef CALIBRATE_H
#define CALIBRATE_H

#include "bench/workloads/workload.h"

/**
 * calibrate_batch() - look-ups per batch
 * @floor_ns:   one look-up of the floor
 * @slowest_ns: one look-up of the slowest scheme
 * @stamp_ns:   one clock stamp
 * @window_ns:  the window's length
 *
 * 5 us of the floor; less if the slowest scheme would take over half a percent
 * of the window; but 100 stamps of the floor, as far as that keeps the slowest
 * within one percent.  At least one.  Pure.
 */
uint64_t calibrate_batch(double floor_ns, double slowest_ns, double stamp_ns,
			 double window_ns);

/**
 * calibrate() - measure what the plan needs
 * @request: "jobs": reader cells, one for each way to read, "window_ns"
 *
 * On the worker's main thread.
 * Return: {"spins_per_ns", "batches": [{"workload", "hold_ns", "think_ns",
 * "batch_ops", "floor_ns", "slowest_ns", "stamp_share"}], "linearity": [{"name", "ratio"}], "problems"}.
 */
json_t *calibrate(struct site *site, const json_t *request);

#endif
