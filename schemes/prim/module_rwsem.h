/* SPDX-License-Identifier: MIT */
/*
 * module_rwsem.h: which locks an unload of a module has to take, and taking
 * them.
 *
 * Models.  kernel/module_rwsem.c of Adam Richter's posting of 2002-12-23, with
 * what was wrong in it put right.
 * Idea.  A module's registrations form a list sorted by the lock's address.  An
 * unload copies the distinct locks, takes them in that order, looks whether
 * the list changed while it slept, and later releases from the copy, in the
 * opposite order.  So neither the list nor its nodes need to outlive exit().
 * Owns.  No lock: it takes whatever lock_kind says how to take.
 *
 * The posting walked the list itself, while it slept in it (a registration
 * could slip in front of the cursor and be released without having been
 * taken) and once more after the module had been freed, nodes and all.  It
 * could neither unregister nor be interrupted.
 */
#ifndef PRIM_MODULE_RWSEM_H
#define PRIM_MODULE_RWSEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "prim/spinlock.h"

struct module_rwsem;
TAILQ_HEAD(module_rwsem_list, module_rwsem);

/**
 * struct lock_kind - how the locks of a list are taken
 * @down: write-locks @rwsem; 0, or -EINTR when @cancelled (may be NULL) said so
 * @up:   releases the write lock
 */
struct lock_kind {
	int (*down)(void *rwsem, bool (*cancelled)(void *arg), void *arg);
	void (*up)(void *rwsem);
};

/**
 * struct module_rwsems - a module's registrations
 * @lock:    guards the rest
 * @changes: of the list, ever
 * @list:    ascending by (uintptr_t)rwsem, equals in order of registration
 */
struct module_rwsems {
	struct spinlock lock;
	uint32_t changes;
	struct module_rwsem_list list;
};

/**
 * struct module_rwsem - one registration: unloading @module needs @rwsem
 * @rwsem:       the lock, alive as long as it is registered
 * @module:      NULL: not registered
 * @same_module: in module->list
 *
 * Lives in core memory, not in the module.
 */
struct module_rwsem {
	void *rwsem;
	struct module_rwsems *module;
	TAILQ_ENTRY(module_rwsem) same_module;
};

/**
 * struct rwsems_held - the copy an unload releases from
 * @kind:  how the locks are taken
 * @rwsem: distinct, ascending, [max], of which [n] are held
 * @max:   room; a module may be registered with as many distinct locks
 * @n:     0: none held
 * @begun: called with module_rwsems_down()'s arg each time the first lock is
 *         held; NULL: nothing to tell
 */
struct rwsems_held {
	const struct lock_kind *kind;
	void **rwsem;
	size_t max;
	size_t n;
	void (*begun)(void *arg);
};

/** module_rwsems_init() - a module without registrations */
void module_rwsems_init(struct module_rwsems *mod);

/**
 * module_rwsem_register() - from now on unloading @mod write-locks @rwsem
 * @node:  the caller's, zeroed or unregistered; until it is unregistered
 * @mod:   the module; the same lock may be registered any number of times
 * @rwsem: the lock
 *
 * Any thread that keeps the module from going away: its loader, or a holder.
 * It may, but need not, hold @rwsem.
 * Return: 0; -EEXIST if @node is registered already.
 */
int module_rwsem_register(struct module_rwsem *node, struct module_rwsems *mod,
			  void *rwsem);

/**
 * module_rwsem_unregister() - the opposite; nothing if @node is not registered
 * @node: may be freed after return
 *
 * Releases nothing: who took the lock releases it.
 */
void module_rwsem_unregister(struct module_rwsem *node);

/**
 * module_rwsems_down() - write-lock every distinct lock of @mod, in order
 * @mod:       the module; one caller at a time
 * @held:      kind, rwsem, max and begun set, none held
 * @cancelled: see rwsem_down_write_interruptible(); NULL: waits for ever
 * @arg:       its argument, and held->begun's
 *
 * May sleep.  When registrations changed meanwhile it releases all and starts
 * over.
 * Return: 0, all are in @held; -EINTR, -ENOSPC (more distinct locks than
 * held->max): none is held.
 */
int module_rwsems_down(struct module_rwsems *mod, struct rwsems_held *held,
		       bool (*cancelled)(void *arg), void *arg);

/**
 * module_rwsems_up() - release what module_rwsems_down() took
 * @held: a copy: the module may be gone by now; none held after return
 */
void module_rwsems_up(struct rwsems_held *held);

#endif
