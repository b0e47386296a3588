/* SPDX-License-Identifier: MIT */
/*
 * torture.h: one bout: readers and an unloader who try to catch a scheme out.
 *
 * Idea.  A bout runs in a child of its own, for it may crash, hang or be killed
 * at any moment; what it saw stands on a board shared with the parent.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include "bench/workloads/workload.h"
#include "schemes/prim/delay.h"

/* What may go wrong, in the order in which it is believed. */
enum breach {
	BREACH_NONE,
	BREACH_POISONED, /* a holder saw data that exit() had poisoned */
	BREACH_STALE,	 /* a holder saw another incarnation's data */
	BREACH_UNMAPPED, /* a call or read into an unmapped module */
	BREACH_HELD,	 /* remove() succeeded although somebody held */
	BREACH_SPURIOUS, /* an undeclared refusal while nothing unloaded */
	BREACH_BALANCE,	 /* gets and puts do not add up at the end */
	BREACH_ERROR,	 /* remove() or insert() returned what it must not */
	BREACH_CRASH,	 /* any other fatal signal */
	BREACH_HANG,	 /* no progress */
	N_BREACHES,
};

/** breach_text() - a breach in words */
const char *breach_text(enum breach breach);

/**
 * struct board - what a bout has seen; shared between child and parent
 * @delays: how often each delay point stopped somebody
 * @breach: the first; the rest describe it
 * @at_ns:  since the bout began
 * @detail: in words
 */
struct board {
	_Atomic uint64_t gets;
	_Atomic uint64_t refused;
	_Atomic uint64_t attempts;
	_Atomic uint64_t unloads;
	_Atomic uint64_t spurious;
	_Atomic uint64_t delays[N_DELAY_POINTS];
	_Atomic int breach;
	uint64_t started_ns;
	uint64_t at_ns;
	char detail[160];
};

/**
 * struct bout - one bout's conditions
 * @ops:     plain or delayed build of the scheme
 * @delayed: which
 * @params:  its tunables
 * @table:   how entries are found
 * @unmap:   unload really unmaps; else it poisons only, so that no TLB
 *           shootdown acts as a barrier and hides a missing one
 * @ns:      how long
 * @seed:    of every random choice
 */
struct bout {
	const struct scheme_ops *ops;
	bool delayed;
	struct params params;
	enum table_kind table;
	bool unmap;
	double ns;
	uint64_t seed;
};

/**
 * torture_bout() - in the child: run a bout to its end or its first breach
 * Return: 0; -errno with why when the bout could not even begin.
 */
int torture_bout(const struct bout *bout, struct board *board,
		 char why[STAGE_WHY_BYTES]);

/** torture_note() - put the first breach on the board; any thread */
void torture_note(struct board *board, enum breach breach, const char *detail);

#endif
