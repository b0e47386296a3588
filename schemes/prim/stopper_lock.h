/* SPDX-License-Identifier: MIT */
/*
 * stopper_lock.h: one stopper set at a time on the whole machine.
 *
 * Idea.  Two sets that stop at once hold each a CPU that the other waits for,
 * at a priority that nobody takes it from.  The lock is a name in the abstract
 * socket name space: it needs no file, and the kernel gives it back however its
 * owner ends.
 * Can't.  See another network name space, and so another container.  Outlast a
 * fork: a child that outlives stopper_lock_give() keeps the name until it ends
 * or calls exec.
 */
#ifndef PRIM_STOPPER_LOCK_H
#define PRIM_STOPPER_LOCK_H

/* How long stopper_lock_take() waits. */
#define STOPPER_LOCK_WAIT_MS 10000

/**
 * stopper_lock_take() - become the only one who may stop the machine
 * @ret_lock: for stopper_lock_give()
 *
 * A second time in one process is as in another: it waits, and fails.
 * Any thread; sleeps for STOPPER_LOCK_WAIT_MS at most.
 * Return: 0, -EBUSY if somebody else had it all that time, or -errno.
 */
int stopper_lock_take(int *ret_lock);

/** stopper_lock_give() - the opposite */
void stopper_lock_give(int lock);

#endif
