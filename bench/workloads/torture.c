/* SPDX-License-Identifier: MIT */
/*
 * torture.c: the cast of a bout, and how it ends.
 *
 * Idea.  Readers get, look, hold, duplicate, hand over and put; one unloader
 * removes, poisons or unmaps, and inserts.  More threads than CPUs, on CPUs
 * that change, so that each is preempted anywhere.
 */
#include "bench/workloads/torture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/paths.h"
#include "bench/workloads/torture_cast.h"
#include "schemes/prim/delay.h"

#define MOST_CPUS 8u
#define GRACE_NS  30e9
/* Now and then longer than an unload and its unmapping: both fit in. */
#define LONG_DELAY_NS 1000000u

const char *breach_text(enum breach breach)
{
	static const char *const texts[N_BREACHES] = {
		[BREACH_NONE] = "nothing",
		[BREACH_POISONED] = "a holder saw poisoned driver data",
		[BREACH_STALE] = "a holder saw another incarnation's data",
		[BREACH_UNMAPPED] = "an unmapped module was used",
		[BREACH_HELD] = "an unload succeeded while a reader held",
		[BREACH_SPURIOUS] = "a get was refused, but no unload came",
		[BREACH_BALANCE] = "gets and puts do not balance",
		[BREACH_ERROR] = "remove or insert failed",
		[BREACH_CRASH] = "crash",
		[BREACH_HANG] = "no progress",
	};

	return texts[breach];
}

void torture_note(struct board *board, enum breach breach, const char *detail)
{
	int none = BREACH_NONE;

	if (!atomic_compare_exchange_strong(&board->breach, &none, (int)breach))
		return;
	board->at_ns = clock_kernel_ns(CLOCK_MONOTONIC) - board->started_ns;
	snprintf(board->detail, sizeof(board->detail), "%s", detail);
}

/*
 * The signal handler and the delay hook have no argument to find the bout by:
 * this process runs one bout and then ends.
 */
static struct {
	struct cast *cast;
} child;

/* Names the module whose old range the address lies in. */
static void on_fault(int signal, siginfo_t *info, void *context)
{
	struct board *board = child.cast->board;
	uintptr_t at = (uintptr_t)info->si_addr;
	enum breach breach = BREACH_CRASH;

	(void)context;
	for (size_t i = 0; i < child.cast->n_gone; i++) {
		const struct module *m = &child.cast->gone[i];

		if (at >= m->start && at < m->start + m->bytes)
			breach = BREACH_UNMAPPED;
	}
	/* The kernel gives no address where there can be none. */
	if (signal == SIGSEGV)
		torture_note(board, breach,
			     info->si_code == SI_KERNEL
				     ? "SIGSEGV, a wild pointer was followed"
				     : "SIGSEGV");
	else
		torture_note(board, breach, "SIGBUS or SIGILL");
	_exit(3);
}

static void watch_faults(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL };
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO };

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
}

/* A thread's own dice for delays: the hook gets none. */
static uint32_t roll(void)
{
	static _Thread_local uint32_t state;

	if (!state)
		state = (uint32_t)(uintptr_t)&state | 1u;
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void spin_a_little(uint32_t spins)
{
	while (spins--)
		__asm__ volatile("" ::: "memory");
}

/* Stops one passer in sixteen; never sleeps where a FIFO thread may pass. */
static void on_delay(enum delay_point point)
{
	uint32_t dice = roll();

	if (dice % 16)
		return;
	/* Relaxed: a statistic. */
	atomic_fetch_add_explicit(&child.cast->board->delays[point], 1,
				  memory_order_relaxed);
	if (point == DELAY_IN_STOP || point == DELAY_QUEUE_STOP)
		spin_a_little(dice >> 20);
	else if (dice & 16)
		spin_a_little(dice >> 16);
	else if (dice & 32)
		sched_yield();
	else if ((dice >> 6) % 16)
		clock_nap((uint64_t)1000 * (1 + (dice >> 10) % 100));
	else
		clock_nap((uint64_t)LONG_DELAY_NS * (1 + (dice >> 10) % 8));
}

/* Zeroed, and aligned as the padded structs want it. */
static void *make_array(size_t n, size_t bytes)
{
	size_t all = (n * bytes + TEAM_LINE - 1) / TEAM_LINE * TEAM_LINE;
	void *p = aligned_alloc(TEAM_LINE, all);

	return p ? memset(p, 0, all) : NULL;
}

static int make_cast(struct cast *c, const struct bout *bout,
		     struct board *board, struct cell *cell)
{
	size_t n = cell->n_cpus * 2;

	c->board = board;
	c->bout = bout;
	c->readers = make_array(n, sizeof(*c->readers));
	c->boxes = make_array(n, sizeof(*c->boxes));
	c->roles = make_array(n + 1, sizeof(*c->roles));
	c->parts = make_array(n + 1, sizeof(*c->parts));
	c->gone = make_array(MOST_GONE, sizeof(*c->gone));
	if (!c->readers || !c->boxes || !c->roles || !c->parts || !c->gone)
		return -ENOMEM;
	c->n_readers = n;
	cast_make_roles(c, cell);
	return 0;
}

static int set_scene(struct site *site, const struct bout *bout,
		     struct cell *cell, struct cast *c,
		     char why[STAGE_WHY_BYTES])
{
	struct stage_shape shape = {
		.topology = site->topology,
		.clock = &site->clock,
		.cell = cell,
		.n_slots = cell->n_cpus * 2 + 1,
		.seed = bout->seed,
	};
	int err = stage_open(&shape, &site->pool, &c->stage, why);

	if (err)
		return err;
	if (!bout->unmap)
		return 0;
	for (size_t m = 0; !err && m < cell->modules; m++)
		err = cast_bring_own_copy(c, m, why);
	return err;
}

static void play(struct site *site, struct cast *c)
{
	char why[STAGE_WHY_BYTES] = "";
	struct team_window window = {
		.roles = c->roles,
		.n_roles = c->n_readers + 1,
		.length_ns = c->bout->ns,
		.grace_ns = GRACE_NS,
	};
	struct team_report report;
	int err = team_run(site->team, &window, c->parts, &report);

	if (err)
		torture_note(c->board,
			     err == -ETIMEDOUT ? BREACH_HANG : BREACH_ERROR,
			     strerror(-err));
	if (atomic_load(&c->board->breach))
		return;
	cast_empty_boxes(c);
	if (stage_balance(&c->stage, why))
		torture_note(c->board, BREACH_BALANCE, why);
}

int torture_bout(const struct bout *bout, struct board *board,
		 char why[STAGE_WHY_BYTES])
{
	struct site site = { .spins_per_ns = 1 };
	struct cast *c = make_array(1, sizeof(*c));
	struct cell cell = {
		.ops = bout->ops,
		.params = bout->params,
		.workload = WORKLOAD_STORM,
		.table = bout->table,
		.modules = 2,
		.tables = 2,
		.oversubscribe = 2,
		.aa = 1,
	};
	char path[PATH_MAX];
	unsigned int *cpus;
	int err = c ? paths_find("drivers", "driver.so", path) : -ENOMEM;

	snprintf(why, STAGE_WHY_BYTES, "cannot find the driver module");
	site.pool.path = path;
	if (!err)
		err = topology_load(&site.topology);
	if (err)
		return err;
	cpus = calloc(topology_n_cpus(site.topology), sizeof(*cpus));
	err = cpus ? topology_order(site.topology, "cores", cpus, &cell.n_cpus)
		   : -ENOMEM;
	cell.cpu_ids = cpus;
	if (cell.n_cpus > MOST_CPUS)
		cell.n_cpus = MOST_CPUS;
	if (!err)
		err = clock_init(&site.clock);
	if (!err)
		err = team_create(cell.n_cpus * 2 + 1, &site.clock, &site.team);
	if (!err)
		err = make_cast(c, bout, board, &cell);
	child.cast = c;
	if (!err)
		err = set_scene(&site, bout, &cell, c, why);
	if (err)
		return err;
	watch_faults();
	delay_set_hook(bout->delayed ? on_delay : NULL);
	play(&site, c);
	/* The process ends here: what it holds goes with it. */
	return 0;
}
