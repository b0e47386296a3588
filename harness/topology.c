/* SPDX-License-Identifier: MIT */
/*
 * topology.c: what hwloc knows, reduced to what a run needs.
 *
 * Idea.  The tree is cut down to the allowed CPUs once; each CPU's place in it
 *	  is kept in a flat array, so that nothing afterwards walks the tree.
 * Owns.  The hwloc topology and the array of places.
 * Never. Writes to either after topology_load().
 */
#include "harness/topology.h"

#include "harness/sysfile.h"
#include "harness/topology_order.h"

#include <errno.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POSSIBLE_PATH "/sys/devices/system/cpu/possible"

struct topology {
	hwloc_topology_t tree;
	struct place *places; /* [n], in hwloc's logical order */
	size_t n;
	size_t n_possible;
	int n_machine_nodes; /* also those without an allowed CPU */
};

/* A description that hwloc cannot use makes it look at this machine instead,
 * silently; that must not pass for the machine that was asked for. */
static bool description_was_ignored(hwloc_topology_t tree)
{
	const char *synthetic = getenv("HWLOC_SYNTHETIC");
	const char *xml = getenv("HWLOC_XMLFILE");

	if (!(synthetic && *synthetic) && !(xml && *xml))
		return false;
	return hwloc_topology_is_thissystem(tree) &&
	       !getenv("HWLOC_THISSYSTEM");
}

/* hwloc has left out what the cgroup forbids; the affinity mask is ours. */
static int restrict_to_affinity(hwloc_topology_t tree)
{
	hwloc_bitmap_t mask;
	int err = 0;

	if (!hwloc_topology_is_thissystem(tree))
		return 0;
	mask = hwloc_bitmap_alloc();
	if (!mask)
		return -ENOMEM;
	if (hwloc_get_cpubind(tree, mask, HWLOC_CPUBIND_THREAD) ||
	    hwloc_topology_restrict(tree, mask,
				    HWLOC_RESTRICT_FLAG_REMOVE_CPULESS))
		err = -errno;
	hwloc_bitmap_free(mask);
	return err;
}

/* One more than the last number of "0-3,8-11"; 0 if there is none. */
static size_t possible_here(void)
{
	char text[4096];
	const char *last = text;
	size_t id;

	if (sysfile_read("", POSSIBLE_PATH, sizeof(text), text))
		return 0;
	for (const char *at = text; (at = strpbrk(at, ",-"));)
		last = ++at;
	return sscanf(last, "%zu", &id) == 1 ? id + 1 : 0;
}

static size_t possible_of(hwloc_topology_t tree)
{
	size_t n = hwloc_topology_is_thissystem(tree) ? possible_here() : 0;
	int last = hwloc_bitmap_last(hwloc_topology_get_complete_cpuset(tree));

	return n > (size_t)last + 1 ? n : (size_t)last + 1;
}

/* The smallest node around the CPU: memory of the whole machine is farther
 * than a node of its own. */
static int node_around(hwloc_topology_t tree, unsigned int cpu)
{
	hwloc_obj_t node = NULL;
	int least = 0;
	int nearest = -1;

	while ((node = hwloc_get_next_obj_by_type(tree, HWLOC_OBJ_NUMANODE,
						  node))) {
		int weight = hwloc_bitmap_weight(node->cpuset);

		if (!hwloc_bitmap_isset(node->cpuset, cpu) ||
		    (nearest >= 0 && weight >= least))
			continue;
		least = weight;
		nearest = (int)node->os_index;
	}
	return nearest;
}

/* hwloc counts kinds from the least efficient up, if it can rank them. */
static unsigned int kind_of(hwloc_topology_t tree, hwloc_obj_t pu)
{
	int n = hwloc_cpukinds_get_nr(tree, 0);
	int kind = hwloc_cpukinds_get_by_cpuset(tree, pu->cpuset, 0);
	int efficiency = -1;

	if (n <= 1 || kind < 0 ||
	    hwloc_cpukinds_get_info(tree, (unsigned int)kind, NULL, &efficiency,
				    NULL, NULL, 0) ||
	    efficiency < 0)
		return 0;
	return (unsigned int)(n - 1 - efficiency);
}

static void find_place(hwloc_topology_t tree, hwloc_obj_t pu, struct place *ret)
{
	hwloc_obj_t core =
		hwloc_get_ancestor_obj_by_type(tree, HWLOC_OBJ_CORE, pu);
	hwloc_obj_t package =
		hwloc_get_ancestor_obj_by_type(tree, HWLOC_OBJ_PACKAGE, pu);

	ret->cpu = pu->os_index;
	ret->node = node_around(tree, pu->os_index);
	ret->package = package ? package->logical_index : 0;
	/* Some machines show no cores: each CPU is then its own. */
	ret->core = core ? core->logical_index : pu->logical_index;
	ret->kind = kind_of(tree, pu);
}

static int find_places(struct topology *t)
{
	int n = hwloc_get_nbobjs_by_type(t->tree, HWLOC_OBJ_PU);
	hwloc_obj_t pu = NULL;

	if (n <= 0)
		return -ENODEV;
	t->places = calloc((size_t)n, sizeof(*t->places));
	if (!t->places)
		return -ENOMEM;
	while ((pu = hwloc_get_next_obj_by_type(t->tree, HWLOC_OBJ_PU, pu)))
		find_place(t->tree, pu, &t->places[t->n++]);
	places_rank(t->places, t->n);
	return 0;
}

static int load_tree(struct topology *t)
{
	int err;

	errno = 0;
	if (hwloc_topology_load(t->tree))
		return errno ? -errno : -EINVAL;
	if (description_was_ignored(t->tree))
		return -EINVAL;
	t->n_machine_nodes =
		hwloc_get_nbobjs_by_type(t->tree, HWLOC_OBJ_NUMANODE);
	err = restrict_to_affinity(t->tree);
	if (err)
		return err;
	/* What hwloc would work out at first use it works out now: readers
	 * of the tree may then be many. */
	if (hwloc_topology_refresh(t->tree))
		return -errno;
	t->n_possible = possible_of(t->tree);
	return find_places(t);
}

int topology_load(struct topology **ret)
{
	struct topology *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	if (hwloc_topology_init(&t->tree)) {
		free(t);
		return -ENOMEM;
	}
	err = load_tree(t);
	if (err) {
		topology_free(t);
		return err;
	}
	*ret = t;
	return 0;
}

void topology_free(struct topology *t)
{
	if (!t)
		return;
	hwloc_topology_destroy(t->tree);
	free(t->places);
	free(t);
}

bool topology_is_this_machine(const struct topology *t)
{
	return hwloc_topology_is_thissystem(t->tree) == 1;
}

size_t topology_n_cpus(const struct topology *t)
{
	return t->n;
}

size_t topology_n_possible(const struct topology *t)
{
	return t->n_possible;
}

int topology_order(const struct topology *t, const char *order,
		   unsigned int *ret_cpus, size_t *ret_n)
{
	return places_order(t->places, t->n, order, ret_cpus, ret_n);
}

int topology_node_of(const struct topology *t, unsigned int cpu)
{
	const struct place *place = places_find(t->places, t->n, cpu);

	return place ? place->node : -1;
}

bool topology_shares_core(const struct topology *t, unsigned int a,
			  unsigned int b)
{
	const struct place *x = places_find(t->places, t->n, a);
	const struct place *y = places_find(t->places, t->n, b);

	return x && y && x->core == y->core;
}

int topology_bind_memory(const struct topology *t, void *p, size_t len_bytes,
			 unsigned int cpu)
{
	int node = topology_node_of(t, cpu);
	hwloc_bitmap_t set;
	int err = 0;

	if (node < 0)
		return -EINVAL;
	if (t->n_machine_nodes <= 1)
		return 0;
	if (!topology_is_this_machine(t))
		return -ENOSYS;
	set = hwloc_bitmap_alloc();
	if (!set || hwloc_bitmap_only(set, (unsigned int)node)) {
		hwloc_bitmap_free(set);
		return -ENOMEM;
	}
	if (hwloc_set_area_membind(
		    t->tree, p, len_bytes, set, HWLOC_MEMBIND_BIND,
		    HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_MIGRATE))
		err = -errno;
	hwloc_bitmap_free(set);
	return err;
}

/* ---- as JSON ------------------------------------------------------------- */

static json_t *list_json(hwloc_const_bitmap_t set)
{
	char *text = NULL;
	json_t *list;

	if (hwloc_bitmap_list_asprintf(&text, set) < 0)
		return NULL;
	list = json_string(text);
	free(text);
	return list;
}

static const char *cache_type(hwloc_obj_t cache)
{
	switch (cache->attr->cache.type) {
	case HWLOC_OBJ_CACHE_DATA:
		return "data";
	case HWLOC_OBJ_CACHE_INSTRUCTION:
		return "instruction";
	default:
		return "unified";
	}
}

/* Counts a cache with its like, which differ in nothing but "count". */
static void add_cache(json_t *caches, hwloc_obj_t cache)
{
	json_t *entry = json_pack(
		"{s:s, s:i, s:I, s:i, s:i}", "type", cache_type(cache), "level",
		(int)cache->attr->cache.depth, "size_bytes",
		(json_int_t)cache->attr->cache.size, "shared_cpus",
		hwloc_bitmap_weight(cache->cpuset), "count", 0);
	json_t *other;
	json_t *found = NULL;
	size_t i;

	json_array_foreach (caches, i, other) {
		json_object_set(entry, "count",
				json_object_get(other, "count"));
		if (json_equal(entry, other))
			found = other;
	}
	if (!found) {
		json_object_set_new(entry, "count", json_integer(0));
		json_array_append(caches, entry);
		found = entry;
	}
	other = json_object_get(found, "count");
	json_integer_set(other, json_integer_value(other) + 1);
	json_decref(entry);
}

static json_t *caches_json(const struct topology *t)
{
	json_t *caches = json_array();

	for (int type = HWLOC_OBJ_L1CACHE; type <= HWLOC_OBJ_L3ICACHE; type++) {
		hwloc_obj_t cache = NULL;

		while ((cache = hwloc_get_next_obj_by_type(
				t->tree, (hwloc_obj_type_t)type, cache)))
			add_cache(caches, cache);
	}
	return caches;
}

static json_t *kinds_json(const struct topology *t)
{
	json_t *kinds = json_array();
	int n = hwloc_cpukinds_get_nr(t->tree, 0);
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	for (int i = 0; set && i < n; i++) {
		int efficiency = -1;

		hwloc_cpukinds_get_info(t->tree, (unsigned int)i, set,
					&efficiency, NULL, NULL, 0);
		json_array_append_new(
			kinds,
			json_pack("{s:o, s:o}", "efficiency",
				  efficiency < 0 ? json_null()
						 : json_integer(efficiency),
				  "cpus", list_json(set)));
	}
	hwloc_bitmap_free(set);
	return kinds;
}

static size_t count_cores(const struct topology *t, unsigned int *ret_smt)
{
	size_t n_cores = 0;

	for (size_t i = 0; i < t->n; i++) {
		n_cores += t->places[i].sibling == 0;
		if (t->places[i].sibling + 1 > *ret_smt)
			*ret_smt = t->places[i].sibling + 1;
	}
	return n_cores;
}

json_t *topology_json(const struct topology *t)
{
	hwloc_const_bitmap_t allowed =
		hwloc_topology_get_allowed_cpuset(t->tree);
	unsigned int smt = 1;
	size_t n_cores = count_cores(t, &smt);

	return json_pack("{s:i, s:I, s:I, s:I, s:i, s:i, s:o, s:o, s:o, s:b}",
			 "packages",
			 hwloc_get_nbobjs_by_type(t->tree, HWLOC_OBJ_PACKAGE),
			 "cores", (json_int_t)n_cores, "cpus", (json_int_t)t->n,
			 "possible_cpus", (json_int_t)t->n_possible, "nodes",
			 hwloc_get_nbobjs_by_type(t->tree, HWLOC_OBJ_NUMANODE),
			 "smt", (int)smt, "core_kinds", kinds_json(t), "caches",
			 caches_json(t), "allowed", list_json(allowed),
			 "synthetic", !topology_is_this_machine(t));
}
