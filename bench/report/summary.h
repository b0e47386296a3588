/* SPDX-License-Identifier: MIT */
/*
 * summary.h: what a run says, worked out once and kept in its file.
 *
 * Idea.  Rounds are the unit of replication: every figure is a median over
 * rounds with its exact interval, every comparison is paired by round. The
 * quantiles of unload latency pool the samples of all rounds; their intervals
 * are those of the rounds' own quantiles.
 * Owns.  The layout of `unloadbench.summary`.
 * Never. Reads files; does arithmetic that harness/stats has.
 *
 * Layout. FIGURE is {"value","lo","hi","n","confidence"}, where a null comes
 * with a "why".
 *   cells   [{"name", "rounds", "labels" (of the rows, each once),
 *             "metrics": {KEY OF A ROW: FIGURE, ...},
 *             "quantiles": {"n","censored","succeeded", "p50_ns": FIGURE, ...,
 *                           "max_ns": FIGURE, "curve": [[q, ns], ...]},
 *             "scaling": FIGURE + "from_cpus",   lookup, ref: times the
 *                                        throughput of the fewest CPUs
 *             "kept": FIGURE}]           storm: share of the look-ups/s of the
 *                                        lookup cell with as many readers
 *   groups  [{"name", "series" (name without the CPUs), "workload", "cpus",
 *             "table", "base" (cell name or null), "metric",
 *             "higher_is_better", "no_verdict" (why no word may be said of
 *             any member, or null), "aa": FIGURE or null, "floor", "floor_why",
 *             "members": [{"cell", "scheme", "own_table", "apart" (it ran among
 *                          the cells of another group), "ratio": FIGURE +
 *                          "verdict" (null: no word may be said)}]}]
 *   floors  [{"metric", "largest", "group", "groups"}]
 */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include <jansson.h>

/** Why nothing is called better or worse in a group with a floor from 100 % */
#define SUMMARY_TOO_NOISY "too noisy"

/**
 * summary_make() - work out the summary of a run
 * @run: a run file's content with rows and plan; read only
 *
 * Cells without rows stand in the summary with figures that are null.
 * Return: a new reference; NULL without memory.
 */
json_t *summary_make(const json_t *run);

#endif
