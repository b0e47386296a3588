/* SPDX-License-Identifier: MIT */
/*
 * runfile.h: a run's record while it grows: docs/RESULT-FORMAT.md.
 */
#ifndef RUNFILE_H
#define RUNFILE_H

#include "bench/plan.h"
#include "harness/clock.h"

/* Bumped when the layout changes; when numbers stop being comparable. */
#define RUN_SCHEMA 1
#define RUN_METHOD 1

/**
 * runfile_begin() - the record of a run that has not measured yet
 * @argv: the command line from the subcommand on, [argc]
 */
json_t *runfile_begin(const struct plan *plan, const struct topology *t,
		      const struct clock *clock, int argc, char **argv);

/** runfile_warn() - one more warning; level "info", "warn" or "bad" */
void runfile_warn(json_t *run, const char *level, const char *key,
		  const char *text);

/**
 * runfile_add() - an answer of a worker
 * @place: the cell's place in the round's order
 * Return: 0; -EPROTO when the answer is none.
 */
int runfile_add(json_t *run, const struct plan *plan, size_t round,
		size_t place, const json_t *answer);

/** runfile_failed() - a cell that gave no row, and why */
void runfile_failed(json_t *run, const struct plan *plan, size_t round,
		    size_t cell, const char *why);

/** runfile_n_failed() - how many cells gave no row */
size_t runfile_n_failed(const json_t *run);

/**
 * runfile_end() - what stands at the end: summary, machine afterwards
 * @partial: not all rounds were run
 */
void runfile_end(json_t *run, const struct topology *t,
		 const struct clock *clock, bool partial);

#endif
