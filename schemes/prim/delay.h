/* SPDX-License-Identifier: MIT */
/*
 * delay.h: numbered points between two steps that race.
 *
 * Idea.  Sources of schemes are compiled twice.  In the plain build a point is
 * nothing at all; in the delayed build torture may stop a thread there, so that
 * a window of nanoseconds becomes one of microseconds.
 */
#ifndef PRIM_DELAY_H
#define PRIM_DELAY_H

enum delay_point {
	DELAY_FIND_PIN,	     /* entry found, module not yet pinned */
	DELAY_CHECK_COUNT,   /* state looked at, count not yet taken */
	DELAY_COUNT_RECHECK, /* count taken, state not yet looked at again */
	DELAY_PUT_DONE,	     /* count given back, put has not yet returned */
	DELAY_GOING_DRAIN,   /* door closed, holders not yet looked for */
	DELAY_SUM,	     /* between two CPUs' counts of one sum */
	DELAY_DECIDED_FREE,  /* out, not yet taken apart */
	DELAY_IN_STOP,	     /* all CPUs stopped */
	DELAY_QUEUE_STOP,    /* between waking two stoppers */
	DELAY_LOCK,	     /* between two locks of several */
	DELAY_UNLOCK,	     /* between two unlocks of several */
	DELAY_LOCK_SLOW,     /* in a lock's slow path */
	DELAY_PUBLISH,	     /* between two steps of an insert */
	N_DELAY_POINTS,
};

typedef void delay_hook_fn(enum delay_point point);

/**
 * delay_set_hook() - what a point of the delayed build does
 * @hook: called on whichever thread passes; NULL: nothing
 *
 * Set while no scheme runs.
 */
void delay_set_hook(delay_hook_fn *hook);

/** delay_hit() - what the delayed build calls at a point */
void delay_hit(enum delay_point point);

#ifdef DELAY_POINTS
#define delay_point(point) delay_hit(point)
#else
#define delay_point(point) ((void)0)
#endif

#endif
