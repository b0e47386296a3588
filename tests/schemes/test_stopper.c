/* SPDX-License-Identifier: MIT */
/*
 * test_stopper.c: a stop stops every CPU, soon, and leaves nothing behind.
 *
 * Idea.  A reader of ordinary priority spins on every CPU and counts.  While
 * the function of a stop runs, no reader's count may move; without a stop it
 * must, or the test could not have seen it.
 * The bound of 100 ms a stop is what the suite promises: an initiator that its
 * own stopper throws off the CPU takes nearly a second.
 */
#include "prim/stopper.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "prim/arch.h"
#include "scheme.h"

#define MAX_CPUS	CPU_SETSIZE
#define STOPS_A_CPU	30
#define BOUND_NS	100000000u
#define INITIATORS	3
#define STOPS_INITIATOR 20

/* Limits of a real-time thread's CPU time; a sanitizer needs more. */
#ifdef PRIM_TSAN
#define SOFT_US 4000000
#define HARD_US 5000000
#else
#define SOFT_US 500000
#define HARD_US 700000
#endif

struct reader {
	_Alignas(SCHEME_ALIGN) _Atomic uint64_t count;
	pthread_t thread;
	unsigned int cpu;
	struct scene *scene;
};

struct scene {
	struct stoppers *set;
	unsigned int cpus[MAX_CPUS];
	size_t n_cpus;
	struct reader *readers;
	atomic_bool stop;
	uint64_t runs;	/* written inside stops only: no atomic */
	uint64_t moved; /* counts that moved while watched */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void pin(unsigned int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

static void allowed(cpu_set_t *ret)
{
	assert_int_equal(sched_getaffinity(0, sizeof(*ret), ret), 0);
}

static void *reader_main(void *arg)
{
	struct reader *r = arg;

	pin(r->cpu);
	while (!atomic_load_explicit(&r->scene->stop, memory_order_relaxed))
		atomic_store_explicit(
			&r->count,
			atomic_load_explicit(&r->count, memory_order_relaxed) +
				1,
			memory_order_relaxed);
	return NULL;
}

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	size_t bytes;
	cpu_set_t set;

	assert_non_null(scene);
	allowed(&set);
	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++)
		if (CPU_ISSET(cpu, &set))
			scene->cpus[scene->n_cpus++] = cpu;
	bytes = stopper_set_bytes(scene->n_cpus);
	scene->set = aligned_alloc(SCHEME_ALIGN, bytes);
	assert_non_null(scene->set);
	memset(scene->set, 0, bytes);
	assert_int_equal(stopper_start(scene->set, scene->cpus, scene->n_cpus),
			 0);
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	stopper_stop(scene->set);
	free(scene->set);
	free(scene);
	return 0;
}

static void start_readers(struct scene *scene)
{
	scene->readers = aligned_alloc(SCHEME_ALIGN,
				       scene->n_cpus * sizeof(struct reader));
	assert_non_null(scene->readers);
	memset(scene->readers, 0, scene->n_cpus * sizeof(struct reader));
	for (size_t i = 0; i < scene->n_cpus; i++) {
		struct reader *r = &scene->readers[i];

		r->cpu = scene->cpus[i];
		r->scene = scene;
		assert_int_equal(
			pthread_create(&r->thread, NULL, reader_main, r), 0);
		while (!atomic_load(&r->count))
			sched_yield();
	}
}

static void end_readers(struct scene *scene)
{
	atomic_store(&scene->stop, true);
	for (size_t i = 0; i < scene->n_cpus; i++)
		pthread_join(scene->readers[i].thread, NULL);
	free(scene->readers);
}

static uint64_t total(struct scene *scene)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < scene->n_cpus; i++)
		sum += atomic_load(&scene->readers[i].count);
	return sum;
}

/* Looks for some 50 us whether any reader moves. */
static int watch(void *arg)
{
	struct scene *scene = arg;
	uint64_t before = total(scene);

	for (unsigned int i = 0; i < 2000; i++)
		cpu_relax();
	scene->moved += total(scene) - before;
	scene->runs++;
	return -EWOULDBLOCK;
}

static void test_stopper_every_cpu_stops_under_100_ms(void **state)
{
	struct scene *scene = *state;
	uint64_t worst = 0, before, took;
	const struct timespec nap = { .tv_nsec = 20000000 };
	cpu_set_t all;

	allowed(&all);
	start_readers(scene);
	before = total(scene);
	for (size_t i = 0; i < scene->n_cpus; i++) {
		pin(scene->cpus[i]);
		for (unsigned int k = 0; k < STOPS_A_CPU; k++) {
			took = now_ns();
			assert_int_equal(
				stop_machine_run(scene->set, watch, scene),
				-EWOULDBLOCK);
			took = now_ns() - took;
			worst = took > worst ? took : worst;
		}
	}
	sched_setaffinity(0, sizeof(all), &all);
	print_message("longest stop %llu us\n",
		      (unsigned long long)worst / 1000);
	assert_int_equal(scene->runs, scene->n_cpus * STOPS_A_CPU);
	assert_int_equal(scene->moved, 0);
	nanosleep(&nap, NULL);
	assert_true(total(scene) > before);
	assert_true(worst < BOUND_NS);
	end_readers(scene);
}

static void test_stopper_control_without_stop_sees_readers_move(void **state)
{
	struct scene *scene = *state;
	uint64_t until = now_ns() + 10000000000u;

	start_readers(scene);
	while (!scene->moved && now_ns() < until)
		watch(scene);
	assert_true(scene->moved > 0);
	end_readers(scene);
}

static void *initiate(void *arg)
{
	struct scene *scene = arg;

	for (unsigned int i = 0; i < STOPS_INITIATOR; i++)
		stop_machine_run(scene->set, watch, scene);
	return NULL;
}

static void test_stopper_initiators_queue(void **state)
{
	struct scene *scene = *state;
	pthread_t threads[INITIATORS];

	start_readers(scene);
	for (size_t i = 0; i < INITIATORS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, initiate, scene), 0);
	for (size_t i = 0; i < INITIATORS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(scene->runs, INITIATORS * STOPS_INITIATOR);
	assert_int_equal(scene->moved, 0);
	end_readers(scene);
}

static int check_own_policy(void *arg)
{
	int *policy = arg;
	struct sched_param param;

	sched_getparam(0, &param);
	*policy =
		sched_getscheduler(0) == SCHED_FIFO ? param.sched_priority : 0;
	return 0;
}

static void test_stopper_initiator_gets_its_policy_and_cpus_back(void **state)
{
	const struct sched_param none = { 0 };
	struct scene *scene = *state;
	cpu_set_t before, after;
	int inside = 0;

	allowed(&before);
	assert_int_equal(sched_setscheduler(0, SCHED_BATCH, &none), 0);
	assert_int_equal(
		stop_machine_run(scene->set, check_own_policy, &inside), 0);
	assert_int_equal(inside, 99);
	assert_int_equal(sched_getscheduler(0), SCHED_BATCH);
	allowed(&after);
	assert_true(CPU_EQUAL(&before, &after));
	assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &none), 0);
}

struct order {
	atomic_int next;
	int at[N_STOP_MARKS]; /* 0: not yet */
	int times;
};

static void note(void *arg, enum stop_mark moment)
{
	struct order *o = arg;

	o->at[moment] = 1 + atomic_fetch_add(&o->next, 1);
}

static void test_stopper_marks_come_once_and_in_order(void **state)
{
	struct scene *scene = *state;
	struct order o = { 0 };
	const struct stop_marks marks = { .mark = note, .arg = &o };
	int policy;

	stopper_set_marks(scene->set, &marks);
	stop_machine_run(scene->set, check_own_policy, &policy);
	stopper_set_marks(scene->set, NULL);
	stop_machine_run(scene->set, check_own_policy, &policy);
	assert_int_equal(atomic_load(&o.next), N_STOP_MARKS);
	assert_int_equal(o.at[STOP_MARK_ENTERED], 1);
	assert_true(o.at[STOP_MARK_QUEUED]);
	assert_true(o.at[STOP_MARK_FIRST] < o.at[STOP_MARK_RAN]);
	assert_true(o.at[STOP_MARK_ALL] < o.at[STOP_MARK_RAN]);
	assert_true(o.at[STOP_MARK_RAN] < o.at[STOP_MARK_RETURNED]);
	assert_int_equal(o.at[STOP_MARK_LEFT], N_STOP_MARKS);
}

static void test_stopper_rttime_is_limited_and_restored(void **state)
{
	struct rlimit before, during, after;

	assert_int_equal(getrlimit(RLIMIT_RTTIME, &before), 0);
	setup(state);
	getrlimit(RLIMIT_RTTIME, &during);
	teardown(state);
	getrlimit(RLIMIT_RTTIME, &after);
	assert_int_equal(during.rlim_cur, SOFT_US);
	assert_int_equal(during.rlim_max, HARD_US);
	assert_int_equal(before.rlim_cur, after.rlim_cur);
	assert_int_equal(before.rlim_max, after.rlim_max);
}

static int spin_for_ever(void *arg)
{
	while (arg)
		cpu_relax();
	return 0;
}

/* Every CPU is held for some half a second: the guard's own negative control.
 */
static void test_stopper_endless_stop_ends_the_process_only(void **state)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		setup(state);
		stop_machine_run(((struct scene *)*state)->set, spin_for_ever,
				 *state);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_true(WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL);
}

/* In a child that has dropped its privilege: exit 0 if the why names it. */
static void test_stopper_probe_without_privilege_names_it(void **state)
{
	const struct rlimit none = { 0 };
	char why[200] = "";
	int status;
	pid_t pid;

	(void)state;
	if (geteuid()) {
		print_message("not root: no privilege to drop\n");
		skip();
	}
	pid = fork();
	if (!pid) {
		if (setrlimit(RLIMIT_RTPRIO, &none) ||
		    setresgid(65534, 65534, 65534) ||
		    setresuid(65534, 65534, 65534))
			_exit(3);
		if (stopper_probe(why, sizeof(why)) != -EPERM)
			_exit(1);
		_exit(strstr(why, "CAP_SYS_NICE") ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Before the first FIFO thread: nothing here may hold a CPU for long. */
static void guard_the_machine(void)
{
	const struct rlimit limit = { .rlim_cur = SOFT_US + 300000,
				      .rlim_max = HARD_US + 200000 };

	alarm(90);
	setrlimit(RLIMIT_RTTIME, &limit);
}

#define WITH_SET(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SET(test_stopper_every_cpu_stops_under_100_ms),
		WITH_SET(test_stopper_control_without_stop_sees_readers_move),
		WITH_SET(test_stopper_initiators_queue),
		WITH_SET(test_stopper_initiator_gets_its_policy_and_cpus_back),
		WITH_SET(test_stopper_marks_come_once_and_in_order),
		cmocka_unit_test(test_stopper_rttime_is_limited_and_restored),
		cmocka_unit_test(
			test_stopper_endless_stop_ends_the_process_only),
		cmocka_unit_test(test_stopper_probe_without_privilege_names_it),
	};
	char why[200];

	guard_the_machine();
	if (stopper_probe(why, sizeof(why))) {
		printf("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
