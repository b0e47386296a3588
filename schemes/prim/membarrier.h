/* SPDX-License-Identifier: MIT */
/*
 * membarrier.h: a fence on all running threads of this process.
 *
 * Source: membarrier(2); Linux kernel/sched/membarrier.c; the RSEQ command,
 * which also restarts rseq sections, is commit 2a36ab717e8f (5.10).
 */
#ifndef PRIM_MEMBARRIER_H
#define PRIM_MEMBARRIER_H

#include <errno.h>
#include <linux/membarrier.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int membarrier(int command)
{
	return (int)syscall(SYS_membarrier, command, 0, 0);
}

/**
 * membarrier_register_rseq() - allow MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ
 *
 * Once a process, before the first use.  Idempotent.
 * Return: 0; -ENOSYS where the kernel does not offer the command.
 */
static inline int membarrier_register_rseq(void)
{
	int offered = membarrier(MEMBARRIER_CMD_QUERY);

	if (offered < 0 || !(offered & MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ))
		return -ENOSYS;
	return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ)
		       ? -errno
		       : 0;
}

#endif
