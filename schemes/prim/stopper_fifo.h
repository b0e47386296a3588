/* SPDX-License-Identifier: MIT */
/*
 * stopper_fifo.h: threads at the highest priority, pinned.
 *
 * Owns.  What prim/stopper asks of the scheduler; included by it alone.
 */
#ifndef PRIM_STOPPER_FIFO_H
#define PRIM_STOPPER_FIFO_H

#include <pthread.h>
#include <sched.h>

/* Masks as large as any kernel's; cpu_set_t ends at 1024 CPUs. */
#define FIFO_MAX_CPUS	8192
#define FIFO_PRIORITY	99
#define FIFO_MASK_WORDS (FIFO_MAX_CPUS / CPU_SETSIZE)

/**
 * struct fifo_caller - how a thread was scheduled before fifo_enter()
 * @policy:   its policy
 * @param:    its priority
 * @affinity: the CPUs it might run on
 * @cpu:      the one it is pinned to now
 */
struct fifo_caller {
	int policy;
	struct sched_param param;
	cpu_set_t affinity[FIFO_MASK_WORDS];
	unsigned int cpu;
};

/**
 * fifo_enter() - put the calling thread at FIFO 99 on the CPU it is on
 * @ret_caller: for fifo_leave(); written on success only, but for its use as
 *              scratch
 *
 * Return: 0, or -errno with nothing changed; -ENOTSUP under SCHED_DEADLINE.
 */
int fifo_enter(struct fifo_caller *ret_caller);

/**
 * fifo_leave() - the opposite
 *
 * Return: 0, or -errno: the caller's policy or its CPUs are not as before.
 */
int fifo_leave(const struct fifo_caller *caller);

/**
 * fifo_create() - a FIFO 99 thread, pinned from its first instruction, with all
 * signals blocked
 * @cpu: below FIFO_MAX_CPUS
 *
 * Return: 0 or -errno; -EPERM without the privilege.
 */
int fifo_create(pthread_t *ret_thread, unsigned int cpu, void *(*fn)(void *),
		void *arg);

#endif
