/* SPDX-License-Identifier: MIT */
/*
 * test_stopper_processes.c: stoppers of several processes, and of a lost one.
 *
 * Idea.  Children own sets and report through pipes.  A child that ends, in
 * whatever way, closes its pipe: that is how it is seen to have ended.
 */
#include "prim/stopper.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "prim/stopper_fifo.h"
#include "scheme.h"

#define STOPS	   200
#define PATIENCE_S 30

static int run_nothing(void *arg)
{
	(void)arg;
	return 0;
}

/* NULL and errno: could not be had. */
static struct stoppers *open_set(void)
{
	static unsigned int cpus[CPU_SETSIZE];
	struct stoppers *set;
	size_t n = 0, bytes;
	cpu_set_t allowed;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			cpus[n++] = cpu;
	bytes = stopper_set_bytes(n);
	set = aligned_alloc(SCHEME_ALIGN, bytes);
	memset(set, 0, bytes);
	errno = -stopper_start(set, cpus, n);
	if (!errno)
		return set;
	free(set);
	return NULL;
}

static void close_set(struct stoppers *set)
{
	stopper_stop(set);
	free(set);
}

/* A child with a set of its own, stopping all the time. */
static pid_t stopping_child(void)
{
	pid_t pid = fork();
	struct stoppers *set;

	if (pid)
		return pid;
	set = open_set();
	for (unsigned int i = 0; set && i < STOPS; i++)
		if (stop_machine_run(set, run_nothing, NULL))
			_exit(2);
	if (set)
		close_set(set);
	_exit(set ? 0 : 1);
}

static void test_stopper_two_processes_both_finish_their_stops(void **state)
{
	pid_t first = stopping_child(), second = stopping_child();
	int status;

	(void)state;
	assert_int_equal(waitpid(first, &status, 0), first);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(second, &status, 0), second);
	assert_int_equal(status, 0);
}

static void test_stopper_second_set_is_busy_until_the_first_stops(void **state)
{
	struct stoppers *set = open_set();
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(set);
	assert_null(open_set());
	assert_int_equal(errno, EBUSY);
	pid = fork();
	if (!pid)
		_exit(open_set() ? 0 : errno);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, EBUSY << 8);
	close_set(set);
	set = open_set();
	assert_non_null(set);
	close_set(set);
}

/* True when the other end is closed within PATIENCE_S. */
static bool closes(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	return poll(&p, 1, PATIENCE_S * 1000) == 1 && !read(fd, &c, 1);
}

static void pause_with_a_set(int report)
{
	if (!open_set() || write(report, "r", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void test_stopper_killed_owner_leaves_the_lock_free(void **state)
{
	struct stoppers *set;
	int fds[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid)
		pause_with_a_set(fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	set = open_set();
	assert_non_null(set);
	close_set(set);
	close(fds[0]);
}

/* The grandchild has the set; its parent goes. */
static void test_stopper_orphan_is_killed(void **state)
{
	int fds[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		if (!fork())
			pause_with_a_set(fds[1]);
		pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(closes(fds[0]));
	close(fds[0]);
}

/* ---- what the initiator's scheduling may be ------------------------------ */

/* struct sched_attr of sched_setattr(2), which glibc does not have here. */
struct deadline {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

static void test_stopper_deadline_caller_is_refused_and_unchanged(void **state)
{
	const struct sched_param none = { 0 };
	struct deadline attr = { .size = sizeof(attr),
				 .policy = 6,
				 .runtime_ns = 10000000,
				 .deadline_ns = 100000000,
				 .period_ns = 100000000 };
	struct fifo_caller caller;

	(void)state;
	if (syscall(SYS_sched_setattr, 0, &attr, 0)) {
		print_message("no SCHED_DEADLINE here: %s\n", strerror(errno));
		skip();
	}
	assert_int_equal(fifo_enter(&caller), -ENOTSUP);
	assert_int_equal(sched_getscheduler(0), 6);
	assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &none), 0);
}

static void test_stopper_scheduling_that_cannot_return_is_an_error(void **state)
{
	struct fifo_caller caller;

	(void)state;
	assert_int_equal(fifo_enter(&caller), 0);
	caller.policy = 99;
	assert_int_equal(fifo_leave(&caller), -EINVAL);
	caller.policy = SCHED_OTHER;
	assert_int_equal(fifo_leave(&caller), 0);
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_stopper_two_processes_both_finish_their_stops),
		cmocka_unit_test(
			test_stopper_second_set_is_busy_until_the_first_stops),
		cmocka_unit_test(
			test_stopper_killed_owner_leaves_the_lock_free),
		cmocka_unit_test(test_stopper_orphan_is_killed),
		cmocka_unit_test(
			test_stopper_deadline_caller_is_refused_and_unchanged),
		cmocka_unit_test(
			test_stopper_scheduling_that_cannot_return_is_an_error),
	};
	const struct rlimit limit = { .rlim_cur = 800000, .rlim_max = 900000 };
	char why[200];

	alarm(90);
	setrlimit(RLIMIT_RTTIME, &limit);
	if (stopper_probe(why, sizeof(why))) {
		printf("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
