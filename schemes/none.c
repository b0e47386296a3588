/* SPDX-License-Identifier: MIT */
/*
 * none.c: no protection at all; the floor of every reader figure.
 *
 * Models.  Nothing that may be unloaded: a look-up of a built-in driver.
 * Idea.  Get hands out what it finds, put does nothing, remove takes the entry
 * away and never looks for holders.
 * Cost.  The look-up itself.  No bytes.
 * Count.  none_get_known: 0 locked, 0 fences
 * Count.  none_put: 0 locked, 0 fences
 * Ordering.  None, which is the point: S1 and S2 do not hold.
 * Can't.  Be unloaded safely.  Reader workloads only; torture expects that it
 * fails, and how soon it fails says how sharp torture is.
 * Source: any kernel with the driver linked in (owner == NULL).
 */
#include "scheme_loop.h"

loop_inline bool none_get_known(struct domain *dom, void *slot,
				struct handle *mod, struct ref *ret)
{
	(void)dom, (void)slot;
	*ret = (struct ref){ .mod = mod, .ops = mod->ops, .gen = mod->gen };
	return true;
}

loop_inline void none_put(struct domain *dom, void *slot, struct ref *ref)
{
	(void)dom, (void)slot, (void)ref;
}

static void none_dup(struct domain *dom, void *slot, const struct ref *held,
		     struct ref *ret)
{
	(void)dom, (void)slot;
	*ret = *held;
}

SCHEME_READERS(none, none_dup);

static int none_insert(struct domain *dom, struct handle *mod)
{
	table_insert(dom, mod);
	return 0;
}

static int none_remove(struct domain *dom, struct handle *mod,
		       enum remove_mode mode, struct unload *u)
{
	(void)mode;
	table_remove(dom, mod);
	u->stamp(u, PHASE_DECIDED);
	delay_point(DELAY_DECIDED_FREE);
	u->exit(u);
	return 0;
}

static void none_sizes(const struct config *cfg, const struct params *p,
		       struct sizes *ret)
{
	(void)cfg, (void)p;
	*ret = (struct sizes){ 0 };
}

static const struct reader_ops *none_reader_side(const struct params *p)
{
	(void)p;
	return &none_readers;
}

static const struct scheme_ops none_ops = {
	.name = "none",
	.summary = "no protection: the floor of every reader figure",
	.source = "a driver linked into the kernel (owner == NULL)",
	.caps = CAP_HOLDER_SLEEPS | CAP_PUT_ANYWHERE | CAP_NESTS | CAP_CONTROL |
		CAP_NO_UNLOAD,
	.sizes = none_sizes,
	.readers = none_reader_side,
	.insert = none_insert,
	.remove = none_remove,
};
SCHEME_REGISTER(none_ops);
