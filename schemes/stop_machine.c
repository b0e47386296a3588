/* SPDX-License-Identifier: MIT */
/*
 * stop_machine.c: references counted per CPU; unload stops every CPU to sum.
 *
 * Models.  Linux 2.6.35 to 3.18 (2010-2014), after Rusty Russell's 2.5.48.
 * Idea.  A get looks at the state and adds to this CPU's incs, a put adds to
 * this CPU's decs.  Where the kernel turned preemption off for that, we use a
 * restartable sequence (prim/rseq.h).  With all CPUs stopped no get is between
 * its look and its count, so an unload may sum and close the door.
 * mechanism=membarrier asks how much of the stop was ever needed: the state
 * becomes TESTING, a membarrier restarts the sections under way, and the sum
 * decides; gets that meet TESTING wait for it.  Only there may a get block.
 * A wait (2.6.35 to 3.12) closes the door first and waits for the sums to meet.
 * Where the kernel ran synchronize_sched() in between, which waits for every
 * CPU to schedule and stops none, there is an empty stop, or the membarrier: it
 * does the same for the readers, sooner, and at a higher price for all others.
 * Cost.  Two plain adds on a line of this CPU per look-up.  An unload wakes and
 * stops every CPU, or interrupts those that run us; the stop's initiator makes
 * up to seven system calls to change its priority and back, which no kernel
 * makes (prim/stopper.h).  64 bytes a module and CPU.
 *
 * Count.  stop_machine_get_known: 0 locked, 0 fences
 * Count.  stop_machine_put: 0 locked, 0 fences
 *
 * Ordering.
 *   A  state LIVE, a release  pairs with  B  the section's acquire (rseq.h A):
 *      what init set up is visible to every holder                 (S3)
 *   C  put's release (rseq.h B)  pairs with  D  the sum's acquire
 *      (percpu_count.h): what a holder did is over before remove() returns (S2)
 *   E  the stop, or the membarrier, orders every section against the state: one
 *      that saw LIVE has counted where the sum sees it, all others start again
 *      and see the new state                                       (S1)
 * Can't.  Stop twice at the same time: unloaders queue on module_mutex, but not
 * for a drain.  Hold more modules than fit one CPU's memory (PERCPU_SHIFT).
 * Take gets back that a wait has refused when it is cancelled: the only spurious
 * refusals, and none in the kernel, whose wait could not be cancelled.  The stop
 * in which 2.6.35 unlinked the module is not here: a table has its own guard.
 * put does not wake the waiter: it looks again by itself.
 * Source: Linux 2.6.35 kernel/module.c try_stop_module, __try_stop_module,
 * wait_for_zero_refcount; 3fc1f1e27a5b, 5fbfb18d7a5b, 3f2b9c9cdf38;
 * membarrier: 2a36ab717e8f (5.10).
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "prim/membarrier.h"
#include "prim/percpu_count.h"
#include "prim/rseq.h"
#include "prim/stopper.h"
#include "prim/wait.h"
#include "scheme_loop.h"

enum mechanism {
	MECHANISM_STOPPER,
	MECHANISM_MEMBARRIER,
};

/* A zeroed handle has never been inserted. */
enum state {
	STATE_UNFORMED,
	STATE_LIVE,
	STATE_TESTING,
	STATE_GOING,
};

/*
 * counts: of CPU 0, as the kernel's module->refptr; other CPUs' lie beyond.  A
 * get reads it before it knows the state: nobody may have the handle before the
 * first insert() is over (scheme.h, get_known).
 */
struct stop_machine_module {
	_Atomic uint32_t state;
	char *counts;
};

/* The counters are written under the mutex, but for aborts. */
struct stop_machine_domain {
	_Alignas(SCHEME_ALIGN) pthread_mutex_t module_mutex;
	struct stoppers *stoppers; /* NULL: membarrier */
	uint64_t stops;
	uint64_t stops_failed;
	_Atomic uint64_t aborts;
};

static inline struct stop_machine_module *
stop_machine_of(const struct handle *mod)
{
	return (struct stop_machine_module *)mod->priv;
}

static void set_state(struct handle *mod, enum state state)
{
	atomic_store_explicit(&stop_machine_of(mod)->state, state,
			      memory_order_release /* A */);
}

static enum state state_of(const struct handle *mod)
{
	return atomic_load_explicit(&stop_machine_of(mod)->state,
				    memory_order_acquire /* B */);
}

/* ---- readers ------------------------------------------------------------- */

/* Not live: wait while an unloader makes up its mind. */
static __attribute__((noinline)) bool undecided_get(struct handle *mod,
						    uint64_t *aborts)
{
	unsigned int spins = 0;
	enum state state;

	while ((state = state_of(mod)) == STATE_TESTING ||
	       state == STATE_LIVE) {
		if (state == STATE_LIVE &&
		    rseq_inc_if(&stop_machine_of(mod)->state, STATE_LIVE,
				stop_machine_of(mod)->counts, 0, aborts))
			return true;
		wait_relax(&spins);
	}
	return false;
}

loop_inline bool stop_machine_get_known(struct domain *dom, void *slot,
					struct handle *mod, struct ref *ret)
{
	struct stop_machine_module *m = stop_machine_of(mod);
	uint64_t *aborts = &((struct percpu_count_slot *)slot)->aborts;

	(void)dom;
	if (unlikely(!rseq_inc_if(&m->state, STATE_LIVE, m->counts, 0,
				  aborts)) &&
	    !undecided_get(mod, aborts))
		return false;
	*ret = (struct ref){ .mod = mod, .ops = mod->ops, .gen = mod->gen };
	return true;
}

loop_inline void stop_machine_put(struct domain *dom, void *slot,
				  struct ref *ref)
{
	(void)dom;
	rseq_add(stop_machine_of(ref->mod)->counts,
		 offsetof(struct percpu_count, decs), 1,
		 &((struct percpu_count_slot *)slot)->aborts);
	delay_point(DELAY_PUT_DONE);
}

/* __module_get: a holder looks at no state. */
static void stop_machine_dup(struct domain *dom, void *slot,
			     const struct ref *held, struct ref *ret)
{
	(void)dom;
	rseq_add(stop_machine_of(held->mod)->counts, 0, 1,
		 &((struct percpu_count_slot *)slot)->aborts);
	*ret = *held;
}

SCHEME_READERS(stop_machine, stop_machine_dup);

static void stop_machine_detach(struct domain *dom, void *slot)
{
	struct stop_machine_domain *d = dom->priv;

	/* Relaxed: a figure for the record. */
	atomic_fetch_add_explicit(&d->aborts,
				  ((struct percpu_count_slot *)slot)->aborts,
				  memory_order_relaxed);
	((struct percpu_count_slot *)slot)->aborts = 0;
}

/* ---- unload: under module_mutex, but for the drain ----------------------- */

struct attempt {
	struct domain *dom;
	struct handle *mod;
	struct unload *u;
};

/* __try_stop_module: alone on the machine, on a stopper. */
static int close_if_idle(void *arg)
{
	struct attempt *a = arg;
	int err = 0;

	a->u->stamp(a->u, PHASE_QUIESCED);
	delay_point(DELAY_IN_STOP);
	if (percpu_count_idle(a->dom, a->mod, DELAY_IN_STOP))
		set_state(a->mod, STATE_GOING);
	else
		err = -EWOULDBLOCK;
	a->u->stamp(a->u, PHASE_DECIDED);
	return err;
}

static int quiesced(void *arg)
{
	struct attempt *a = arg;

	a->u->stamp(a->u, PHASE_QUIESCED);
	return 0;
}

/* E: from here no section is under way that saw an older state. */
static int quiesce(struct attempt *a)
{
	struct stop_machine_domain *d = a->dom->priv;

	if (d->stoppers)
		return stop_machine_run(d->stoppers, quiesced, a);
	if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ))
		return -errno;
	return quiesced(a);
}

static int close_by_membarrier(struct attempt *a)
{
	int err;

	set_state(a->mod, STATE_TESTING);
	delay_point(DELAY_GOING_DRAIN);
	err = quiesce(a);
	if (!err && !percpu_count_idle(a->dom, a->mod, DELAY_SUM))
		err = -EWOULDBLOCK;
	set_state(a->mod, err ? STATE_LIVE : STATE_GOING);
	a->u->stamp(a->u, PHASE_DECIDED);
	return err;
}

static int try_locked(struct attempt *a)
{
	struct stop_machine_domain *d = a->dom->priv;
	int err;

	if (!d->stoppers)
		return close_by_membarrier(a);
	err = stop_machine_run(d->stoppers, close_if_idle, a);
	/* Closed, but the initiator's policy was not given back: open again. */
	if (err)
		set_state(a->mod, STATE_LIVE);
	return err;
}

/* wait_for_zero_refcount, but for the sleep. */
static int drain(struct attempt *a)
{
	unsigned int spins = 0;

	while (!percpu_count_idle(a->dom, a->mod, DELAY_SUM)) {
		if (a->u->cancelled(a->u))
			return -EINTR;
		wait_relax(&spins);
	}
	a->u->stamp(a->u, PHASE_DRAINED);
	return 0;
}

/* While it drains, GOING alone keeps other unloaders of this module out. */
static int wait_locked(struct attempt *a)
{
	struct stop_machine_domain *d = a->dom->priv;
	int err;

	set_state(a->mod, STATE_GOING);
	a->u->stamp(a->u, PHASE_GOING);
	delay_point(DELAY_GOING_DRAIN);
	err = quiesce(a);
	pthread_mutex_unlock(&d->module_mutex);
	if (!err)
		err = drain(a);
	pthread_mutex_lock(&d->module_mutex);
	if (err)
		set_state(a->mod, STATE_LIVE);
	a->u->stamp(a->u, PHASE_DECIDED);
	return err;
}

static int stop_machine_remove(struct domain *dom, struct handle *mod,
			       enum remove_mode mode, struct unload *u)
{
	struct stop_machine_domain *d = dom->priv;
	struct attempt a = { .dom = dom, .mod = mod, .u = u };
	int err = -EBUSY;

	pthread_mutex_lock(&d->module_mutex);
	if (state_of(mod) == STATE_LIVE) {
		d->stops++;
		err = mode == REMOVE_TRY ? try_locked(&a) : wait_locked(&a);
		d->stops_failed += err != 0;
	}
	if (!err) {
		delay_point(DELAY_DECIDED_FREE);
		table_remove(dom, mod);
		u->exit(u);
	}
	pthread_mutex_unlock(&d->module_mutex);
	return err;
}

/* incs and decs are as the last unload left them: equal. */
static int stop_machine_insert(struct domain *dom, struct handle *mod)
{
	/* Once: later gets read it without looking at the state. */
	if (!stop_machine_of(mod)->counts)
		stop_machine_of(mod)->counts =
			dom->percpu + percpu_incs_of(mod);
	set_state(mod, STATE_LIVE);
	delay_point(DELAY_PUBLISH);
	table_insert(dom, mod);
	return 0;
}

/* ---- the domain ---------------------------------------------------------- */

static int stop_machine_probe(const struct params *p, char *ret_why, size_t len)
{
	int err = rseq_available(ret_why, len);

	if (err)
		return err;
	if (p->value[0] == MECHANISM_STOPPER)
		return stopper_probe(ret_why, len);
	err = membarrier_register_rseq();
	if (err)
		snprintf(ret_why, len,
			 "the kernel has no membarrier(PRIVATE_EXPEDITED_RSEQ) "
			 "(Linux 5.10, CONFIG_RSEQ)");
	return err;
}

static void stop_machine_sizes(const struct config *cfg, const struct params *p,
			       struct sizes *ret)
{
	*ret = (struct sizes){
		.domain = sizeof(struct stop_machine_domain),
		.handle = sizeof(struct stop_machine_module),
		.percpu = percpu_count_bytes(cfg->n_modules),
		.slot = sizeof(struct percpu_count_slot),
	};
	if (p->value[0] == MECHANISM_STOPPER)
		ret->domain += stopper_set_bytes(cfg->n_cpus);
}

static int stop_machine_init(struct domain *dom)
{
	struct stop_machine_domain *d = dom->priv;
	int err;

	if (percpu_count_bytes(dom->cfg.n_modules) > 1u << PERCPU_SHIFT)
		return -E2BIG;
	percpu_count_touch(dom);
	if (dom->params.value[0] == MECHANISM_STOPPER) {
		d->stoppers = (struct stoppers *)(d + 1);
		err = stopper_start(d->stoppers, dom->cfg.cpus,
				    dom->cfg.n_cpus);
	} else {
		err = membarrier_register_rseq();
	}
	if (err)
		return err;
	return -pthread_mutex_init(&d->module_mutex, NULL);
}

static void stop_machine_fini(struct domain *dom)
{
	struct stop_machine_domain *d = dom->priv;

	if (d->stoppers)
		stopper_stop(d->stoppers);
	pthread_mutex_destroy(&d->module_mutex);
}

/* aborts: of the threads that have detached. */
static size_t stop_machine_counters(const struct domain *dom,
				    struct counter *ret, size_t max)
{
	const struct stop_machine_domain *d = dom->priv;
	const struct counter all[] = {
		{ "stops", (double)d->stops },
		{ "stops_failed", (double)d->stops_failed },
		{ "rseq_aborts", (double)atomic_load(&d->aborts) },
	};
	size_t n = 0;

	for (; n < max && n < sizeof(all) / sizeof(*all); n++)
		ret[n] = all[n];
	return n;
}

static const struct reader_ops *stop_machine_reader_side(const struct params *p)
{
	(void)p;
	return &stop_machine_readers;
}

static const char *const mechanisms[] = { "stopper", "membarrier", NULL };

static const struct param stop_machine_params[] = {
	{ .name = "mechanism",
	  .summary = "what an unload quiesces readers by",
	  .choices = mechanisms },
	{ 0 },
};

static const struct scheme_ops stop_machine_ops = {
	.name = "stop_machine",
	.summary = "counts per CPU, summed with every CPU stopped (2.6)",
	.source = "Linux 2.6.35 to 3.18, kernel/module.c; commit 3fc1f1e27a5b",
	.caps = CAP_GET_CAN_FAIL | CAP_SPURIOUS | CAP_GET_MAY_BLOCK |
		CAP_HOLDER_SLEEPS | CAP_PUT_ANYWHERE | CAP_NESTS |
		CAP_EXACT_BUSY | CAP_WAIT_DRAIN | CAP_GUARDS_CODE,
	.params = stop_machine_params,
	.probe = stop_machine_probe,
	.sizes = stop_machine_sizes,
	.init = stop_machine_init,
	.fini = stop_machine_fini,
	.detach = stop_machine_detach,
	.readers = stop_machine_reader_side,
	.insert = stop_machine_insert,
	.remove = stop_machine_remove,
	.counters = stop_machine_counters,
};
SCHEME_REGISTER(stop_machine_ops);
