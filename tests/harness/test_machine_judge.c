/* SPDX-License-Identifier: MIT */
/*
 * test_machine_judge.c: what is found at fault, and what changed.
 */
#include "tests/harness/made_up_machine.h"

/* ---- judgements ---------------------------------------------------------- */

static const char *level_of(json_t *judgements, const char *key)
{
	json_t *judgement;
	size_t i;

	json_array_foreach (judgements, i, judgement)
		if (!strcmp(json_string_value(
				    json_object_get(judgement, "key")),
			    key))
			return json_string_value(
				json_object_get(judgement, "level"));
	return "none";
}

static void test_machine_judge_finds_each_fault(void **state)
{
	static const struct file expected[] = {
		{ "load_per_cpu", "bad" },
		{ "psi_cpu_some_avg10", "bad" },
		{ "steal_share", "warn" },
		{ "governor", "warn" },
		{ "boost", "warn" },
		{ "throttle_count", "warn" },
		{ "transparent_hugepages", "warn" },
		{ "numa_balancing", "warn" },
		{ "ksm", "warn" },
		{ "aslr", "warn" },
		{ "sched_rt_runtime_us", "info" },
		{ "smt_active", "info" },
		{ "isolated_cpus", "info" },
		{ "nmi_watchdog", "info" },
		{ "mitigations", "info" },
		{ "virtual_machine", "none" },
	};
	json_t *m = make_bare_metal(*state);
	json_t *judgements = machine_judge(m);

	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
		assert_string_equal(level_of(judgements, expected[i].path),
				    expected[i].text);
	json_decref(judgements);
	json_decref(m);
}

static void test_machine_judge_of_a_quiet_machine_is_empty(void **state)
{
	json_t *m = json_pack(
		"{s:b, s:f, s:f, s:n, s:s, s:b, s:s, s:i, s:f, "
		"s:{s:s}, s:{s:b}}",
		"virtual_machine", 0, "load_per_cpu", 0.5, "psi_cpu_some_avg10",
		10.0, "cgroup_quota_cpus", "governor", "performance", "boost",
		0, "transparent_hugepages", "madvise", "aslr", 2, "steal_share",
		0.01, "clock", "source", "tsc", "topology", "synthetic", 0);
	json_t *judgements = machine_judge(m);

	(void)state;
	assert_non_null(m);
	assert_int_equal(json_array_size(judgements), 0);
	json_decref(judgements);
	json_decref(m);
}

static void test_machine_judge_looks_into_blocks(void **state)
{
	json_t *m = json_pack("{s:{s:s}, s:{s:b}}", "clock", "source",
			      "clock_gettime", "topology", "synthetic", 1);
	json_t *judgements = machine_judge(m);

	(void)state;
	assert_string_equal(level_of(judgements, "clock.source"), "warn");
	assert_string_equal(level_of(judgements, "topology.synthetic"), "bad");
	json_decref(judgements);
	json_decref(m);
}

/* ---- changes ------------------------------------------------------------- */

static void test_machine_changes_are_named_with_both_values(void **state)
{
	json_t *before = make_bare_metal(*state);
	json_t *ret = json_object();
	json_t *after;
	json_t *changed;

	put(*state, CPU "cpu0/cpufreq/scaling_governor", "performance\n");
	put(*state, CPU "cpu2/cpufreq/scaling_governor", "performance\n");
	put(*state, CPU "cpu0/cpufreq/scaling_cur_freq", "1800000\n");
	put(*state, CPU "cpu0/thermal_throttle/core_throttle_count", "5\n");
	put(*state, "/proc/stat", "cpu 40 0 40 100 5 1 2 12 7 0\n");
	after = machine_json_below(*state, NULL, NULL);
	machine_changes(before, after, ret);
	changed = json_object_get(ret, "changed");
	assert_int_equal(json_object_size(changed), 2);
	is_text(json_object_get(changed, "governor"), "before",
		"powersave,performance");
	is_text(json_object_get(changed, "governor"), "after", "performance");
	is_number(json_object_get(changed, "frequency_now_khz"), "after",
		  1800000);
	is_number(json_object_get(ret, "load_1m"), "before", 3.0);
	is_number(ret, "steal_share", 0.1); /* 10 of 100 ticks */
	is_number(ret, "throttle_count", 2);
	json_decref(ret);
	json_decref(before);
	json_decref(after);
}

static void test_machine_changes_within_tolerance_are_none(void **state)
{
	json_t *before = make_bare_metal(*state);
	json_t *ret = json_object();
	json_t *after;

	put(*state, CPU "cpu0/cpufreq/scaling_cur_freq", "2050000\n");
	after = machine_json_below(*state, NULL, NULL);
	machine_changes(before, after, ret);
	assert_int_equal(json_object_size(json_object_get(ret, "changed")), 0);
	is_absent(ret, "steal_share"); /* no tick has passed */
	json_decref(ret);
	json_decref(before);
	json_decref(after);
}

static void test_machine_changes_of_unknowns_are_null(void **state)
{
	json_t *m = machine_json_below(*state, NULL, NULL);
	json_t *ret = json_object();

	machine_changes(m, m, ret);
	assert_int_equal(json_object_size(json_object_get(ret, "changed")), 0);
	is_absent(ret, "steal_share");
	is_absent(ret, "throttle_count");
	json_decref(ret);
	json_decref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FILES(test_machine_judge_finds_each_fault),
		cmocka_unit_test(
			test_machine_judge_of_a_quiet_machine_is_empty),
		cmocka_unit_test(test_machine_judge_looks_into_blocks),
		ON_FILES(test_machine_changes_are_named_with_both_values),
		ON_FILES(test_machine_changes_within_tolerance_are_none),
		ON_FILES(test_machine_changes_of_unknowns_are_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
