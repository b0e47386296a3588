/* SPDX-License-Identifier: MIT */
/*
 * stopper.c: the threads of a stop, and the states they pass through.
 *
 * Ordering.
 *   A  an acknowledgement, and  B  a new state, pass everything on: a stopper's
 *      A releases what came before on its CPU to the last acker, whose B
 *      releases it to all
 *   C  queued work and  D  the completion pass it on between initiator and
 *      stoppers; so what the function saw and did is ordered after all that ran
 *      before the stop and before all that runs after it
 */
#include "prim/stopper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "prim/arch.h"
#include "prim/delay.h"
#include "prim/futex.h"
#include "prim/stopper_fifo.h"
#include "prim/stopper_lock.h"
#include "scheme.h"

/* Soft: SIGXCPU, which says what happened if a thread that takes it can run.
 * Hard: SIGKILL, which ends it in any case. */
#ifdef PRIM_TSAN
/*
 * Its runtime has locks of its own.  A stop may catch a thread with one and
 * then wait for it: throttling of real-time threads, after a second, ends that.
 */
#define RTTIME_SOFT_US 4000000
#define RTTIME_HARD_US 5000000
#else
#define RTTIME_SOFT_US 500000
#define RTTIME_HARD_US 700000
#endif

enum work {
	WORK_NONE,
	WORK_STOP,
	WORK_LEAVE,
};

enum multi_stop {
	STATE_NONE,
	STATE_PREPARE,	   /* all CPUs are to come */
	STATE_DISABLE_IRQ, /* signals are blocked already */
	STATE_RUN,	   /* the first runs the function */
	STATE_EXIT,
};

struct stopper {
	_Alignas(SCHEME_ALIGN) _Atomic uint32_t work; /* a futex of its own */
	struct stoppers *set;
	unsigned int cpu;
	pthread_t thread;
};

struct stoppers {
	_Alignas(SCHEME_ALIGN) pthread_mutex_t mutex;
	size_t n_cpus;
	int (*fn)(void *arg);
	void *arg;
	int result;
	const struct stop_marks *marks;
	int lock; /* see prim/stopper_lock.h */
	pid_t parent;
	struct rlimit rttime_before;
	_Alignas(SCHEME_ALIGN) _Atomic uint32_t state;
	_Atomic uint32_t acks; /* still to come in this state */
	_Alignas(SCHEME_ALIGN) _Atomic uint32_t done; /* a futex */
	struct stopper each[];
};

size_t stopper_set_bytes(size_t n_cpus)
{
	return sizeof(struct stoppers) + n_cpus * sizeof(struct stopper);
}

void stopper_set_marks(struct stoppers *set, const struct stop_marks *marks)
{
	set->marks = marks;
}

static void mark(const struct stoppers *set, enum stop_mark moment)
{
	if (set->marks)
		set->marks->mark(set->marks->arg, moment);
}

/* ---- the stoppers' side ----------------------------------------------------
 */

static void enter_state(struct stoppers *set, enum multi_stop state)
{
	/* Relaxed: ordered by the state. */
	atomic_store_explicit(&set->acks, (uint32_t)set->n_cpus,
			      memory_order_relaxed);
	atomic_store_explicit(&set->state, state, memory_order_release /* B */);
}

static void complete(struct stoppers *set)
{
	atomic_store_explicit(&set->done, 1, memory_order_release /* D */);
	futex_wake(&set->done, 1);
}

/* The last one to acknowledge a state moves all on to the next. */
static void acknowledge(struct stoppers *set, enum multi_stop state)
{
	uint32_t left = atomic_fetch_sub_explicit(&set->acks, 1,
						  memory_order_acq_rel /* A */);

	if (state == STATE_PREPARE && left == set->n_cpus)
		mark(set, STOP_MARK_FIRST);
	if (left != 1)
		return;
	if (state == STATE_PREPARE)
		mark(set, STOP_MARK_ALL);
	if (state == STATE_EXIT)
		complete(set);
	else
		enter_state(set, state + 1);
}

static void multi_stop(struct stopper *me)
{
	struct stoppers *set = me->set;
	enum multi_stop seen = STATE_NONE;

	/* Yields nothing, on purpose: that is the stop.  Bounded by RTTIME. */
	while (seen != STATE_EXIT) {
		enum multi_stop state = atomic_load_explicit(
			&set->state, memory_order_acquire /* B */);

		if (state == seen) {
			cpu_relax();
			continue;
		}
		seen = state;
		if (state == STATE_RUN && me == &set->each[0]) {
			set->result = set->fn(set->arg);
			mark(set, STOP_MARK_RAN);
		}
		acknowledge(set, state);
	}
}

static enum work wait_for_work(struct stopper *me)
{
	enum work work;

	while (!(work = atomic_load_explicit(&me->work,
					     memory_order_acquire /* C */)))
		futex_wait(&me->work, WORK_NONE, NULL);
	/* Relaxed: the initiator writes it again only after the completion. */
	atomic_store_explicit(&me->work, WORK_NONE, memory_order_relaxed);
	return work;
}

/* Who was orphaned since stopper_start() began gets no signal any more. */
static void die_with_parent(const struct stoppers *set)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != set->parent)
		kill(getpid(), SIGKILL);
}

static void *stopper_main(void *arg)
{
	struct stopper *me = arg;

	die_with_parent(me->set);
	while (wait_for_work(me) == WORK_STOP)
		multi_stop(me);
	return NULL;
}

/* ---- the initiator's side --------------------------------------------------
 */

static void queue_work(struct stopper *s, enum work work)
{
	atomic_store_explicit(&s->work, work, memory_order_release /* C */);
	futex_wake(&s->work, 1);
}

/* Others first: the stopper of this CPU cannot run before we sleep anyway. */
static void queue_stop(struct stoppers *set, unsigned int own_cpu)
{
	struct stopper *own = NULL;

	for (size_t i = 0; i < set->n_cpus; i++) {
		if (set->each[i].cpu == own_cpu) {
			own = &set->each[i];
			continue;
		}
		queue_work(&set->each[i], WORK_STOP);
		delay_point(DELAY_QUEUE_STOP);
	}
	if (own)
		queue_work(own, WORK_STOP);
}

static int stop_locked(struct stoppers *set, int (*fn)(void *arg), void *arg)
{
	struct fifo_caller caller;
	int err = fifo_enter(&caller);

	if (err)
		return err;
	mark(set, STOP_MARK_ENTERED);
	set->fn = fn;
	set->arg = arg;
	/* Relaxed: ordered by the queued work, C. */
	atomic_store_explicit(&set->done, 0, memory_order_relaxed);
	enter_state(set, STATE_PREPARE);
	queue_stop(set, caller.cpu);
	mark(set, STOP_MARK_QUEUED);
	while (!atomic_load_explicit(&set->done, memory_order_acquire /* D */))
		futex_wait(&set->done, 0, NULL);
	mark(set, STOP_MARK_RETURNED);
	err = fifo_leave(&caller);
	mark(set, STOP_MARK_LEFT);
	return err ? err : set->result;
}

int stop_machine_run(struct stoppers *set, int (*fn)(void *arg), void *arg)
{
	int result;

	pthread_mutex_lock(&set->mutex);
	result = stop_locked(set, fn, arg);
	pthread_mutex_unlock(&set->mutex);
	return result;
}

/* ---- life ------------------------------------------------------------------
 */

static int limit_rttime(struct rlimit *ret_before)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_RTTIME, ret_before))
		return -errno;
	limit = *ret_before;
	if (limit.rlim_cur > RTTIME_SOFT_US)
		limit.rlim_cur = RTTIME_SOFT_US;
	if (limit.rlim_max > RTTIME_HARD_US)
		limit.rlim_max = RTTIME_HARD_US;
	return setrlimit(RLIMIT_RTTIME, &limit) ? -errno : 0;
}

/* Without CAP_SYS_RESOURCE a hard limit never rises again: the soft one may. */
static void restore_rttime(const struct rlimit *before)
{
	struct rlimit limit;

	if (!setrlimit(RLIMIT_RTTIME, before) ||
	    getrlimit(RLIMIT_RTTIME, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_RTTIME, &limit);
}

static void leave_all(struct stoppers *set, size_t n_started)
{
	for (size_t i = 0; i < n_started; i++)
		queue_work(&set->each[i], WORK_LEAVE);
	for (size_t i = 0; i < n_started; i++)
		pthread_join(set->each[i].thread, NULL);
	restore_rttime(&set->rttime_before);
	pthread_mutex_destroy(&set->mutex);
	stopper_lock_give(set->lock);
}

static int run_nothing(void *arg)
{
	(void)arg;
	return 0;
}

/* What leave_all() undoes besides the threads. */
static int prepare(struct stoppers *set)
{
	int err = stopper_lock_take(&set->lock);

	if (err)
		return err;
	err = limit_rttime(&set->rttime_before);
	if (err) {
		stopper_lock_give(set->lock);
		return err;
	}
	set->parent = getppid();
	pthread_mutex_init(&set->mutex, NULL);
	return 0;
}

int stopper_start(struct stoppers *set, const unsigned int *cpus, size_t n_cpus)
{
	int err = prepare(set);

	if (err)
		return err;
	set->n_cpus = n_cpus;
	for (size_t i = 0; i < n_cpus; i++) {
		struct stopper *s = &set->each[i];

		s->set = set;
		s->cpu = cpus[i];
		err = fifo_create(&s->thread, s->cpu, stopper_main, s);
		if (err) {
			leave_all(set, i);
			return err;
		}
	}
	/* The first stop touches stacks and pages that later ones find. */
	err = stop_machine_run(set, run_nothing, NULL);
	if (err)
		leave_all(set, n_cpus);
	return err;
}

void stopper_stop(struct stoppers *set)
{
	leave_all(set, set->n_cpus);
}
