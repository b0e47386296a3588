/* SPDX-License-Identifier: MIT */
/*
 * stage.h: sets the scene of a cell, and clears it.
 *
 * Idea.  The only place where schemes and harness meet: the scheme's domain,
 * handles and tables, the loaded modules behind them, one slot per thread, and
 * the caller's half of a remove().
 * Never. Runs in a timed loop: readers call the scheme's loops directly.
 */
#ifndef STAGE_H
#define STAGE_H

#include <stdatomic.h>

#include "bench/cell.h"
#include "harness/clock.h"
#include "harness/module.h"
#include "harness/order.h"
#include "harness/topology.h"
#include "schemes/scheme.h"

#define STAGE_WHY_BYTES 160

/**
 * struct loaded - one loaded copy of the driver module
 * @driver: its exported symbol
 */
struct loaded {
	struct module module;
	const struct driver *driver;
};

/**
 * struct pool - copies loaded once a process, outside every window
 * @path:   of the built module
 * @copies: [n]
 */
struct pool {
	const char *path;
	struct loaded *copies;
	size_t n;
};

/** loaded_open() - load one copy; 0, or -errno and why */
int loaded_open(const char *path, struct loaded *ret,
		char why[STAGE_WHY_BYTES]);

/** pool_reserve() - at least @n copies; 0, or -errno and why */
int pool_reserve(struct pool *pool, size_t n, char why[STAGE_WHY_BYTES]);

/** pool_close() - unmap every copy, proven; 0, or the first -errno */
int pool_close(struct pool *pool);

/**
 * struct stage_shape - what a stage is set for
 * @topology: CPUs and nodes
 * @clock:    stamps of unloads
 * @cell:     scheme, parameters, table, modules, tables, CPUs
 * @n_slots:  threads that will attach
 * @seed:     orders the keys each reader walks
 */
struct stage_shape {
	const struct topology *topology;
	const struct clock *clock;
	const struct cell *cell;
	size_t n_slots;
	uint64_t seed;
};

/**
 * struct act - the incarnation a module has just now
 * @copy: which loaded copy; NULL: unloaded
 * @next: which of its copies comes next
 */
struct act {
	const struct loaded *copy;
	size_t next;
};

struct stage {
	struct stage_shape shape;
	const struct scheme_ops *ops;
	const struct reader_ops *readers;
	struct domain dom;
	struct pool *pool;
	char *handles; /* [modules], handle_bytes apart */
	size_t handle_bytes;
	char *slots; /* [n_slots], slot_bytes apart */
	size_t slot_bytes;
	uint32_t *keys; /* [n_slots][key_mask + 1] */
	uint32_t key_mask;
	uint32_t *reg; /* [modules][tables] */
	size_t percpu_bytes;
	unsigned int *all_cpus;
	struct act *acts; /* [modules] */
	bool rcu;	  /* threads register with liburcu */
	bool inited;
};

/**
 * stage_open() - build it and insert every module
 * @pool: where modules come from; grows as needed
 * @why:  the reason on failure
 * Return: 0; -errno.
 */
int stage_open(const struct stage_shape *shape, struct pool *pool,
	       struct stage *ret, char why[STAGE_WHY_BYTES]);

/** stage_close() - after every thread has detached */
void stage_close(struct stage *s);

/** stage_attach(), stage_detach() - on thread @i's own thread; 0 or -errno */
int stage_attach(struct stage *s, size_t i);
void stage_detach(struct stage *s, size_t i);

/** stage_slot(), stage_handle(), stage_keys() - thread @i's, module @m's */
void *stage_slot(const struct stage *s, size_t i);
struct handle *stage_handle(const struct stage *s, size_t m);
const uint32_t *stage_keys(const struct stage *s, size_t i);

/** stage_stamp() - what a live module @m's data holds at generation @gen */
uint64_t stage_stamp(size_t m, uint32_t gen);

/**
 * stage_insert() - bring module @m in
 * @copy: the loaded copy to use; NULL: the next of its own
 * Return: 0; the scheme's -errno.
 */
int stage_insert(struct stage *s, size_t m, const struct loaded *copy);

/**
 * struct attempt - one remove(), as it was
 * @unload:    what the scheme sees
 * @at:        stamps in ticks, 0: the scheme does not have that phase
 * @exit0:     the driver's exit, ticks
 * @exit1:     ditto
 * @returned:  remove() was over, ticks: what its caller waits
 * @freeable:  a grace period later, ticks; 0: none was asked for
 * @retries:   failed attempts within a waiting remove
 * @give_up:   ticks after which a waiting remove is cancelled
 * @cancel:    cancels it too; NULL: nothing does
 * @unstamped: take no stamps: their fences would hide one that is missing
 */
struct attempt {
	struct unload unload;
	struct stage *stage;
	size_t module;
	uint64_t at[N_PHASES];
	uint64_t exit0, exit1;
	uint64_t returned;
	uint64_t freeable;
	uint64_t retries;
	uint64_t give_up;
	const atomic_bool *cancel;
	bool unstamped;
};

/**
 * stage_remove() - one remove() of module @m
 * @a: give_up, cancel and unstamped are the caller's, the rest is written
 * Return: the scheme's.
 */
int stage_remove(struct stage *s, size_t m, enum remove_mode mode,
		 struct attempt *a);

/**
 * stage_balance() - whether every get had its put
 * @why: what is out of balance
 *
 * With no reader left: each module's data is its own and, where the scheme
 * unloads, a try succeeds at once.  Modules come back in.
 * Return: 0; -EUCLEAN.
 */
int stage_balance(struct stage *s, char why[STAGE_WHY_BYTES]);

#endif
