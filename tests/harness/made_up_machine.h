/* SPDX-License-Identifier: MIT */
/*
 * made_up_machine.h: a tree of files that stands for a machine.
 *
 * Idea.  Each test gets a directory of its own as its state, and loses it.
 * Owns.  That directory.
 * Never. Looks at the machine below.
 */
#ifndef TESTS_MADE_UP_MACHINE_H
#define TESTS_MADE_UP_MACHINE_H

#include "harness/machine.h"

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct file {
	const char *path;
	const char *text;
};

static inline int make_root(void **state)
{
	char *root = strdup("/tmp/test_machine.XXXXXX");

	*state = mkdtemp(root);
	return *state ? 0 : -1;
}

static inline int drop_one(const char *path, const struct stat *st, int type,
			   struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int drop_root(void **state)
{
	int err = nftw(*state, drop_one, 8, FTW_DEPTH | FTW_PHYS);

	free(*state);
	return err;
}

static inline void put(const char *root, const char *path, const char *text)
{
	char full[512];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(full, 0755);
		*at = '/';
	}
	file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static inline void put_all(const char *root, const struct file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(root, files[i].path, files[i].text);
}

#define CPU "/sys/devices/system/cpu/"

static const struct file bare_metal[] = {
	{ "/proc/cpuinfo", "processor\t: 0\nmodel name\t: Xeon E5\n"
			   "microcode\t: 0xb000040\n"
			   "flags\t\t: fpu vme tsc\n\nprocessor\t: 1\n" },
	{ "/proc/cmdline", "quiet rcu_nocbs=2-3 mitigations=off\n" },
	{ "/proc/sys/kernel/hostname", "box\n" },
	{ "/proc/sys/kernel/osrelease", "6.1.0-9\n" },
	{ "/proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian\n" },
	{ "/proc/sys/kernel/sched_rt_runtime_us", "-1\n" },
	{ "/proc/sys/kernel/randomize_va_space", "0\n" },
	{ "/proc/sys/kernel/numa_balancing", "1\n" },
	{ "/proc/sys/kernel/nmi_watchdog", "1\n" },
	{ "/proc/loadavg", "3.00 2.00 1.00 1/234 5678\n" },
	{ "/proc/pressure/cpu", "some avg10=12.50 avg60=0.00 total=1\n" },
	{ "/proc/meminfo", "MemTotal:       1024 kB\nMemFree: 1 kB\n" },
	{ "/proc/stat", "cpu  10 0 20 60 5 1 2 2 7 0\n"
			"cpu0 5 0 10 30 2 0 1 1 0 0\n"
			"cpu1 5 0 10 30 3 1 1 1 0 0\nintr 1 2 3\n" },
	{ "/boot/config-6.1.0-9", "# CONFIG_HZ_1000 is not set\nCONFIG_HZ=250\n"
				  "CONFIG_PREEMPT_VOLUNTARY=y\n" },
	{ "/sys/kernel/debug/sched/preempt", "none voluntary (full)\n" },
	{ "/sys/kernel/mm/transparent_hugepage/enabled",
	  "[always] madvise never\n" },
	{ "/sys/kernel/mm/ksm/run", "1\n" },
	{ CPU "cpu0/cpufreq/scaling_governor", "powersave\n" },
	{ CPU "cpu1/cpufreq/scaling_governor", "performance\n" },
	{ CPU "cpu2/cpufreq/scaling_governor", "powersave\n" },
	{ CPU "cpu0/cpufreq/scaling_driver", "amd-pstate-epp\n" },
	{ CPU "cpu1/cpufreq/scaling_driver", "amd-pstate\n" },
	{ CPU "cpu0/cpufreq/scaling_min_freq", "1200000\n" },
	{ CPU "cpu1/cpufreq/scaling_min_freq", "800000\n" },
	{ CPU "cpu0/cpufreq/scaling_max_freq", "3000000\n" },
	{ CPU "cpu1/cpufreq/scaling_max_freq", "3500000\n" },
	{ CPU "cpu0/cpufreq/scaling_cur_freq", "2000000\n" },
	{ CPU "cpu0/thermal_throttle/core_throttle_count", "3\n" },
	{ CPU "cpu1/thermal_throttle/core_throttle_count", "4\n" },
	{ CPU "intel_pstate/no_turbo", "0\n" },
	{ CPU "smt/active", "1\n" },
	{ CPU "isolated", "\n" },
	{ CPU "vulnerabilities/meltdown", "Mitigation: PTI\n" },
};

static inline json_t *make_bare_metal(const char *root)
{
	put_all(root, bare_metal, sizeof(bare_metal) / sizeof(*bare_metal));
	return machine_json_below(root, NULL, NULL);
}

static inline void is_text(json_t *block, const char *key, const char *expected)
{
	json_t *value = json_object_get(block, key);

	if (!json_is_string(value))
		fail_msg("%s is no text", key);
	assert_string_equal(json_string_value(value), expected);
}

static inline void is_number(json_t *block, const char *key, double expected)
{
	json_t *value = json_object_get(block, key);

	if (!json_is_number(value))
		fail_msg("%s is no number", key);
	assert_true(fabs(json_number_value(value) - expected) < 1e-12);
}

static inline void is_true(json_t *block, const char *key, int expected)
{
	json_t *value = json_object_get(block, key);

	assert_true(json_is_boolean(value));
	assert_int_equal(json_is_true(value), expected);
}

static inline void is_absent(json_t *block, const char *key)
{
	json_t *why = json_object_get(block, "why");

	if (!json_is_null(json_object_get(block, key)) ||
	    !json_string_length(json_object_get(why, key)))
		fail_msg("%s is not null with a reason", key);
}

#define ON_FILES(test)                                                         \
	cmocka_unit_test_setup_teardown(test, make_root, drop_root)

#endif
