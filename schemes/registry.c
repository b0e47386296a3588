/* SPDX-License-Identifier: MIT */
/*
 * registry.c: finds the schemes that the linker gathered.
 *
 * Idea.  Link order must never show, so the i-th scheme is found by rank of
 * its name.  There are few, and nothing here is timed.
 */
#include "registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

extern const struct scheme_ops *const __start_schemes_plain[];
extern const struct scheme_ops *const __stop_schemes_plain[];
extern const struct scheme_ops *const __start_schemes_delayed[];
extern const struct scheme_ops *const __stop_schemes_delayed[];

static const struct scheme_ops *const *first(enum scheme_build build)
{
	return build == SCHEMES_PLAIN ? __start_schemes_plain
				      : __start_schemes_delayed;
}

/* noinline: clang 14 never finishes the callers otherwise. */
__attribute__((noinline)) size_t registry_count(enum scheme_build build)
{
	const struct scheme_ops *const *end = build == SCHEMES_PLAIN
						      ? __stop_schemes_plain
						      : __stop_schemes_delayed;

	return (size_t)(end - first(build));
}

const struct scheme_ops *registry_at(enum scheme_build build, size_t i)
{
	const struct scheme_ops *const *all = first(build);
	size_t n = registry_count(build);

	for (size_t k = 0; k < n; k++) {
		size_t rank = 0;

		for (size_t j = 0; j < n; j++)
			rank += strcmp(all[j]->name, all[k]->name) < 0;
		if (rank == i)
			return all[k];
	}
	return NULL;
}

const struct scheme_ops *registry_find(enum scheme_build build,
				       const char *name)
{
	const struct scheme_ops *const *all = first(build);

	for (size_t i = 0; i < registry_count(build); i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	return NULL;
}

const char *registry_cap_word(unsigned int bit)
{
	static const char *const words[] = {
		"get_can_fail", "spurious",   "get_may_block", "holder_sleeps",
		"put_anywhere", "nests",      "exact_busy",    "wait=drain",
		"wait=retry",	"owns_table", "guards_code",   "control",
		"no_unload",	"template",   "broken",	       "needs_grace",
	};

	return bit < sizeof(words) / sizeof(*words) ? words[bit] : NULL;
}

static int parse_value(const struct param *param, const char *value, long *ret)
{
	char *end;
	long number;

	for (long i = 0; param->choices && param->choices[i]; i++) {
		if (!strcmp(param->choices[i], value)) {
			*ret = i;
			return 0;
		}
	}
	if (param->choices || !*value)
		return -EINVAL;
	errno = 0;
	number = strtol(value, &end, 10);
	if (errno || *end || number < param->min || number > param->max)
		return -EINVAL;
	*ret = number;
	return 0;
}

int registry_set_param(const struct scheme_ops *ops, const char *name,
		       const char *value, struct params *p)
{
	for (size_t i = 0; ops->params && ops->params[i].name; i++)
		if (!strcmp(ops->params[i].name, name))
			return parse_value(&ops->params[i], value,
					   &p->value[i]);
	return -ENOENT;
}

struct params registry_default_params(const struct scheme_ops *ops)
{
	struct params p = { { 0 } };

	for (size_t i = 0; ops->params && ops->params[i].name; i++)
		if (!ops->params[i].choices)
			p.value[i] = ops->params[i].def;
	return p;
}
