/* SPDX-License-Identifier: MIT */
/*
 * list.c: `unloadbench list`: schemes, workloads and parameters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cell.h"
#include "bench/cli.h"
#include "bench/list.h"
#include "schemes/registry.h"

/* CPU counts for which a footprint is given. */
static const uint32_t footprint_cpus[] = { 2, 64, 1024 };

static struct sizes sizes_for(const struct scheme_ops *ops, uint32_t cpus,
			      uint32_t modules)
{
	struct config cfg = {
		.n_possible = cpus,
		.n_modules = modules,
		.n_tables = 1,
		.n_cpus = cpus,
	};
	struct params params = registry_default_params(ops);
	struct sizes sizes = { 0 };

	ops->sizes(&cfg, &params, &sizes);
	return sizes;
}

/* What one more module costs on a machine of @cpus. */
static size_t bytes_per_module(const struct scheme_ops *ops, uint32_t cpus)
{
	struct sizes one = sizes_for(ops, cpus, 1);
	struct sizes two = sizes_for(ops, cpus, 2);

	return two.handle + (two.domain - one.domain) +
	       (two.percpu - one.percpu) * cpus;
}

static json_t *footprint_json(const struct scheme_ops *ops)
{
	struct sizes sizes = sizes_for(ops, 2, 1);
	json_t *per_module = json_object();
	char key[16];

	for (size_t i = 0; i < 3; i++) {
		snprintf(key, sizeof(key), "%u", footprint_cpus[i]);
		json_object_set_new(per_module, key,
				    json_integer((json_int_t)bytes_per_module(
					    ops, footprint_cpus[i])));
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:o}", "domain_bytes",
			 (json_int_t)sizes.domain, "handle_bytes",
			 (json_int_t)sizes.handle, "percpu_bytes",
			 (json_int_t)sizes.percpu, "slot_bytes",
			 (json_int_t)sizes.slot, "bytes_per_module_at_cpus",
			 per_module);
}

static json_t *param_json(const struct param *param)
{
	json_t *json = json_pack("{s:s, s:s}", "name", param->name, "summary",
				 param->summary);
	json_t *choices;

	if (!param->choices) {
		json_object_set_new(json, "min", json_integer(param->min));
		json_object_set_new(json, "max", json_integer(param->max));
		json_object_set_new(json, "default", json_integer(param->def));
		return json;
	}
	choices = json_array();
	for (size_t i = 0; param->choices[i]; i++)
		json_array_append_new(choices, json_string(param->choices[i]));
	json_object_set_new(json, "choices", choices);
	json_object_set_new(json, "default", json_string(param->choices[0]));
	return json;
}

static json_t *caps_json(const struct scheme_ops *ops)
{
	json_t *caps = json_array();
	bool waits = ops->caps & (CAP_WAIT_DRAIN | CAP_WAIT_RETRY);

	for (unsigned int bit = 0; registry_cap_word(bit); bit++)
		if (ops->caps & 1u << bit)
			json_array_append_new(
				caps, json_string(registry_cap_word(bit)));
	if (!waits)
		json_array_append_new(caps, json_string("wait=none"));
	return caps;
}

json_t *list_scheme(const struct scheme_ops *ops)
{
	struct params defaults = registry_default_params(ops);
	json_t *params = json_array(), *json;
	char why[256] = "its probe gives no reason";
	bool runs;

	for (size_t i = 0; ops->params && ops->params[i].name; i++)
		json_array_append_new(params, param_json(&ops->params[i]));
	json = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "name", ops->name,
			 "summary", ops->summary, "source", ops->source, "caps",
			 caps_json(ops), "params", params, "footprint",
			 footprint_json(ops));
	runs = !ops->probe || !ops->probe(&defaults, why, sizeof(why));
	if (!runs)
		json_object_set_new(json, "why", json_string(why));
	json_object_set_new(json, "runs_here", json_boolean(runs));
	return json;
}

static json_t *words_json(const char *const *words)
{
	json_t *array = json_array();

	for (size_t i = 0; words[i]; i++)
		json_array_append_new(array, json_string(words[i]));
	return array;
}

static json_t *list_json(void)
{
	json_t *schemes = json_array();

	for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++)
		json_array_append_new(
			schemes, list_scheme(registry_at(SCHEMES_PLAIN, i)));
	return json_pack("{s:o, s:o, s:o, s:o}", "schemes", schemes,
			 "workloads", words_json(workload_words), "tables",
			 words_json(table_words), "modes",
			 words_json(mode_words));
}

static void print_params(const json_t *params)
{
	const json_t *param, *choice;
	size_t i, k;

	json_array_foreach ((json_t *)params, i, param) {
		printf("    %s = ",
		       json_string_value(json_object_get(param, "name")));
		json_array_foreach (json_object_get(param, "choices"), k,
				    choice)
			printf("%s%s", k ? "|" : "", json_string_value(choice));
		printf("  %s\n",
		       json_string_value(json_object_get(param, "summary")));
	}
}

static void print_scheme(const json_t *scheme)
{
	const json_t *cap;
	const char *why = json_string_value(json_object_get(scheme, "why"));
	size_t i;

	printf("%s: %s\n", json_string_value(json_object_get(scheme, "name")),
	       json_string_value(json_object_get(scheme, "summary")));
	printf("    %s\n   ",
	       json_string_value(json_object_get(scheme, "source")));
	json_array_foreach (json_object_get(scheme, "caps"), i, cap)
		printf(" %s", json_string_value(cap));
	putchar('\n');
	print_params(json_object_get(scheme, "params"));
	if (why)
		printf("    cannot run here: %s\n", why);
}

static void print_words(const char *what, const char *const *words)
{
	printf("%s:", what);
	for (size_t i = 0; words[i]; i++)
		printf(" %s", words[i]);
	putchar('\n');
}

static error_t parse_list(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	if (key == ARGP_KEY_ARG)
		argp_error(state, "`%s` is not an option", arg);
	if (key != 'j')
		return ARGP_ERR_UNKNOWN;
	*json = true;
	return 0;
}

int cmd_list(int argc, char **argv)
{
	static const struct argp_option list_options[] = {
		{ "json", 'j', NULL, 0, "print JSON", 0 }, { 0 }
	};
	static const struct argp argp = { list_options,
					  parse_list,
					  NULL,
					  "Lists schemes, what they can do, "
					  "and their parameters.",
					  NULL,
					  NULL,
					  NULL };
	bool json = false;
	json_t *list;
	const json_t *scheme;
	size_t i;

	cli_parse(&argp, argc, argv, &json);
	list = list_json();
	if (json) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	} else {
		json_array_foreach (json_object_get(list, "schemes"), i, scheme)
			print_scheme(scheme);
		print_words("workloads", workload_words);
		print_words("tables", table_words);
		print_words("modes", mode_words);
	}
	json_decref(list);
	return cli_flush(EXIT_DONE);
}
