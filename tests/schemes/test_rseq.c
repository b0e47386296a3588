/* SPDX-License-Identifier: MIT */
/*
 * test_rseq.c: restartable sequences lose no count.
 *
 * Idea.  Threads that share one CPU share one count, and are preempted wherever
 * it pleases the CPU.  The same without sections must lose counts, or the test
 * could not have seen it.  All waits are bounded by 10 s, not by speed.
 */
#include "prim/rseq.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define N_THREADS   6
#define BATCH	    200000
#define BOUND_S	    10
#define LIVE	    1
#define WHY_ARG	    "--why"
#define COUNT_BYTES 64

struct crew {
	char *percpu;
	_Atomic uint32_t state;
	atomic_bool stop;
	void (*batch)(struct crew *crew, uint64_t *aborts);
	_Atomic uint64_t done;
	_Atomic uint64_t aborts;
	int cpu; /* -1: any */
};

static size_t n_possible(void)
{
	return (size_t)sysconf(_SC_NPROCESSORS_CONF);
}

static uint64_t *word(struct crew *crew, size_t cpu)
{
	return (uint64_t *)(crew->percpu + (cpu << PERCPU_SHIFT) + COUNT_BYTES);
}

static uint64_t sum(struct crew *crew)
{
	uint64_t total = 0;

	for (size_t cpu = 0; cpu < n_possible(); cpu++)
		total += *word(crew, cpu);
	return total;
}

/* Two in, one out: the count goes up by one. */
static void batch_rseq(struct crew *crew, uint64_t *aborts)
{
	for (unsigned int i = 0; i < BATCH; i++) {
		rseq_inc_if(&crew->state, LIVE, crew->percpu, COUNT_BYTES,
			    aborts);
		rseq_add(crew->percpu, COUNT_BYTES, 2, aborts);
		rseq_add(crew->percpu, COUNT_BYTES, -2, aborts);
	}
}

/*
 * What a thread would do that does not know of preemption; so slow between load
 * and store that it is mostly there that an interrupt finds it.
 */
__attribute__((no_sanitize("thread"))) static void
batch_plain(struct crew *crew, uint64_t *aborts)
{
	volatile uint64_t *count = word(crew, (size_t)crew->cpu);

	(void)aborts;
	for (unsigned int i = 0; i < BATCH; i++) {
		uint64_t seen = *count;

		for (unsigned int spin = 0; spin < 100; spin++)
			__asm__ volatile("" : "+r"(seen));
		*count = seen + 1;
	}
}

static void *crew_main(void *arg)
{
	struct crew *crew = arg;
	uint64_t aborts = 0;

	if (crew->cpu >= 0) {
		cpu_set_t one;

		CPU_ZERO(&one);
		CPU_SET(crew->cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
	}
	while (!atomic_load(&crew->stop)) {
		uint64_t before = aborts;

		crew->batch(crew, &aborts);
		atomic_fetch_add(&crew->done, BATCH);
		atomic_fetch_add(&crew->aborts, aborts - before);
	}
	return NULL;
}

static bool done_enough(struct crew *crew)
{
	return atomic_load(&crew->done) >= 20 * BATCH;
}

static bool lost_some(struct crew *crew)
{
	/* done lags behind the count, unless counts were lost. */
	return *(volatile uint64_t *)word(crew, (size_t)crew->cpu) <
	       atomic_load(&crew->done);
}

/* Runs the crew until @enough, 10 s at most; true if it was enough. */
static bool run_crew(struct crew *crew, bool (*enough)(struct crew *))
{
	const struct timespec nap = { .tv_nsec = 10000000 };
	pthread_t threads[N_THREADS];
	bool reached = false;

	crew->percpu =
		mmap(NULL, n_possible() << PERCPU_SHIFT, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(crew->percpu, MAP_FAILED);
	atomic_store(&crew->state, LIVE);
	for (size_t i = 0; i < N_THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, crew_main, crew), 0);
	for (int i = 0; i < BOUND_S * 100 && !reached; i++) {
		nanosleep(&nap, NULL);
		reached = enough(crew);
	}
	atomic_store(&crew->stop, true);
	for (size_t i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	return reached;
}

static void end_crew(struct crew *crew)
{
	munmap(crew->percpu, n_possible() << PERCPU_SHIFT);
}

/*
 * Restarts are shown, not asserted: some CPUs take no interrupt inside a section
 * of a loop as tight as this.  test_rseq_scheduled_out.c forces one.
 */
static void test_rseq_preempted_threads_lose_nothing(void **state)
{
	struct crew crew = { .batch = batch_rseq, .cpu = sched_getcpu() };

	(void)state;
	assert_true(run_crew(&crew, done_enough));
	print_message("%llu counts, %llu restarts\n",
		      (unsigned long long)crew.done,
		      (unsigned long long)crew.aborts);
	assert_int_equal(sum(&crew), crew.done);
	assert_int_equal(*word(&crew, (size_t)crew.cpu), crew.done);
	end_crew(&crew);
}

static void test_rseq_migrating_threads_lose_nothing(void **state)
{
	struct crew crew = { .batch = batch_rseq, .cpu = -1 };

	(void)state;
	assert_true(run_crew(&crew, done_enough));
	assert_int_equal(sum(&crew), crew.done);
	end_crew(&crew);
}

static void test_rseq_control_without_sections_loses_counts(void **state)
{
	struct crew crew = { .batch = batch_plain, .cpu = sched_getcpu() };

	(void)state;
	if (!run_crew(&crew, lost_some))
		fail_msg("a plain ++ lost nothing in %d s: the test is blind",
			 BOUND_S);
	assert_true(sum(&crew) < crew.done);
	end_crew(&crew);
}

static void test_rseq_another_state_counts_nothing(void **state)
{
	struct crew crew = { 0 };
	uint64_t aborts = 0;

	(void)state;
	crew.percpu = calloc(n_possible(), 1 << PERCPU_SHIFT);
	assert_non_null(crew.percpu);
	for (uint32_t i = 0; i < 4; i++) {
		atomic_store(&crew.state, i);
		assert_int_equal(rseq_inc_if(&crew.state, LIVE, crew.percpu,
					     COUNT_BYTES, &aborts),
				 i == LIVE);
	}
	assert_int_equal(sum(&crew), 1);
	rseq_add(crew.percpu, COUNT_BYTES, -1, &aborts);
	assert_int_equal(sum(&crew), 0);
	free(crew.percpu);
}

/* ---- the state is looked at inside the section --------------------------- */

/*
 * The handler has no argument to find this by.  The commit faults, once the
 * state has been looked at; the handler changes the state and gives the page
 * back.  A section begins again and looks again; a look outside is not repeated.
 */
static struct {
	struct crew crew;
	size_t bytes;
	unsigned int faults;
} late;

static void close_and_unprotect(int signal)
{
	(void)signal;
	late.faults++;
	atomic_store(&late.crew.state, LIVE + 1);
	mprotect(late.crew.percpu, late.bytes, PROT_READ | PROT_WRITE);
}

static bool inc_looking_inside(uint64_t *aborts)
{
	return rseq_inc_if(&late.crew.state, LIVE, late.crew.percpu,
			   COUNT_BYTES, aborts);
}

/* The control: as the section, but for where it looks. */
static bool inc_looking_outside(uint64_t *aborts)
{
	if (atomic_load(&late.crew.state) != LIVE)
		return false;
	rseq_add(late.crew.percpu, COUNT_BYTES, 1, aborts);
	return true;
}

/* Returns what was counted although the state changed before the commit. */
static uint64_t count_too_late(bool (*inc)(uint64_t *aborts), bool *ret_granted)
{
	const struct sigaction ours = { .sa_handler = close_and_unprotect };
	struct sigaction before;
	uint64_t aborts = 0, counted;

	late.faults = 0;
	late.bytes = n_possible() << PERCPU_SHIFT;
	late.crew.percpu = mmap(NULL, late.bytes, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(late.crew.percpu, MAP_FAILED);
	atomic_store(&late.crew.state, LIVE);
	sigaction(SIGSEGV, &ours, &before);
	*ret_granted = inc(&aborts);
	sigaction(SIGSEGV, &before, NULL);
	assert_int_equal(late.faults, 1);
	assert_true(aborts >= 1);
	counted = sum(&late.crew);
	end_crew(&late.crew);
	return counted;
}

static void test_rseq_state_that_changes_before_the_commit_refuses(void **state)
{
	bool granted;

	(void)state;
#ifdef PRIM_TSAN
	skip();
#endif
	assert_int_equal(count_too_late(inc_looking_inside, &granted), 0);
	assert_false(granted);
}

static void test_rseq_control_looking_outside_counts_too_late(void **state)
{
	bool granted;

	(void)state;
#ifdef PRIM_TSAN
	skip();
#endif
	assert_int_equal(count_too_late(inc_looking_outside, &granted), 1);
	assert_true(granted);
}

/* A second process, told not to register; what it prints is its why. */
static void test_rseq_unregistered_says_why(void **state)
{
	char why[200] = "";
	ssize_t n;
	int fds[2];
	int status;
	pid_t pid;

	(void)state;
#ifdef PRIM_TSAN
	skip();
#endif
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
		execl("/proc/self/exe", "test_rseq", WHY_ARG, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	n = read(fds[0], why, sizeof(why) - 1);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_true(n > 0);
	assert_non_null(strstr(why, "glibc.pthread.rseq"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rseq_another_state_counts_nothing),
		cmocka_unit_test(test_rseq_preempted_threads_lose_nothing),
		cmocka_unit_test(test_rseq_migrating_threads_lose_nothing),
		cmocka_unit_test(
			test_rseq_control_without_sections_loses_counts),
		cmocka_unit_test(
			test_rseq_state_that_changes_before_the_commit_refuses),
		cmocka_unit_test(
			test_rseq_control_looking_outside_counts_too_late),
		cmocka_unit_test(test_rseq_unregistered_says_why),
	};
	char why[200] = "";
	int err = rseq_available(why, sizeof(why));

	if (argc > 1 && !strcmp(argv[1], WHY_ARG)) {
		fputs(why, stdout);
		return err ? 1 : 0;
	}
	if (err) {
		printf("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
