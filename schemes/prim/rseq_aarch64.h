/* SPDX-License-Identifier: MIT */
/*
 * rseq_aarch64.h: the restartable sequences of prim/rseq.h on AArch64.
 *
 * Idea.  As in rseq_x86_64.h, which explains the labels.  No instruction adds
 * to memory, so the section loads, adds and commits by its one store.  A
 * section that is torn apart has stored nothing.
 *
 * Ordering.  The state is loaded with acquire and the unconditional count is
 * stored with release, as prim/rseq.h promises.
 * Source: Linux include/uapi/linux/rseq.h and kernel/rseq.c; the glibc manual,
 * "Restartable Sequences"; Arm ARM, B2.3, for ldar and stlr.
 */
#ifndef PRIM_ARCH_H
#error "include prim/arch.h"
#endif

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/rseq.h>

#include "scheme.h"

/* Where this thread's rseq area lies: an address. */
static inline uintptr_t rseq_area(void)
{
	return (uintptr_t)__builtin_thread_pointer() + (uintptr_t)__rseq_offset;
}

#define RSEQ_ENTER                                                             \
	".pushsection __rseq_cs, \"aw\"\n\t"                                   \
	".balign 32\n"                                                         \
	"3:\t.long 0, 0\n\t"                                                   \
	".quad 1f, 2f - 1f, 4f\n\t"                                            \
	".popsection\n"                                                        \
	"5:\tadrp x15, 3b\n\t"                                                 \
	"add x15, x15, :lo12:3b\n\t"                                           \
	"str x15, [%[area], #8]\n"                                             \
	"1:\t"

/* This CPU's counter in x15, what it counts in x16. */
#define RSEQ_LOAD_COUNT                                                        \
	"ldr w15, [%[area], #4]\n\t"                                           \
	"add x15, %[base], x15, lsl %[shift]\n\t"                              \
	"ldr x16, [x15]\n\t"

#define RSEQ_LEAVE                                                             \
	"2:\n\t"                                                               \
	".pushsection __rseq_failure, \"ax\"\n\t"                              \
	".inst %c[sig]\n"                                                      \
	"4:\tldr x15, [%[aborts]]\n\t"                                         \
	"add x15, x15, #1\n\t"                                                 \
	"str x15, [%[aborts]]\n\t"                                             \
	"b 5b\n\t"                                                             \
	".popsection\n"

#define RSEQ_OPERANDS                                                          \
	[area] "r"(area), [base] "r"(base), [aborts] "r"(aborts),              \
		[shift] "i"(PERCPU_SHIFT), [sig] "i"(RSEQ_SIG_CODE)

static inline __attribute__((always_inline)) bool
rseq_arch_inc_if(uintptr_t area, const _Atomic uint32_t *state, uint32_t wanted,
		 char *base, uint64_t *aborts)
{
	__asm__ goto(RSEQ_ENTER "ldar w15, [%[state]]\n\t"
				"cmp w15, %w[wanted]\n\t"
				"b.ne %l[other]\n\t" RSEQ_LOAD_COUNT
				"add x16, x16, #1\n\t"
				"str x16, [x15]\n" RSEQ_LEAVE
		     :
		     : RSEQ_OPERANDS, [state] "r"(state), [wanted] "rI"(wanted)
		     : "x15", "x16", "cc", "memory"
		     : other);
	return true;
other:
	return false;
}

static inline __attribute__((always_inline)) void
rseq_arch_add(uintptr_t area, char *base, int64_t n, uint64_t *aborts)
{
	__asm__ volatile(RSEQ_ENTER RSEQ_LOAD_COUNT
			 "add x16, x16, %[n]\n\t"
			 "stlr x16, [x15]\n" RSEQ_LEAVE
			 :
			 : RSEQ_OPERANDS, [n] "rI"(n)
			 : "x15", "x16", "cc", "memory");
}
