/* SPDX-License-Identifier: MIT */
/*
 * test_stage.c: the scene of a cell, and what its balance check sees.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/stage.h"
#include "schemes/prim/table.h"
#include "schemes/registry.h"

#define SCHEME "try_module_get"

struct scene {
	struct topology *topology;
	struct clock clock;
	struct pool pool;
	struct cell cell;
	unsigned int cpu;
	struct stage stage;
};

static struct scene *new_scene(const char *scheme, unsigned int modules,
			       unsigned int tables)
{
	struct scene *s = calloc(1, sizeof(*s));
	unsigned int cpus[CPU_SETSIZE];
	size_t n;

	assert_non_null(s);
	assert_int_equal(topology_load(&s->topology), 0);
	assert_int_equal(clock_init(&s->clock), 0);
	assert_int_equal(topology_order(s->topology, "cores", cpus, &n), 0);
	s->cpu = cpus[0];
	s->pool.path = BINARY_DIR "/drivers/driver.so";
	s->cell = (struct cell){
		.ops = registry_find(SCHEMES_PLAIN, scheme),
		.cpu_ids = &s->cpu,
		.n_cpus = 1,
		.modules = modules,
		.tables = tables,
	};
	assert_non_null(s->cell.ops);
	s->cell.params = registry_default_params(s->cell.ops);
	return s;
}

static int open_scene(struct scene *s, char why[STAGE_WHY_BYTES])
{
	struct stage_shape shape = {
		.topology = s->topology,
		.clock = &s->clock,
		.cell = &s->cell,
		.n_slots = 2,
		.seed = 42,
	};

	return stage_open(&shape, &s->pool, &s->stage, why);
}

static struct scene *opened(unsigned int modules, unsigned int tables)
{
	struct scene *s = new_scene(SCHEME, modules, tables);
	char why[STAGE_WHY_BYTES] = "";

	assert_int_equal(open_scene(s, why), 0);
	assert_int_equal(stage_attach(&s->stage, 0), 0);
	return s;
}

static void free_scene(struct scene *s)
{
	assert_int_equal(pool_close(&s->pool), 0);
	topology_free(s->topology);
	free(s);
}

static void close_scene(struct scene *s)
{
	stage_detach(&s->stage, 0);
	stage_close(&s->stage);
	free_scene(s);
}

static bool get(struct scene *s, uint32_t key, struct ref *ret)
{
	return s->stage.readers->get(&s->stage.dom, stage_slot(&s->stage, 0),
				     key, ret);
}

static void put(struct scene *s, struct ref *ref)
{
	s->stage.readers->put(&s->stage.dom, stage_slot(&s->stage, 0), ref);
}

/* ---- balance ---------------------------------------------------------------- */

static void test_balance_of_gets_that_were_put_holds(void **state)
{
	struct scene *s = opened(2, 2);
	char why[STAGE_WHY_BYTES] = "";
	struct ref ref;

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_true(get(s, key_of(1, 1), &ref));
		put(s, &ref);
	}
	assert_int_equal(stage_balance(&s->stage, why), 0);
	assert_string_equal(why, "");
	/* Its modules are in again. */
	assert_true(get(s, key_of(0, 0), &ref));
	put(s, &ref);
	close_scene(s);
}

static void test_balance_of_a_leaked_get_trips(void **state)
{
	struct scene *s = opened(2, 1);
	char why[STAGE_WHY_BYTES] = "";
	struct ref ref;

	(void)state;
	assert_true(get(s, key_of(0, 1), &ref));
	assert_int_equal(stage_balance(&s->stage, why), -EUCLEAN);
	assert_non_null(strstr(why, "module 1"));
	assert_non_null(strstr(why, "balance"));
	put(s, &ref);
	assert_int_equal(stage_balance(&s->stage, why), 0);
	close_scene(s);
}

static void test_balance_of_changed_module_data_trips(void **state)
{
	struct scene *s = opened(1, 1);
	const struct driver *driver = s->stage.acts[0].copy->driver;
	char why[STAGE_WHY_BYTES] = "";

	(void)state;
	assert_int_equal(driver->init(stage_stamp(0, 2)), 0);
	assert_int_equal(stage_balance(&s->stage, why), -EUCLEAN);
	assert_non_null(strstr(why, "module 0"));
	assert_non_null(strstr(why, "data"));
	assert_int_equal(driver->init(stage_stamp(0, 1)), 0);
	assert_int_equal(stage_balance(&s->stage, why), 0);
	close_scene(s);
}

static void test_balance_of_poisoned_module_data_trips(void **state)
{
	struct scene *s = opened(1, 1);
	char why[STAGE_WHY_BYTES] = "";

	(void)state;
	s->stage.acts[0].copy->driver->exit();
	assert_int_equal(stage_balance(&s->stage, why), -EUCLEAN);
	close_scene(s);
}

/* ---- modules ------------------------------------------------------------------ */

static bool is_mapped(const void *at)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	bool found = false;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		found |= sscanf(line, "%lx-%lx", &from, &to) == 2 &&
			 (uintptr_t)at >= from && (uintptr_t)at < to;
	fclose(maps);
	return found;
}

static size_t module_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	size_t n = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		n += strstr(line, "unloadbench-") != NULL;
	fclose(maps);
	return n;
}

static void test_pool_closed_leaves_no_module_mapped(void **state)
{
	struct scene *s = opened(3, 1);
	const void *driver = s->stage.acts[2].copy->driver;

	(void)state;
	assert_true(is_mapped(driver));
	assert_true(module_mappings() > 0);
	close_scene(s);
	assert_int_equal(module_mappings(), 0);
	assert_false(is_mapped(driver));
}

static void test_pool_of_a_missing_module_says_which(void **state)
{
	struct scene *s = new_scene(SCHEME, 1, 1);
	char why[STAGE_WHY_BYTES] = "";

	(void)state;
	s->pool.path = BINARY_DIR "/drivers/nonesuch.so";
	assert_true(open_scene(s, why) < 0);
	assert_non_null(strstr(why, "nonesuch"));
	free_scene(s);
}

static void test_insert_cycles_use_other_addresses_in_turn(void **state)
{
	struct scene *s = opened(2, 1);
	const struct driver_ops *seen[4];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		struct attempt a = { .give_up = UINT64_MAX };
		struct handle *mod = stage_handle(&s->stage, 0);

		assert_int_equal(mod->gen, i + 1);
		for (size_t k = 0; i < 4 && k < i; k++)
			assert_ptr_not_equal(mod->ops, seen[k]);
		if (i < 4)
			seen[i] = mod->ops;
		else
			assert_ptr_equal(mod->ops, seen[i - 4]);
		assert_ptr_not_equal(mod->ops, stage_handle(&s->stage, 1)->ops);
		assert_int_equal(stage_remove(&s->stage, 0, REMOVE_TRY, &a), 0);
		assert_true(a.exit1 >= a.exit0 && a.exit0);
		assert_int_equal(stage_insert(&s->stage, 0, NULL), 0);
	}
	close_scene(s);
}

static void test_remove_unstamped_takes_no_stamps(void **state)
{
	struct scene *s = opened(1, 1);
	struct attempt a = { .give_up = UINT64_MAX, .unstamped = true };

	(void)state;
	assert_int_equal(stage_remove(&s->stage, 0, REMOVE_TRY, &a), 0);
	for (size_t p = 0; p < N_PHASES; p++)
		assert_int_equal(a.at[p], 0);
	assert_int_equal(stage_insert(&s->stage, 0, NULL), 0);
	close_scene(s);
}

/* ---- keys, memory --------------------------------------------------------------- */

static void count_keys(const struct scene *s, size_t slot, unsigned int *n)
{
	const uint32_t *keys = stage_keys(&s->stage, slot);

	for (size_t i = 0; i <= s->stage.key_mask; i++) {
		uint32_t table = keys[i] >> 16, module = keys[i] & 0xffff;

		assert_true(table < s->cell.tables);
		assert_true(module < s->cell.modules);
		n[table * s->cell.modules + module]++;
	}
}

static void expect_even_keys(unsigned int modules, unsigned int tables)
{
	struct scene *s = opened(modules, tables);

	for (size_t slot = 0; slot < 2; slot++) {
		unsigned int n[64] = { 0 }, least = UINT32_MAX, most = 0;

		count_keys(s, slot, n);
		for (size_t i = 0; i < (size_t)modules * tables; i++) {
			least = n[i] < least ? n[i] : least;
			most = n[i] > most ? n[i] : most;
		}
		assert_true(least > 0);
		assert_in_range(most - least, 0, 1);
	}
	close_scene(s);
}

static void test_keys_cover_every_table_and_module_equally(void **state)
{
	(void)state;
	expect_even_keys(1, 1);
	expect_even_keys(2, 2);
	expect_even_keys(3, 5);
	expect_even_keys(7, 9);
}

static void test_handles_are_found_under_every_key(void **state)
{
	struct scene *s = opened(3, 2);

	(void)state;
	for (uint32_t t = 0; t < 2; t++)
		for (uint32_t m = 0; m < 3; m++)
			assert_ptr_equal(
				table_find(&s->stage.dom, key_of(t, m)),
				stage_handle(&s->stage, m));
	close_scene(s);
}

static void test_percpu_area_too_small_says_so(void **state)
{
	struct scene *s = new_scene(SCHEME, 5000, 1);
	char why[STAGE_WHY_BYTES] = "";
	size_t i = 0;

	(void)state;
	/* Any scheme that keeps so much per CPU and module. */
	for (; i < registry_count(SCHEMES_PLAIN); i++) {
		const struct scheme_ops *ops = registry_at(SCHEMES_PLAIN, i);
		struct config cfg = { .n_modules = 5000, .n_tables = 1 };
		struct sizes sizes = { 0 };

		s->cell.params = registry_default_params(ops);
		ops->sizes(&cfg, &s->cell.params, &sizes);
		s->cell.ops = ops;
		if (sizes.percpu > (size_t)1 << PERCPU_SHIFT)
			break;
	}
	if (i == registry_count(SCHEMES_PLAIN))
		skip();
	/* One copy each will do: the memory is short before the modules are. */
	s->cell.modules = 5000;
	assert_int_equal(open_scene(s, why), -E2BIG);
	assert_non_null(strstr(why, "per-CPU"));
	free_scene(s);
}

/* What a stage maps it gives back: many stages leave the map as it was. */
static void test_stage_closed_gives_its_memory_back(void **state)
{
	struct scene *s = opened(2, 1);
	char why[STAGE_WHY_BYTES] = "";
	const void *handles = s->stage.handles;
	const void *slots = s->stage.slots;

	(void)state;
	assert_true(is_mapped(handles) && is_mapped(slots));
	stage_detach(&s->stage, 0);
	stage_close(&s->stage);
	assert_false(is_mapped(handles) || is_mapped(slots));
	assert_int_equal(open_scene(s, why), 0);
	assert_int_equal(stage_attach(&s->stage, 0), 0);
	close_scene(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_balance_of_gets_that_were_put_holds),
		cmocka_unit_test(test_balance_of_a_leaked_get_trips),
		cmocka_unit_test(test_balance_of_changed_module_data_trips),
		cmocka_unit_test(test_balance_of_poisoned_module_data_trips),
		cmocka_unit_test(test_pool_closed_leaves_no_module_mapped),
		cmocka_unit_test(test_pool_of_a_missing_module_says_which),
		cmocka_unit_test(
			test_insert_cycles_use_other_addresses_in_turn),
		cmocka_unit_test(test_remove_unstamped_takes_no_stamps),
		cmocka_unit_test(
			test_keys_cover_every_table_and_module_equally),
		cmocka_unit_test(test_handles_are_found_under_every_key),
		cmocka_unit_test(test_percpu_area_too_small_says_so),
		cmocka_unit_test(test_stage_closed_gives_its_memory_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
