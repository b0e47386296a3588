/* SPDX-License-Identifier: MIT */
/*
 * check_then_count.c: broken: looks at the state, then counts.
 *
 * Models.  The blocking unload of Linux 2.6.30 without its synchronize_sched(),
 * or the get of 2.5.48 with preemption left on.
 * Idea.  As counted.h, but a get looks first and counts then.
 * Wrong.  An unload between the look and the count finds no users and frees
 * what is counted a moment later.  No second look, no restart and no grace
 * period closes the gap.
 * Expected.  A fault or a wrong stamp in the driver's call.
 * Source: schemes/stop_machine.c is the sound one.
 */
#include "broken/counted.h"

loop_inline bool check_then_count_get_known(struct domain *dom, void *slot,
					    struct handle *mod, struct ref *ret)
{
	(void)dom, (void)slot;
	if (!counted_is_live(mod))
		return false;
	delay_point(DELAY_CHECK_COUNT);
	atomic_fetch_add(&counted_of(mod)->users, 1);
	*ret = (struct ref){ .mod = mod, .ops = mod->ops, .gen = mod->gen };
	return true;
}

loop_inline void check_then_count_put(struct domain *dom, void *slot,
				      struct ref *ref)
{
	(void)dom, (void)slot;
	atomic_fetch_sub(&counted_of(ref->mod)->users, 1);
	delay_point(DELAY_PUT_DONE);
}

SCHEME_READERS(check_then_count, NULL);

static const struct reader_ops *
check_then_count_reader_side(const struct params *p)
{
	(void)p;
	return &check_then_count_readers;
}

static const struct scheme_ops check_then_count_ops = {
	.name = "check_then_count",
	.summary = "broken: looks at the state, then counts",
	.source = "Linux 2.5.48 get with preemption on",
	.caps = COUNTED_CAPS,
	.sizes = counted_sizes,
	.readers = check_then_count_reader_side,
	.insert = counted_insert,
	.remove = counted_remove,
};
SCHEME_REGISTER(check_then_count_ops);
