/* SPDX-License-Identifier: MIT */
/*
 * use_count_inside.c: broken: the module counts its users itself.
 *
 * Models.  MOD_INC_USE_COUNT in a driver's open, Linux 2.0 to 2.4.
 * Idea.  As counted.h, but the count is taken by a function of the module.
 * Wrong.  Whoever is on the way to that function is in the module and not yet
 * counted: an unload between the look-up and the count unmaps what is about to
 * be called.  The same on the way out, after close() has counted down.
 * Expected.  A fault in get, at or inside ops->open; rarer in put.
 * Source: Linux 2.4 include/linux/module.h; fs/devices.c chrdev_open.
 */
#include "broken/counted.h"

loop_inline bool use_count_inside_get_known(struct domain *dom, void *slot,
					    struct handle *mod, struct ref *ret)
{
	struct counted *c = counted_of(mod);
	const struct driver_ops *ops = mod->ops;

	(void)dom, (void)slot;
	if (!counted_is_live(mod))
		return false;
	delay_point(DELAY_CHECK_COUNT);
	ops->open(&c->users);
	delay_point(DELAY_COUNT_RECHECK);
	/* The driver's open is relaxed: make it Dekker's. */
	smp_mb();
	if (unlikely(!counted_is_live(mod))) {
		ops->close(&c->users);
		return false;
	}
	*ret = (struct ref){ .mod = mod, .ops = ops, .gen = mod->gen };
	return true;
}

loop_inline void use_count_inside_put(struct domain *dom, void *slot,
				      struct ref *ref)
{
	(void)dom, (void)slot;
	ref->ops->close(&counted_of(ref->mod)->users);
	delay_point(DELAY_PUT_DONE);
}

SCHEME_READERS(use_count_inside, NULL);

static const struct reader_ops *
use_count_inside_reader_side(const struct params *p)
{
	(void)p;
	return &use_count_inside_readers;
}

static const struct scheme_ops use_count_inside_ops = {
	.name = "use_count_inside",
	.summary = "broken: the module counts its users from inside",
	.source = "Linux 2.4 MOD_INC_USE_COUNT",
	.caps = COUNTED_CAPS,
	.sizes = counted_sizes,
	.readers = use_count_inside_reader_side,
	.insert = counted_insert,
	.remove = counted_remove,
};
SCHEME_REGISTER(use_count_inside_ops);
