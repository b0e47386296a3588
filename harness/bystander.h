/* SPDX-License-Identifier: MIT */
/*
 * bystander.h: a process that has nothing to do with the module, and notices
 * when it is interrupted.
 *
 * Idea.  Pinned to a CPU outside the measured set it reads the clock over and
 * over; two readings far apart are a gap.  Its address space is its own, so
 * that what reaches it is what reaches any other program of the machine.
 * Owns.  The child process and the memory shared with it.
 */
#ifndef HARNESS_BYSTANDER_H
#define HARNESS_BYSTANDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/clock.h"

struct bystander;

/**
 * bystander_start() - fork it, pinned to @cpu, asleep until opened
 * @cpu:   OS id; if it cannot be pinned there bystander_open() fails
 * @clock: the parent's; its ticks are what gaps are counted in
 *
 * It dies with the calling thread.  Return: 0; -errno.
 */
int bystander_start(unsigned int cpu, const struct clock *clock,
		    struct bystander **ret);

/** bystander_stop() - end the process; NULL is fine */
void bystander_stop(struct bystander *b);

/**
 * bystander_open() - forget old gaps, begin to record
 * Return: 0 once it runs; -ESRCH when it has died; -ETIMEDOUT when it does not
 * run within a second.
 */
int bystander_open(struct bystander *b);

/**
 * bystander_close() - stop recording; gaps stay until the next open
 * Return: 0; -ESRCH when it has died, and -ETIMEDOUT when it does not answer
 * within a second: then that there was no gap means nothing.
 */
int bystander_close(struct bystander *b);

/**
 * bystander_longest_gap() - longest gap that touches an interval
 * @from, @to: ticks
 *
 * While the bystander is closed.  Return: ticks, 0 if there was no gap beyond
 * BYSTANDER_FLOOR_NS.
 */
uint64_t bystander_longest_gap(const struct bystander *b, uint64_t from,
			       uint64_t to);

/** bystander_overflowed() - whether there were more gaps than it could keep */
bool bystander_overflowed(const struct bystander *b);

/* Shorter gaps are its own loop and are not kept. */
#define BYSTANDER_FLOOR_NS 500

#endif
