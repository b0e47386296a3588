/* SPDX-License-Identifier: MIT */
/*
 * wait.h: how every scheme waits for something short.
 *
 * Idea.  Spin a little, for the other side may be running; then give the CPU
 * away, for it may be waiting for this very CPU.  A wait that only spins has
 * been seen to outlive a minute on two busy CPUs.
 */
#ifndef PRIM_WAIT_H
#define PRIM_WAIT_H

#include <errno.h>
#include <sched.h>

#include "prim/arch.h"
#include "scheme.h"

#define WAIT_SPINS 256u

/**
 * wait_relax() - one step of a wait
 * @spins: the waiter's own count, 0 at the start
 */
static inline void wait_relax(unsigned int *spins)
{
	if (++*spins < WAIT_SPINS)
		cpu_relax();
	else
		sched_yield();
}

/**
 * remove_by_retry() - REMOVE_WAIT for a scheme that can only try
 * @attempt: one bounded attempt
 *
 * What modprobe --wait does from userspace, without its sleeps.
 * Return: @attempt's, or -EINTR when cancelled after a failed attempt.
 */
static inline int remove_by_retry(
	int (*attempt)(struct domain *, struct handle *, struct unload *),
	struct domain *dom, struct handle *mod, struct unload *u)
{
	unsigned int spins = 0;
	int err;

	while ((err = attempt(dom, mod, u)) == -EWOULDBLOCK) {
		if (u->cancelled(u))
			return -EINTR;
		u->retried(u);
		wait_relax(&spins);
	}
	return err;
}

#endif
