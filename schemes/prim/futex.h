/* SPDX-License-Identifier: MIT */
/*
 * futex.h: sleep until a word changes; wake those who sleep on it.
 */
#ifndef PRIM_FUTEX_H
#define PRIM_FUTEX_H

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/**
 * futex_wait() - sleep while *@word is @seen
 * @timeout: relative, NULL for none
 *
 * May return early for no reason: callers look at the word again.
 * Return: 0 woken; -ETIMEDOUT the whole @timeout was slept; -EAGAIN, -EINTR.
 */
static inline int futex_wait(_Atomic uint32_t *word, uint32_t seen,
			     const struct timespec *timeout)
{
	return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, timeout, NULL,
		       0)
		       ? -errno
		       : 0;
}

/** futex_wake() - wake up to @n sleepers of @word */
static inline void futex_wake(_Atomic uint32_t *word, int n)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

#endif
