/* SPDX-License-Identifier: MIT */
/*
 * torture_cast.h: who takes part in a bout.
 */
#ifndef TORTURE_CAST_H
#define TORTURE_CAST_H

#include <pthread.h>

#include "bench/workloads/torture.h"

#define TORTURE_MODULES 2u
#define MOST_GONE	8192u

enum box_state {
	BOX_EMPTY,
	BOX_BUSY,
	BOX_FULL,
};

/* Where one reader leaves a reference for another to put. */
struct box {
	_Alignas(TEAM_LINE) _Atomic int state;
	struct ref ref;
};

/**
 * struct torturer - one reader
 * @holds: generation it holds of each module, 0: none; set after get, cleared
 *         before put, so that whoever sees it set knows that it is held
 */
struct torturer {
	_Alignas(TEAM_LINE) _Atomic uint32_t holds[TORTURE_MODULES];
	struct cast *cast;
	size_t slot;
	struct rng rng;
};

/**
 * struct scene - where a module stands, for those who were refused
 * @started: attempts to remove it that began
 * @ended:   ... that ended
 * @went:    ... that succeeded
 * @cancelled: waits that were
 * @came:    inserts that followed; as many as went: it is in, or an attempt
 *           that has not ended yet has just taken it out
 */
struct scene {
	_Alignas(TEAM_LINE) _Atomic uint64_t started;
	_Atomic uint64_t ended, went, came, cancelled;
};

struct cast {
	struct board *board;
	const struct bout *bout;
	struct stage stage;
	struct torturer *readers;
	struct box *boxes;
	struct team_role *roles;
	struct team_part *parts;
	size_t n_readers;
	struct scene scenes[TORTURE_MODULES];
	struct loaded own[TORTURE_MODULES];
	struct module *gone; /* ranges that were unmapped, [n_gone] */
	_Atomic size_t n_gone;
	pthread_mutex_t loader; /* nobody maps where another just unmapped */
	struct rng rng;
};

/** cast_make_roles() - readers on all CPUs of the cell, and the unloader */
void cast_make_roles(struct cast *c, const struct cell *cell);

/** cast_bring_own_copy() - module @m gets a copy that can be unmapped */
int cast_bring_own_copy(struct cast *c, size_t m, char why[STAGE_WHY_BYTES]);

/** cast_empty_boxes() - put what was handed over and never taken */
void cast_empty_boxes(struct cast *c);

/**
 * cast_unload_one() - try to take a module away, and bring it back if it went
 * @rng: the caller's own; any attached thread that holds nothing
 */
void cast_unload_one(struct cast *c, struct rng *rng);

/** the two parts, for cast_make_roles() */
struct team_count torturer_batch(void *arg);
void unloader_part(void *arg, uint64_t t0, uint64_t t1);

#endif
