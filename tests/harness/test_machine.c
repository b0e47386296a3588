/* SPDX-License-Identifier: MIT */
/*
 * test_machine.c: made-up machines of files, and the real one.
 */
#include "tests/harness/made_up_machine.h"

static void test_machine_bare_metal_is_read(void **state)
{
	json_t *m = make_bare_metal(*state);

	is_text(m, "host_name", "box");
	is_text(m, "cpu_model", "Xeon E5");
	is_text(m, "microcode", "0xb000040");
	is_true(m, "virtual_machine", 0);
	is_text(m, "governor", "powersave,performance");
	is_text(m, "frequency_driver", "amd-pstate-epp,amd-pstate");
	is_number(m, "frequency_min_khz", 800000);
	is_number(m, "frequency_max_khz", 3500000);
	is_number(m, "throttle_count", 7);
	is_true(m, "boost", 1);
	is_true(m, "smt_active", 1);
	is_text(m, "isolated_cpus", "");
	is_text(m, "rcu_nocbs", "2-3");
	is_text(m, "mitigations", "off");
	is_text(m, "preemption", "full");
	is_number(m, "hz", 250);
	is_number(m, "sched_rt_runtime_us", -1);
	is_text(m, "transparent_hugepages", "always");
	is_text(json_object_get(m, "vulnerabilities"), "meltdown",
		"Mitigation: PTI");
	json_decref(m);
}

static void test_machine_load_is_read(void **state)
{
	json_t *m = make_bare_metal(*state);

	is_number(m, "load_1m", 3.0);
	is_number(m, "load_per_cpu", 1.5);
	is_number(m, "psi_cpu_some_avg10", 12.5);
	/* 10 + 0 + 20 + 60 + 5 + 1 + 2 + 2: guest time is in user's. */
	is_number(m, "cpu_ticks", 100);
	is_number(m, "steal_ticks", 2);
	is_number(m, "steal_share", 0.02);
	is_number(m, "memory_bytes", 1048576);
	json_decref(m);
}

static void test_machine_of_nothing_is_null_with_reasons(void **state)
{
	static const char *const keys[] = {
		"host_name",
		"cpu_model",
		"microcode",
		"governor",
		"boost",
		"virtual_machine",
		"preemption",
		"hz",
		"vulnerabilities",
		"load_1m",
		"load_per_cpu",
		"psi_cpu_some_avg10",
		"steal_ticks",
		"steal_share",
		"memory_bytes",
		"throttle_count",
		"isolated_cpus",
		"cgroup_quota_cpus",
		"topology",
		"clock",
		"transparent_hugepages",
	};
	json_t *m = machine_json_below(*state, NULL, NULL);
	json_t *judgements = machine_judge(m);
	const char *key;
	json_t *value;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		is_absent(m, keys[i]);
	json_object_foreach (m, key, value)
		if (json_is_null(value))
			is_absent(m, key);
	assert_true(json_array_size(judgements) > 0);
	json_decref(judgements);
	json_decref(m);
}

static void test_machine_garbage_is_null_with_reasons(void **state)
{
	static const struct file files[] = {
		{ "/proc/stat", "cpu x\n" },
		{ "/proc/loadavg", "much\n" },
		{ "/proc/pressure/cpu", "\n" },
		{ "/proc/meminfo", "MemTotal: lots\n" },
		{ "/proc/cpuinfo", "model name\nflags\n:\n" },
		{ "/proc/sys/kernel/hostname", "\xff\xfe\n" },
		{ "/proc/self/cgroup", "0\n0:\n::\n0::/\n" },
		{ "/sys/kernel/mm/transparent_hugepage/enabled", "always\n" },
		{ CPU "smt/active", "\n" },
	};
	static const char *const keys[] = {
		"steal_ticks",	"load_1m",	     "psi_cpu_some_avg10",
		"memory_bytes", "cpu_model",	     "host_name",
		"smt_active",	"cgroup_quota_cpus", "transparent_hugepages",
	};
	json_t *m;

	put_all(*state, files, sizeof(files) / sizeof(*files));
	m = machine_json_below(*state, NULL, NULL);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		is_absent(m, keys[i]);
	json_decref(m);
}

static void test_machine_arm64_cpu_is_named_by_its_numbers(void **state)
{
	json_t *m;

	put(*state, "/proc/cpuinfo",
	    "processor\t: 0\nFeatures\t: fp asimd\n"
	    "CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
	m = machine_json_below(*state, NULL, NULL);
	is_text(m, "cpu_model", "implementer 0x41 part 0xd0c");
	is_absent(m, "virtual_machine");
	json_decref(m);
	put(*state, "/sys/class/dmi/id/sys_vendor", "QEMU\n");
	m = machine_json_below(*state, NULL, NULL);
	is_true(m, "virtual_machine", 1);
	json_decref(m);
}

static void test_machine_x86_flag_tells_a_vm(void **state)
{
	json_t *m;

	put(*state, "/proc/cpuinfo", "flags\t\t: fpu hypervisor tsc\n");
	m = machine_json_below(*state, NULL, NULL);
	is_true(m, "virtual_machine", 1);
	json_decref(m);
}

static void check_preemption(const char *root, const char *expected)
{
	json_t *m = machine_json_below(root, NULL, NULL);

	is_text(m, "preemption", expected);
	json_decref(m);
}

/* Each file added is a surer witness than those before. */
static void test_machine_preemption_asks_the_surest_first(void **state)
{
	put(*state, "/proc/sys/kernel/osrelease", "6.1\n");
	put(*state, "/proc/sys/kernel/version", "#1 SMP PREEMPT Thu\n");
	check_preemption(*state, "full");
	put(*state, "/boot/config-6.1", "CONFIG_PREEMPT_NONE=y\n");
	check_preemption(*state, "none");
	put(*state, "/proc/cmdline", "nopreempt=1 preempt=lazy ro\n");
	check_preemption(*state, "lazy");
	put(*state, "/sys/kernel/debug/sched/preempt", "none (voluntary)\n");
	check_preemption(*state, "voluntary");
	put(*state, "/proc/sys/kernel/version", "#1 SMP PREEMPT_RT Thu\n");
	check_preemption(*state, "rt");
}

static void check_quota(const char *root, double expected)
{
	json_t *m = machine_json_below(root, NULL, NULL);

	is_number(m, "cgroup_quota_cpus", expected);
	json_decref(m);
}

static void test_machine_cgroup_v2_takes_the_least_on_the_way_up(void **state)
{
	json_t *m;

	put(*state, "/proc/self/cgroup", "0::/outer/inner\n");
	put(*state, "/sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
	m = machine_json_below(*state, NULL, NULL);
	is_absent(m, "cgroup_quota_cpus");
	json_decref(m);
	put(*state, "/sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
	check_quota(*state, 1.5);
	put(*state, "/sys/fs/cgroup/outer/inner/cpu.max", "50000 100000\n");
	check_quota(*state, 0.5);
}

static void test_machine_cgroup_v1_is_read_too(void **state)
{
	put(*state, "/proc/self/cgroup",
	    "9:cpuset:/no\n4:cpuacct,cpu:/box\n0::/\n");
	put(*state, "/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "-1\n");
	put(*state, "/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
	put(*state, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "25000\n");
	put(*state, "/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	check_quota(*state, 0.25);
}

static void test_machine_this_one_has_a_reason_for_each_null(void **state)
{
	struct topology *t = NULL;
	struct clock c;
	json_t *m;
	const char *key;
	json_t *value;

	(void)state;
	assert_int_equal(topology_load(&t), 0);
	assert_int_equal(clock_init(&c), 0);
	m = machine_json(t, &c);
	json_object_foreach (m, key, value)
		if (json_is_null(value))
			is_absent(m, key);
	is_number(m, "page_size_bytes", (double)sysconf(_SC_PAGESIZE));
	assert_true(json_is_object(json_object_get(m, "topology")));
	assert_true(json_is_object(json_object_get(m, "clock")));
	json_decref(m);
	topology_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_FILES(test_machine_bare_metal_is_read),
		ON_FILES(test_machine_load_is_read),
		ON_FILES(test_machine_of_nothing_is_null_with_reasons),
		ON_FILES(test_machine_garbage_is_null_with_reasons),
		ON_FILES(test_machine_arm64_cpu_is_named_by_its_numbers),
		ON_FILES(test_machine_x86_flag_tells_a_vm),
		ON_FILES(test_machine_preemption_asks_the_surest_first),
		ON_FILES(test_machine_cgroup_v2_takes_the_least_on_the_way_up),
		ON_FILES(test_machine_cgroup_v1_is_read_too),
		cmocka_unit_test(
			test_machine_this_one_has_a_reason_for_each_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
