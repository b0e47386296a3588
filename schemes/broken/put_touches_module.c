/* SPDX-License-Identifier: MIT */
/*
 * put_touches_module.c: broken: a put looks at the module once more.
 *
 * Models.  module_put of 2.5.48 to 3.12: it counted down and then, if the
 * module was going, read mod->waiter and woke it.
 * Idea.  As counted.h, but for the step after the count.
 * Wrong.  After the last count nothing keeps the module: its memory may be
 * unmapped before the put has looked at it.
 * Expected.  A fault in put; no get is ever at fault.
 * Source: Linux 2.5.52 include/linux/module.h module_put.
 */
#include "broken/counted.h"

loop_inline bool put_touches_module_get_known(struct domain *dom, void *slot,
					      struct handle *mod,
					      struct ref *ret)
{
	struct counted *c = counted_of(mod);

	(void)dom, (void)slot;
	atomic_fetch_add(&c->users, 1);
	delay_point(DELAY_COUNT_RECHECK);
	if (unlikely(!counted_is_live(mod))) {
		atomic_fetch_sub(&c->users, 1);
		return false;
	}
	*ret = (struct ref){ .mod = mod, .ops = mod->ops, .gen = mod->gen };
	return true;
}

loop_inline void put_touches_module_put(struct domain *dom, void *slot,
					struct ref *ref)
{
	uint64_t (*waiter)(uint64_t);

	(void)dom, (void)slot;
	atomic_fetch_sub(&counted_of(ref->mod)->users, 1);
	delay_point(DELAY_PUT_DONE);
	/* The module's own memory, as mod->waiter was. */
	waiter = *(uint64_t(*const volatile *)(uint64_t)) & ref->ops->call;
	__asm__ volatile("" : : "r"(waiter));
}

SCHEME_READERS(put_touches_module, NULL);

static const struct reader_ops *
put_touches_module_reader_side(const struct params *p)
{
	(void)p;
	return &put_touches_module_readers;
}

static const struct scheme_ops put_touches_module_ops = {
	.name = "put_touches_module",
	.summary = "broken: put reads the module after its last count",
	.source = "Linux 2.5.52 module_put",
	.caps = COUNTED_CAPS,
	.sizes = counted_sizes,
	.readers = put_touches_module_reader_side,
	.insert = counted_insert,
	.remove = counted_remove,
};
SCHEME_REGISTER(put_touches_module_ops);
