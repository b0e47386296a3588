/* SPDX-License-Identifier: MIT */
/*
 * test_perf.c: perf against getrusage, and what is said when it is forbidden.
 */
#include "harness/clock.h"
#include "harness/perf.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define N_NAPS	10
#define N_PAGES 64

static struct perf open_or_skip(void)
{
	struct perf p;
	char why[PERF_WHY_BYTES] = "";

	if (perf_open(&p, why)) {
		print_message("skipped: %s\n", why);
		skip();
	}
	return p;
}

static void nap_some(void)
{
	for (int i = 0; i < N_NAPS; i++)
		clock_nap(1000000);
}

static void touch_pages(void)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, N_PAGES * page_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(pages, MAP_FAILED);
	madvise(pages, N_PAGES * page_bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < N_PAGES; i++)
		*(volatile char *)(pages + i * page_bytes) = 1;
	munmap(pages, N_PAGES * page_bytes);
}

static void test_perf_counts_nothing_while_disabled(void **state)
{
	struct perf p = open_or_skip();
	struct perf_counts counts;

	(void)state;
	nap_some();
	touch_pages();
	assert_int_equal(perf_read(&p, &counts), 0);
	assert_int_equal(counts.enabled_ns, 0);
	for (int i = 0; i < PERF_EVENTS; i++)
		assert_int_equal(counts.n[i], 0);
	perf_close(&p);
}

static void test_perf_counts_at_least_what_getrusage_saw(void **state)
{
	struct perf p = open_or_skip();
	struct perf_counts counts;
	struct switches before;
	struct switches after;

	(void)state;
	assert_int_equal(perf_enable(&p), 0);
	assert_int_equal(switches_read(&before), 0);
	nap_some();
	touch_pages();
	assert_int_equal(switches_read(&after), 0);
	assert_int_equal(perf_disable(&p), 0);
	assert_int_equal(perf_read(&p, &counts), 0);
	after = switches_since(&before, &after);
	assert_true(after.voluntary >= N_NAPS);
	assert_true(after.minor_faults >= N_PAGES);
	assert_true(counts.n[PERF_CONTEXT_SWITCHES] >=
		    after.voluntary + after.involuntary);
	assert_true(counts.n[PERF_PAGE_FAULTS] >= N_PAGES);
	assert_true(counts.n[PERF_TASK_CLOCK_NS] > 0);
	assert_true(counts.running_ns > 0);
	assert_true(counts.running_ns <= counts.enabled_ns);
	perf_close(&p);
}

static void test_perf_enable_starts_again_at_zero(void **state)
{
	struct perf p = open_or_skip();
	struct perf_counts counts;

	(void)state;
	assert_int_equal(perf_enable(&p), 0);
	touch_pages();
	assert_int_equal(perf_disable(&p), 0);
	assert_int_equal(perf_enable(&p), 0);
	assert_int_equal(perf_disable(&p), 0);
	assert_int_equal(perf_read(&p, &counts), 0);
	assert_true(counts.n[PERF_PAGE_FAULTS] < N_PAGES);
	perf_close(&p);
}

/* Every perf_event_open() of this process fails with @err from here on. */
static bool forbid_perf(int err)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
			 SECCOMP_RET_ERRNO | (unsigned int)err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* In a child: 0 as expected, 77 if it cannot be forbidden here. */
static int try_forbidden(int err, const char *expected)
{
	struct perf p = { { 77 } };
	char why[PERF_WHY_BYTES] = "";

	if (!forbid_perf(err))
		return 77;
	if (perf_open(&p, why) != -err || p.fds[0] != 77)
		return 1;
	return strstr(why, expected) ? 0 : 2;
}

static void check_forbidden(int err, const char *expected)
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(try_forbidden(err, expected));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("skipped: no seccomp here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_perf_absent_from_the_kernel_says_so(void **state)
{
	(void)state;
	check_forbidden(ENOSYS, "not implemented");
}

static void test_perf_forbidden_names_the_setting(void **state)
{
	(void)state;
	if (access("/proc/sys/kernel/perf_event_paranoid", R_OK))
		skip();
	check_forbidden(EACCES, "perf_event_paranoid is");
}

static void test_switches_cpu_time_of_a_nap_is_small(void **state)
{
	struct switches before;
	struct switches after;

	(void)state;
	assert_int_equal(switches_read(&before), 0);
	clock_nap(100000000);
	assert_int_equal(switches_read(&after), 0);
	after = switches_since(&before, &after);
	assert_true(after.cpu_ns > 0);
	assert_true(after.cpu_ns < 50000000);
	assert_true(after.voluntary >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_perf_counts_nothing_while_disabled),
		cmocka_unit_test(test_perf_counts_at_least_what_getrusage_saw),
		cmocka_unit_test(test_perf_enable_starts_again_at_zero),
		cmocka_unit_test(test_perf_absent_from_the_kernel_says_so),
		cmocka_unit_test(test_perf_forbidden_names_the_setting),
		cmocka_unit_test(test_switches_cpu_time_of_a_nap_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
