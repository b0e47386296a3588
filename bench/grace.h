/* SPDX-License-Identifier: MIT */
/*
 * grace.h: the grace period after which an unloaded module's memory may go.
 *
 * Idea.  A scheme's decision may be a microsecond while its memory waits for a
 * grace period (mainline's free_module calls synchronize_rcu).  How long that
 * is depends on its source and not on the scheme: the source is an axis, and
 * the time stands apart from the decision.
 */
#ifndef GRACE_H
#define GRACE_H

#include <stdbool.h>

enum grace_source {
	GRACE_NONE,	  /* not modelled */
	GRACE_MEMBARRIER, /* the host kernel's own: membarrier(GLOBAL) */
	GRACE_RCU,	  /* liburcu memb's synchronize_rcu */
	GRACE_DELAY,	  /* so many ms, as jiffy-driven ones take */
};

/**
 * struct grace - a source and its setting
 * @delay_ms: of GRACE_DELAY, 1..10000
 */
struct grace {
	enum grace_source source;
	unsigned int delay_ms;
};

/**
 * grace_parse() - "none", "membarrier", "rcu" or "delay:MS"
 * Return: 0; -EINVAL.
 */
int grace_parse(const char *text, struct grace *ret);

/** grace_text() - the opposite; 24 bytes */
void grace_text(const struct grace *grace, char ret[24]);

/** grace_wait() - one grace period; sleeps; the unloader's thread */
void grace_wait(const struct grace *grace);

#endif
