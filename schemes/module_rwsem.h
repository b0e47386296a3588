/* SPDX-License-Identifier: MIT */
/*
 * module_rwsem.h: what module_rwsem and its broken twin have in common: the
 * layout of their state, the reader side, and an unload up to its last step.
 *
 * Idea.  The reader side takes the kind of lock as a constant, so that each
 * variant is code of its own without a branch on it.
 * Never.  Included by anybody but those two and their tests.
 */
#ifndef MODULE_RWSEM_H
#define MODULE_RWSEM_H

#include <pthread.h>

#include "prim/module_rwsem.h"
#include "prim/rwsem.h"
#include "prim/wait.h"
#include "scheme_loop.h"

/* Values of the parameter `rwsem`. */
enum rwsem_kind {
	RWSEM_KERNEL,
	RWSEM_PTHREAD,
};

/* Values of the parameter `put`. */
enum put_kind {
	PUT_LOCKED,
	PUT_UNLOCKED,
};

/* Where the parameters stand in struct params. */
enum {
	PARAM_PUT,
	PARAM_RWSEM,
};

/* One driver table's lock. */
union table_lock {
	struct rwsem kernel;
	_Alignas(SCHEME_ALIGN) pthread_rwlock_t pthread;
};

/**
 * struct mrw_domain - domain.priv
 * @module_mutex: one unload or insert at a time; guards @held
 * @held:         the copy they release from; its room lies behind @locks
 * @locks:        [n_tables]
 */
struct mrw_domain {
	pthread_mutex_t module_mutex;
	struct rwsems_held held;
	union table_lock locks[];
};

enum mrw_state {
	MRW_GONE,
	MRW_LIVE,
	MRW_GOING,
};

/**
 * struct mrw_module - handle.priv
 * @state:  enum mrw_state; changes under all its tables' write locks
 * @rwsems: its registrations
 * @refs:   how many hold it; on a line of its own
 * @nodes:  [n_tables], nodes[t] registers table t
 */
struct mrw_module {
	_Atomic uint32_t state;
	struct module_rwsems rwsems;
	_Alignas(SCHEME_ALIGN) atomic_long refs;
	_Alignas(SCHEME_ALIGN) struct module_rwsem nodes[];
};

/* What is left of an unload once it is certain, all locks held. */
typedef void mrw_leave_fn(struct domain *dom, struct handle *mod,
			  struct unload *u);

/* See struct scheme_ops; @leave is where right and wrong part ways. */
void mrw_sizes(const struct config *cfg, const struct params *p,
	       struct sizes *ret);
int mrw_init(struct domain *dom);
void mrw_fini(struct domain *dom);
int mrw_insert(struct domain *dom, struct handle *mod);
int mrw_unload(struct domain *dom, struct handle *mod, enum remove_mode mode,
	       struct unload *u, mrw_leave_fn *leave);

static inline struct mrw_domain *mrw_domain_of(struct domain *dom)
{
	return dom->priv;
}

static inline struct mrw_module *mrw_of(struct handle *mod)
{
	return (struct mrw_module *)mod->priv;
}

static inline union table_lock *mrw_lock_of(struct domain *dom, uint32_t key)
{
	return &mrw_domain_of(dom)->locks[key >> 16];
}

loop_inline void mrw_down_read(union table_lock *lock, enum rwsem_kind kind)
{
	if (kind == RWSEM_KERNEL)
		rwsem_down_read(&lock->kernel);
	else
		pthread_rwlock_rdlock(&lock->pthread);
}

loop_inline void mrw_up_read(union table_lock *lock, enum rwsem_kind kind)
{
	if (kind == RWSEM_KERNEL)
		rwsem_up_read(&lock->kernel);
	else
		pthread_rwlock_unlock(&lock->pthread);
}

/* Under the read lock of @lock: pin what was found there. */
loop_inline void mrw_pin(struct handle *mod, union table_lock *lock,
			 struct ref *ret)
{
	/* Relaxed: the read lock orders it against an unload's look. */
	atomic_fetch_add_explicit(&mrw_of(mod)->refs, 1, memory_order_relaxed);
	*ret = (struct ref){ .mod = mod,
			     .ops = mod->ops,
			     .gen = mod->gen,
			     .cookie = (uintptr_t)lock };
}

loop_inline bool mrw_get(struct domain *dom, uint32_t key, struct ref *ret,
			 enum rwsem_kind kind)
{
	union table_lock *lock = mrw_lock_of(dom, key);
	struct handle *mod;

	mrw_down_read(lock, kind);
	mod = table_find(dom, key);
	delay_point(DELAY_FIND_PIN);
	if (likely(mod != NULL))
		mrw_pin(mod, lock, ret);
	mrw_up_read(lock, kind);
	return likely(mod != NULL);
}

/* A module in hand is looked at under the lock of its first table. */
loop_inline bool mrw_get_known(struct domain *dom, struct handle *mod,
			       struct ref *ret, enum rwsem_kind kind)
{
	union table_lock *lock = mrw_lock_of(dom, mod->reg[0]);
	bool live;

	mrw_down_read(lock, kind);
	/* Relaxed: written under the write lock only. */
	live = atomic_load_explicit(&mrw_of(mod)->state,
				    memory_order_relaxed) == MRW_LIVE;
	delay_point(DELAY_CHECK_COUNT);
	if (likely(live))
		mrw_pin(mod, lock, ret);
	mrw_up_read(lock, kind);
	return likely(live);
}

/* As posted: the count changes under the lock it was taken under. */
loop_inline void mrw_put_locked(struct ref *ref, enum rwsem_kind kind)
{
	union table_lock *lock = (union table_lock *)ref->cookie;

	mrw_down_read(lock, kind);
	/* Relaxed: up_read is the release, an unload's down_write the acquire.
	 */
	atomic_fetch_sub_explicit(&mrw_of(ref->mod)->refs, 1,
				  memory_order_relaxed);
	mrw_up_read(lock, kind);
	delay_point(DELAY_PUT_DONE);
}

loop_inline void mrw_put_unlocked(struct ref *ref)
{
	atomic_fetch_sub_explicit(&mrw_of(ref->mod)->refs, 1,
				  memory_order_release /* A */);
	delay_point(DELAY_PUT_DONE);
}

/*
 * Needs no lock although gets do: one atomic count that the held reference
 * keeps above zero cannot be seen as zero in between.  (Signed per-CPU counts,
 * which the posting used, could.)
 */
static inline void mrw_dup(struct domain *dom, void *slot,
			   const struct ref *held, struct ref *ret)
{
	(void)dom, (void)slot;
	/* Relaxed: the held reference already ordered everything. */
	atomic_fetch_add_explicit(&mrw_of(held->mod)->refs, 1,
				  memory_order_relaxed);
	*ret = *held;
}

#endif
