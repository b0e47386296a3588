/* SPDX-License-Identifier: MIT */
/*
 * scheme_loop.h: turns a scheme's inline get and put into its timed loops.
 *
 * Idea.  The loop is the same for every scheme and lies inside the scheme: the
 * compiler sees get and put as functions it inlines, not as pointers it calls.
 * A pointer an operation would cost as much as the cheap schemes themselves.
 * Hold and think of zero are an instance of their own, and so is each way to
 * find the entry, so that nothing is tested in the loop that is known before.
 *
 * Never.  Counts in memory within the loop, and never a call but the driver's.
 */
#ifndef SCHEME_LOOP_H
#define SCHEME_LOOP_H

/* liburcu's readers inline: its name for "may be inlined", and MIT may. */
#define _LGPL_SOURCE
#include <urcu/urcu-memb.h>

#include "prim/arch.h"
#include "prim/delay.h"
#include "prim/table.h"
#include "scheme.h"

#define loop_inline static inline __attribute__((always_inline))

typedef bool get_fn(struct domain *dom, void *slot, uint32_t key,
		    struct ref *ret);
typedef bool get_known_fn(struct domain *dom, void *slot, struct handle *mod,
			  struct ref *ret);
typedef void put_fn(struct domain *dom, void *slot, struct ref *ref);

/* Registers only: the hold must not share a line with anybody. */
loop_inline void loop_spin(uint32_t spins)
{
	for (; spins; spins--)
		__asm__ volatile("" : "+r"(spins));
}

loop_inline bool pin_found(struct domain *dom, void *slot, uint32_t key,
			   get_known_fn *get_known, struct ref *ret)
{
	struct handle *mod = table_find(dom, key);

	delay_point(DELAY_FIND_PIN);
	return likely(mod != NULL) && get_known(dom, slot, mod, ret);
}

/* Find and pin inside the table's guard, as a kernel look-up does. */
loop_inline bool find_and_pin(struct domain *dom, void *slot, uint32_t key,
			      enum table_kind kind, get_known_fn *get_known,
			      struct ref *ret)
{
	bool granted;

	switch (kind) {
	case TABLE_RCU:
		urcu_memb_read_lock();
		granted = pin_found(dom, slot, key, get_known, ret);
		urcu_memb_read_unlock();
		return granted;
	case TABLE_RWLOCK:
		rwlock_read_lock(&table_of(dom, key)->guard);
		granted = pin_found(dom, slot, key, get_known, ret);
		rwlock_read_unlock(&table_of(dom, key)->guard);
		return granted;
	default:
		return pin_found(dom, slot, key, get_known, ret);
	}
}

/* The body of every look-up loop. */
loop_inline void lookup_loop_body(struct domain *dom, void *slot,
				  const struct loop *l, struct tally *t,
				  bool dwells, get_fn *get, put_fn *put)
{
	const uint32_t *keys = l->keys;
	const uint32_t mask = l->mask;
	const uint64_t n = l->n;
	uint64_t refused = 0, mix = 0;

	for (uint64_t i = 0; i < n; i++) {
		struct ref ref;

		if (likely(get(dom, slot, keys[i & mask], &ref))) {
			mix ^= ref.ops->call(i);
			if (dwells)
				loop_spin(l->hold);
			put(dom, slot, &ref);
		} else {
			refused++;
		}
		if (dwells)
			loop_spin(l->think);
	}
	t->granted += n - refused;
	t->refused += refused;
	t->mix ^= mix;
}

/* The body of every ref loop: the count alone, on a module already in hand. */
loop_inline void ref_loop_body(struct domain *dom, void *slot,
			       const struct loop *l, struct tally *t,
			       bool dwells, get_known_fn *get_known,
			       put_fn *put)
{
	struct handle *mod = table_find(dom, l->keys[0]);
	const uint64_t n = l->n;
	uint64_t refused = 0;

	for (uint64_t i = 0; mod && i < n; i++) {
		struct ref ref;

		if (likely(get_known(dom, slot, mod, &ref))) {
			/* Or `none` would be no loop at all. */
			__asm__ volatile("" : : "r"(ref.mod));
			if (dwells)
				loop_spin(l->hold);
			put(dom, slot, &ref);
		} else {
			refused++;
		}
		if (dwells)
			loop_spin(l->think);
	}
	t->granted += mod ? n - refused : 0;
	t->refused += mod ? refused : n;
}

#define LOOP_INSTANCE(name, body, dwells, ...)                                 \
	static __attribute__((noinline)) void name(                            \
		struct domain *dom, void *slot, const struct loop *l,          \
		struct tally *t)                                               \
	{                                                                      \
		body(dom, slot, l, t, dwells, __VA_ARGS__);                    \
	}

#define LOOP_FINDER(prefix, suffix, kind)                                      \
	loop_inline bool prefix##_get_##suffix(struct domain *dom, void *slot, \
					       uint32_t key, struct ref *ret)  \
	{                                                                      \
		return find_and_pin(dom, slot, key, kind, prefix##_get_known,  \
				    ret);                                      \
	}                                                                      \
	LOOP_INSTANCE(prefix##_lookup_##suffix, lookup_loop_body, false,       \
		      prefix##_get_##suffix, prefix##_put)                     \
	LOOP_INSTANCE(prefix##_lookup_##suffix##_dwells, lookup_loop_body,     \
		      true, prefix##_get_##suffix, prefix##_put)

#define LOOP_REF(prefix)                                                       \
	LOOP_INSTANCE(prefix##_ref, ref_loop_body, false, prefix##_get_known,  \
		      prefix##_put)                                            \
	LOOP_INSTANCE(prefix##_ref_dwells, ref_loop_body, true,                \
		      prefix##_get_known, prefix##_put)                        \
	static void prefix##_ref_loop(struct domain *dom, void *slot,          \
				      const struct loop *l, struct tally *t)   \
	{                                                                      \
		if (l->hold | l->think)                                        \
			prefix##_ref_dwells(dom, slot, l, t);                  \
		else                                                           \
			prefix##_ref(dom, slot, l, t);                         \
	}

#define LOOP_READER_OPS(prefix, dup_fn)                                        \
	static const struct reader_ops prefix##_readers = {                    \
		.get = prefix##_get_any,                                       \
		.get_known = prefix##_get_known,                               \
		.put = prefix##_put,                                           \
		.dup = dup_fn,                                                 \
		.lookup_loop = prefix##_lookup_loop,                           \
		.ref_loop = prefix##_ref_loop,                                 \
	}

/*
 * SCHEME_READERS(prefix, dup): struct reader_ops prefix_readers from
 * prefix_get_known() and prefix_put(); finding follows the table axis.
 */
#define SCHEME_READERS(prefix, dup_fn)                                         \
	LOOP_FINDER(prefix, none, TABLE_NONE)                                  \
	LOOP_FINDER(prefix, rcu, TABLE_RCU)                                    \
	LOOP_FINDER(prefix, rwlock, TABLE_RWLOCK)                              \
	static void prefix##_lookup_loop(struct domain *dom, void *slot,       \
					 const struct loop *l,                 \
					 struct tally *t)                      \
	{                                                                      \
		bool dwells = l->hold | l->think;                              \
                                                                               \
		if (dom->cfg.table == TABLE_NONE && !dwells)                   \
			prefix##_lookup_none(dom, slot, l, t);                 \
		else if (dom->cfg.table == TABLE_NONE)                         \
			prefix##_lookup_none_dwells(dom, slot, l, t);          \
		else if (dom->cfg.table == TABLE_RCU && !dwells)               \
			prefix##_lookup_rcu(dom, slot, l, t);                  \
		else if (dom->cfg.table == TABLE_RCU)                          \
			prefix##_lookup_rcu_dwells(dom, slot, l, t);           \
		else if (!dwells)                                              \
			prefix##_lookup_rwlock(dom, slot, l, t);               \
		else                                                           \
			prefix##_lookup_rwlock_dwells(dom, slot, l, t);        \
	}                                                                      \
	static bool prefix##_get_any(struct domain *dom, void *slot,           \
				     uint32_t key, struct ref *ret)            \
	{                                                                      \
		return find_and_pin(dom, slot, key, dom->cfg.table,            \
				    prefix##_get_known, ret);                  \
	}                                                                      \
	LOOP_REF(prefix)                                                       \
	LOOP_READER_OPS(prefix, dup_fn)

/*
 * SCHEME_READERS_OWN(prefix, dup): the same for a scheme that owns its table
 * and so brings its own prefix_get() too.
 */
#define SCHEME_READERS_OWN(prefix, dup_fn)                                     \
	LOOP_INSTANCE(prefix##_lookup, lookup_loop_body, false, prefix##_get,  \
		      prefix##_put)                                            \
	LOOP_INSTANCE(prefix##_lookup_dwells, lookup_loop_body, true,          \
		      prefix##_get, prefix##_put)                              \
	static void prefix##_lookup_loop(struct domain *dom, void *slot,       \
					 const struct loop *l,                 \
					 struct tally *t)                      \
	{                                                                      \
		if (l->hold | l->think)                                        \
			prefix##_lookup_dwells(dom, slot, l, t);               \
		else                                                           \
			prefix##_lookup(dom, slot, l, t);                      \
	}                                                                      \
	static bool prefix##_get_any(struct domain *dom, void *slot,           \
				     uint32_t key, struct ref *ret)            \
	{                                                                      \
		return prefix##_get(dom, slot, key, ret);                      \
	}                                                                      \
	LOOP_REF(prefix)                                                       \
	LOOP_READER_OPS(prefix, dup_fn)

#endif
