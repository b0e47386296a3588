/* SPDX-License-Identifier: MIT */
/*
 * test_bystander.c: gaps made by stopping the bystander from outside.
 *
 * Idea.  SIGSTOP is an interruption of a length the test decides; whatever the
 * machine adds only makes a gap longer, so lengths are bounded from below.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/bystander.h"

#define STOP_NS 20000000

static struct clock the_clock;

static unsigned int last_cpu(void)
{
	unsigned int cpu = CPU_SETSIZE - 1;
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	while (!CPU_ISSET(cpu, &set))
		cpu--;
	return cpu;
}

/* The one child of this thread; 0 when there is none. */
static pid_t only_child(void)
{
	FILE *children = fopen("/proc/thread-self/children", "re");
	int pid = 0;

	if (!children) {
		print_message("skipped: this kernel lists no children\n");
		skip();
	}
	if (fscanf(children, "%d", &pid) != 1)
		pid = 0;
	fclose(children);
	return pid;
}

static struct bystander *open_bystander(void)
{
	struct bystander *b;

	assert_int_equal(bystander_start(last_cpu(), &the_clock, &b), 0);
	assert_int_equal(bystander_open(b), 0);
	return b;
}

/* The stop has come when this returns, however busy the machine is. */
static void stop(pid_t pid)
{
	siginfo_t info;

	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WSTOPPED), 0);
}

static void test_bystander_keeps_the_gap_it_was_stopped_for(void **state)
{
	uint64_t start = clock_now(&the_clock), stopped, going, closed;
	struct bystander *b = open_bystander();
	pid_t pid = only_child();

	(void)state;
	stop(pid);
	stopped = clock_now(&the_clock);
	clock_nap(STOP_NS);
	going = clock_now(&the_clock);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(bystander_close(b), 0);
	closed = clock_now(&the_clock);
	assert_true(bystander_longest_gap(b, start, closed) >= going - stopped);
	/* An interval inside the gap touches it. */
	assert_true(bystander_longest_gap(b, stopped, stopped + 1) >=
		    going - stopped);
	/* Before it ran, and after it had stopped, there is nothing. */
	assert_int_equal(bystander_longest_gap(b, 0, start), 0);
	assert_int_equal(bystander_longest_gap(b, closed, UINT64_MAX), 0);
	assert_false(bystander_overflowed(b));
	bystander_stop(b);
}

static void test_bystander_open_forgets_old_gaps(void **state)
{
	struct bystander *b = open_bystander();
	pid_t pid = only_child();
	uint64_t end;

	(void)state;
	stop(pid);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(bystander_close(b), 0);
	end = clock_now(&the_clock);
	assert_true(bystander_longest_gap(b, 0, end) > 0);
	assert_int_equal(bystander_open(b), 0);
	assert_int_equal(bystander_close(b), 0);
	assert_int_equal(bystander_longest_gap(b, 0, end), 0);
	bystander_stop(b);
}

/* Stopped when it is told to close, and let go by someone else later. */
static void test_bystander_keeps_a_gap_that_outlasts_the_close(void **state)
{
	struct bystander *b = open_bystander();
	pid_t pid = only_child(), other;
	uint64_t stopped;

	(void)state;
	stop(pid);
	stopped = clock_now(&the_clock);
	other = fork();
	if (!other) {
		clock_nap(STOP_NS);
		kill(pid, SIGCONT);
		_exit(0);
	}
	assert_int_equal(bystander_close(b), 0);
	assert_int_equal(waitpid(other, NULL, 0), other);
	assert_true(bystander_longest_gap(b, stopped, stopped + 1) >=
		    clock_ticks(&the_clock, STOP_NS));
	bystander_stop(b);
}

static void test_bystander_that_died_is_not_taken_for_quiet(void **state)
{
	struct bystander *b = open_bystander();
	pid_t pid = only_child();
	siginfo_t info;

	(void)state;
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(bystander_close(b), -ESRCH);
	assert_int_equal(bystander_open(b), -ESRCH);
	bystander_stop(b);
}

static void test_bystander_without_its_cpu_does_not_open(void **state)
{
	struct bystander *b;

	(void)state;
	assert_int_equal(bystander_start(1u << 20, &the_clock, &b), 0);
	assert_int_equal(bystander_open(b), -ESRCH);
	bystander_stop(b);
}

static void test_bystander_stop_leaves_no_process(void **state)
{
	struct bystander *b = open_bystander();
	pid_t pid = only_child();

	(void)state;
	assert_int_not_equal(pid, 0);
	bystander_stop(b);
	assert_int_equal(only_child(), 0);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	bystander_stop(NULL);
}

/* A parent with a bystander of its own; tells its pid and waits to be killed.
 */
static void be_a_parent(int tell)
{
	struct bystander *b;
	pid_t child = 0;

	if (!bystander_start(last_cpu(), &the_clock, &b) && !bystander_open(b))
		child = only_child();
	if (write(tell, &child, sizeof(child)) != sizeof(child))
		_exit(1);
	for (;;)
		pause();
}

static void test_bystander_dies_with_its_parent(void **state)
{
	pid_t parent, child;
	int ends[2], status;

	(void)state;
	/* So that the orphan comes here, and not to an init that lets it lie.
	 */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1)) {
		print_message("no subreaper here: who reaps is not known\n");
		skip();
	}
	assert_int_equal(pipe(ends), 0);
	parent = fork();
	if (!parent)
		be_a_parent(ends[1]);
	assert_int_equal(read(ends[0], &child, sizeof(child)), sizeof(child));
	assert_int_not_equal(child, 0);
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	close(ends[0]);
	close(ends[1]);
}

static int make_clock(void **state)
{
	(void)state;
	return clock_init(&the_clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test(test_bystander_##name)
		TEST(keeps_the_gap_it_was_stopped_for),
		TEST(open_forgets_old_gaps),
		TEST(keeps_a_gap_that_outlasts_the_close),
		TEST(that_died_is_not_taken_for_quiet),
		TEST(without_its_cpu_does_not_open),
		TEST(stop_leaves_no_process),
		TEST(dies_with_its_parent),
	};

	return cmocka_run_group_tests(tests, make_clock, NULL);
}
