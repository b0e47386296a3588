/* SPDX-License-Identifier: MIT */
/*
 * test_cell.c: a cell's name, and its way through JSON and back.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/cell.h"
#include "schemes/registry.h"

static unsigned int two_cpus[] = { 3, 1 };

static struct cell make(const char *scheme, enum workload workload)
{
	struct cell cell = {
		.ops = registry_find(SCHEMES_PLAIN, scheme),
		.workload = workload,
		.cpu_ids = two_cpus,
		.n_cpus = 2,
		.modules = 1,
		.tables = 1,
		.oversubscribe = 1,
		.aa = 1,
	};

	assert_non_null(cell.ops);
	cell.params = registry_default_params(cell.ops);
	return cell;
}

static void set(struct cell *cell, const char *name, const char *value)
{
	assert_int_equal(
		registry_set_param(cell->ops, name, value, &cell->params), 0);
}

static void expect_name(const struct cell *cell, const char *want)
{
	char name[CELL_NAME_BYTES];

	cell_name(cell, name);
	assert_string_equal(name, want);
}

static void test_cell_name_of_defaults_is_as_promised(void **state)
{
	struct cell cell = make("try_module_get", WORKLOAD_LOOKUP);

	(void)state;
	expect_name(&cell, "lookup/scheme:try_module_get/cpus:2/hold_ns:0/"
			   "think_ns:0");
	cell.aa = 2;
	expect_name(&cell, "lookup/scheme:try_module_get/cpus:2/hold_ns:0/"
			   "think_ns:0/aa:2");
}

static void test_cell_name_says_what_is_not_default_in_order(void **state)
{
	struct cell cell = make("stop_machine", WORKLOAD_STORM);

	(void)state;
	set(&cell, "mechanism", "membarrier");
	cell.hold_ns = 500;
	cell.think_ns = 1234567.5;
	cell.table = TABLE_RCU;
	cell.mode = REMOVE_WAIT;
	cell.modules = 4;
	cell.tables = 2;
	cell.oversubscribe = 3;
	expect_name(&cell,
		    "storm/scheme:stop_machine/cpus:2/hold_ns:500/"
		    "think_ns:1234567.5/table:rcu/mode:wait/modules:4/tables:2/"
		    "oversubscribe:3/stop_machine.mechanism:membarrier");
}

static void test_cell_name_of_a_mode_is_there_even_for_try(void **state)
{
	struct cell cell = make("module_rwsem", WORKLOAD_UNLOAD);

	(void)state;
	cell.mode = REMOVE_TRY;
	/* It owns its table: the axis does not touch it. */
	cell.table = TABLE_RCU;
	expect_name(&cell, "unload/scheme:module_rwsem/cpus:2/hold_ns:0/"
			   "think_ns:0/mode:try");
}

static void test_cell_label_is_the_scheme_and_its_setting(void **state)
{
	struct cell cell = make("module_rwsem", WORKLOAD_REF);
	char label[CELL_NAME_BYTES];

	(void)state;
	cell_label(&cell, label);
	assert_string_equal(label, "module_rwsem");
	set(&cell, "put", "unlocked");
	cell_label(&cell, label);
	assert_string_equal(label, "module_rwsem/module_rwsem.put:unlocked");
}

static void test_cell_from_json_is_what_was_written(void **state)
{
	struct cell cell = make("module_rwsem", WORKLOAD_UNLOAD), back;
	json_t *json, *again;

	(void)state;
	set(&cell, "rwsem", "pthread");
	cell.mode = REMOVE_WAIT;
	cell.hold_ns = 0.1;
	cell.modules = 7;
	cell.aa = 2;
	json = cell_to_json(&cell);
	assert_int_equal(cell_from_json(json, &back), 0);
	assert_ptr_equal(back.ops, cell.ops);
	assert_int_equal(back.n_cpus, 2);
	assert_int_equal(back.cpu_ids[0], 3);
	assert_int_equal(back.cpu_ids[1], 1);
	assert_true(back.hold_ns == 0.1);
	assert_int_equal(back.mode, REMOVE_WAIT);
	again = cell_to_json(&back);
	assert_true(json_equal(json, again));
	assert_string_equal(json_string_value(json_object_get(json, "table")),
			    "own");
	json_decref(again);
	json_decref(json);
	free(back.cpu_ids);
}

/* Each change of a good cell makes it one that is refused. */
static void test_cell_from_json_refuses_what_is_no_cell(void **state)
{
	static const struct {
		const char *key;
		const char *value;
	} changes[] = {
		{ "workload", "\"nosuch\"" },
		{ "scheme", "\"nosuch\"" },
		{ "table", "\"nosuch\"" },
		{ "mode", "\"nosuch\"" },
		{ "cpu_ids", "[]" },
		{ "cpu_ids", "2" },
		{ "params", "{\"x\": \"y\"}" },
		{ "aa", "\"2\"" },
		{ "hold_ns", "null" },
	};
	struct cell cell = make("try_module_get", WORKLOAD_UNLOAD), back;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		json_t *json = cell_to_json(&cell);

		json_object_set_new(
			json, changes[i].key,
			json_loads(changes[i].value, JSON_DECODE_ANY, NULL));
		assert_int_equal(cell_from_json(json, &back), -EINVAL);
		json_decref(json);
	}
}

static void test_cell_floor_keeps_the_work_and_drops_the_scheme(void **state)
{
	struct cell cell = make("module_rwsem", WORKLOAD_LOOKUP);

	(void)state;
	cell.hold_ns = 500;
	cell.table = TABLE_RCU;
	cell_make_floor(&cell);
	expect_name(&cell, "lookup/scheme:none/cpus:2/hold_ns:500/think_ns:0");
}

static void test_registry_both_builds_hold_the_same_schemes(void **state)
{
	size_t n = registry_count(SCHEMES_PLAIN);

	(void)state;
	assert_int_equal(n, registry_count(SCHEMES_DELAYED));
	for (size_t i = 0; i < n; i++) {
		const struct scheme_ops *plain = registry_at(SCHEMES_PLAIN, i);
		const struct scheme_ops *delayed =
			registry_at(SCHEMES_DELAYED, i);

		assert_string_equal(plain->name, delayed->name);
		assert_ptr_not_equal(plain, delayed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cell_name_of_defaults_is_as_promised),
		cmocka_unit_test(
			test_cell_name_says_what_is_not_default_in_order),
		cmocka_unit_test(
			test_cell_name_of_a_mode_is_there_even_for_try),
		cmocka_unit_test(test_cell_label_is_the_scheme_and_its_setting),
		cmocka_unit_test(test_cell_from_json_is_what_was_written),
		cmocka_unit_test(test_cell_from_json_refuses_what_is_no_cell),
		cmocka_unit_test(
			test_cell_floor_keeps_the_work_and_drops_the_scheme),
		cmocka_unit_test(
			test_registry_both_builds_hold_the_same_schemes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
