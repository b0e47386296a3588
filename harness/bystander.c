/* SPDX-License-Identifier: MIT */
/*
 * bystander.c: the child process behind bystander.h.
 *
 * Ordering.
 *   A  the child's release of n_gaps  pairs with  B  the parent's acquire:
 *      a gap that is counted is written
 *   C  the parent's release of a wish  pairs with  D  the child's acquire:
 *      who is to record begins with no gaps
 *   E  the child's release of what it does  pairs with  F  the parent's
 * acquire: who sleeps has written its last gap
 */
#include "harness/bystander.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_GAPS 65536
#define NAP_NS	 200000

enum wish {
	WISH_SLEEP,
	WISH_RECORD,
};

struct gap {
	uint64_t end, length; /* ticks */
};

/* Shared with the child. */
struct board {
	_Atomic int wish;
	_Atomic int doing;
	atomic_size_t n_gaps;
	struct gap gaps[MAX_GAPS];
};

struct bystander {
	pid_t pid;
	struct board *board;
};

static void keep(struct board *board, uint64_t now, uint64_t length)
{
	/* Relaxed: the child alone writes it while it records. */
	size_t n = atomic_load_explicit(&board->n_gaps, memory_order_relaxed);

	if (n < MAX_GAPS)
		board->gaps[n] = (struct gap){ now, length };
	if (n <= MAX_GAPS)
		atomic_store_explicit(&board->n_gaps, n + 1,
				      memory_order_release /* A */);
}

static void announce(struct board *board, enum wish doing)
{
	atomic_store_explicit(&board->doing, doing,
			      memory_order_release /* E */);
}

static void record(struct board *board, const struct clock *clock)
{
	uint64_t floor = clock_ticks(clock, BYSTANDER_FLOOR_NS);
	uint64_t last = clock_now(clock);
	bool wanted;

	/* Only now: a gap that begins once this is seen is kept. */
	announce(board, WISH_RECORD);
	/* The wish is read before the clock: a gap that outlasts the wish is
	 * still kept.  Relaxed: it is noticed soon, and orders nothing here. */
	do {
		uint64_t now;

		wanted = atomic_load_explicit(&board->wish,
					      memory_order_relaxed) ==
			 WISH_RECORD;
		now = clock_now(clock);
		if (now - last >= floor)
			keep(board, now, now - last);
		last = now;
	} while (wanted);
}

static int pin_to(unsigned int cpu)
{
	size_t bytes = CPU_ALLOC_SIZE(cpu + 1);
	cpu_set_t *set = CPU_ALLOC(cpu + 1);

	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(bytes, set);
	CPU_SET_S(cpu, bytes, set);
	return sched_setaffinity(0, bytes, set) ? -errno : 0;
}

static _Noreturn void child_main(struct board *board, const struct clock *clock,
				 unsigned int cpu, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A parent that died before that call sends no signal. */
	if (getppid() != parent || pin_to(cpu))
		_exit(1);
	for (;;) {
		if (atomic_load_explicit(&board->wish,
					 memory_order_acquire /* D */) ==
		    WISH_RECORD) {
			record(board, clock);
		} else {
			announce(board, WISH_SLEEP);
			clock_nap(NAP_NS);
		}
	}
}

int bystander_start(unsigned int cpu, const struct clock *clock,
		    struct bystander **ret)
{
	struct bystander *b = calloc(1, sizeof(*b));
	pid_t parent = getpid();
	int err;

	if (!b)
		return -ENOMEM;
	b->board = mmap(NULL, sizeof(*b->board), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b->board == MAP_FAILED) {
		err = -errno;
		free(b);
		return err;
	}
	b->pid = fork();
	if (!b->pid)
		child_main(b->board, clock, cpu, parent);
	if (b->pid < 0) {
		err = -errno;
		munmap(b->board, sizeof(*b->board));
		free(b);
		return err;
	}
	*ret = b;
	return 0;
}

void bystander_stop(struct bystander *b)
{
	if (!b)
		return;
	kill(b->pid, SIGKILL);
	while (waitpid(b->pid, NULL, 0) < 0 && errno == EINTR)
		;
	munmap(b->board, sizeof(*b->board));
	free(b);
}

static bool has_died(const struct bystander *b)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, (id_t)b->pid, &info,
		       WEXITED | WNOHANG | WNOWAIT) &&
	       info.si_pid;
}

static int wish_for(struct bystander *b, int wish)
{
	uint64_t start = clock_kernel_ns(CLOCK_MONOTONIC);

	atomic_store_explicit(&b->board->wish, wish,
			      memory_order_release /* C */);
	while (atomic_load_explicit(&b->board->doing,
				    memory_order_acquire /* F */) != wish) {
		if (has_died(b))
			return -ESRCH;
		if (clock_kernel_ns(CLOCK_MONOTONIC) - start > 1000000000u)
			return -ETIMEDOUT;
		clock_nap(NAP_NS);
	}
	/* What the dead did last may be what is wished for now. */
	return has_died(b) ? -ESRCH : 0;
}

int bystander_open(struct bystander *b)
{
	/* Relaxed: the wish publishes it. */
	atomic_store_explicit(&b->board->n_gaps, 0, memory_order_relaxed);
	return wish_for(b, WISH_RECORD);
}

int bystander_close(struct bystander *b)
{
	return wish_for(b, WISH_SLEEP);
}

static size_t n_kept(const struct bystander *b)
{
	size_t n = atomic_load_explicit(&b->board->n_gaps,
					memory_order_acquire /* B */);

	return n < MAX_GAPS ? n : MAX_GAPS;
}

/* The first gap that ends after @from; they end in order of time. */
static size_t first_after(const struct bystander *b, uint64_t from)
{
	size_t low = 0, high = n_kept(b);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->board->gaps[middle].end > from)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint64_t bystander_longest_gap(const struct bystander *b, uint64_t from,
			       uint64_t to)
{
	size_t n = n_kept(b);
	uint64_t longest = 0;

	for (size_t i = first_after(b, from); i < n; i++) {
		const struct gap *gap = &b->board->gaps[i];

		if (gap->end - gap->length >= to)
			break;
		if (gap->length > longest)
			longest = gap->length;
	}
	return longest;
}

bool bystander_overflowed(const struct bystander *b)
{
	/* Relaxed: only the number. */
	return atomic_load_explicit(&b->board->n_gaps, memory_order_relaxed) >
	       MAX_GAPS;
}
