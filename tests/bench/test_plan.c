/* SPDX-License-Identifier: MIT */
/*
 * test_plan.c: which cells, in which order, on made-up machines.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/plan.h"

#define MAX_ARGS 16

struct fixture {
	struct options options;
	struct topology *topology;
	struct plan plan;
	char why[PLAN_WHY_BYTES];
};

/* The plan of a command line (without blanks in words) on a made-up machine. */
static int make(struct fixture *f, const char *machine, const char *line)
{
	char copy[256], name[] = "run", *argv[MAX_ARGS] = { name };
	char *rest = copy, *word;
	int argc = 1;

	memset(f, 0, sizeof(*f));
	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = strsep(&rest, " ")) && argc < MAX_ARGS - 1)
		argv[argc++] = word;
	options_parse(argc, argv, &f->options);
	setenv("HWLOC_SYNTHETIC", machine, 1);
	assert_int_equal(topology_load(&f->topology), 0);
	unsetenv("HWLOC_SYNTHETIC");
	return plan_make(&f->options, f->topology, &f->plan, f->why);
}

static void drop(struct fixture *f)
{
	plan_free(&f->plan);
	topology_free(f->topology);
}

static void expect_counts(const char *machine, const char *line,
			  const size_t *want, size_t n)
{
	struct fixture f;

	assert_int_equal(make(&f, machine, line), 0);
	assert_int_equal(f.plan.n_counts, n);
	assert_memory_equal(f.plan.counts, want, n * sizeof(*want));
	drop(&f);
}

#define COUNTS(...)                                                            \
	(size_t[]){ __VA_ARGS__ },                                             \
		sizeof((size_t[]){ __VA_ARGS__ }) / sizeof(size_t)

static void test_plan_counts_of_quick_double_up_to_all(void **state)
{
	(void)state;
	expect_counts("core:1 pu:1", "--quick", COUNTS(1));
	expect_counts("core:6 pu:1", "--quick", COUNTS(1, 2, 4, 6));
	/* 12 cores with a sibling each; 6 cores a node. */
	expect_counts("node:2 core:6 pu:2", "--quick",
		      COUNTS(1, 2, 4, 6, 8, 12, 16, 24));
}

static void test_plan_counts_of_default_are_all_to_8_then_eighths(void **state)
{
	(void)state;
	expect_counts("core:3 pu:1", "--seed 1", COUNTS(1, 2, 3));
	expect_counts(
		"core:64 pu:1", "--seed 1",
		COUNTS(1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 32, 40, 48, 56, 64));
	expect_counts(
		"core:64 pu:1", "--publish",
		COUNTS(1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 32, 40, 48, 56, 64));
}

static void test_plan_counts_asked_for_are_those(void **state)
{
	(void)state;
	expect_counts("core:8 pu:1", "--cpus 3,all,1", COUNTS(1, 3, 8));
	expect_counts("core:8 pu:1", "--order 5,2,7 --cpus all", COUNTS(3));
}

/* A group's rounds are balanced: each cell is first equally often. */
static void test_plan_rounds_hold_every_cell_once_and_balance(void **state)
{
	struct fixture f;
	size_t order[8], first[8] = { 0 };

	(void)state;
	assert_int_equal(make(&f, "core:2 pu:1",
			      "--seed 3 --schemes none,try_module_get,"
			      "module_rwsem --workloads ref --cpus 1"),
			 0);
	assert_int_equal(f.plan.n_cells, 4); /* with the twin */
	assert_int_equal(f.plan.n_groups, 1);
	for (size_t r = 0; r < 8; r++) {
		unsigned int seen = 0;

		assert_int_equal(plan_round(&f.plan, r, order), 0);
		for (size_t i = 0; i < 4; i++)
			seen |= 1u << order[i];
		assert_int_equal(seen, 15);
		first[order[0]]++;
	}
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(first[i], 2);
	drop(&f);
}

static void test_plan_groups_differ_in_nothing_but_the_scheme(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(make(&f, "core:2 pu:1", "--quick"), 0);
	for (size_t i = 1; i < f.plan.n_cells; i++) {
		const struct cell *a = &f.plan.cells[i - 1];
		const struct cell *b = &f.plan.cells[i];

		if (f.plan.group[i] != f.plan.group[i - 1]) {
			assert_int_equal(f.plan.group[i],
					 f.plan.group[i - 1] + 1);
			continue;
		}
		assert_int_equal(a->workload, b->workload);
		assert_int_equal(a->n_cpus, b->n_cpus);
		assert_int_equal(a->mode, b->mode);
		assert_true(a->ops != b->ops || a->aa != b->aa);
	}
	drop(&f);
}

static void test_plan_seeds_differ_by_cell_round_and_run(void **state)
{
	struct fixture f, g;

	(void)state;
	assert_int_equal(make(&f, "core:2 pu:1", "--quick --seed 1"), 0);
	assert_int_equal(make(&g, "core:2 pu:1", "--quick --seed 2"), 0);
	assert_true(plan_seed(&f.plan, 0, 0) == plan_seed(&f.plan, 0, 0));
	assert_true(plan_seed(&f.plan, 0, 0) != plan_seed(&f.plan, 1, 0));
	assert_true(plan_seed(&f.plan, 0, 0) != plan_seed(&f.plan, 0, 1));
	assert_true(plan_seed(&f.plan, 0, 0) != plan_seed(&g.plan, 0, 0));
	/* JSON's integers are signed. */
	for (size_t i = 0; i < 100; i++)
		assert_true(plan_seed(&f.plan, i, i) <= INT64_MAX);
	drop(&f);
	drop(&g);
}

static void test_plan_base_is_mainline_else_the_first_contender(void **state)
{
	static const struct {
		const char *line, *base;
	} cases[] = {
		{ "--schemes none,module_rwsem,try_module_get",
		  "try_module_get" },
		{ "--schemes none,module_rwsem", "module_rwsem" },
		{ "--schemes none", "none" },
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(make(&f, "core:2 pu:1", cases[i].line), 0);
		assert_string_equal(f.plan.base, cases[i].base);
		drop(&f);
	}
}

static void test_plan_of_what_cannot_unload_is_no_device(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(
		make(&f, "core:2 pu:1", "--schemes none --workloads unload"),
		-ENODEV);
	assert_non_null(strstr(f.why, "reader workloads only"));
	drop(&f);
}

static void test_plan_refusals_say_why_in_one_line(void **state)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{ "--cpus 3", "only 2 CPUs" },
		{ "--cpus x", "`x` is not" },
		{ "--order 0,9", "not allowed here" },
		{ "--order x", "`x` is not" },
		{ "--filter [", "no regular expression" },
		{ "--schemes none --workloads ref --filter x",
		  "matches none of 4 cells" },
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(make(&f, "core:2 pu:1", cases[i].line),
				 -EINVAL);
		assert_non_null(strstr(f.why, cases[i].why));
		assert_null(strchr(f.why, '\n'));
		drop(&f);
	}
}

/* Waiting on a shared CPU runs into the cap: ten windows, a second at least. */
static void test_plan_seconds_count_waits_on_one_cpu_up_to_the_cap(void **state)
{
	struct fixture try, wait;
	double difference;

	(void)state;
	assert_int_equal(make(&try, "core:1 pu:1",
			      "--schemes module_rwsem --workloads unload "
			      "--rounds 10 --window 60ms --mode try"),
			 0);
	assert_int_equal(make(&wait, "core:1 pu:1",
			      "--schemes module_rwsem --workloads unload "
			      "--rounds 10 --window 60ms --mode wait"),
			 0);
	assert_float_equal(plan_unload_cap_ns(&wait.plan), 1e9, 0);
	/* Ten rounds of two cells, 600 unloads of 0.2 ms against a second. */
	difference = plan_seconds(&wait.plan) - plan_seconds(&try.plan);
	assert_float_equal(difference, 10 * 2 * (1 - .12), 1e-6);
	drop(&try);
	drop(&wait);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_counts_of_quick_double_up_to_all),
		cmocka_unit_test(
			test_plan_counts_of_default_are_all_to_8_then_eighths),
		cmocka_unit_test(test_plan_counts_asked_for_are_those),
		cmocka_unit_test(
			test_plan_rounds_hold_every_cell_once_and_balance),
		cmocka_unit_test(
			test_plan_groups_differ_in_nothing_but_the_scheme),
		cmocka_unit_test(test_plan_seeds_differ_by_cell_round_and_run),
		cmocka_unit_test(
			test_plan_base_is_mainline_else_the_first_contender),
		cmocka_unit_test(test_plan_of_what_cannot_unload_is_no_device),
		cmocka_unit_test(test_plan_refusals_say_why_in_one_line),
		cmocka_unit_test(
			test_plan_seconds_count_waits_on_one_cpu_up_to_the_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
