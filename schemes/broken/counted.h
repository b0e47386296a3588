/* SPDX-License-Identifier: MIT */
/*
 * counted.h: one shared count a module, which each broken scheme then gets
 * wrong in a step of its own.
 *
 * Idea.  A get counts and then looks at the state; an unload sets the state and
 * then looks at the count.  Sequentially consistent on both sides, so at least
 * one of the two sees the other: sound.  The price is a get refused although
 * the unload then fails.
 *
 * Owns.  Insert and unload.  The gets and puts are the schemes' own.
 */
#ifndef BROKEN_COUNTED_H
#define BROKEN_COUNTED_H

#include "prim/wait.h"
#include "scheme_loop.h"

#define COUNTED_CAPS                                                           \
	(CAP_BROKEN | CAP_GET_CAN_FAIL | CAP_SPURIOUS | CAP_HOLDER_SLEEPS |    \
	 CAP_PUT_ANYWHERE | CAP_NESTS | CAP_WAIT_RETRY | CAP_GUARDS_CODE)

/* A zeroed handle has never been inserted. */
enum counted_state {
	COUNTED_OUT,
	COUNTED_LIVE,
	COUNTED_GOING,
};

struct counted {
	_Atomic uint32_t state;
	_Alignas(SCHEME_ALIGN) atomic_long users;
};

static inline struct counted *counted_of(struct handle *mod)
{
	return (struct counted *)mod->priv;
}

static inline bool counted_is_live(struct handle *mod)
{
	return atomic_load(&counted_of(mod)->state) == COUNTED_LIVE;
}

static int counted_insert(struct domain *dom, struct handle *mod)
{
	atomic_store(&counted_of(mod)->state, COUNTED_LIVE);
	delay_point(DELAY_PUBLISH);
	table_insert(dom, mod);
	return 0;
}

/* Whoever closes the door is the only unloader: no mutex needed. */
static int counted_attempt(struct domain *dom, struct handle *mod,
			   struct unload *u)
{
	struct counted *c = counted_of(mod);
	uint32_t live = COUNTED_LIVE;

	if (!atomic_compare_exchange_strong(&c->state, &live, COUNTED_GOING))
		return -EBUSY;
	u->stamp(u, PHASE_GOING);
	delay_point(DELAY_GOING_DRAIN);
	if (atomic_load(&c->users)) {
		atomic_store(&c->state, COUNTED_LIVE);
		u->stamp(u, PHASE_DECIDED);
		return -EWOULDBLOCK;
	}
	u->stamp(u, PHASE_DECIDED);
	delay_point(DELAY_DECIDED_FREE);
	table_remove(dom, mod);
	u->exit(u);
	return 0;
}

static int counted_remove(struct domain *dom, struct handle *mod,
			  enum remove_mode mode, struct unload *u)
{
	if (mode == REMOVE_TRY)
		return counted_attempt(dom, mod, u);
	return remove_by_retry(counted_attempt, dom, mod, u);
}

static void counted_sizes(const struct config *cfg, const struct params *p,
			  struct sizes *ret)
{
	(void)cfg, (void)p;
	*ret = (struct sizes){ .handle = sizeof(struct counted) };
}

#endif
