/* SPDX-License-Identifier: MIT */
/*
 * table.c: registering a module in its tables, and taking it out.
 */
#include "prim/table.h"

#include "prim/delay.h"

static void set_entry(struct domain *dom, uint32_t key, struct handle *from,
		      struct handle *to)
{
	struct table *table = table_of(dom, key);
	bool locked = dom->cfg.table == TABLE_RWLOCK;

	if (locked)
		rwlock_write_lock(&table->guard);
	if (!from || table_find(dom, key) == from)
		atomic_store_explicit(&table->slots[key & 0xffff], to,
				      memory_order_release /* A */);
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
