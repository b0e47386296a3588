/* SPDX-License-Identifier: MIT */
/*
 * table.c: registering a module in its tables, and taking it out.
 */
#include "prim/table.h"

#include "prim/delay.h"

/* From NULL: whatever was there; else only if it is @from. */
static void set_entry(struct domain *dom, uint32_t key, struct handle *from,
		      struct handle *to)
{
	struct table *table = table_of(dom, key);
	_Atomic(struct handle *) *slot = &table->slots[key & 0xffff];
	bool locked = dom->cfg.table == TABLE_RWLOCK;

	if (locked)
		rwlock_write_lock(&table->guard);
	if (!from)
		atomic_store_explicit(slot, to, memory_order_release /* A */);
	else /* Relaxed: whatever else is there stays. */
		atomic_compare_exchange_strong_explicit(
			slot, &from, to, memory_order_release /* A */,
			memory_order_relaxed);
	if (locked)
		rwlock_write_unlock(&table->guard);
}

void table_insert(struct domain *dom, struct handle *mod)
{
	for (uint32_t i = 0; i < mod->n_reg; i++) {
		set_entry(dom, mod->reg[i], NULL, mod);
		delay_point(DELAY_PUBLISH);
	}
}

void table_remove(struct domain *dom, struct handle *mod)
{
	for (uint32_t i = 0; i < mod->n_reg; i++)
		set_entry(dom, mod->reg[i], mod, NULL);
}
