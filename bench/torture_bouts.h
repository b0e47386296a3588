/* SPDX-License-Identifier: MIT */
/*
 * torture_bouts.h: which bouts a scheme has to stand, and what came of them.
 */
#ifndef TORTURE_BOUTS_H
#define TORTURE_BOUTS_H

#include "bench/workloads/torture.h"

/* Which bouts: whether an unload poisons the module or unmaps it. */
enum bouts_only {
	BOUTS_BOTH,
	BOUTS_POISONED,
	BOUTS_UNMAPPED,
};

/**
 * struct verdict - what became of one scheme
 * @word:    "clean", "caught", "missed", "failed" or "skipped"
 * @seen:    the breach, or why there was no bout; "": nothing
 * @seconds: how long it took
 * @delays:  how often each delay point stopped somebody
 */
struct verdict {
	const char *word;
	char seen[256];
	double seconds;
	uint64_t gets, refused, unloads, spurious, bouts;
	uint64_t delays[N_DELAY_POINTS];
};

/** bouts_must_fail() - whether torture is to catch the scheme */
bool bouts_must_fail(const struct scheme_ops *ops);

/**
 * bouts_plan() - the conditions of the @i-th bout
 * @plain: the scheme's plain build
 * @only:  leave one kind of bout out
 * @seed:  of the whole torture
 *
 * Builds, kinds, choices of parameters and tables take turns, so that the first
 * bouts hold every value of each and later ones every combination.
 */
void bouts_plan(const struct scheme_ops *plain, enum bouts_only only, size_t i,
		uint64_t seed, struct bout *ret);

/**
 * bouts_hold() - bouts until the time is up, or the first breach
 * @seconds: for a scheme that must pass; one that must fail has 20
 *
 * Each in a child of its own; on the main thread.
 */
void bouts_hold(const struct scheme_ops *plain, enum bouts_only only,
		unsigned long seconds, uint64_t seed, struct verdict *ret);

/** bouts_is_failure() - whether a verdict makes torture fail */
bool bouts_is_failure(const struct verdict *v);

#endif
