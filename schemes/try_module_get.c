/* SPDX-License-Identifier: MIT */
/*
 * try_module_get.c: one atomic count per module, with a base count.
 *
 * Models.  Linux since 3.19 (2014).  Proposed by Masami Hiramatsu to be rid of
 * stop_machine at unload.
 * Idea.  The count starts at BASE = 1 while the module lives.  A get adds one
 * unless the count is zero; a put takes one unless that would go below zero.
 * Unload takes BASE away: if that makes zero, the module is out and later gets
 * find zero.  Otherwise it gives BASE back, unless the last holder left
 * meanwhile and the count has reached zero after all.
 * Unload runs under a mutex: two unloaders without one could both take BASE,
 * and free under a holder.
 * Cost.  Two compare-and-exchange loops on one shared line per look-up.  Unload
 * is one or two operations on that line; it waits for no holder.  The kernel
 * pays 4 bytes in struct module; here a module has 256, two lines of its own,
 * so that what is measured is the count and not its neighbours.
 * Count.  try_module_get_get_known: 1 locked, 0 fences
 * Count.  try_module_get_put: 1 locked, 0 fences
 * Ordering.
 *   A  put's release     pairs with  B  unload's acquire:
 *      what a holder did is over before remove() returns             (S2)
 *   C  insert's release  pairs with  D  get's acquire:
 *      what init set up is visible to every holder                   (S3)
 * Acquire and release are all these need.  The kernel's operations
 * (atomic_inc_not_zero, atomic_dec_if_positive, atomic_sub_return,
 * atomic_add_unless) are fully ordered when they succeed, so these are seq_cst
 * then.  x86-64 makes the same locked instruction of either.  AArch64 has casal
 * and ldaddal for both under LSE; without it the kernel adds a full barrier
 * that seq_cst, ldaxr and stlxr, has not: there it is a little cheaper here.
 * Can't.  Wait for holders: since 3.13 waiting is modprobe's retry.  The state
 * test before the count decides nothing here, the count does; it stands because
 * the kernel's get pays for it too.  delete_module takes module_mutex
 * interruptibly, here the wait for it cannot be cancelled.  free_module's
 * synchronize_rcu is the caller's (CAP_NEEDS_GRACE): it comes after the
 * decision, from a source that the user chooses.
 * Source: Linux 6.1 kernel/module/main.c try_module_get, module_put,
 * try_release_module_ref; commit e513cc1c07e2.
 */
#include <pthread.h>

#include "prim/wait.h"
#include "scheme_loop.h"

#define BASE 1

enum state {
	STATE_LIVE,
	STATE_COMING,
	STATE_GOING,
};

/* As in struct module: state in the first line, the count far behind it. */
struct tmg_module {
	_Atomic uint32_t state;
	_Alignas(SCHEME_ALIGN) atomic_int refcnt;
};

/* What the header says of it. */
_Static_assert(sizeof(struct tmg_module) == 256, "a module");

struct tmg_domain {
	pthread_mutex_t module_mutex;
};

static inline struct tmg_module *tmg_of(struct handle *mod)
{
	return (struct tmg_module *)mod->priv;
}

loop_inline bool try_module_get_get_known(struct domain *dom, void *slot,
					  struct handle *mod, struct ref *ret)
{
	struct tmg_module *m = tmg_of(mod);
	int old;

	(void)dom, (void)slot;
	/* Relaxed: only the count below decides. */
	if (unlikely(atomic_load_explicit(&m->state, memory_order_relaxed) ==
		     STATE_GOING))
		return false;
	delay_point(DELAY_CHECK_COUNT);
	old = atomic_load_explicit(&m->refcnt, memory_order_relaxed);
	do {
		if (unlikely(!old))
			return false;
	} while (!atomic_compare_exchange_weak_explicit(
		&m->refcnt, &old, old + 1, memory_order_seq_cst /* D */,
		memory_order_relaxed));
	*ret = (struct ref){ .mod = mod, .ops = mod->ops, .gen = mod->gen };
	return true;
}

loop_inline void try_module_get_put(struct domain *dom, void *slot,
				    struct ref *ref)
{
	struct tmg_module *m = tmg_of(ref->mod);
	int old = atomic_load_explicit(&m->refcnt, memory_order_relaxed);

	(void)dom, (void)slot;
	do {
		/* An underflow is somebody's bug; the kernel warns. */
		if (unlikely(old <= 0))
			return;
	} while (!atomic_compare_exchange_weak_explicit(
		&m->refcnt, &old, old - 1, memory_order_seq_cst /* A */,
		memory_order_relaxed));
	delay_point(DELAY_PUT_DONE);
}

/* __module_get: a holder needs no test, its own count keeps the module in. */
static void try_module_get_dup(struct domain *dom, void *slot,
			       const struct ref *held, struct ref *ret)
{
	(void)dom, (void)slot;
	/* Relaxed: the held reference already ordered everything. */
	atomic_fetch_add_explicit(&tmg_of(held->mod)->refcnt, 1,
				  memory_order_relaxed);
	*ret = *held;
}

SCHEME_READERS(try_module_get, try_module_get_dup);

static int tmg_init(struct domain *dom)
{
	struct tmg_domain *d = dom->priv;

	return -pthread_mutex_init(&d->module_mutex, NULL);
}

static void tmg_fini(struct domain *dom)
{
	struct tmg_domain *d = dom->priv;

	pthread_mutex_destroy(&d->module_mutex);
}

static int tmg_insert(struct domain *dom, struct handle *mod)
{
	struct tmg_module *m = tmg_of(mod);

	atomic_store_explicit(&m->state, STATE_LIVE, memory_order_relaxed);
	delay_point(DELAY_PUBLISH);
	atomic_store_explicit(&m->refcnt, BASE, memory_order_release /* C */);
	table_insert(dom, mod);
	return 0;
}

/* Take BASE; true when nobody else had a count. */
static bool take_base(struct tmg_module *m)
{
	int old = atomic_fetch_sub_explicit(&m->refcnt, BASE,
					    memory_order_seq_cst /* B */) -
		  BASE;

	delay_point(DELAY_COUNT_RECHECK);
	while (old) {
		/* Give it back, unless the count has reached zero meanwhile. */
		if (atomic_compare_exchange_weak_explicit(
			    &m->refcnt, &old, old + BASE,
			    memory_order_seq_cst /* B */,
			    memory_order_acquire /* B */))
			return false;
	}
	return true;
}

static int tmg_try_locked(struct domain *dom, struct handle *mod,
			  struct unload *u)
{
	struct tmg_module *m = tmg_of(mod);

	/* Relaxed: written under the mutex only. */
	if (atomic_load_explicit(&m->state, memory_order_relaxed) !=
		    STATE_LIVE ||
	    !atomic_load_explicit(&m->refcnt, memory_order_relaxed))
		return -EBUSY;
	if (!take_base(m)) {
		u->stamp(u, PHASE_DECIDED);
		return -EWOULDBLOCK;
	}
	atomic_store_explicit(&m->state, STATE_GOING, memory_order_relaxed);
	u->stamp(u, PHASE_GOING);
	u->stamp(u, PHASE_DECIDED);
	delay_point(DELAY_DECIDED_FREE);
	table_remove(dom, mod);
	u->exit(u);
	return 0;
}

/*
 * One attempt.  The kernel drops module_mutex before exit(); here exit cannot
 * load anything, so the mutex is kept and the table entry goes under it.
 */
static int tmg_attempt(struct domain *dom, struct handle *mod, struct unload *u)
{
	struct tmg_domain *d = dom->priv;
	int err;

	pthread_mutex_lock(&d->module_mutex);
	err = tmg_try_locked(dom, mod, u);
	pthread_mutex_unlock(&d->module_mutex);
	return err;
}

static int tmg_remove(struct domain *dom, struct handle *mod,
		      enum remove_mode mode, struct unload *u)
{
	if (mode == REMOVE_TRY)
		return tmg_attempt(dom, mod, u);
	return remove_by_retry(tmg_attempt, dom, mod, u);
}

static void tmg_sizes(const struct config *cfg, const struct params *p,
		      struct sizes *ret)
{
	(void)cfg, (void)p;
	*ret = (struct sizes){
		.domain = sizeof(struct tmg_domain),
		.handle = sizeof(struct tmg_module),
	};
}

static const struct reader_ops *tmg_reader_side(const struct params *p)
{
	(void)p;
	return &try_module_get_readers;
}

static const struct scheme_ops try_module_get_ops = {
	.name = "try_module_get",
	.summary = "one atomic count with a base count (mainline)",
	.source = "Linux 3.19 to today, kernel/module; commit e513cc1c07e2",
	.caps = CAP_GET_CAN_FAIL | CAP_HOLDER_SLEEPS | CAP_PUT_ANYWHERE |
		CAP_NESTS | CAP_EXACT_BUSY | CAP_WAIT_RETRY | CAP_GUARDS_CODE |
		CAP_NEEDS_GRACE,
	.sizes = tmg_sizes,
	.init = tmg_init,
	.fini = tmg_fini,
	.readers = tmg_reader_side,
	.insert = tmg_insert,
	.remove = tmg_remove,
};
SCHEME_REGISTER(try_module_get_ops);
