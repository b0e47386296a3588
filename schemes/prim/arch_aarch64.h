/* SPDX-License-Identifier: MIT */
/*
 * arch_aarch64.h: fences and hints of AArch64.  Included by prim/arch.h only.
 */
#ifndef PRIM_ARCH_H
#error "include prim/arch.h"
#endif

static inline void smp_mb(void)
{
#ifdef __SANITIZE_THREAD__
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#else
	__asm__ volatile("dmb ish" ::: "memory");
#endif
}

static inline void cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}
