/* SPDX-License-Identifier: MIT */
/*
 * test_topology.c: orders written down by hand for made-up machines, and what
 * the real one must agree on with the kernel.
 */
#include "harness/topology.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TWO_NODES "node:2 core:4 pu:2"

static struct topology *made_up(const char *description)
{
	struct topology *t = NULL;
	int err;

	setenv("HWLOC_SYNTHETIC", description, 1);
	err = topology_load(&t);
	unsetenv("HWLOC_SYNTHETIC");
	assert_int_equal(err, 0);
	return t;
}

static struct topology *real(void)
{
	struct topology *t = NULL;

	assert_int_equal(topology_load(&t), 0);
	return t;
}

/* @expected: ids with a blank before each, as "all of them, in order". */
static void check_order(const struct topology *t, const char *order,
			const char *expected)
{
	unsigned int cpus[64];
	size_t n = 0;
	char text[256] = "";

	assert_true(topology_n_cpus(t) <= 64);
	assert_int_equal(topology_order(t, order, cpus, &n), 0);
	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 " %u", cpus[i]);
	assert_string_equal(text, expected);
}

static void check_made_up(const char *description, const char *order,
			  const char *expected)
{
	struct topology *t = made_up(description);

	check_order(t, order, expected);
	topology_free(t);
}

static void test_topology_compact_fills_a_core_first(void **state)
{
	(void)state;
	check_made_up(TWO_NODES, "compact",
		      " 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
}

static void test_topology_cores_takes_siblings_last(void **state)
{
	(void)state;
	check_made_up(TWO_NODES, "cores",
		      " 0 2 4 6 8 10 12 14 1 3 5 7 9 11 13 15");
}

static void test_topology_nodes_fills_a_node_first(void **state)
{
	(void)state;
	check_made_up(TWO_NODES, "nodes",
		      " 0 2 4 6 1 3 5 7 8 10 12 14 9 11 13 15");
}

static void test_topology_scatter_alternates_nodes(void **state)
{
	(void)state;
	check_made_up(TWO_NODES, "scatter",
		      " 0 8 2 10 4 12 6 14 1 9 3 11 5 13 7 15");
}

static void test_topology_scatter_alternates_packages_of_nodes(void **state)
{
	(void)state;
	check_made_up("pack:2 node:2 core:2 pu:1", "scatter",
		      " 0 4 2 6 1 5 3 7");
	check_made_up("node:2 pack:2 core:2 pu:1", "scatter",
		      " 0 4 2 6 1 5 3 7");
}

/* The system numbers siblings n apart, as most x86 machines do. */
static void test_topology_orders_follow_cores_not_ids(void **state)
{
	const char *interleaved = "core:4 pu:2(indexes=0,4,1,5,2,6,3,7)";

	(void)state;
	check_made_up(interleaved, "cores", " 0 1 2 3 4 5 6 7");
	check_made_up(interleaved, "compact", " 0 4 1 5 2 6 3 7");
}

static void test_topology_without_cores_takes_each_cpu_as_one(void **state)
{
	struct topology *t = made_up("pu:4");

	(void)state;
	check_order(t, "cores", " 0 1 2 3");
	assert_false(topology_shares_core(t, 0, 1));
	topology_free(t);
}

static void test_topology_one_cpu_is_every_order(void **state)
{
	const char *const orders[] = { "compact", "scatter", "cores", "nodes",
				       "0" };
	struct topology *t = made_up("core:1 pu:1");

	(void)state;
	assert_int_equal(topology_n_cpus(t), 1);
	for (size_t i = 0; i < 5; i++)
		check_order(t, orders[i], " 0");
	topology_free(t);
}

static void test_topology_list_is_taken_as_written(void **state)
{
	struct topology *t = made_up(TWO_NODES);

	(void)state;
	check_order(t, "8,0-2,15", " 8 0 1 2 15");
	topology_free(t);
}

static void test_topology_knows_nodes_and_siblings(void **state)
{
	struct topology *t = made_up(TWO_NODES);

	(void)state;
	assert_int_equal(topology_node_of(t, 7), 0);
	assert_int_equal(topology_node_of(t, 8), 1);
	assert_int_equal(topology_node_of(t, 16), -1);
	assert_true(topology_shares_core(t, 2, 3));
	assert_true(topology_shares_core(t, 2, 2));
	assert_false(topology_shares_core(t, 1, 2));
	assert_false(topology_shares_core(t, 16, 16));
	assert_int_equal(topology_n_possible(t), 16);
	topology_free(t);
}

/* Four cores of which 2 and 3 are the fast ones. */
static void write_hybrid(FILE *file)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<topology version=\"2.0\">\n"
	      "<object type=\"Machine\" os_index=\"0\" cpuset=\"0xf\""
	      " complete_cpuset=\"0xf\" allowed_cpuset=\"0xf\" nodeset=\"0x1\""
	      " complete_nodeset=\"0x1\" allowed_nodeset=\"0x1\""
	      " gp_index=\"1\">\n"
	      "<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0xf\""
	      " complete_cpuset=\"0xf\" nodeset=\"0x1\""
	      " complete_nodeset=\"0x1\" gp_index=\"2\"/>\n",
	      file);
	for (int i = 0; i < 4; i++) {
		const char *attributes =
			"os_index=\"%d\" cpuset=\"0x%x\" complete_cpuset="
			"\"0x%x\" nodeset=\"0x1\" complete_nodeset=\"0x1\" "
			"gp_index=\"%d\"";
		char text[256];

		snprintf(text, sizeof(text), attributes, i, 1 << i, 1 << i,
			 10 + i);
		fprintf(file, "<object type=\"Core\" %s>", text);
		snprintf(text, sizeof(text), attributes, i, 1 << i, 1 << i,
			 20 + i);
		fprintf(file, "<object type=\"PU\" %s/></object>\n", text);
	}
	fputs("</object>\n"
	      "<cpukind cpuset=\"0x3\" forced_efficiency=\"0\"/>\n"
	      "<cpukind cpuset=\"0xc\" forced_efficiency=\"1\"/>\n"
	      "</topology>\n",
	      file);
}

static void test_topology_cores_takes_fast_kinds_first(void **state)
{
	char path[] = "/tmp/test_topology.XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	struct topology *t = NULL;
	json_t *block;
	int err;

	(void)state;
	assert_non_null(file);
	write_hybrid(file);
	fclose(file);
	setenv("HWLOC_XMLFILE", path, 1);
	err = topology_load(&t);
	unsetenv("HWLOC_XMLFILE");
	unlink(path);
	assert_int_equal(err, 0);
	assert_false(topology_is_this_machine(t));
	check_order(t, "cores", " 2 3 0 1");
	check_order(t, "compact", " 0 1 2 3");
	block = topology_json(t);
	assert_int_equal(json_array_size(json_object_get(block, "core_kinds")),
			 2);
	json_decref(block);
	topology_free(t);
}

static void test_topology_bad_description_is_not_this_machine(void **state)
{
	struct topology *t = NULL;

	(void)state;
	setenv("HWLOC_SYNTHETIC", "nonsense:0", 1);
	assert_int_equal(topology_load(&t), -EINVAL);
	unsetenv("HWLOC_SYNTHETIC");
	assert_null(t);
}

static void test_topology_real_agrees_with_the_affinity_mask(void **state)
{
	struct topology *t = real();
	cpu_set_t mask;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(mask), &mask), 0);
	assert_int_equal(topology_n_cpus(t), CPU_COUNT(&mask));
	assert_true(topology_is_this_machine(t));
	assert_true(topology_n_possible(t) >= topology_n_cpus(t));
	topology_free(t);
}

static int first_of(const cpu_set_t *mask)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, mask))
			return cpu;
	return -1;
}

static void test_topology_restricted_set_hides_other_cpus(void **state)
{
	cpu_set_t all;
	cpu_set_t one;
	struct topology *t;
	unsigned int cpu;
	size_t n;
	char other[16];

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	if (CPU_COUNT(&all) < 2)
		skip();
	CPU_ZERO(&one);
	CPU_SET(first_of(&all), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	t = real();
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	CPU_CLR(first_of(&one), &all);
	snprintf(other, sizeof(other), "%d", first_of(&all));

	assert_int_equal(topology_n_cpus(t), 1);
	assert_int_equal(topology_order(t, "scatter", &cpu, &n), 0);
	assert_int_equal(cpu, first_of(&one));
	assert_int_equal(topology_order(t, other, &cpu, &n), -ENODEV);
	topology_free(t);
	CPU_SET(first_of(&one), &all);
	sched_setaffinity(0, sizeof(all), &all);
}

static void test_topology_bind_memory_works_here_not_elsewhere(void **state)
{
	static char page[8192];
	struct topology *here = real();
	struct topology *elsewhere = made_up(TWO_NODES);
	struct topology *single = made_up("core:2 pu:1");
	unsigned int cpus[1024];
	size_t n;

	(void)state;
	assert_true(topology_n_cpus(here) <= 1024);
	assert_int_equal(topology_order(here, "compact", cpus, &n), 0);
	assert_int_equal(
		topology_bind_memory(here, page, sizeof(page), cpus[0]), 0);
	assert_int_equal(topology_bind_memory(elsewhere, page, 64, 0), -ENOSYS);
	assert_int_equal(topology_bind_memory(elsewhere, page, 64, 99),
			 -EINVAL);
	assert_int_equal(topology_bind_memory(single, page, 64, 1), 0);
	topology_free(here);
	topology_free(elsewhere);
	topology_free(single);
}

static void check_number(const json_t *block, const char *key, int expected)
{
	assert_int_equal(json_integer_value(json_object_get(block, key)),
			 expected);
}

static void test_topology_json_counts_what_was_described(void **state)
{
	struct topology *t =
		made_up("pack:2 l3:1(size=1048576) core:4 l1d:1(size=32768) "
			"pu:2");
	json_t *block = topology_json(t);
	json_t *caches = json_pack(
		"[{s:s, s:i, s:i, s:i, s:i}, {s:s, s:i, s:i, s:i, s:i}]",
		"type", "data", "level", 1, "size_bytes", 32768, "shared_cpus",
		2, "count", 8, "type", "unified", "level", 3, "size_bytes",
		1048576, "shared_cpus", 8, "count", 2);

	(void)state;
	check_number(block, "packages", 2);
	check_number(block, "cores", 8);
	check_number(block, "cpus", 16);
	check_number(block, "nodes", 1);
	check_number(block, "smt", 2);
	assert_true(json_is_true(json_object_get(block, "synthetic")));
	assert_string_equal(
		json_string_value(json_object_get(block, "allowed")), "0-15");
	assert_non_null(caches);
	assert_true(json_equal(json_object_get(block, "caches"), caches));
	json_decref(caches);
	json_decref(block);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_topology_compact_fills_a_core_first),
		cmocka_unit_test(test_topology_cores_takes_siblings_last),
		cmocka_unit_test(test_topology_nodes_fills_a_node_first),
		cmocka_unit_test(test_topology_scatter_alternates_nodes),
		cmocka_unit_test(
			test_topology_scatter_alternates_packages_of_nodes),
		cmocka_unit_test(test_topology_orders_follow_cores_not_ids),
		cmocka_unit_test(
			test_topology_without_cores_takes_each_cpu_as_one),
		cmocka_unit_test(test_topology_one_cpu_is_every_order),
		cmocka_unit_test(test_topology_list_is_taken_as_written),
		cmocka_unit_test(test_topology_knows_nodes_and_siblings),
		cmocka_unit_test(test_topology_cores_takes_fast_kinds_first),
		cmocka_unit_test(
			test_topology_bad_description_is_not_this_machine),
		cmocka_unit_test(
			test_topology_real_agrees_with_the_affinity_mask),
		cmocka_unit_test(test_topology_restricted_set_hides_other_cpus),
		cmocka_unit_test(
			test_topology_bind_memory_works_here_not_elsewhere),
		cmocka_unit_test(test_topology_json_counts_what_was_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
