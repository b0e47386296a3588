/* SPDX-License-Identifier: MIT */
/*
 * torture.c: `unloadbench torture`: every scheme must stand it, every broken
 * one must not.
 *
 * Idea.  Bouts of a second, each in a child of its own: plain and delayed
 * build, poison only and real unmapping, every table and parameter in turn.  A
 * control that survives means that torture is blunt, and fails it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/cli.h"
#include "bench/torture_record.h"
#include "bench/workloads/torture.h"
#include "harness/build.h"
#include "schemes/registry.h"

#define BOUT_NS	      1e9
#define CATCH_NS      20e9 /* a broken scheme must be caught within */
#define POLL_NS	      20000000u
#define HANG_NS	      10e9
#define START_HANG_NS 30e9
#define WHY_BYTES     STAGE_WHY_BYTES

struct torture_options {
	bool chosen[256]; /* by rank of the name */
	bool any_chosen;
	bool quick;
	bool if_needed;
	bool json;
	unsigned long seconds;
	unsigned long seed;
};

/**
 * struct verdict - what became of one scheme
 * @word: "clean", "caught", "missed", "failed" or "skipped"
 */
struct verdict {
	const char *word;
	char seen[256];
	double seconds;
	uint64_t gets, refused, unloads, spurious, bouts, delays;
};

static bool must_fail(const struct scheme_ops *ops)
{
	return ops->caps & (CAP_BROKEN | CAP_NO_UNLOAD);
}

/* The conditions of the @i-th bout: the first four are fixed, then dice. */
static void plan_bout(const struct scheme_ops *plain, size_t i, uint64_t seed,
		      struct bout *ret)
{
	struct rng rng = { .state = rng_derive(seed, i) };
	uint64_t dice = i < 4 ? i : rng_next(&rng);

	*ret = (struct bout){
		.delayed = !(dice & 1),
		.unmap = dice & 2,
		.table = i < 4 ? TABLE_NONE
			       : (enum table_kind)rng_below(&rng, 3),
		.params = registry_default_params(plain),
		.ns = BOUT_NS,
		.seed = rng_next(&rng),
	};
	ret->ops = ret->delayed ? registry_find(SCHEMES_DELAYED, plain->name)
				: plain;
	for (size_t p = 0; plain->params && plain->params[p].name && i >= 4;
	     p++) {
		size_t n = 0;

		while (plain->params[p].choices && plain->params[p].choices[n])
			n++;
		if (n)
			ret->params.value[p] = (long)rng_below(&rng, n);
	}
}

/* FIFO threads must not outlive us, and a core file says nothing new. */
static void __attribute__((noreturn))
bout_child(const struct bout *bout, struct board *board)
{
	char why[WHY_BYTES] = "";
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	err = torture_bout(bout, board, why);
	if (err) {
		snprintf(board->detail, sizeof(board->detail), "%s: %s", why,
			 strerror(-err));
		_exit(2);
	}
	_exit(atomic_load(&board->breach) ? 3 : 0);
}

/* Gets and attempts have both gone on since the last look. */
struct progress {
	uint64_t gets, attempts;
	uint64_t gets_ns, attempts_ns;
};

static bool no_progress(const struct board *board, struct progress *p)
{
	uint64_t now = clock_kernel_ns(CLOCK_MONOTONIC);
	uint64_t gets = atomic_load(&board->gets);
	uint64_t attempts = atomic_load(&board->attempts);
	double limit = gets && attempts ? HANG_NS : START_HANG_NS;

	if (gets != p->gets || !p->gets_ns)
		p->gets_ns = now;
	if (attempts != p->attempts || !p->attempts_ns)
		p->attempts_ns = now;
	p->gets = gets;
	p->attempts = attempts;
	return (double)(now - p->gets_ns) > limit ||
	       (double)(now - p->attempts_ns) > limit;
}

/* Waits for a bout's child; ends it where it hangs. */
static int watch_child(pid_t pid, struct board *board)
{
	struct progress progress = { 0 };
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		clock_nap(POLL_NS);
		if (!no_progress(board, &progress))
			continue;
		torture_note(board, BREACH_HANG,
			     progress.attempts ? "gets or unloads stand still"
					       : "it never began");
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		break;
	}
	return status;
}

static void add_up(struct verdict *v, const struct board *board)
{
	v->gets += board->gets;
	v->refused += board->refused;
	v->unloads += board->unloads;
	v->spurious += board->spurious;
	v->delays += board->delays;
	v->bouts++;
}

/* 0: clean; 1: a breach, described in v->seen; -1: it could not be held. */
static int hold_bout(const struct bout *bout, struct verdict *v)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char crash[64];
	pid_t pid;
	int status, breach;

	if (board == MAP_FAILED)
		return -1;
	board->started_ns = clock_kernel_ns(CLOCK_MONOTONIC);
	fflush(NULL);
	pid = fork();
	if (!pid)
		bout_child(bout, board);
	status = pid < 0 ? 2 << 8 : watch_child(pid, board);
	if (WIFSIGNALED(status)) {
		snprintf(crash, sizeof(crash), "SIG%s",
			 sigabbrev_np(WTERMSIG(status)));
		torture_note(board, BREACH_CRASH, crash);
	}
	breach = atomic_load(&board->breach);
	add_up(v, board);
	if (breach)
		snprintf(v->seen, sizeof(v->seen), "%s (%.120s; %s build, %s)",
			 breach_text((enum breach)breach), board->detail,
			 bout->delayed ? "delayed" : "plain",
			 bout->unmap ? "unmapped" : "poisoned");
	else if (WEXITSTATUS(status))
		snprintf(v->seen, sizeof(v->seen), "bout not held: %.150s",
			 board->detail);
	munmap(board, sizeof(*board));
	return breach ? 1 : WEXITSTATUS(status) ? -1 : 0;
}

static bool runs_here(const struct bout *bout, char *why, size_t len)
{
	return !bout->ops->probe || !bout->ops->probe(&bout->params, why, len);
}

/* Bouts until the time is up, or the first breach. */
static void torture_scheme(const struct scheme_ops *ops,
			   const struct torture_options *o, struct verdict *v)
{
	uint64_t start = clock_kernel_ns(CLOCK_MONOTONIC);
	double limit = must_fail(ops) ? CATCH_NS : (double)o->seconds * 1e9;
	int result = 0;

	*v = (struct verdict){ .word = "clean" };
	for (size_t i = 0; !result && v->seconds * 1e9 < limit; i++) {
		struct bout bout;

		plan_bout(ops, i, o->seed, &bout);
		if (runs_here(&bout, v->seen, sizeof(v->seen)))
			result = hold_bout(&bout, v);
		else if (i == 0)
			break;
		v->seconds =
			(double)(clock_kernel_ns(CLOCK_MONOTONIC) - start) *
			1e-9;
	}
	if (result < 0)
		v->word = "failed";
	else if (!v->bouts)
		v->word = "skipped";
	else if (result)
		v->word = must_fail(ops) ? "caught" : "failed";
	else if (must_fail(ops))
		v->word = "missed";
}

static json_t *verdict_json(const struct scheme_ops *ops,
			    const struct verdict *v)
{
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:f, s:I, s:I, s:I, s:I, s:I, "
		"s:I}",
		"name", ops->name, "expected", must_fail(ops) ? "fail" : "pass",
		"verdict", v->word, "seen", v->seen, "seconds", v->seconds,
		"bouts", (json_int_t)v->bouts, "gets", (json_int_t)v->gets,
		"refused", (json_int_t)v->refused, "unloads",
		(json_int_t)v->unloads, "spurious", (json_int_t)v->spurious,
		"delays", (json_int_t)v->delays);
}

static bool is_failure(const struct verdict *v)
{
	return !strcmp(v->word, "failed") || !strcmp(v->word, "missed");
}

static void print_verdict(const struct scheme_ops *ops, const struct verdict *v)
{
	printf("%s%-24s %-7s %5.1f s %9llu gets %7llu unloads  %s\n",
	       is_failure(v) ? "!!! " : "    ", ops->name, v->word, v->seconds,
	       (unsigned long long)v->gets, (unsigned long long)v->unloads,
	       v->seen);
	fflush(stdout);
}

static int choose(const char *word, void *arg)
{
	struct torture_options *o = arg;
	bool all = !strcmp(word, "all"), broken = !strcmp(word, "broken");
	bool found = false;

	for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++) {
		const struct scheme_ops *ops = registry_at(SCHEMES_PLAIN, i);

		if (!(all || (broken && ops->caps & CAP_BROKEN) ||
		      !strcmp(word, ops->name)))
			continue;
		o->chosen[i] = found = true;
	}
	o->any_chosen |= found;
	return found ? 0 : -ENOENT;
}

static error_t parse_torture(int key, char *arg, struct argp_state *state)
{
	struct torture_options *o = state->input;

	switch (key) {
	case 's':
		if (cli_each(arg, choose, o))
			argp_error(state,
				   "--schemes: `%s`: no such scheme; see "
				   "`unloadbench list`",
				   arg);
		return 0;
	case 'a':
		return choose("all", o);
	case 'n':
		if (cli_number(arg, 1, 86400, &o->seconds))
			argp_error(state, "--seconds: `%s` is not 1..86400",
				   arg);
		return 0;
	case 'e':
		if (cli_number(arg, 0, INT64_MAX, &o->seed))
			argp_error(state, "--seed: `%s` is no number", arg);
		return 0;
	case 'q':
		return o->seconds = 2, 0;
	case 'i':
		return o->if_needed = true, 0;
	case 'j':
		return o->json = true, 0;
	case ARGP_KEY_ARG:
		argp_error(state, "`%s` is not an option", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool all_chosen(const struct torture_options *o)
{
	for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++)
		if (!o->chosen[i])
			return false;
	return true;
}

/* Only a torture of everything says something about the build. */
static void keep_record(const struct torture_options *o, json_t *record)
{
	int err = all_chosen(o) ? torture_record_write(record) : 0;

	if (err)
		fprintf(stderr,
			"unloadbench: torture's outcome cannot be kept: %s\n",
			strerror(-err));
}

static int torture_all(const struct torture_options *o)
{
	json_t *verdicts = json_array(), *record;
	char id[BUILD_ID_CHARS] = "";
	size_t failures = 0, held = 0;

	for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++) {
		const struct scheme_ops *ops = registry_at(SCHEMES_PLAIN, i);
		struct verdict v;

		if (!o->chosen[i])
			continue;
		torture_scheme(ops, o, &v);
		failures += is_failure(&v);
		held += strcmp(v.word, "skipped") != 0;
		if (!o->json)
			print_verdict(ops, &v);
		json_array_append_new(verdicts, verdict_json(ops, &v));
	}
	build_id(id);
	record = json_pack("{s:s, s:s, s:I, s:I, s:o}", "status",
			   failures ? "failed" : "passed", "build_id", id,
			   "seed", (json_int_t)o->seed, "seconds",
			   (json_int_t)o->seconds, "schemes", verdicts);
	if (o->json) {
		json_dumpf(record, stdout, JSON_INDENT(1));
		putchar('\n');
	} else {
		printf("torture: %s (seed %lu)\n",
		       failures ? "FAILURE" : "SUCCESS", o->seed);
	}
	keep_record(o, record);
	json_decref(record);
	if (!held)
		return EXIT_NOTHING;
	return failures ? EXIT_FAILED : EXIT_DONE;
}

static bool passed_before(void)
{
	json_t *record = torture_record_read();
	const char *status =
		json_string_value(json_object_get(record, "status"));
	bool passed = status && !strcmp(status, "passed");

	json_decref(record);
	return passed;
}

int cmd_torture(int argc, char **argv)
{
	static const struct argp_option torture_options[] = {
		{ "schemes", 's', "A,B", 0, "names, all, or broken", 0 },
		{ "all", 'a', NULL, 0, "every scheme, broken ones too", 0 },
		{ "seconds", 'n', "N", 0, "per sound scheme (4)", 0 },
		{ "quick", 'q', NULL, 0, "2 s per sound scheme", 0 },
		{ "if-needed", 'i', NULL, 0, "not if this build passed before",
		  0 },
		{ "seed", 'e', "N", 0, "of every random choice", 0 },
		{ "json", 'j', NULL, 0, "print JSON", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		torture_options,
		parse_torture,
		NULL,
		"Tries to break schemes.  Broken ones, and none, must be "
		"caught.",
		NULL,
		NULL,
		NULL
	};
	struct torture_options o = { .seconds = 4,
				     .seed = (unsigned long)time(NULL) };

	cli_parse(&argp, argc, argv, &o);
	if (!o.any_chosen)
		choose("all", &o);
	if (o.if_needed && passed_before()) {
		puts("torture: this build passed before");
		return EXIT_DONE;
	}
	return torture_all(&o);
}
