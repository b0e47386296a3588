/* SPDX-License-Identifier: MIT */
/*
 * test_worker.c: the parent's end of a worker, with a child that answers what
 * the test wants.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/worker.h"

/* A child that says @text, and then ends (or not). */
static struct worker saying(const char *text, bool stays)
{
	struct worker w = { 0 };
	int out[2];

	assert_int_equal(pipe(out), 0);
	w.pid = fork();
	if (!w.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(out[0]);
		if (write(out[1], text, strlen(text)) < 0)
			_exit(1);
		while (stays)
			pause();
		_exit(0);
	}
	close(out[1]);
	w.out = out[0];
	return w;
}

static struct worker exiting(int status)
{
	struct worker w = { .pid = fork(), .out = dup(STDERR_FILENO) };

	if (!w.pid)
		_exit(status);
	return w;
}

static void test_worker_answers_are_lines_of_json(void **state)
{
	struct worker w = saying("{\"n\": 1}\n{\"n\": 2}\n", false);
	char why[96];
	json_t *answer;

	(void)state;
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(worker_answer(&w, 5000, &answer), 1);
		assert_int_equal(
			json_integer_value(json_object_get(answer, "n")), i);
		json_decref(answer);
	}
	assert_int_equal(worker_answer(&w, 5000, &answer), 0);
	worker_end(&w, false, why);
	assert_string_equal(why, "");
}

static void test_worker_that_is_silent_times_out(void **state)
{
	/* Half a line is no answer. */
	struct worker w = saying("{\"n\":", true);
	char why[96];
	json_t *answer;

	(void)state;
	assert_int_equal(worker_answer(&w, 50, &answer), -ETIMEDOUT);
	worker_end(&w, true, why);
	assert_string_equal(why, "worker killed by signal 9 (SIGKILL)");
	assert_int_equal(waitpid(w.pid, NULL, WNOHANG), -1);
}

static void test_worker_that_talks_nonsense_is_told_apart(void **state)
{
	struct worker w = saying("nonsense\n", true);
	char why[96];
	json_t *answer;

	(void)state;
	assert_int_equal(worker_answer(&w, 5000, &answer), -EPROTO);
	worker_end(&w, true, why);
}

static void ignore(int signal)
{
	(void)signal;
}

/* A signal that came before the wait, and was held back, ends the wait. */
static void test_worker_wait_ends_at_a_signal_that_was_held_back(void **state)
{
	struct sigaction action = { .sa_handler = ignore }, before;
	struct worker w = saying("", true);
	sigset_t set, old;
	char why[96];
	json_t *answer;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	sigaction(SIGUSR1, &action, &before);
	raise(SIGUSR1);
	assert_int_equal(worker_answer(&w, 5000, &answer), -EINTR);
	sigaction(SIGUSR1, &before, NULL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	worker_end(&w, true, why);
}

static void test_worker_end_tells_exits_from_signals(void **state)
{
	struct worker w = saying("", false);
	char why[96];

	(void)state;
	worker_end(&w, false, why);
	assert_string_equal(why, "");
	w = exiting(3);
	worker_end(&w, false, why);
	assert_string_equal(why, "worker exited with status 3");
	w = exiting(WORKER_HUNG);
	worker_end(&w, false, why);
	assert_string_equal(why, "a thread hung in its window");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worker_answers_are_lines_of_json),
		cmocka_unit_test(test_worker_that_is_silent_times_out),
		cmocka_unit_test(test_worker_that_talks_nonsense_is_told_apart),
		cmocka_unit_test(
			test_worker_wait_ends_at_a_signal_that_was_held_back),
		cmocka_unit_test(test_worker_end_tells_exits_from_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
