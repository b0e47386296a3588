/* SPDX-License-Identifier: MIT */
/*
 * module_rwsem.c: the list of prim/module_rwsem.h, sorted; down and up.
 */
#include "prim/module_rwsem.h"

#include <errno.h>

#include "prim/delay.h"

void module_rwsems_init(struct module_rwsems *mod)
{
	atomic_init(&mod->lock.taken, 0);
	mod->changes = 0;
	TAILQ_INIT(&mod->list);
}

/* Sorted: behind all that are not greater, so that equals stay together. */
static void insert_sorted(struct module_rwsem_list *list,
			  struct module_rwsem *node)
{
	struct module_rwsem *at;

	TAILQ_FOREACH(at, list, same_module)
	{
		/* Addresses of unrelated objects compare as integers only. */
		if ((uintptr_t)at->rwsem > (uintptr_t)node->rwsem) {
			TAILQ_INSERT_BEFORE(at, node, same_module);
			return;
		}
	}
	TAILQ_INSERT_TAIL(list, node, same_module);
}

int module_rwsem_register(struct module_rwsem *node, struct module_rwsems *mod,
			  void *rwsem)
{
	if (node->module)
		return -EEXIST;
	node->module = mod;
	node->rwsem = rwsem;
	spin_lock(&mod->lock);
	insert_sorted(&mod->list, node);
	mod->changes++;
	spin_unlock(&mod->lock);
	return 0;
}

void module_rwsem_unregister(struct module_rwsem *node)
{
	struct module_rwsems *mod = node->module;

	if (!mod)
		return;
	spin_lock(&mod->lock);
	TAILQ_REMOVE(&mod->list, node, same_module);
	mod->changes++;
	spin_unlock(&mod->lock);
	node->module = NULL;
}

/* The distinct locks into @held->rwsem; equals are neighbours. */
static int copy_distinct(struct module_rwsems *mod, struct rwsems_held *held,
			 size_t *ret_n, uint32_t *ret_changes)
{
	const struct module_rwsem *node;
	size_t n = 0;
	int err = 0;

	spin_lock(&mod->lock);
	TAILQ_FOREACH(node, &mod->list, same_module)
	{
		if (n && held->rwsem[n - 1] == node->rwsem)
			continue;
		if (n == held->max) {
			err = -ENOSPC;
			break;
		}
		held->rwsem[n++] = node->rwsem;
	}
	if (!err) {
		*ret_n = n;
		*ret_changes = mod->changes;
	}
	spin_unlock(&mod->lock);
	return err;
}

static bool has_changed(struct module_rwsems *mod, uint32_t changes)
{
	bool changed;

	spin_lock(&mod->lock);
	changed = mod->changes != changes;
	spin_unlock(&mod->lock);
	return changed;
}

void module_rwsems_up(struct rwsems_held *held)
{
	while (held->n) {
		held->kind->up(held->rwsem[--held->n]);
		delay_point(DELAY_UNLOCK);
	}
}

int module_rwsems_down(struct module_rwsems *mod, struct rwsems_held *held,
		       bool (*cancelled)(void *arg), void *arg)
{
	for (;;) {
		uint32_t changes;
		size_t n;
		int err = copy_distinct(mod, held, &n, &changes);

		while (!err && held->n < n) {
			err = held->kind->down(held->rwsem[held->n], cancelled,
					       arg);
			if (!err && !held->n++ && held->begun)
				held->begun(arg);
			delay_point(DELAY_LOCK);
		}
		if (!err && !has_changed(mod, changes))
			return 0;
		module_rwsems_up(held);
		if (err)
			return err;
	}
}
