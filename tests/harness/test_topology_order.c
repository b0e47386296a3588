/* SPDX-License-Identifier: MIT */
/*
 * test_topology_order.c: ranks and lists on an array made by hand.
 */
#include "harness/topology_order.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define N 16

/* Sixteen CPUs: two packages of two nodes, two cores a node, two CPUs a core;
 * the system's ids run backwards. */
static void make_places(struct place *ret_places)
{
	for (unsigned int i = 0; i < N; i++)
		ret_places[i] = (struct place){ .cpu = N - 1 - i,
						.node = (int)(i / 4),
						.package = i / 8,
						.core = i / 2 };
	places_rank(ret_places, N);
}

static void test_topology_order_ranks_are_those_of_first_sight(void **state)
{
	struct place places[N];

	(void)state;
	make_places(places);
	for (unsigned int i = 0; i < N; i++) {
		assert_int_equal(places[i].sibling, i % 2);
		assert_int_equal(places[i].core_rank, i / 2 % 2);
		assert_int_equal(places[i].node_rank, i / 4 % 2);
		assert_int_equal(places[i].package_rank, 0);
	}
}

static void test_topology_order_finds_places_by_the_systems_id(void **state)
{
	struct place places[N];

	(void)state;
	make_places(places);
	assert_ptr_equal(places_find(places, N, 15), &places[0]);
	assert_ptr_equal(places_find(places, N, 0), &places[15]);
	assert_null(places_find(places, N, 16));
}

static void test_topology_order_list_may_name_all_in_any_order(void **state)
{
	struct place places[N];
	unsigned int cpus[N];
	size_t n = 0;

	(void)state;
	make_places(places);
	assert_int_equal(places_order(places, N, "8-15,0-7", cpus, &n), 0);
	assert_int_equal(n, N);
	for (unsigned int i = 0; i < N; i++)
		assert_int_equal(cpus[i], (i + 8) % N);
}

static void
test_topology_order_bad_list_is_refused_and_writes_nothing(void **state)
{
	static const struct {
		const char *order;
		int expected;
	} cases[] = {
		{ "", -EINVAL },
		{ "fast", -EINVAL },
		{ "0,", -EINVAL },
		{ ",0", -EINVAL },
		{ "0,,1", -EINVAL },
		{ "3-1", -EINVAL },
		{ "-1", -EINVAL },
		{ "1-", -EINVAL },
		{ "0 1", -EINVAL },
		{ " 0", -EINVAL },
		{ "+0", -EINVAL },
		{ "0x1", -EINVAL },
		{ "0,1,0", -EINVAL },
		{ "0-3,2", -EINVAL },
		{ "compact ", -EINVAL },
		{ "16", -ENODEV },
		{ "0-16", -ENODEV },
		{ "0-4000000000", -ENODEV },
		{ "4294967296", -ENODEV },
		{ "99999999999999999999999", -ENODEV },
	};
	struct place places[N];
	unsigned int cpus[N] = { 77 };
	size_t n = 78;

	(void)state;
	make_places(places);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(
			places_order(places, N, cases[i].order, cpus, &n),
			cases[i].expected);
		assert_int_equal(cpus[0], 77);
		assert_int_equal(n, 78);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_topology_order_ranks_are_those_of_first_sight),
		cmocka_unit_test(
			test_topology_order_finds_places_by_the_systems_id),
		cmocka_unit_test(
			test_topology_order_list_may_name_all_in_any_order),
		cmocka_unit_test(
			test_topology_order_bad_list_is_refused_and_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
