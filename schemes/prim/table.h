/* SPDX-License-Identifier: MIT */
/*
 * table.h: driver tables, and the three ways to find an entry in one.
 *
 * Idea.  A table maps a slot to the handle of the module registered there.
 * Handles are type-stable, so that reading one after its module has gone is
 * harmless; calling its driver is not, and that is the scheme's affair.
 *
 * Ordering.
 *   A  table_insert's release  pairs with  B  a finder's acquire:
 *      who finds the handle sees its ops and generation          (S3)
 */
#ifndef PRIM_TABLE_H
#define PRIM_TABLE_H

#include <stdatomic.h>

#include "prim/rwlock.h"
#include "scheme.h"

/**
 * struct table - one driver table
 * @guard: for TABLE_RWLOCK; on a line of its own
 * @slots: [n_modules]; NULL: nothing registered
 */
struct table {
	_Alignas(SCHEME_ALIGN) struct rwlock guard;
	_Alignas(SCHEME_ALIGN) _Atomic(struct handle *) *slots;
};

static inline struct table *table_of(struct domain *dom, uint32_t key)
{
	return &dom->tables[key >> 16];
}

/* What a table holds at @key now; NULL: nothing.  Any thread. */
static inline struct handle *table_find(struct domain *dom, uint32_t key)
{
	return atomic_load_explicit(&table_of(dom, key)->slots[key & 0xffff],
				    memory_order_acquire /* B */);
}

/**
 * table_insert() - make @mod findable under all its keys
 * table_remove() - the opposite
 *
 * Under TABLE_RWLOCK each entry changes under its table's write lock.  A scheme
 * that owns its table holds its own guard.  table_remove() leaves alone a key
 * that another module took meanwhile, lock or no lock.
 */
void table_insert(struct domain *dom, struct handle *mod);
void table_remove(struct domain *dom, struct handle *mod);

#endif
