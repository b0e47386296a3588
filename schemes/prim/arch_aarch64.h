/* SPDX-License-Identifier: MIT */
/*
 * arch_aarch64.h: fences and hints of AArch64.  Included by prim/arch.h only.
 */
#ifndef PRIM_ARCH_H
#error "include prim/arch.h"
#endif

#include "prim/rseq_aarch64.h"

static inline void smp_mb(void)
{
	__asm__ volatile("dmb ish" ::: "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}
