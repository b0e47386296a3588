/* SPDX-License-Identifier: MIT */
/*
 * skeleton.c: one rwlock per module; the file to copy for a new scheme.
 *
 * Models.  Nothing in particular: the least that keeps every promise.
 * Idea.  A get read-locks the module, a put unlocks it, an unload write-locks
 * it.  Who holds the module holds the lock, so a write lock means nobody does.
 * Cost.  Two locked operations on one shared line per look-up (the second in
 * get is a refusal's way out).  8 bytes a module, the lock and a flag.
 * Count.  skeleton_get_known: 2 locked, 0 fences
 * Count.  skeleton_put: 1 locked, 0 fences
 * Ordering.  All of it is the lock's (prim/rwlock.h, A and B): what a holder
 * did before its unlock is over when the write lock is had (S2), and what
 * insert did before its unlock is visible under every later read lock (S3).
 * Can't.  Nest: a holder that gets again while a writer waits would wait for
 * itself.  Wait otherwise than by trying again and again.  Tell a holder from a
 * reader that steps back from a writer: a try may be called busy for an instant.
 * Source: this suite; docs/ADDING-A-SCHEME.md walks through it.
 */
#include "prim/rwlock.h"
#include "prim/wait.h"
#include "scheme_loop.h"

struct skeleton_module {
	struct rwlock lock;
	_Atomic uint32_t live;
};

static inline struct skeleton_module *skeleton_of(struct handle *mod)
{
	return (struct skeleton_module *)mod->priv;
}

/* Never refuses a live module: it waits for an unloader to make up its mind. */
loop_inline bool skeleton_get_known(struct domain *dom, void *slot,
				    struct handle *mod, struct ref *ret)
{
	struct skeleton_module *m = skeleton_of(mod);

	(void)dom, (void)slot;
	rwlock_read_lock(&m->lock);
	delay_point(DELAY_CHECK_COUNT);
	/* Relaxed: written under the write lock only. */
	if (unlikely(!atomic_load_explicit(&m->live, memory_order_relaxed))) {
		rwlock_read_unlock(&m->lock);
		return false;
	}
	*ret = (struct ref){ .mod = mod, .ops = mod->ops, .gen = mod->gen };
	return true;
}

loop_inline void skeleton_put(struct domain *dom, void *slot, struct ref *ref)
{
	(void)dom, (void)slot;
	rwlock_read_unlock(&skeleton_of(ref->mod)->lock);
	delay_point(DELAY_PUT_DONE);
}

SCHEME_READERS(skeleton, NULL);

static int skeleton_insert(struct domain *dom, struct handle *mod)
{
	struct skeleton_module *m = skeleton_of(mod);

	rwlock_write_lock(&m->lock);
	atomic_store_explicit(&m->live, 1, memory_order_relaxed);
	rwlock_write_unlock(&m->lock);
	delay_point(DELAY_PUBLISH);
	table_insert(dom, mod);
	return 0;
}

static int skeleton_attempt(struct domain *dom, struct handle *mod,
			    struct unload *u)
{
	struct skeleton_module *m = skeleton_of(mod);
	uint32_t nobody = 0;

	/* Relaxed on failure: nothing was entered. */
	if (!atomic_compare_exchange_strong_explicit(
		    &m->lock.word, &nobody, RWLOCK_WRITER, memory_order_acquire,
		    memory_order_relaxed)) {
		u->stamp(u, PHASE_DECIDED);
		return -EWOULDBLOCK;
	}
	u->stamp(u, PHASE_QUIESCED);
	if (!atomic_load_explicit(&m->live, memory_order_relaxed)) {
		rwlock_write_unlock(&m->lock);
		return -EBUSY;
	}
	atomic_store_explicit(&m->live, 0, memory_order_relaxed);
	u->stamp(u, PHASE_DECIDED);
	/* First: a look-up waits for it inside its table's guard. */
	rwlock_write_unlock(&m->lock);
	delay_point(DELAY_DECIDED_FREE);
	table_remove(dom, mod);
	u->exit(u);
	return 0;
}

static int skeleton_remove(struct domain *dom, struct handle *mod,
			   enum remove_mode mode, struct unload *u)
{
	if (mode == REMOVE_TRY)
		return skeleton_attempt(dom, mod, u);
	return remove_by_retry(skeleton_attempt, dom, mod, u);
}

static void skeleton_sizes(const struct config *cfg, const struct params *p,
			   struct sizes *ret)
{
	(void)cfg, (void)p;
	*ret = (struct sizes){ .handle = sizeof(struct skeleton_module) };
}

static const struct reader_ops *skeleton_reader_side(const struct params *p)
{
	(void)p;
	return &skeleton_readers;
}

static const struct scheme_ops skeleton_ops = {
	.name = "skeleton",
	.summary = "one rwlock per module: the template of a new scheme",
	.source = "this suite, docs/ADDING-A-SCHEME.md",
	.caps = CAP_GET_CAN_FAIL | CAP_GET_MAY_BLOCK | CAP_HOLDER_SLEEPS |
		CAP_PUT_ANYWHERE | CAP_WAIT_RETRY | CAP_GUARDS_CODE |
		CAP_TEMPLATE,
	.sizes = skeleton_sizes,
	.readers = skeleton_reader_side,
	.insert = skeleton_insert,
	.remove = skeleton_remove,
};
SCHEME_REGISTER(skeleton_ops);
