/* SPDX-License-Identifier: MIT */
/*
 * options_schemes.c: --schemes and --param: which schemes, in which settings.
 *
 * Idea.  Each --param multiplies the settings of its scheme by its values; a
 * setting that is there already is not made twice: cells are told by name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cli.h"
#include "bench/options.h"
#include "schemes/registry.h"

static void list_known(char ret[1024])
{
	size_t used = 0;

	*ret = '\0';
	for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++) {
		const struct scheme_ops *ops = registry_at(SCHEMES_PLAIN, i);

		if (!(ops->caps & CAP_BROKEN) && used < 1000)
			used += (size_t)snprintf(ret + used, 1024 - used,
						 "%s%s", used ? ", " : "",
						 ops->name);
	}
}

/* A list of contenders being made. */
struct contenders {
	struct contender *all; /* [MAX_VARIANTS] */
	size_t n;
};

static void add_contender(struct contenders *list, const struct contender *c)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->all[i].ops == c->ops &&
		    !memcmp(&list->all[i].params, &c->params,
			    sizeof(c->params)))
			return;
	if (list->n == MAX_VARIANTS)
		cli_refuse("more than %d schemes and variants", MAX_VARIANTS);
	list->all[list->n++] = *c;
}

static void add_scheme(struct contenders *list, const struct scheme_ops *ops)
{
	struct contender c = { ops, registry_default_params(ops) };

	add_contender(list, &c);
}

static int take_scheme(const char *word, void *arg)
{
	struct contenders *list = arg;
	const struct scheme_ops *ops = registry_find(SCHEMES_PLAIN, word);
	char known[1024];

	if (!strcmp(word, "all")) {
		for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++) {
			ops = registry_at(SCHEMES_PLAIN, i);
			if (!(ops->caps & (CAP_BROKEN | CAP_TEMPLATE)))
				add_scheme(list, ops);
		}
		return 0;
	}
	list_known(known);
	if (!ops)
		cli_refuse("no scheme `%s`; known: %s", word, known);
	if (ops->caps & CAP_BROKEN)
		cli_refuse("%s is broken on purpose and never timed; see "
			   "`unloadbench torture`",
			   word);
	add_scheme(list, ops);
	return 0;
}

/* One parameter being read: each of its values makes variants. */
struct variant_draft {
	const struct options *o;
	const struct scheme_ops *ops;
	const char *name;
	const char *text;
	struct contenders made;
};

static int take_value(const char *word, void *arg)
{
	struct variant_draft *v = arg;

	for (size_t i = 0; i < v->o->n_contenders; i++) {
		struct contender c = v->o->contenders[i];

		if (c.ops != v->ops)
			continue;
		if (registry_set_param(c.ops, v->name, word, &c.params))
			cli_refuse("--param %s: no such parameter or value; "
				   "see `unloadbench list`",
				   v->text);
		add_contender(&v->made, &c);
	}
	return 0;
}

/* The scheme's variants take its place, after the other schemes. */
static void replace(struct options *o, const struct variant_draft *v)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->n_contenders; i++)
		if (o->contenders[i].ops != v->ops)
			o->contenders[kept++] = o->contenders[i];
	if (kept + v->made.n > MAX_VARIANTS)
		cli_refuse("more than %d schemes and variants", MAX_VARIANTS);
	memcpy(o->contenders + kept, v->made.all,
	       v->made.n * sizeof(*v->made.all));
	o->n_contenders = kept + v->made.n;
}

static void take_param(struct options *o, const char *text)
{
	struct contender made[MAX_VARIANTS];
	struct variant_draft v = { .o = o, .text = text, .made = { made, 0 } };
	char *scheme = strdup(text);
	char *dot = scheme ? strchr(scheme, '.') : NULL;
	char *equals = scheme ? strchr(scheme, '=') : NULL;

	if (!dot || !equals || equals < dot)
		cli_refuse("--param %s: not SCHEME.NAME=VALUE", text);
	*dot = *equals = '\0';
	v.ops = registry_find(SCHEMES_PLAIN, scheme);
	v.name = dot + 1;
	if (!v.ops)
		cli_refuse("--param %s: no scheme `%s`", text, scheme);
	if (cli_each(equals + 1, take_value, &v))
		cli_refuse("--param %s: a value is missing", text);
	if (!v.made.n)
		cli_refuse("--param %s: `%s` is not among the schemes of this "
			   "run",
			   text, scheme);
	replace(o, &v);
	free(scheme);
}

void options_schemes(struct options *o, const char *schemes,
		     const char *const *params, size_t n_params)
{
	struct contenders list = { o->contenders, 0 };

	if (cli_each(schemes, take_scheme, &list))
		cli_refuse("--schemes: `%s` is not A,B or all", schemes);
	o->n_contenders = list.n;
	for (size_t i = 0; i < n_params; i++)
		take_param(o, params[i]);
}
