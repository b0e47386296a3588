/* SPDX-License-Identifier: MIT */
/*
 * topology_order.c: orders of CPUs as sorts.
 *
 * Idea.  An order is a row of a table: the ranks that count, most important
 *	  first.  hwloc's logical order settles what is left.
 * Owns.  Nothing.
 * Never. Takes a CPU that is not in the array.
 */
#include "harness/topology_order.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MAX_KEYS 6

/* A CPU's ranks in the order in which they count. */
struct sortable {
	unsigned int keys[MAX_KEYS];
	unsigned int cpu;
};

static void keys_compact(const struct place *p, unsigned int *ret_keys)
{
	(void)p;
	(void)ret_keys; /* the logical order is the compact one */
}

/* Node and package in turn innermost, so that neighbours in the order are far
 * apart, whether packages hold nodes or nodes hold packages. */
static void keys_scatter(const struct place *p, unsigned int *ret_keys)
{
	ret_keys[0] = p->sibling;
	ret_keys[1] = p->core_rank;
	ret_keys[2] = p->node_rank;
	ret_keys[3] = p->package_rank;
}

static void keys_cores(const struct place *p, unsigned int *ret_keys)
{
	ret_keys[0] = p->sibling;
	ret_keys[1] = p->kind;
}

static void keys_nodes(const struct place *p, unsigned int *ret_keys)
{
	ret_keys[0] = (unsigned int)(p->node + 1);
	ret_keys[1] = p->sibling;
	ret_keys[2] = p->kind;
}

static const struct {
	const char *name;
	void (*keys)(const struct place *p, unsigned int *ret_keys);
} orders[] = {
	{ "compact", keys_compact },
	{ "scatter", keys_scatter },
	{ "cores", keys_cores },
	{ "nodes", keys_nodes },
};

static int compare(const void *a, const void *b)
{
	const struct sortable *x = a;
	const struct sortable *y = b;

	for (int i = 0; i < MAX_KEYS; i++)
		if (x->keys[i] != y->keys[i])
			return x->keys[i] < y->keys[i] ? -1 : 1;
	return 0;
}

static int order_by(const struct place *places, size_t n,
		    void (*keys)(const struct place *p, unsigned int *ret_keys),
		    unsigned int *ret_cpus)
{
	struct sortable *sorted = calloc(n, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		sorted[i].cpu = places[i].cpu;
		keys(&places[i], sorted[i].keys);
		sorted[i].keys[MAX_KEYS - 1] = (unsigned int)i;
	}
	qsort(sorted, n, sizeof(*sorted), compare);
	for (size_t i = 0; i < n; i++)
		ret_cpus[i] = sorted[i].cpu;
	free(sorted);
	return 0;
}

const struct place *places_find(const struct place *places, size_t n,
				unsigned int cpu)
{
	for (size_t i = 0; i < n; i++)
		if (places[i].cpu == cpu)
			return &places[i];
	return NULL;
}

/* A number and nothing else: no sign, no blank.  Too large: UINT_MAX, which
 * is no CPU. */
static int parse_id(const char **text, unsigned int *ret)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	value = strtoul(*text, &end, 10);
	*text = end;
	*ret = value < UINT_MAX ? (unsigned int)value : UINT_MAX;
	return 0;
}

/* "3" or "4-7"; stops behind it. */
static int parse_range(const char **text, unsigned int *ret_first,
		       unsigned int *ret_last)
{
	int err = parse_id(text, ret_first);

	if (err)
		return err;
	*ret_last = *ret_first;
	if (**text != '-')
		return 0;
	++*text;
	err = parse_id(text, ret_last);
	if (!err && *ret_last < *ret_first)
		err = -EINVAL;
	return err;
}

/* Ends at the first id that is unknown or taken, so "0-4000000000" is short. */
static int append_range(const struct place *places, size_t n,
			const unsigned int range[2], unsigned int *cpus,
			size_t *n_cpus)
{
	for (unsigned int cpu = range[0]; cpu <= range[1]; cpu++) {
		if (!places_find(places, n, cpu))
			return -ENODEV;
		for (size_t i = 0; i < *n_cpus; i++)
			if (cpus[i] == cpu)
				return -EINVAL;
		cpus[(*n_cpus)++] = cpu;
	}
	return 0;
}

static int order_as_listed(const struct place *places, size_t n,
			   const char *list, unsigned int *ret_cpus,
			   size_t *ret_n)
{
	unsigned int *cpus = calloc(n, sizeof(*cpus));
	unsigned int range[2];
	size_t n_cpus = 0;
	int err = cpus ? 0 : -ENOMEM;

	while (!err) {
		err = parse_range(&list, &range[0], &range[1]);
		if (!err && *list && *list != ',')
			err = -EINVAL;
		if (!err)
			err = append_range(places, n, range, cpus, &n_cpus);
		if (!*list++)
			break;
	}
	if (!err) {
		memcpy(ret_cpus, cpus, n_cpus * sizeof(*cpus));
		*ret_n = n_cpus;
	}
	free(cpus);
	return err;
}

int places_order(const struct place *places, size_t n, const char *order,
		 unsigned int *ret_cpus, size_t *ret_n)
{
	int err;

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		if (strcmp(order, orders[i].name))
			continue;
		err = order_by(places, n, orders[i].keys, ret_cpus);
		if (!err)
			*ret_n = n;
		return err;
	}
	return order_as_listed(places, n, order, ret_cpus, ret_n);
}

/* A CPU is looked at after all that come before it in the array. */
static void rank_one(struct place *places, size_t index)
{
	struct place *p = &places[index];

	p->sibling = p->core_rank = p->node_rank = p->package_rank = 0;
	for (size_t i = 0; i < index; i++) {
		const struct place *q = &places[i];

		if (q->core == p->core)
			p->sibling++;
		else if (q->node == p->node && q->package == p->package)
			p->core_rank += q->sibling == 0;
	}
	for (size_t i = 0; i < index; i++) {
		const struct place *q = &places[i];

		/* One CPU stands for all that share its node and package. */
		if (q->sibling || q->core_rank)
			continue;
		p->node_rank += q->package == p->package && q->node != p->node;
		p->package_rank +=
			q->node == p->node && q->package != p->package;
	}
}

void places_rank(struct place *places, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rank_one(places, i);
}
