/* SPDX-License-Identifier: MIT */
/*
 * arch.h: the few things an architecture says in its own way.
 *
 * Idea.  One header an architecture, chosen here; no #ifdef of an
 * architecture stands anywhere else in schemes/.  Each gives:
 *
 *   smp_mb()      a full fence, spelt once: atomic_thread_fence(seq_cst) is
 *                 `lock or` from gcc and `mfence` from clang, 6 against 23 ns
 *   cpu_relax()   a hint in a spin loop
 *   rseq_arch_... the restartable sequences of prim/rseq.h
 */
#ifndef PRIM_ARCH_H
#define PRIM_ARCH_H

/* TSan does not read assembly: prim/rseq.h gives it atomics it knows. */
#if defined(__SANITIZE_THREAD__)
#define PRIM_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PRIM_TSAN 1
#endif
#endif

#define barrier()   __asm__ volatile("" ::: "memory")
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#if defined(__x86_64__)
#include "prim/arch_x86_64.h"
#elif defined(__aarch64__)
#include "prim/arch_aarch64.h"
#else
#error "no arch header for this architecture: x86-64 and AArch64 are known"
#endif

#endif
