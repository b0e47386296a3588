/* SPDX-License-Identifier: MIT */
/*
 * stopper.h: stops all CPUs, runs a function, and lets them go on.
 *
 * Idea.  A pinned SCHED_FIFO 99 thread a CPU, asleep on its own futex, as the
 * kernel's migration/N threads are.  A stop wakes them all; each takes its CPU
 * from whoever had it and spins through the states of multi_stop: the last to
 * arrive at one announces the next.  When all have come, the first CPU's thread
 * runs the function alone.
 * The initiator queues at the stoppers' own priority, pinned: one that started
 * early would else take the initiator's CPU and spin there for the threads that
 * it now cannot wake, until RT throttling ends it (a second instead of 0.1 ms).
 * DISABLE_IRQ has nothing left to do: the threads block all signals for life.
 *
 * Owns.  The threads, RLIMIT_RTTIME while they exist (a stopper that spins for
 * half a second ends the process, not the machine), the machine-wide lock
 * (prim/stopper_lock.h), and PR_SET_PDEATHSIG: when the thread that forked this
 * process ends, be it only that one thread of its process, this one is killed.
 * Can't.  Stop CPUs outside the set.  Have two sets on one machine, idle or
 * not: two that stopped at once would each wait for CPUs that the other holds,
 * until RLIMIT_RTTIME ended both.  Keep the host from taking a virtual CPU away
 * in the middle: then everybody waits for it.  Be as cheap for the initiator as
 * the kernel, whose stopper threads need no help from it: here it reads its
 * policy, priority and CPUs, enters FIFO, pins itself unless it is pinned, and
 * takes all that back: five to seven system calls, 7 to 15 us where it was
 * tried, inside each stop_machine_run() and so inside each unload by it.
 * Source: Linux 6.1 kernel/stop_machine.c; commit 3fc1f1e27a5b (2.6.35).
 */
#ifndef PRIM_STOPPER_H
#define PRIM_STOPPER_H

#include <stddef.h>

struct stoppers;

/* Moments of a stop, in order. */
enum stop_mark {
	STOP_MARK_ENTERED, /* the initiator is at FIFO 99; on it */
	STOP_MARK_QUEUED,  /* all woken; on the initiator */
	STOP_MARK_FIRST,   /* the first CPU has come; on its stopper */
	STOP_MARK_ALL,	   /* the last CPU has come; on its stopper */
	STOP_MARK_RAN,	   /* the function has returned; on the first stopper */
	STOP_MARK_RETURNED, /* the initiator runs again */
	STOP_MARK_LEFT,	    /* ... at its own policy and on its own CPUs */
	N_STOP_MARKS,
};

/**
 * struct stop_marks - who wants to know when
 * @mark: called at each moment, at SCHED_FIFO 99 (but for the last): must
 *        neither sleep nor lock
 * @arg:  passed on
 */
struct stop_marks {
	void (*mark)(void *arg, enum stop_mark moment);
	void *arg;
};

/**
 * stopper_probe() - whether stoppers can be had here
 * @ret_why: [len], what is missing; untouched on success
 * @len:     of @ret_why, bytes
 *
 * Creates one thread.  Any thread; may sleep.
 * Return: 0 or -errno, -EPERM without the privilege.
 */
int stopper_probe(char *ret_why, size_t len);

/** stopper_set_bytes() - memory for the stoppers of @n_cpus CPUs, bytes */
size_t stopper_set_bytes(size_t n_cpus);

/**
 * stopper_start() - create the threads, and stop once for nothing
 * @set:    stopper_set_bytes() of zeros, aligned to SCHEME_ALIGN
 * @cpus:   [n_cpus], distinct, ascending
 * @n_cpus: 1 or more
 *
 * May sleep, for STOPPER_LOCK_WAIT_MS while another set exists on this machine,
 * in this process or another.
 * Return: 0, or -errno with nothing left behind; -EBUSY: the other still does.
 */
int stopper_start(struct stoppers *set, const unsigned int *cpus,
		  size_t n_cpus);

/** stopper_stop() - end the threads; nobody may be stopping.  May sleep */
void stopper_stop(struct stoppers *set);

/**
 * stopper_set_marks() - have the moments of later stops marked
 * @marks: outlives them; NULL: none
 *
 * While nobody is stopping.
 */
void stopper_set_marks(struct stoppers *set, const struct stop_marks *marks);

/**
 * stop_machine_run() - run @fn while nothing else runs on any CPU of the set
 * @set: started
 * @fn:  0 or -errno; at SCHED_FIFO 99 on the set's first CPU: must neither
 *       sleep nor take a lock, whose holder would be stopped
 * @arg: passed on
 *
 * Any thread, several at once: they queue on a mutex.  May sleep.  The caller's
 * policy and affinity are as before when it returns.
 * Return: @fn's; or -errno if the caller could not have FIFO, and @fn not run
 * (-ENOTSUP: SCHED_DEADLINE, which could not be given back); or -errno if it
 * could not have its own policy or CPUs back, and @fn run.
 */
int stop_machine_run(struct stoppers *set, int (*fn)(void *arg), void *arg);

#endif
