/* SPDX-License-Identifier: MIT */
/*
 * options.h: what the user asked `unloadbench run` for.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "bench/cell.h"

#define MAX_AXIS     32
#define MAX_VARIANTS 64

/* A scheme with one setting of its parameters. */
struct contender {
	const struct scheme_ops *ops;
	struct params params;
};

/**
 * struct options - the command line, and the named plan behind it
 * @plan:       "quick", "default", "publish" or "custom"
 * @contenders: [n_contenders], as named; variants of a scheme side by side
 * @workloads:  by enum workload
 * @counts:     [n_counts], ascending; text until the topology is known
 * @tables:     by enum table_kind
 * @modes:      by enum remove_mode; modes_given: also for storm
 * @filter:     POSIX extended regular expression on cell names; NULL: all
 * @out:        directory; NULL: results/HOST-UTC
 */
struct options {
	const char *plan;
	struct contender contenders[MAX_VARIANTS];
	size_t n_contenders;
	bool workloads[N_WORKLOADS];
	const char *cpus;
	const char *order;
	unsigned long rounds;
	double window_ns;
	double holds_ns[MAX_AXIS];
	size_t n_holds;
	double thinks_ns[MAX_AXIS];
	size_t n_thinks;
	bool tables[3];
	bool modes[2];
	bool modes_given;
	unsigned long modules;
	unsigned long n_tables;
	unsigned long unloads;
	unsigned long oversubscribe;
	struct grace grace;
	unsigned long seed;
	const char *filter;
	const char *out;
	bool dry_run;
	bool strict;
	bool json;
};

/**
 * options_parse() - argv of `run`
 *
 * Bad usage ends the process with status 2 and at most two lines.
 */
void options_parse(int argc, char **argv, struct options *ret);

/**
 * options_schemes() - --schemes and every --param
 * @o:       its contenders are written
 * @schemes: "A,B" or "all"
 * @params:  "SCHEME.NAME=VALUE,VALUE", [n_params], in the order given
 *
 * Bad usage ends the process with status 2 and one line.
 */
void options_schemes(struct options *o, const char *schemes,
		     const char *const *params, size_t n_params);

#endif
