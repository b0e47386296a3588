/* SPDX-License-Identifier: MIT */
/*
 * module_rwsem_free_early.c: module_rwsem as posted: the module is freed, then
 * its list of locks is walked to release them.
 *
 * Models.  sys_delete_module of the posting of 2002-12-23: at its label `out`
 * module_rwsems_up(mod) follows free_module(mod), while the list's head is in
 * struct module and its nodes are static data of the module.
 * Idea.  All of module_rwsem but the last step.  Head and nodes count as the
 * module's own memory here: they are poisoned, as a freed page is, where the
 * posting frees them.
 * Breaks.  On the first unload that succeeds: the walk follows a poisoned
 * pointer and crashes; were the memory still readable, the locks would stay
 * taken and every later look-up would hang.
 * Source: as module_rwsem.
 */
#include <string.h>

#include "module_rwsem.h"

#define FREED 0x6b

loop_inline bool free_early_get(struct domain *dom, void *slot, uint32_t key,
				struct ref *ret)
{
	(void)slot;
	return mrw_get(dom, key, ret, RWSEM_KERNEL);
}

loop_inline bool free_early_get_known(struct domain *dom, void *slot,
				      struct handle *mod, struct ref *ret)
{
	(void)slot;
	return mrw_get_known(dom, mod, ret, RWSEM_KERNEL);
}

loop_inline void free_early_put(struct domain *dom, void *slot, struct ref *ref)
{
	(void)dom, (void)slot;
	mrw_put_locked(ref, RWSEM_KERNEL);
}

SCHEME_READERS_OWN(free_early, mrw_dup);

static const struct reader_ops *free_early_reader_side(const struct params *p)
{
	(void)p;
	return &free_early_readers;
}

static void free_module(struct domain *dom, struct mrw_module *m)
{
	memset(&m->rwsems, FREED, sizeof(m->rwsems));
	memset(m->nodes, FREED, dom->cfg.n_tables * sizeof(m->nodes[0]));
}

/* The posted walk: over the list itself, not over a copy. */
static void walk_up(struct mrw_module *m, const struct lock_kind *kind)
{
	const struct module_rwsem *node;
	void *previous = NULL;

	TAILQ_FOREACH(node, &m->rwsems.list, same_module)
	{
		if (node->rwsem != previous)
			kind->up(node->rwsem);
		previous = node->rwsem;
	}
}

static void leave_freed(struct domain *dom, struct handle *mod,
			struct unload *u)
{
	struct mrw_domain *d = mrw_domain_of(dom);

	table_remove(dom, mod);
	u->exit(u);
	free_module(dom, mrw_of(mod));
	walk_up(mrw_of(mod), d->held.kind);
	d->held.n = 0;
}

static int free_early_remove(struct domain *dom, struct handle *mod,
			     enum remove_mode mode, struct unload *u)
{
	return mrw_unload(dom, mod, mode, u, leave_freed);
}

static const struct scheme_ops module_rwsem_free_early_ops = {
	.name = "module_rwsem_free_early",
	.summary = "broken: module_rwsem releasing from a list it has freed",
	.source = "linux-kernel 20021223053614.A31939@baldur.yggdrasil.com",
	.caps = CAP_GET_CAN_FAIL | CAP_GET_MAY_BLOCK | CAP_HOLDER_SLEEPS |
		CAP_PUT_ANYWHERE | CAP_NESTS | CAP_EXACT_BUSY | CAP_WAIT_RETRY |
		CAP_OWNS_TABLE | CAP_GUARDS_CODE | CAP_BROKEN,
	.sizes = mrw_sizes,
	.init = mrw_init,
	.fini = mrw_fini,
	.readers = free_early_reader_side,
	.insert = mrw_insert,
	.remove = free_early_remove,
};
SCHEME_REGISTER(module_rwsem_free_early_ops);
