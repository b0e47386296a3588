/* SPDX-License-Identifier: MIT */
/*
 * selfbench.c: how fast the suite's own parts are, as ratios within one run.
 *
 * Idea.  Each line sets one side against another, measured in turn in every
 * round, and gives the median of the rounds' ratios with its exact interval,
 * beside the bound we set ourselves.  It measures; it does not judge a build.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/cli.h"
#include "bench/paths.h"
#include "bench/selfbench/sides.h"
#include "bench/session.h"
#include "harness/stats.h"

#define MOST_ROUNDS 200

/* @at_most: the bound is an upper one; 0 bound: none, a control. */
struct line {
	struct side over, under;
	double bound;
	bool at_most;
};

#define LOOKUP(name, cpus)                                                     \
	{                                                                      \
		.what = name " look-up", .scheme = name,                       \
		.workload = WORKLOAD_LOOKUP, .n_cpus = cpus                    \
	}
#define REF(name, cpus)                                                        \
	{                                                                      \
		.what = name " get+put", .scheme = name,                       \
		.workload = WORKLOAD_REF, .n_cpus = cpus                       \
	}
#define RWSEM(kind, cpus)                                                      \
	{                                                                      \
		.what = "module_rwsem " kind, .scheme = "module_rwsem",        \
		.param = "rwsem=" kind, .workload = WORKLOAD_LOOKUP,           \
		.n_cpus = cpus                                                 \
	}
#define UNLOAD(mechanism)                                                      \
	{                                                                      \
		.what = mechanism " unload", .scheme = "stop_machine",         \
		.param = "mechanism=" mechanism, .workload = WORKLOAD_UNLOAD,  \
		.mode = REMOVE_TRY, .n_cpus = 2, .figure = "p50_ns"            \
	}

static const struct line lines[] = {
	{ LOOKUP("none", 1), LOOKUP("none", 1), 0, true },
	{ LOOKUP("none", 1),
	  { .what = "loop by hand", .n_cpus = 1, .loop = hand_lookup },
	  0,
	  true },
	{ LOOKUP("stop_machine", 1), LOOKUP("none", 1), 1.25, true },
	{ LOOKUP("stop_machine", 2), LOOKUP("stop_machine", 1), 0, true },
	{ LOOKUP("none", 2), LOOKUP("none", 1), 0, true },
	{ REF("try_module_get", 1),
	  { .what = "lock inc + lock dec",
	    .n_cpus = 1,
	    .loop = hand_locked_pair },
	  1.15,
	  true },
	{ RWSEM("kernel", 1), RWSEM("pthread", 1), 1.0, true },
	{ RWSEM("kernel", 2), RWSEM("pthread", 2), 1.1, true },
	{ REF("stop_machine", 1), REF("try_module_get", 1), 0.12, true },
	{ LOOKUP("try_module_get", 2), LOOKUP("stop_machine", 2), 15, false },
	{ LOOKUP("module_rwsem", 2), LOOKUP("stop_machine", 2), 40, false },
	{ UNLOAD("membarrier"),
	  { .what = "bare membarrier",
	    .param = "mechanism=membarrier",
	    .n_cpus = 2,
	    .task = bare_membarrier },
	  1.15,
	  true },
	{ UNLOAD("stopper"),
	  { .what = "empty stop",
	    .param = "mechanism=membarrier",
	    .n_cpus = 2,
	    .task = empty_stop },
	  1.15,
	  true },
};

/* One line's rounds. */
struct series {
	double over[MOST_ROUNDS], under[MOST_ROUNDS], ipis[MOST_ROUNDS];
	size_t n;
	char why[STAGE_WHY_BYTES];
};

static void measure_line(struct bench *b, const struct line *line, bool swap,
			 struct series *s)
{
	char why[STAGE_WHY_BYTES] = "no figure";
	double over = NAN, under = NAN, ipis = NAN;

	for (int i = 0; i < 2; i++) {
		if ((i == 0) == swap) {
			under = side_measure(b, &line->under, why);
			continue;
		}
		over = side_measure(b, &line->over, why);
		ipis = json_number_value(json_object_get(b->last, "ipis_call"));
	}
	if (isnan(over) || isnan(under)) {
		memcpy(s->why, why, sizeof(why));
		return;
	}
	s->over[s->n] = over;
	s->under[s->n] = under;
	s->ipis[s->n++] = ipis;
}

static double middle(const double *x, size_t n)
{
	double copy[MOST_ROUNDS], median = NAN;

	memcpy(copy, x, n * sizeof(*x));
	stats_sort(copy, n);
	stats_median_value(copy, n, &median);
	return median;
}

static void print_line(const struct line *line, const struct series *s)
{
	double scratch[MOST_ROUNDS];
	struct interval ratio;
	char bound[32] = "-";

	if (line->bound > 0)
		snprintf(bound, sizeof(bound), "%s %g",
			 line->at_most ? "<=" : ">=", line->bound);
	printf("%-24s %zu CPU / %-22s %zu CPU  ", line->over.what,
	       line->over.n_cpus, line->under.what, line->under.n_cpus);
	if (!s->n ||
	    stats_paired_ratio(s->under, s->over, s->n, scratch, &ratio)) {
		printf("no interval: %s\n",
		       *s->why ? s->why : "needs 6 rounds");
		return;
	}
	printf("%8.2f / %8.2f ns  x%.3f [%.3f, %.3f]  %s\n",
	       middle(s->over, s->n), middle(s->under, s->n), ratio.value,
	       ratio.lo, ratio.hi, bound);
	if (line->under.task)
		printf("%26s function-call IPIs per unload: %.2f\n", "",
		       middle(s->ipis, s->n));
}

/* What a cell costs beside its warm-up and its window. */
static void print_cell_cost(struct bench *b)
{
	const struct side side = LOOKUP("none", 1);
	struct bench at = *b;
	double spent[MOST_ROUNDS], scratch;
	char why[STAGE_WHY_BYTES];

	at.orders.window_ns = 200e6;
	for (int i = 0; i < 9; i++) {
		uint64_t start = clock_kernel_ns(CLOCK_MONOTONIC);

		side_measure(&at, &side, why);
		scratch = (double)(clock_kernel_ns(CLOCK_MONOTONIC) - start);
		spent[i] = scratch - at.orders.window_ns -
			   json_number_value(
				   json_object_get(at.last, "warmup_ns"));
	}
	printf("a cell costs %.1f %% over its window of 200 ms, warm-up "
	       "apart\n",
	       100 * middle(spent, 9) / at.orders.window_ns);
	b->last = at.last;
	b->site = at.site;
}

static int open_bench(struct bench *b, char path[PATH_MAX])
{
	unsigned int *cpus;
	size_t n;
	int err = paths_find("drivers", "driver.so", path);

	b->site.pool.path = path;
	b->site.spins_per_ns = 1;
	if (!err)
		err = topology_load(&b->site.topology);
	if (err)
		return err;
	cpus = calloc(topology_n_cpus(b->site.topology), sizeof(*cpus));
	err = topology_order(b->site.topology, "cores", cpus, &n);
	b->cpus[0] = cpus[0];
	b->cpus[1] = cpus[n > 1];
	free(cpus);
	if (!err)
		err = clock_init(&b->site.clock);
	if (!err)
		err = team_create(3, &b->site.clock, &b->site.team);
	if (!err && !interrupts_open(NULL, &b->site.irqs, &b->site.irqs_why))
		b->site.irqs_why = NULL;
	b->orders = (struct orders){ .window_ns = 30e6,
				     .warmup_max_ns = 20e6,
				     .batch_ops = 1000,
				     .unloads = 200,
				     .cap_ns = 2e9,
				     .seed = (uint64_t)time(NULL) };
	return err;
}

static error_t parse_self(int key, char *arg, struct argp_state *state)
{
	unsigned long *rounds = state->input;

	if (key == ARGP_KEY_ARG)
		argp_error(state, "`%s` is not an option", arg);
	if (key != 'r')
		return ARGP_ERR_UNKNOWN;
	if (cli_number(arg, 1, MOST_ROUNDS, rounds))
		argp_error(state, "--rounds: `%s` is not 1..%d", arg,
			   MOST_ROUNDS);
	return 0;
}

/* In a session of its own, so that its share can be raised. */
static int measure_all(unsigned long rounds)
{
	static struct series series[sizeof(lines) / sizeof(*lines)];
	struct bench b = { 0 };
	char path[PATH_MAX];

	setsid();
	session_raise();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (open_bench(&b, path)) {
		fputs("selfbench: cannot set up\n", stderr);
		return EXIT_FAILED;
	}
	for (unsigned long r = 0; r < rounds; r++)
		for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
			measure_line(&b, &lines[i], (r + i) % 2, &series[i]);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		print_line(&lines[i], &series[i]);
	print_cell_cost(&b);
	print_stop_phases(&b);
	return fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
	static const struct argp_option self_options[] = {
		{ "rounds", 'r', "N", 0, "how often each side (15)", 0 }, { 0 }
	};
	static const struct argp argp = { self_options,
					  parse_self,
					  NULL,
					  "Measures the suite's own parts "
					  "against each other.",
					  NULL,
					  NULL,
					  NULL };
	unsigned long rounds = 15;
	pid_t pid;
	int status;

	cli_parse(&argp, argc, argv, &rounds);
	pid = fork();
	if (!pid)
		_exit(measure_all(rounds));
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return EXIT_FAILED;
	return WEXITSTATUS(status);
}
