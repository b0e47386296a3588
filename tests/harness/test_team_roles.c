/* SPDX-License-Identifier: MIT */
/*
 * test_team_roles.c: a role that is a task, one that fails, and one that hangs.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "actors.h"

static struct team_count never_ends(void *arg)
{
	struct actor *a = arg;

	if (++a->n_batches > 5)
		for (;;)
			pause();
	return (struct team_count){ 1, 0 };
}

static void task(void *arg, uint64_t t0, uint64_t t1)
{
	struct actor *a = arg;

	a->last_call = clock_now(&the_clock);
	a->n_tasks++;
	a->task_t0 = t0;
	a->task_t1 = t1;
	clock_nap(a->nap_ns);
	a->ended = clock_now(&the_clock);
}

static void make_task(struct play *p, size_t i, uint64_t nap_ns)
{
	p->roles[i].batch = NULL;
	p->roles[i].task = task;
	p->actors[i].nap_ns = nap_ns;
}

static void test_team_task_runs_once_and_ends_the_window(void **state)
{
	struct play p = play_of(2, 30 * SECOND);
	const struct team_part none = { 0 };
	const struct actor *tasked = &p.actors[1];

	(void)state;
	make_task(&p, 1, 10 * MS);
	assert_int_equal(run_in(team, &p), 0);
	assert_int_equal(tasked->n_tasks, 1);
	assert_int_equal(tasked->n_left, 1);
	assert_int_equal(tasked->task_t0, p.report.t0);
	assert_int_equal(tasked->task_t1 - tasked->task_t0,
			 clock_ticks(&the_clock, 30 * SECOND));
	assert_true(tasked->last_call >= p.report.t0);
	assert_true(p.report.t1 >= tasked->ended);
	assert_true(p.report.t1 < tasked->task_t1);
	assert_true(p.parts[0].t1 >= p.report.t1);
	assert_memory_equal(&p.parts[1], &none, sizeof(none));
}

/* Its last act must still meet the load, and its length is no reader's lag. */
static void test_team_task_past_the_end_keeps_the_load_on(void **state)
{
	struct play p = play_of(2, 20 * MS);

	(void)state;
	make_task(&p, 1, 400 * MS);
	assert_int_equal(run_in(team, &p), 0);
	assert_true(p.parts[0].t1 < p.actors[1].ended);
	assert_true(p.actors[0].last_call > p.parts[0].t1);
	assert_true(p.report.overlap == 1);
}

static void test_team_failed_enter_is_returned_and_survived(void **state)
{
	struct play p = play_of(4, 20 * MS);

	(void)state;
	p.actors[2].enter_err = -EPERM;
	make_task(&p, 3, 0);
	p.report.overlap = 17;
	assert_int_equal(run_in(team, &p), -EPERM);
	assert_true(p.report.overlap == 17);
	assert_int_equal(p.actors[3].n_tasks, 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(p.actors[i].n_left, i != 2);
	p = play_of(4, 20 * MS);
	assert_int_equal(run_in(team, &p), 0);
	for (size_t i = 0; i < 4; i++)
		assert_true(p.parts[i].t1 > p.parts[i].t0);
}

static void test_team_bad_windows_are_refused(void **state)
{
	struct play p = play_of(1, 20 * MS);

	(void)state;
	p.window.n_roles = 0;
	assert_int_equal(run_in(team, &p), -EINVAL);
	p.window.n_roles = SIZE + 1;
	assert_int_equal(run_in(team, &p), -EINVAL);
	p.window.n_roles = 1;
	p.roles[0].cpu = 1u << 20;
	assert_int_equal(run_in(team, &p), -EINVAL);
}

/* Those without a role wake up late, when the caller's window is gone. */
static void test_team_idle_threads_read_nothing_of_the_caller(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		struct play p = play_of(1, MS);

		p.actors[0].enter_err = -EPERM;
		assert_int_equal(run_in(team, &p), -EPERM);
		memset(&p, 0xff, sizeof(p));
		sched_yield();
	}
}

/* In a child: a team with a hung thread can only be left behind. */
static void hangs(struct team_count (*batch)(void *), uint64_t enter_nap_ns)
{
	struct play p = play_of(2, 20 * MS);
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (!pid) {
		struct team *own;

		p.roles[1].batch = batch;
		p.roles[1].enter = enter_late;
		p.actors[1].nap_ns = enter_nap_ns;
		p.window.grace_ns = 300 * MS;
		if (team_create(2, &the_clock, &own))
			_exit(1);
		_exit(run_in(own, &p) == -ETIMEDOUT ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_team_hung_thread_ends_the_wait(void **state)
{
	(void)state;
	hangs(never_ends, 0);
	hangs(quick, 60 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test(test_team_##name)
		TEST(task_runs_once_and_ends_the_window),
		TEST(task_past_the_end_keeps_the_load_on),
		TEST(failed_enter_is_returned_and_survived),
		TEST(bad_windows_are_refused),
		TEST(idle_threads_read_nothing_of_the_caller),
	};
	/* Before there are threads: it forks, and the child makes its own. */
	const struct CMUnitTest forking[] = {
		TEST(hung_thread_ends_the_wait),
	};
	int failed = cmocka_run_group_tests(forking, make_clock, NULL);

	return failed + cmocka_run_group_tests(tests, make_team, end_team);
}
