/* SPDX-License-Identifier: MIT */
/*
 * cell.c: a cell's name, and its way through JSON.
 */
#include "bench/cell.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemes/registry.h"

const char *const workload_words[] = { "lookup", "ref",	   "unload",
				       "storm",	 "loader", NULL };
const char *const table_words[] = { "none", "rcu", "rwlock", NULL };
const char *const mode_words[] = { "try", "wait", NULL };

int word_index(const char *const *words, const char *word)
{
	for (int i = 0; word && words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

bool cell_has_mode(enum workload workload)
{
	return workload == WORKLOAD_UNLOAD || workload == WORKLOAD_STORM;
}

static void __attribute__((format(printf, 2, 3)))
append(char name[CELL_NAME_BYTES], const char *format, ...)
{
	size_t used = strlen(name);
	va_list args;

	va_start(args, format);
	vsnprintf(name + used, CELL_NAME_BYTES - used, format, args);
	va_end(args);
}

/* The value of the @i-th tunable as people write it. */
static void param_text(const struct cell *cell, size_t i, char ret[32])
{
	const struct param *param = &cell->ops->params[i];
	long value = cell->params.value[i];

	if (param->choices)
		snprintf(ret, 32, "%s", param->choices[value]);
	else
		snprintf(ret, 32, "%ld", value);
}

static bool is_default(const struct cell *cell, size_t i)
{
	struct params defaults = registry_default_params(cell->ops);

	return cell->params.value[i] == defaults.value[i];
}

static bool owns_table(const struct cell *cell)
{
	return cell->ops->caps & CAP_OWNS_TABLE;
}

static void append_params(char ret[CELL_NAME_BYTES], const struct cell *cell)
{
	char value[32];

	for (size_t i = 0; cell->ops->params && cell->ops->params[i].name;
	     i++) {
		if (is_default(cell, i))
			continue;
		param_text(cell, i, value);
		append(ret, "/%s.%s:%s", cell->ops->name,
		       cell->ops->params[i].name, value);
	}
}

void cell_label(const struct cell *cell, char ret[CELL_NAME_BYTES])
{
	*ret = '\0';
	append(ret, "%s", cell->ops->name);
	append_params(ret, cell);
}

void cell_make_floor(struct cell *cell)
{
	cell->ops = registry_find(SCHEMES_PLAIN, "none");
	cell->params = registry_default_params(cell->ops);
	cell->table = TABLE_NONE;
}

void cell_name(const struct cell *cell, char ret[CELL_NAME_BYTES])
{
	char value[24];

	*ret = '\0';
	append(ret, "%s/scheme:%s/cpus:%zu/hold_ns:%.15g/think_ns:%.15g",
	       workload_words[cell->workload], cell->ops->name, cell->n_cpus,
	       cell->hold_ns, cell->think_ns);
	if (cell->table != TABLE_NONE && !owns_table(cell))
		append(ret, "/table:%s", table_words[cell->table]);
	if (cell_has_mode(cell->workload))
		append(ret, "/mode:%s", mode_words[cell->mode]);
	if (cell_has_mode(cell->workload) && cell->grace.source) {
		grace_text(&cell->grace, value);
		append(ret, "/grace:%s", value);
	}
	if (cell->modules != 1)
		append(ret, "/modules:%u", cell->modules);
	if (cell->tables != 1)
		append(ret, "/tables:%u", cell->tables);
	if (cell->oversubscribe != 1)
		append(ret, "/oversubscribe:%u", cell->oversubscribe);
	append_params(ret, cell);
	if (cell->aa != 1)
		append(ret, "/aa:%u", cell->aa);
}

static json_t *params_to_json(const struct cell *cell)
{
	json_t *params = json_object();
	char value[32];

	for (size_t i = 0; cell->ops->params && cell->ops->params[i].name;
	     i++) {
		if (is_default(cell, i))
			continue;
		param_text(cell, i, value);
		json_object_set_new(params, cell->ops->params[i].name,
				    json_string(value));
	}
	return params;
}

json_t *cell_to_json(const struct cell *cell)
{
	char name[CELL_NAME_BYTES], grace[24];
	json_t *ids = json_array(), *json;

	cell_name(cell, name);
	for (size_t i = 0; i < cell->n_cpus; i++)
		json_array_append_new(ids, json_integer(cell->cpu_ids[i]));
	json = json_pack(
		"{s:s, s:s, s:s, s:i, s:I, s:o, s:f, s:f, s:s, s:i, s:i, s:i, "
		"s:o}",
		"name", name, "workload", workload_words[cell->workload],
		"scheme", cell->ops->name, "aa", (int)cell->aa, "cpus",
		(json_int_t)cell->n_cpus, "cpu_ids", ids, "hold_ns",
		cell->hold_ns, "think_ns", cell->think_ns, "table",
		owns_table(cell) ? "own" : table_words[cell->table], "modules",
		(int)cell->modules, "tables", (int)cell->tables,
		"oversubscribe", (int)cell->oversubscribe, "params",
		params_to_json(cell));
	if (!cell_has_mode(cell->workload))
		return json;
	grace_text(&cell->grace, grace);
	json_object_set_new(json, "grace", json_string(grace));
	json_object_set_new(json, "mode", json_string(mode_words[cell->mode]));
	return json;
}

static int params_from_json(const json_t *json, struct cell *cell)
{
	const char *name;
	json_t *value;

	cell->params = registry_default_params(cell->ops);
	json_object_foreach ((json_t *)json, name, value)
		if (registry_set_param(cell->ops, name,
				       json_string_value(value), &cell->params))
			return -EINVAL;
	return 0;
}

static int ids_from_json(const json_t *ids, struct cell *cell)
{
	cell->n_cpus = json_array_size(ids);
	cell->cpu_ids = calloc(cell->n_cpus, sizeof(*cell->cpu_ids));
	if (!cell->n_cpus || !cell->cpu_ids)
		return -EINVAL;
	for (size_t i = 0; i < cell->n_cpus; i++)
		cell->cpu_ids[i] = (unsigned int)json_integer_value(
			json_array_get(ids, i));
	return 0;
}

int cell_from_json(const json_t *json, struct cell *ret)
{
	const char *workload, *scheme, *table, *mode = "try", *grace = "none";
	int aa, modules, tables, oversubscribe, w, t, m;
	json_t *ids, *params;
	struct cell cell = { 0 };

	if (json_unpack((json_t *)json,
			"{s:s, s:s, s:i, s:o, s:F, s:F, s:s, s:i, s:i, s:i, "
			"s:o, s?s, s?s}",
			"workload", &workload, "scheme", &scheme, "aa", &aa,
			"cpu_ids", &ids, "hold_ns", &cell.hold_ns, "think_ns",
			&cell.think_ns, "table", &table, "modules", &modules,
			"tables", &tables, "oversubscribe", &oversubscribe,
			"params", &params, "mode", &mode, "grace", &grace) ||
	    grace_parse(grace, &cell.grace))
		return -EINVAL;
	w = word_index(workload_words, workload);
	t = strcmp(table, "own") ? word_index(table_words, table) : TABLE_NONE;
	m = word_index(mode_words, mode);
	cell.ops = registry_find(SCHEMES_PLAIN, scheme);
	if (w < 0 || t < 0 || m < 0 || !cell.ops)
		return -EINVAL;
	cell.workload = (enum workload)w;
	cell.table = (enum table_kind)t;
	cell.mode = (enum remove_mode)m;
	cell.aa = (unsigned int)aa;
	cell.modules = (unsigned int)modules;
	cell.tables = (unsigned int)tables;
	cell.oversubscribe = (unsigned int)oversubscribe;
	if (params_from_json(params, &cell) || ids_from_json(ids, &cell)) {
		free(cell.cpu_ids);
		return -EINVAL;
	}
	*ret = cell;
	return 0;
}
