/* SPDX-License-Identifier: MIT */
/*
 * machine.h: what the numbers were taken on, and what speaks against them.
 *
 * Idea.  A flat block of facts; a table of judgements over it; a comparison of
 *	  two blocks, taken before and after a run.
 * Owns.  Nothing.
 * Never. Changes a setting; gives a zero for what cannot be known.
 */
#ifndef HARNESS_MACHINE_H
#define HARNESS_MACHINE_H

#include "harness/clock.h"
#include "harness/topology.h"

#include <jansson.h>

/**
 * machine_json() - the machine as a record's block
 * @t: the topology, or NULL
 * @c: the clock, or NULL
 *
 * Takes some milliseconds and may start gzip to read the kernel's
 * configuration, so call it outside any window.
 *
 * Return: a new object.  What is unknown is null, with the reason under the
 * same key of the object `why`.  NULL without memory.
 */
json_t *machine_json(const struct topology *t, const struct clock *c);

/**
 * machine_json_below() - machine_json() of files below another root
 * @root: "" for the machine itself; a made-up tree in tests
 * @t:    the topology, or NULL
 * @c:    the clock, or NULL
 *
 * What comes from system calls (limits, page size, rseq, membarrier) is of
 * this process all the same.
 *
 * Return: as machine_json().
 */
json_t *machine_json_below(const char *root, const struct topology *t,
			   const struct clock *c);

/**
 * machine_judge() - what about a machine makes its numbers doubtful
 * @machine: what machine_json() gave, or read back from a record
 *
 * Return: a new array of {level, key, text}; level is "info", "warn" or
 * "bad", key names the fact.  NULL without memory.
 */
json_t *machine_judge(json_t *machine);

/**
 * machine_changes() - what changed during a run
 * @before: machine_json() from before it
 * @after:  machine_json() from after it
 * @ret:    an object; gets `changed` {key: {before, after}}, `load_1m`
 *          {before, after}, `steal_share` (of the run's CPU time) and
 *          `throttle_count` (of the run), and `why` for what is null
 */
void machine_changes(json_t *before, json_t *after, json_t *ret);

#endif
