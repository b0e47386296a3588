/* SPDX-License-Identifier: MIT */
/*
 * plan.c: from options to cells.
 */
#include "bench/plan.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cli.h"

/* A cell being made, and where it goes. */
struct making {
	const struct options *o;
	struct plan *plan;
	regex_t *filter;
	size_t room;
	size_t refused_by_filter;
	bool no_memory;
};

/* CPUs before the first that shares a core with an earlier one. */
static size_t count_cores(const struct plan *p, const struct topology *t)
{
	for (size_t i = 1; i < p->n_cpus; i++)
		for (size_t k = 0; k < i; k++)
			if (topology_shares_core(t, p->cpu_ids[i],
						 p->cpu_ids[k]))
				return i;
	return p->n_cpus;
}

static size_t count_first_node(const struct plan *p, const struct topology *t)
{
	size_t n = 0;

	while (n < p->n_cpus && topology_node_of(t, p->cpu_ids[n]) ==
					topology_node_of(t, p->cpu_ids[0]))
		n++;
	return n;
}

/* 1, 2, 4, ... all; or every count up to 8 and then by eighths. */
static int default_counts(const struct options *o, const struct topology *t,
			  struct plan *p)
{
	bool dense = !strcmp(o->plan, "default") || !strcmp(o->plan, "publish");
	size_t all = p->n_cpus;
	bool *wanted = calloc(all + 1, sizeof(*wanted));

	p->counts = calloc(all, sizeof(*p->counts));
	if (!wanted || !p->counts) {
		free(wanted);
		return -ENOMEM;
	}
	for (size_t n = 1; n <= all; n *= 2)
		wanted[n] = true;
	for (size_t n = 1; dense && n <= 8 && n <= all; n++)
		wanted[n] = true;
	for (size_t n = 1; dense && n <= 8; n++)
		wanted[(all * n + 7) / 8] = true;
	wanted[all] = wanted[count_cores(p, t)] = true;
	wanted[count_first_node(p, t)] = true;
	for (size_t n = 1; n <= all; n++)
		if (wanted[n])
			p->counts[p->n_counts++] = n;
	free(wanted);
	return 0;
}

static int make_counts(const struct options *o, const struct topology *t,
		       struct plan *p, char why[PLAN_WHY_BYTES])
{
	int err;

	if (!o->cpus)
		return default_counts(o, t, p);
	err = cli_counts(o->cpus, p->n_cpus, &p->counts, &p->n_counts);
	if (err == -ERANGE)
		snprintf(why, PLAN_WHY_BYTES,
			 "--cpus %s: only %zu CPUs are allowed here; more "
			 "threads than CPUs: --oversubscribe",
			 o->cpus, p->n_cpus);
	else if (err)
		snprintf(why, PLAN_WHY_BYTES,
			 "--cpus: `%s` is not 1,2,4-8 or all", o->cpus);
	return err ? -EINVAL : 0;
}

static int make_cpus(const struct options *o, const struct topology *t,
		     struct plan *p, char why[PLAN_WHY_BYTES])
{
	int err;

	p->cpu_ids = calloc(topology_n_cpus(t), sizeof(*p->cpu_ids));
	if (!p->cpu_ids)
		return -ENOMEM;
	err = topology_order(t, o->order, p->cpu_ids, &p->n_cpus);
	if (err) {
		snprintf(why, PLAN_WHY_BYTES,
			 err == -ENODEV
				 ? "--order %s: a CPU in it is not allowed here"
				 : "--order: `%s` is not cores, compact, "
				   "scatter, nodes or a list like 0-3,8",
			 o->order);
		return -EINVAL;
	}
	return make_counts(o, t, p, why);
}

static void skip(struct plan *p, const char *name, const char *why)
{
	json_array_append_new(
		p->skipped, json_pack("{s:s, s:s}", "name", name, "why", why));
}

static void add_cell(struct making *m, const struct cell *cell)
{
	struct plan *p = m->plan;
	char name[CELL_NAME_BYTES];

	cell_name(cell, name);
	if (m->filter && regexec(m->filter, name, 0, NULL, 0)) {
		m->refused_by_filter++;
		return;
	}
	if (p->n_cells == m->room) {
		size_t room = m->room ? 2 * m->room : 64;
		struct cell *cells = realloc(p->cells, room * sizeof(*cells));
		size_t *group = realloc(p->group, room * sizeof(*group));

		p->cells = cells ? cells : p->cells;
		p->group = group ? group : p->group;
		m->no_memory |= !cells || !group;
		if (m->no_memory)
			return;
		m->room = room;
	}
	p->group[p->n_cells] = p->n_groups;
	p->cells[p->n_cells++] = *cell;
}

static bool is_first_table(const struct options *o, enum table_kind table)
{
	for (int t = 0; t < (int)table; t++)
		if (o->tables[t])
			return false;
	return true;
}

/* Whether this scheme has this cell: one that owns its table has one table. */
static bool applies(const struct making *m, const struct cell *cell)
{
	if ((cell->ops->caps & CAP_OWNS_TABLE) &&
	    !is_first_table(m->o, cell->table))
		return false;
	/* The loader's row is about no scheme: one, behind the floor. */
	if (cell->workload == WORKLOAD_LOADER)
		return (cell->ops->caps & CAP_NO_UNLOAD) &&
		       cell->n_cpus == m->plan->counts[m->plan->n_counts - 1];
	return !(cell_has_mode(cell->workload) &&
		 (cell->ops->caps & CAP_NO_UNLOAD));
}

/* All contenders of one comparison, the A/A twin among them. */
static void add_group(struct making *m, const struct cell *shape)
{
	size_t before = m->plan->n_cells;

	for (size_t i = 0; i < m->o->n_contenders; i++) {
		struct cell cell = *shape;

		cell.ops = m->o->contenders[i].ops;
		cell.params = m->o->contenders[i].params;
		cell.aa = 1;
		if (!applies(m, &cell))
			continue;
		if (cell.ops->caps & CAP_OWNS_TABLE)
			cell.table = TABLE_NONE;
		add_cell(m, &cell);
		if (cell.workload == WORKLOAD_LOADER ||
		    strcmp(cell.ops->name, m->plan->base) ||
		    (i && m->o->contenders[i - 1].ops == cell.ops))
			continue;
		cell.aa = 2;
		add_cell(m, &cell);
	}
	m->plan->n_groups += m->plan->n_cells > before;
}

static void add_modes(struct making *m, struct cell *shape)
{
	bool storm = shape->workload == WORKLOAD_STORM;

	for (int mode = 0; mode < 2; mode++) {
		/* A storm is made of unloads that happen: it waits. */
		if (storm && !m->o->modes_given ? mode != REMOVE_WAIT
						: !m->o->modes[mode])
			continue;
		shape->mode = (enum remove_mode)mode;
		add_group(m, shape);
		if (!cell_has_mode(shape->workload))
			break;
	}
}

static void add_tables(struct making *m, struct cell *shape)
{
	for (int t = 0; t < 3; t++) {
		if (!m->o->tables[t])
			continue;
		shape->table = (enum table_kind)t;
		/* Ref has its handle in hand: no table. */
		if (shape->workload == WORKLOAD_REF)
			shape->table = TABLE_NONE;
		if (cell_has_mode(shape->workload))
			add_modes(m, shape);
		else
			add_group(m, shape);
		/* The table is an axis of look-up alone. */
		if (shape->workload != WORKLOAD_LOOKUP)
			break;
	}
}

static void add_dwells(struct making *m, struct cell *shape)
{
	for (size_t h = 0; h < m->o->n_holds; h++)
		for (size_t k = 0; k < m->o->n_thinks; k++) {
			shape->hold_ns = m->o->holds_ns[h];
			shape->think_ns = m->o->thinks_ns[k];
			add_tables(m, shape);
		}
}

static void add_cells(struct making *m)
{
	const struct options *o = m->o;

	for (int w = 0; w < N_WORKLOADS; w++) {
		for (size_t c = 0; o->workloads[w] && c < m->plan->n_counts;
		     c++) {
			struct cell shape = {
				.workload = (enum workload)w,
				.cpu_ids = m->plan->cpu_ids,
				.n_cpus = m->plan->counts[c],
				.modules = (unsigned int)o->modules,
				.tables = (unsigned int)o->n_tables,
				.grace = o->grace,
				.oversubscribe = (unsigned int)o->oversubscribe,
			};

			add_dwells(m, &shape);
		}
	}
}

/* Contenders that cannot run here leave, by name and with the reason. */
static void drop_unable(struct options *o, struct plan *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->n_contenders; i++) {
		const struct contender *c = &o->contenders[i];
		struct cell cell = { .ops = c->ops, .params = c->params };
		char why[256] = "its probe gives no reason";
		char name[CELL_NAME_BYTES];

		if (!c->ops->probe ||
		    !c->ops->probe(&c->params, why, sizeof(why))) {
			o->contenders[kept++] = *c;
			continue;
		}
		cell_label(&cell, name);
		skip(p, name, why);
	}
	o->n_contenders = kept;
}

/* Ratios are to mainline where it runs, else to the first contender. */
static const char *choose_base(const struct options *o)
{
	const char *base = NULL;

	for (size_t i = 0; i < o->n_contenders; i++) {
		const struct scheme_ops *ops = o->contenders[i].ops;

		if (!strcmp(ops->name, "try_module_get"))
			return ops->name;
		if (!base && !(ops->caps & CAP_CONTROL))
			base = ops->name;
	}
	return base ? base : o->n_contenders ? o->contenders[0].ops->name : "";
}

static void note_no_unload(struct plan *p, const struct options *o)
{
	if (!o->workloads[WORKLOAD_UNLOAD] && !o->workloads[WORKLOAD_STORM])
		return;
	for (size_t i = 0; i < o->n_contenders; i++)
		if (o->contenders[i].ops->caps & CAP_NO_UNLOAD)
			skip(p, o->contenders[i].ops->name,
			     "unload, storm: it has reader workloads only");
}

int plan_make(const struct options *options, const struct topology *t,
	      struct plan *ret, char why[PLAN_WHY_BYTES])
{
	struct options *o = (struct options *)options;
	regex_t filter;
	struct making m = { .o = o, .plan = ret };
	int err;

	*ret = (struct plan){ .options = o, .skipped = json_array() };
	if (o->filter &&
	    regcomp(&filter, o->filter, REG_EXTENDED | REG_NOSUB)) {
		snprintf(why, PLAN_WHY_BYTES,
			 "--filter: `%s` is no regular expression", o->filter);
		return -EINVAL;
	}
	m.filter = o->filter ? &filter : NULL;
	err = make_cpus(o, t, ret, why);
	drop_unable(o, ret);
	ret->base = choose_base(o);
	if (!err) {
		note_no_unload(ret, o);
		add_cells(&m);
	}
	if (m.filter)
		regfree(m.filter);
	if (!err && m.no_memory)
		err = -ENOMEM;
	if (!err && !ret->n_cells && m.refused_by_filter) {
		snprintf(why, PLAN_WHY_BYTES,
			 "--filter: `%s` matches none of %zu cells", o->filter,
			 m.refused_by_filter);
		err = -EINVAL;
	}
	if (!err && !ret->n_cells) {
		const char *reason = json_string_value(json_object_get(
			json_array_get(ret->skipped, 0), "why"));

		snprintf(why, PLAN_WHY_BYTES, "nothing can run here: %s",
			 reason ? reason : "no cell");
		err = -ENODEV;
	}
	return err;
}

void plan_free(struct plan *plan)
{
	free(plan->cells);
	free(plan->group);
	free(plan->cpu_ids);
	free(plan->counts);
	json_decref(plan->skipped);
	memset(plan, 0, sizeof(*plan));
}
