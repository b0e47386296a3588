/* SPDX-License-Identifier: MIT */
/*
 * module_rwsem.c: each driver table behind a sleeping reader-writer lock; an
 * unload write-locks every table its module stands in.
 *
 * Models.  Adam Richter's proposal of 2002-12-23, corrected.
 * Idea.  A look-up finds the entry and counts it under the table's read lock.
 * An unload takes the write locks of all tables the module is registered in
 * (prim/module_rwsem.h), so that nobody is between finding and counting, and
 * looks: held by anybody, it releases all and says so; else the entries go and
 * exit() runs with the locks held, and they are released, from a copy, before
 * the caller frees.  A look-up may wait for that, but never fails while the
 * module stands in the table, and never meets half an entry.
 * As against the posting: cheap refusals come before any lock; a waiting
 * remove can give up a lock; registrations are core memory; one atomic count,
 * so that a holder may dup without a lock.  The posted wait slept with all
 * locks held, and holders that needed them to put never could: here a wait
 * releases all, waits for a put and starts over, as its author had written a
 * month before.  Under steady traffic that is a lottery.  Nobody is told of a
 * put: the waiter polls the count's line and starts over when it sees it fall,
 * or after MRW_LOOKS looks: a put and a get between two of them go unseen.
 *   Phases.  Going is when the first write lock is held, from when gets wait;
 * a get that met the queued unloader may have waited before.  Quiesced (all
 * locks held) comes before drained (the count looked at and zero), the other
 * way round than in enum phase; both and decided come before the locks are
 * released.
 * Cost.  Two adds on the table's lock and one on the module's count for a get,
 * the same again for a put (put=locked) or one (put=unlocked).  The count is a
 * third locked operation, and on a second line that all CPUs share; the posting
 * counted by CPU and paid neither.  All modules of a table share its lock.  264
 * bytes a table (the lock, and room in the copy); 256 bytes a module and 32
 * more for each table of the domain.
 * Count.  module_rwsem_get_known: 3 locked, 0 fences
 * Count.  module_rwsem_put: 3 locked, 0 fences
 * Count.  module_rwsem_unlocked_put: 1 locked, 0 fences
 * Count.  module_rwsem_pthread_get_known: 1 locked, 0 fences
 * Count.  module_rwsem_pthread_put: 1 locked, 0 fences
 * Count.  module_rwsem_pthread_unlocked_put: 1 locked, 0 fences
 * Ordering.  All but one pair is the locks' (prim/rwsem.h, A and B): get, put
 * and insert are under one, the unload under all.
 *   A  an unlocked put's release  pairs with  B  unload's acquire of the count:
 *      what a holder did is over before remove() returns (S2)
 * Can't.  Be used where sleeping is not allowed.  Let exit() look anything up:
 * it would wait for itself.  Promise that a wait ends under steady traffic.
 * A try is not cancelled: it waits for read sections only, which are short, and
 * does not poll, so that a lost wake-up would hang and not pass for a slow one.
 * rwsem=pthread: glibc's lock, whose calls are not in the counts; it cannot be
 * interrupted once it waits, but read sections hold no module's code and are
 * short.  No module here depends on another: that refusal has no case.
 * Source: linux-kernel <20021223053614.A31939@baldur.yggdrasil.com>; the wait:
 * the same author, 2002-11-19; the lock: Linux 6.1 kernel/locking/rwsem.c.
 */
#include "module_rwsem.h"

#include <errno.h>

/* Looks at the count before an attempt; the last few give the CPU away. */
#define MRW_LOOKS (WAIT_SPINS + 8)

/* What the header says of sizes. */
_Static_assert(sizeof(union table_lock) + sizeof(void *) == 264, "a table");
_Static_assert(sizeof(struct mrw_module) == 256, "a module");
_Static_assert(sizeof(struct module_rwsem) == 32, "a module in a table");

#define READER_SIDE(prefix, kind, put_ref)                                     \
	loop_inline bool prefix##_get(struct domain *dom, void *slot,          \
				      uint32_t key, struct ref *ret)           \
	{                                                                      \
		(void)slot;                                                    \
		return mrw_get(dom, key, ret, kind);                           \
	}                                                                      \
	loop_inline bool prefix##_get_known(struct domain *dom, void *slot,    \
					    struct handle *mod,                \
					    struct ref *ret)                   \
	{                                                                      \
		(void)slot;                                                    \
		return mrw_get_known(dom, mod, ret, kind);                     \
	}                                                                      \
	loop_inline void prefix##_put(struct domain *dom, void *slot,          \
				      struct ref *ref)                         \
	{                                                                      \
		(void)dom, (void)slot;                                         \
		put_ref;                                                       \
	}                                                                      \
	SCHEME_READERS_OWN(prefix, mrw_dup)

READER_SIDE(module_rwsem, RWSEM_KERNEL, mrw_put_locked(ref, RWSEM_KERNEL));
READER_SIDE(module_rwsem_unlocked, RWSEM_KERNEL, mrw_put_unlocked(ref));
READER_SIDE(module_rwsem_pthread, RWSEM_PTHREAD,
	    mrw_put_locked(ref, RWSEM_PTHREAD));
READER_SIDE(module_rwsem_pthread_unlocked, RWSEM_PTHREAD,
	    mrw_put_unlocked(ref));

static const struct reader_ops *mrw_readers(const struct params *p)
{
	static const struct reader_ops *const of[2][2] = {
		[RWSEM_KERNEL] = { [PUT_LOCKED] = &module_rwsem_readers,
				   [PUT_UNLOCKED] =
					   &module_rwsem_unlocked_readers },
		[RWSEM_PTHREAD] = { [PUT_LOCKED] =
					    &module_rwsem_pthread_readers,
				    [PUT_UNLOCKED] =
					    &module_rwsem_pthread_unlocked_readers },
	};

	return of[p->value[PARAM_RWSEM]][p->value[PARAM_PUT]];
}

static int kernel_down(void *rwsem, bool (*cancelled)(void *arg), void *arg)
{
	return rwsem_down_write_interruptible(rwsem, cancelled, arg);
}

static void kernel_up(void *rwsem)
{
	rwsem_up_write(rwsem);
}

/*
 * Only a blocking call queues as a writer; trying again and again would wait
 * for readers that never leave all at once.
 */
static int pthread_down(void *rwsem, bool (*cancelled)(void *arg), void *arg)
{
	if (!pthread_rwlock_trywrlock(rwsem))
		return 0;
	if (cancelled && cancelled(arg))
		return -EINTR;
	return -pthread_rwlock_wrlock(rwsem);
}

static void pthread_up(void *rwsem)
{
	pthread_rwlock_unlock(rwsem);
}

static const struct lock_kind lock_kinds[] = {
	[RWSEM_KERNEL] = { kernel_down, kernel_up },
	[RWSEM_PTHREAD] = { pthread_down, pthread_up },
};

void mrw_sizes(const struct config *cfg, const struct params *p,
	       struct sizes *ret)
{
	(void)p;
	*ret = (struct sizes){
		.domain = sizeof(struct mrw_domain) +
			  cfg->n_tables *
				  (sizeof(union table_lock) + sizeof(void *)),
		.handle = sizeof(struct mrw_module) +
			  cfg->n_tables * sizeof(struct module_rwsem),
	};
}

static int init_pthread_locks(union table_lock *locks, uint32_t n)
{
	pthread_rwlockattr_t attr;
	int err = pthread_rwlockattr_init(&attr);

	if (err)
		return -err;
	pthread_rwlockattr_setkind_np(
		&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	for (uint32_t i = 0; i < n && !err; i++)
		err = pthread_rwlock_init(&locks[i].pthread, &attr);
	pthread_rwlockattr_destroy(&attr);
	return -err;
}

int mrw_init(struct domain *dom)
{
	struct mrw_domain *d = mrw_domain_of(dom);
	enum rwsem_kind kind = dom->params.value[PARAM_RWSEM];
	uint32_t n = dom->cfg.n_tables;

	d->held = (struct rwsems_held){
		.kind = &lock_kinds[kind],
		.rwsem = (void **)&d->locks[n],
		.max = n,
	};
	if (kind == RWSEM_PTHREAD) {
		int err = init_pthread_locks(d->locks, n);

		if (err)
			return err;
	} else {
		for (uint32_t i = 0; i < n; i++)
			rwsem_init(&d->locks[i].kernel);
	}
	return -pthread_mutex_init(&d->module_mutex, NULL);
}

void mrw_fini(struct domain *dom)
{
	struct mrw_domain *d = mrw_domain_of(dom);

	pthread_mutex_destroy(&d->module_mutex);
	if (dom->params.value[PARAM_RWSEM] != RWSEM_PTHREAD)
		return;
	for (uint32_t i = 0; i < dom->cfg.n_tables; i++)
		pthread_rwlock_destroy(&d->locks[i].pthread);
}

/* A driver registers its lock once a table, however often it stands there. */
static void register_tables(struct domain *dom, struct handle *mod)
{
	struct mrw_module *m = mrw_of(mod);

	module_rwsems_init(&m->rwsems);
	for (uint32_t i = 0; i < mod->n_reg; i++)
		/* -EEXIST: an earlier key named the same table. */
		module_rwsem_register(&m->nodes[mod->reg[i] >> 16], &m->rwsems,
				      mrw_lock_of(dom, mod->reg[i]));
}

static void unregister_tables(struct handle *mod)
{
	for (uint32_t i = 0; i < mod->n_reg; i++)
		module_rwsem_unregister(&mrw_of(mod)->nodes[mod->reg[i] >> 16]);
}

/* All entries appear at once: they are made under all their write locks. */
static int insert_locked(struct domain *dom, struct handle *mod)
{
	struct mrw_domain *d = mrw_domain_of(dom);
	struct mrw_module *m = mrw_of(mod);
	int err;

	register_tables(dom, mod);
	d->held.begun = NULL;
	err = module_rwsems_down(&m->rwsems, &d->held, NULL, NULL);
	if (err) {
		unregister_tables(mod);
		return err;
	}
	/* Relaxed: under the locks. */
	atomic_store_explicit(&m->state, MRW_LIVE, memory_order_relaxed);
	delay_point(DELAY_PUBLISH);
	table_insert(dom, mod);
	module_rwsems_up(&d->held);
	return 0;
}

int mrw_insert(struct domain *dom, struct handle *mod)
{
	struct mrw_domain *d = mrw_domain_of(dom);
	int err;

	if (!mod->n_reg)
		return -EINVAL;
	pthread_mutex_lock(&d->module_mutex);
	err = insert_locked(dom, mod);
	pthread_mutex_unlock(&d->module_mutex);
	return err;
}

static bool unload_cancelled(void *arg)
{
	struct unload *u = arg;

	return u->cancelled(u);
}

static void unload_begun(void *arg)
{
	struct unload *u = arg;

	u->stamp(u, PHASE_GOING);
}

/* Under the mutex: one attempt; takes all locks and leaves none. */
static int unload_locked(struct domain *dom, struct handle *mod,
			 enum remove_mode mode, struct unload *u,
			 mrw_leave_fn *leave)
{
	struct mrw_domain *d = mrw_domain_of(dom);
	struct mrw_module *m = mrw_of(mod);
	int err;

	/* Relaxed: written under the mutex only. */
	if (atomic_load_explicit(&m->state, memory_order_relaxed) != MRW_LIVE)
		return -EBUSY;
	d->held.begun = unload_begun;
	err = module_rwsems_down(&m->rwsems, &d->held,
				 mode == REMOVE_WAIT ? unload_cancelled : NULL,
				 u);
	if (err) {
		u->stamp(u, PHASE_DECIDED);
		return err;
	}
	u->stamp(u, PHASE_QUIESCED);
	if (atomic_load_explicit(&m->refs, memory_order_acquire /* B */)) {
		u->stamp(u, PHASE_DECIDED);
		module_rwsems_up(&d->held);
		return -EWOULDBLOCK;
	}
	u->stamp(u, PHASE_DRAINED);
	atomic_store_explicit(&m->state, MRW_GOING, memory_order_relaxed);
	u->stamp(u, PHASE_DECIDED);
	delay_point(DELAY_DECIDED_FREE);
	leave(dom, mod, u);
	return 0;
}

static int unload_once(struct domain *dom, struct handle *mod,
		       enum remove_mode mode, struct unload *u,
		       mrw_leave_fn *leave)
{
	struct mrw_domain *d = mrw_domain_of(dom);
	int err;

	pthread_mutex_lock(&d->module_mutex);
	err = unload_locked(dom, mod, mode, u, leave);
	pthread_mutex_unlock(&d->module_mutex);
	return err;
}

/*
 * Until the count is zero, has fallen since the last look, or has been looked
 * at often enough: a put may have gone unseen.  No lock is held.
 * False: cancelled.
 */
static bool wait_for_put(struct mrw_module *m, struct unload *u)
{
	unsigned int spins = 0;
	/* Relaxed: only a hint when to start over. */
	long seen = atomic_load_explicit(&m->refs, memory_order_relaxed);
	long now = seen;

	while (now && now >= seen && spins < MRW_LOOKS) {
		if (u->cancelled(u))
			return false;
		wait_relax(&spins);
		seen = now;
		now = atomic_load_explicit(&m->refs, memory_order_relaxed);
	}
	return true;
}

int mrw_unload(struct domain *dom, struct handle *mod, enum remove_mode mode,
	       struct unload *u, mrw_leave_fn *leave)
{
	int err;

	while ((err = unload_once(dom, mod, mode, u, leave)) == -EWOULDBLOCK &&
	       mode == REMOVE_WAIT) {
		if (u->cancelled(u))
			return -EINTR;
		u->retried(u);
		if (!wait_for_put(mrw_of(mod), u))
			return -EINTR;
	}
	return err;
}

/* Exit under the locks; the list goes before them, the copy releases them. */
static void leave(struct domain *dom, struct handle *mod, struct unload *u)
{
	table_remove(dom, mod);
	u->exit(u);
	unregister_tables(mod);
	atomic_store_explicit(&mrw_of(mod)->state, MRW_GONE,
			      memory_order_relaxed);
	module_rwsems_up(&mrw_domain_of(dom)->held);
}

static int mrw_remove(struct domain *dom, struct handle *mod,
		      enum remove_mode mode, struct unload *u)
{
	return mrw_unload(dom, mod, mode, u, leave);
}

static const struct param mrw_params[] = {
	[PARAM_PUT] = { .name = "put",
			.summary = "whether put takes the table's read lock",
			.choices = (const char *const[]){ "locked", "unlocked",
							  NULL } },
	[PARAM_RWSEM] = { .name = "rwsem",
			  .summary = "the kernel's algorithm, or glibc's lock",
			  .choices = (const char *const[]){ "kernel", "pthread",
							    NULL } },
	{ 0 },
};

static const struct scheme_ops module_rwsem_ops = {
	.name = "module_rwsem",
	.summary = "tables behind rwsems an unload write-locks (Richter 2002)",
	.source = "linux-kernel 20021223053614.A31939@baldur.yggdrasil.com",
	.caps = CAP_GET_CAN_FAIL | CAP_GET_MAY_BLOCK | CAP_HOLDER_SLEEPS |
		CAP_PUT_ANYWHERE | CAP_NESTS | CAP_EXACT_BUSY | CAP_WAIT_RETRY |
		CAP_OWNS_TABLE | CAP_GUARDS_CODE,
	.params = mrw_params,
	.sizes = mrw_sizes,
	.init = mrw_init,
	.fini = mrw_fini,
	.readers = mrw_readers,
	.insert = mrw_insert,
	.remove = mrw_remove,
};
SCHEME_REGISTER(module_rwsem_ops);
