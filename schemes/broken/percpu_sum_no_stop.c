/* SPDX-License-Identifier: MIT */
/*
 * percpu_sum_no_stop.c: broken: one signed count per CPU, summed while it runs.
 *
 * Models.  Linux 2.5.48's per-CPU count without its stop of the machine.
 * Idea.  As schemes/stop_machine.c, but for two steps that its authors knew to
 * be needed: get and put share one signed count, and nothing stops while it is
 * summed.
 * Wrong.  A get on a CPU that has been summed already and a put on one that has
 * not add up to one too few: the sum says zero although somebody holds the
 * module.  And a get may count between the sum and the closing of the door.
 * Expected.  A fault or a wrong stamp in the driver's call.
 * Source: commit 5fbfb18d7a5b says why there are two counts.
 */
#include "prim/percpu_count.h"
#include "prim/rseq.h"
#include "prim/wait.h"
#include "scheme_loop.h"

/* A zeroed handle has never been inserted. */
enum state {
	STATE_OUT,
	STATE_LIVE,
	STATE_GOING,
};

struct summed_module {
	_Atomic uint32_t state;
};

static inline struct summed_module *summed_of(struct handle *mod)
{
	return (struct summed_module *)mod->priv;
}

loop_inline bool percpu_sum_no_stop_get_known(struct domain *dom, void *slot,
					      struct handle *mod,
					      struct ref *ret)
{
	if (!rseq_inc_if(&summed_of(mod)->state, STATE_LIVE, dom->percpu,
			 percpu_incs_of(mod),
			 &((struct percpu_count_slot *)slot)->aborts))
		return false;
	*ret = (struct ref){ .mod = mod, .ops = mod->ops, .gen = mod->gen };
	return true;
}

static inline void summed_add(struct domain *dom, void *slot,
			      const struct handle *mod, int64_t n)
{
	rseq_add(dom->percpu, percpu_incs_of(mod), n,
		 &((struct percpu_count_slot *)slot)->aborts);
}

loop_inline void percpu_sum_no_stop_put(struct domain *dom, void *slot,
					struct ref *ref)
{
	summed_add(dom, slot, ref->mod, -1);
	delay_point(DELAY_PUT_DONE);
}

static void percpu_sum_no_stop_dup(struct domain *dom, void *slot,
				   const struct ref *held, struct ref *ret)
{
	summed_add(dom, slot, held->mod, 1);
	*ret = *held;
}

SCHEME_READERS(percpu_sum_no_stop, percpu_sum_no_stop_dup);

static int summed_insert(struct domain *dom, struct handle *mod)
{
	atomic_store(&summed_of(mod)->state, STATE_LIVE);
	delay_point(DELAY_PUBLISH);
	table_insert(dom, mod);
	return 0;
}

static bool sum_is_zero(const struct domain *dom, const struct handle *mod)
{
	uint64_t sum = 0;

	for (uint32_t cpu = 0; cpu < dom->cfg.n_possible; cpu++) {
		sum += atomic_load(&percpu_count_on(dom, mod, cpu)->incs);
		delay_point(DELAY_SUM);
	}
	return !sum;
}

/* Closing the door is exclusive: two unloaders are not what is wrong here. */
static int summed_attempt(struct domain *dom, struct handle *mod,
			  struct unload *u)
{
	uint32_t live = STATE_LIVE;

	if (atomic_load(&summed_of(mod)->state) != STATE_LIVE)
		return -EBUSY;
	if (!sum_is_zero(dom, mod)) {
		u->stamp(u, PHASE_DECIDED);
		return -EWOULDBLOCK;
	}
	if (!atomic_compare_exchange_strong(&summed_of(mod)->state, &live,
					    STATE_GOING))
		return -EBUSY;
	u->stamp(u, PHASE_DECIDED);
	delay_point(DELAY_DECIDED_FREE);
	table_remove(dom, mod);
	u->exit(u);
	return 0;
}

static int summed_remove(struct domain *dom, struct handle *mod,
			 enum remove_mode mode, struct unload *u)
{
	if (mode == REMOVE_TRY)
		return summed_attempt(dom, mod, u);
	return remove_by_retry(summed_attempt, dom, mod, u);
}

static int summed_probe(const struct params *p, char *ret_why, size_t len)
{
	(void)p;
	return rseq_available(ret_why, len);
}

static void summed_sizes(const struct config *cfg, const struct params *p,
			 struct sizes *ret)
{
	(void)p;
	*ret = (struct sizes){
		.handle = sizeof(struct summed_module),
		.percpu = percpu_count_bytes(cfg->n_modules),
		.slot = sizeof(struct percpu_count_slot),
	};
}

static const struct reader_ops *summed_reader_side(const struct params *p)
{
	(void)p;
	return &percpu_sum_no_stop_readers;
}

static const struct scheme_ops percpu_sum_no_stop_ops = {
	.name = "percpu_sum_no_stop",
	.summary = "broken: one signed count per CPU, summed without a stop",
	.source = "Linux 2.5.48 kernel/module.c without stop_refcounts",
	.caps = CAP_BROKEN | CAP_GET_CAN_FAIL | CAP_HOLDER_SLEEPS |
		CAP_PUT_ANYWHERE | CAP_NESTS | CAP_WAIT_RETRY | CAP_GUARDS_CODE,
	.probe = summed_probe,
	.sizes = summed_sizes,
	.readers = summed_reader_side,
	.insert = summed_insert,
	.remove = summed_remove,
};
SCHEME_REGISTER(percpu_sum_no_stop_ops);
