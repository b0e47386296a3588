/* SPDX-License-Identifier: MIT */
/*
 * torture_bouts.c: bouts of a quarter of a second, each in a child of its own,
 * which may crash, hang or be killed.
 */
#include "bench/torture_bouts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schemes/registry.h"

#define BOUT_NS	      0.25e9
#define CATCH_NS      20e9 /* a broken scheme must be caught within */
#define POLL_NS	      5000000u
#define HANG_NS	      10e9
#define START_HANG_NS 15e9
#define MOST_TURNS    64u /* without a bout: it cannot run here */
#define WHY_BYTES     STAGE_WHY_BYTES

bool bouts_must_fail(const struct scheme_ops *ops)
{
	return ops->caps & (CAP_BROKEN | CAP_NO_UNLOAD);
}

bool bouts_is_failure(const struct verdict *v)
{
	return !strcmp(v->word, "failed") || !strcmp(v->word, "missed");
}

static size_t n_choices(const struct param *param)
{
	size_t n = 0;

	while (param->choices && param->choices[n])
		n++;
	return n;
}

/* The @turn-th combination of all choices; numbers keep their defaults. */
static struct params params_in_turn(const struct scheme_ops *ops, size_t turn)
{
	struct params ret = registry_default_params(ops);

	for (size_t p = 0; ops->params && ops->params[p].name; p++) {
		size_t n = n_choices(&ops->params[p]);

		if (!n)
			continue;
		ret.value[p] = (long)(turn % n);
		turn /= n;
	}
	return ret;
}

void bouts_plan(const struct scheme_ops *plain, enum bouts_only only, size_t i,
		uint64_t seed, struct bout *ret)
{
	static const enum table_kind tables[] = { TABLE_NONE, TABLE_RCU,
						  TABLE_RWLOCK };
	struct rng rng = { .state = rng_derive(seed, i) };
	bool delayed = !(i & 1), unmap = i & 2;

	if (only != BOUTS_BOTH)
		unmap = only == BOUTS_UNMAPPED;
	*ret = (struct bout){
		.ops = delayed ? registry_find(SCHEMES_DELAYED, plain->name)
			       : plain,
		.delayed = delayed,
		.unmap = unmap,
		/* Three goes with four; choices must be shifted every four. */
		.table = tables[i % 3],
		.params = params_in_turn(plain, i + i / 4),
		.ns = BOUT_NS,
		.seed = rng_next(&rng),
	};
}

/* How a child ends by itself; anything else is a sanitizer's doing. */
enum {
	CHILD_NOT_HELD = 2,
	CHILD_BREACH = 3,
};

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
		_exit(CHILD_NOT_HELD);
	}
	_exit(atomic_load(&board->breach) ? CHILD_BREACH : 0);
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
	for (size_t p = 0; p < N_DELAY_POINTS; p++)
		v->delays[p] += board->delays[p];
	v->bouts++;
}

/* What the way a child ended says. */
static void note_end(struct board *board, int status)
{
	char end[64];

	if (WIFSIGNALED(status))
		snprintf(end, sizeof(end), "SIG%s",
			 sigabbrev_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status) && WEXITSTATUS(status) != CHILD_NOT_HELD)
		snprintf(end, sizeof(end),
			 "exit status %d, a sanitizer's report",
			 WEXITSTATUS(status));
	else
		return;
	torture_note(board, BREACH_CRASH, end);
}

/* 0: clean; 1: a breach, described in v->seen; -1: it could not be held. */
static int hold_bout(const struct bout *bout, struct verdict *v)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int status, breach;

	if (board == MAP_FAILED)
		return -1;
	board->started_ns = clock_kernel_ns(CLOCK_MONOTONIC);
	fflush(NULL);
	pid = fork();
	if (!pid)
		bout_child(bout, board);
	status = pid < 0 ? CHILD_NOT_HELD << 8 : watch_child(pid, board);
	note_end(board, status);
	breach = atomic_load(&board->breach);
	add_up(v, board);
	if (breach)
		snprintf(v->seen, sizeof(v->seen),
			 "%s (%.120s; %s build, %s, table %s)",
			 breach_text((enum breach)breach), board->detail,
			 bout->delayed ? "delayed" : "plain",
			 bout->unmap ? "unmapped" : "poisoned",
			 table_words[bout->table]);
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

static const char *verdict_word(const struct scheme_ops *ops,
				const struct verdict *v, int result)
{
	if (result < 0)
		return "failed";
	if (!v->bouts)
		return "skipped";
	if (result)
		return bouts_must_fail(ops) ? "caught" : "failed";
	return bouts_must_fail(ops) ? "missed" : "clean";
}

void bouts_hold(const struct scheme_ops *plain, enum bouts_only only,
		unsigned long seconds, uint64_t seed, struct verdict *ret)
{
	uint64_t start = clock_kernel_ns(CLOCK_MONOTONIC);
	double limit =
		bouts_must_fail(plain) ? CATCH_NS : (double)seconds * 1e9;
	struct verdict v = { 0 };
	char why[WHY_BYTES] = "";
	int result = 0;

	for (size_t i = 0; !result && v.seconds * 1e9 < limit; i++) {
		struct bout bout;

		bouts_plan(plain, only, i, seed, &bout);
		if (runs_here(&bout, why, sizeof(why)))
			result = hold_bout(&bout, &v);
		else if (!v.bouts && i >= MOST_TURNS)
			break;
		v.seconds = (double)(clock_kernel_ns(CLOCK_MONOTONIC) - start) *
			    1e-9;
	}
	if (!v.bouts)
		snprintf(v.seen, sizeof(v.seen), "%s", why);
	v.word = verdict_word(plain, &v, result);
	*ret = v;
}
