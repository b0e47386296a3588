/* SPDX-License-Identifier: MIT */
/*
 * arch_x86_64.h: fences and hints of x86-64.  Included by prim/arch.h only.
 *
 * A locked operation on the stack is a full fence for ordinary memory and
 * cheaper than mfence (Linux 6.1 arch/x86/include/asm/barrier.h).
 */
#ifndef PRIM_ARCH_H
#error "include prim/arch.h"
#endif

#include "prim/rseq_x86_64.h"

static inline void smp_mb(void)
{
	__asm__ volatile("lock; addl $0, -132(%%rsp)" ::: "memory", "cc");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}
