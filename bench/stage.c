/* SPDX-License-Identifier: MIT */
/*
 * stage.c: builds a cell's scene out of memory, handles, tables and modules.
 */
#include "bench/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <urcu/urcu-memb.h>

#include "schemes/prim/table.h"

#define PAGE_BYTES	  4096u
#define COPIES_PER_MODULE 4u

/*
 * Mappings begin on pages, and what lies at equal offsets of two pages looks
 * like one address to a store buffer: a load of a handle just behind an
 * increment of a per-CPU count would wait for it.  Handles lie elsewhere.
 */
#define HANDLE_COLOUR 2176u
#define SLOT_COLOUR   1152u

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* Zeroed, page-aligned, on the node of @cpu; untouched pages cost nothing. */
static void *map_on(const struct topology *t, size_t bytes, unsigned int cpu)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* A machine that cannot bind has one place to put it. */
	(void)topology_bind_memory(t, p, bytes, cpu);
	return p;
}

static char *map_coloured(const struct topology *t, size_t bytes, size_t colour,
			  unsigned int cpu)
{
	char *p = map_on(t, bytes + colour, cpu);

	return p ? p + colour : NULL;
}

static void unmap_coloured(char *p, size_t bytes, size_t colour)
{
	if (p)
		munmap(p - colour, bytes + colour);
}

void *stage_slot(const struct stage *s, size_t i)
{
	return s->slots + i * s->slot_bytes;
}

struct handle *stage_handle(const struct stage *s, size_t m)
{
	return (struct handle *)(s->handles + m * s->handle_bytes);
}

const uint32_t *stage_keys(const struct stage *s, size_t i)
{
	return s->keys + i * (s->key_mask + 1u);
}

uint64_t stage_stamp(size_t m, uint32_t gen)
{
	return (uint64_t)gen << 32 | (uint32_t)(m + 1);
}

/* Every reader walks all (table, module) pairs in an order of its own. */
static int make_keys(struct stage *s)
{
	const struct cell *cell = s->shape.cell;
	size_t pairs = (size_t)cell->modules * cell->tables, n = 1;
	struct rng rng = { .state = s->shape.seed };

	while (pairs > 1 && n < 4 * pairs)
		n *= 2;
	s->key_mask = (uint32_t)(n - 1);
	s->keys = calloc(n * s->shape.n_slots, sizeof(*s->keys));
	if (!s->keys)
		return -ENOMEM;
	for (size_t i = 0; i < s->shape.n_slots; i++) {
		uint32_t *keys = s->keys + i * n;

		for (size_t k = 0; k < n; k++) {
			size_t pair = k % pairs, with = k;

			if (pairs > 1)
				with = rng_below(&rng, k + 1);
			keys[k] = keys[with];
			keys[with] = key_of((uint32_t)(pair / cell->modules),
					    (uint32_t)(pair % cell->modules));
		}
	}
	return 0;
}

static int make_tables(struct stage *s)
{
	const struct config *cfg = &s->dom.cfg;
	size_t bytes = round_up(cfg->n_modules * sizeof(struct handle *),
				SCHEME_ALIGN);

	s->dom.tables = aligned_alloc(SCHEME_ALIGN,
				      cfg->n_tables * sizeof(struct table));
	if (!s->dom.tables)
		return -ENOMEM;
	memset(s->dom.tables, 0, cfg->n_tables * sizeof(struct table));
	for (uint32_t t = 0; t < cfg->n_tables; t++) {
		s->dom.tables[t].slots = aligned_alloc(SCHEME_ALIGN, bytes);
		if (!s->dom.tables[t].slots)
			return -ENOMEM;
		memset((void *)s->dom.tables[t].slots, 0, bytes);
	}
	return 0;
}

static int make_handles(struct stage *s, const struct sizes *sizes)
{
	const struct cell *cell = s->shape.cell;

	s->handle_bytes =
		sizeof(struct handle) + round_up(sizes->handle, SCHEME_ALIGN);
	s->handles =
		map_coloured(s->shape.topology, s->handle_bytes * cell->modules,
			     HANDLE_COLOUR, cell->cpu_ids[0]);
	s->reg = calloc((size_t)cell->modules * cell->tables, sizeof(*s->reg));
	s->acts = calloc(cell->modules, sizeof(*s->acts));
	if (!s->handles || !s->reg || !s->acts)
		return -ENOMEM;
	for (uint32_t m = 0; m < cell->modules; m++) {
		struct handle *mod = stage_handle(s, m);
		uint32_t *reg = s->reg + (size_t)m * cell->tables;

		for (uint32_t t = 0; t < cell->tables; t++)
			reg[t] = key_of(t, m);
		mod->id = m;
		mod->reg = reg;
		mod->n_reg = cell->tables;
	}
	return 0;
}

/* Per-CPU memory: address space for every possible CPU, pages for those used.
 */
static int make_percpu(struct stage *s, const struct sizes *sizes)
{
	const struct config *cfg = &s->dom.cfg;

	if (!sizes->percpu)
		return 0;
	if (sizes->percpu > (size_t)1 << PERCPU_SHIFT)
		return -E2BIG;
	s->percpu_bytes = (size_t)cfg->n_possible << PERCPU_SHIFT;
	s->dom.percpu = map_on(s->shape.topology, s->percpu_bytes,
			       s->shape.cell->cpu_ids[0]);
	if (!s->dom.percpu)
		return -ENOMEM;
	for (size_t i = 0; i < cfg->n_cpus; i++)
		(void)topology_bind_memory(
			s->shape.topology,
			s->dom.percpu + ((size_t)cfg->cpus[i] << PERCPU_SHIFT),
			round_up(sizes->percpu, PAGE_BYTES), cfg->cpus[i]);
	return 0;
}

static int make_slots(struct stage *s, const struct sizes *sizes)
{
	s->slot_bytes = round_up(sizes->slot + 1, SCHEME_ALIGN);
	s->slots = map_coloured(s->shape.topology,
				s->slot_bytes * s->shape.n_slots, SLOT_COLOUR,
				s->shape.cell->cpu_ids[0]);
	s->dom.priv = aligned_alloc(SCHEME_ALIGN,
				    round_up(sizes->domain + 1, SCHEME_ALIGN));
	if (!s->slots || !s->dom.priv)
		return -ENOMEM;
	memset(s->dom.priv, 0, round_up(sizes->domain + 1, SCHEME_ALIGN));
	return 0;
}

static int make_config(struct stage *s)
{
	const struct cell *cell = s->shape.cell;
	struct config *cfg = &s->dom.cfg;
	size_t n = topology_n_cpus(s->shape.topology);

	s->all_cpus = calloc(n, sizeof(*s->all_cpus));
	if (!s->all_cpus)
		return -ENOMEM;
	*cfg = (struct config){
		.n_possible = (uint32_t)topology_n_possible(s->shape.topology),
		.n_modules = cell->modules,
		.n_tables = cell->tables,
		.table = cell->table,
		.cpus = s->all_cpus,
	};
	return topology_order(s->shape.topology, "compact", s->all_cpus,
			      &cfg->n_cpus);
}

static int make_memory(struct stage *s)
{
	struct sizes sizes = { 0 };
	int err = make_config(s);

	if (err)
		return err;
	s->ops->sizes(&s->dom.cfg, &s->dom.params, &sizes);
	err = make_keys(s);
	if (!err)
		err = make_tables(s);
	if (!err)
		err = make_handles(s, &sizes);
	if (!err)
		err = make_percpu(s, &sizes);
	return err ? err : make_slots(s, &sizes);
}

static int populate(struct stage *s)
{
	int err = s->ops->init ? s->ops->init(&s->dom) : 0;

	s->inited = !err;
	for (size_t m = 0; !err && m < s->shape.cell->modules; m++)
		err = stage_insert(s, m, NULL);
	return err;
}

int stage_open(const struct stage_shape *shape, struct pool *pool,
	       struct stage *ret, char why[STAGE_WHY_BYTES])
{
	const struct cell *cell = shape->cell;
	struct stage *s = ret;
	int err;

	memset(s, 0, sizeof(*s));
	s->shape = *shape;
	s->ops = cell->ops;
	s->pool = pool;
	s->dom.params = cell->params;
	s->readers = s->ops->readers(&s->dom.params);
	s->rcu = cell->table == TABLE_RCU;
	/* Memory first: it is had, or known to be too little, at once. */
	err = make_memory(s);
	if (!err) {
		err = pool_reserve(
			pool, (size_t)COPIES_PER_MODULE * cell->modules, why);
		if (err) {
			stage_close(s);
			return err;
		}
		err = populate(s);
	}
	if (err) {
		snprintf(why, STAGE_WHY_BYTES, "cannot set the stage of %s: %s",
			 s->ops->name,
			 err == -E2BIG ? "too many modules for its per-CPU area"
				       : strerror(-err));
		stage_close(s);
	}
	return err;
}

void stage_close(struct stage *s)
{
	if (s->inited && s->ops->fini)
		s->ops->fini(&s->dom);
	for (uint32_t t = 0; s->dom.tables && t < s->dom.cfg.n_tables; t++)
		free((void *)s->dom.tables[t].slots);
	free(s->dom.tables);
	free(s->dom.priv);
	free(s->all_cpus);
	free(s->keys);
	free(s->reg);
	free(s->acts);
	unmap_coloured(s->handles, s->handle_bytes * s->shape.cell->modules,
		       HANDLE_COLOUR);
	unmap_coloured(s->slots, s->slot_bytes * s->shape.n_slots, SLOT_COLOUR);
	if (s->dom.percpu)
		munmap(s->dom.percpu, s->percpu_bytes);
	memset(s, 0, sizeof(*s));
}

int stage_attach(struct stage *s, size_t i)
{
	if (s->rcu)
		urcu_memb_register_thread();
	return s->ops->attach ? s->ops->attach(&s->dom, stage_slot(s, i)) : 0;
}

void stage_detach(struct stage *s, size_t i)
{
	if (s->ops->detach)
		s->ops->detach(&s->dom, stage_slot(s, i));
	if (s->rcu)
		urcu_memb_unregister_thread();
}
