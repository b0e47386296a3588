/* SPDX-License-Identifier: MIT */
/*
 * rseq_x86_64.h: the restartable sequences of prim/rseq.h on x86-64.
 *
 * Idea.  The thread tells the kernel which instructions must not be torn apart
 * by storing the address of a descriptor in its rseq area, which glibc keeps
 * at a fixed offset from %fs.  The last instruction commits; whoever is
 * preempted, migrated or signalled before it goes on at the abort handler and
 * from there to the start.
 *
 * Source: Linux include/uapi/linux/rseq.h and kernel/rseq.c; the glibc manual,
 * "Restartable Sequences".
 */
#ifndef PRIM_ARCH_H
#error "include prim/arch.h"
#endif

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/rseq.h>

#include "scheme.h"

/* Where this thread's rseq area lies, seen from %fs. */
static inline uintptr_t rseq_area(void)
{
	return (uintptr_t)__rseq_offset;
}

/*
 * 3: the descriptor {version, flags, start, length, abort handler};
 * 1: the section's first instruction.
 */
#define RSEQ_ENTER                                                             \
	".pushsection __rseq_cs, \"aw\"\n\t"                                   \
	".balign 32\n"                                                         \
	"3:\t.long 0, 0\n\t"                                                   \
	".quad 1f, 2f - 1f, 4f\n\t"                                            \
	".popsection\n"                                                        \
	"leaq 3b(%%rip), %%rax\n\t"                                            \
	"movq %%rax, %%fs:8(%[area])\n"                                        \
	"1:\t"

/* This CPU's counter; the CPU is read inside the section. */
#define RSEQ_LOAD_CPU                                                          \
	"movl %%fs:4(%[area]), %%eax\n\t"                                      \
	"shlq %[shift], %%rax\n\t"

/*
 * 2: just behind the commit; 4: the abort handler, behind the signature, which
 * the first three bytes make an undefined instruction.  It goes on in C, so that
 * the count of aborts needs no register of those who are not aborted.
 */
#define RSEQ_LEAVE                                                             \
	"2:\n\t"                                                               \
	".pushsection __rseq_failure, \"ax\"\n\t"                              \
	".byte 0x0f, 0xb9, 0x3d\n\t"                                           \
	".long %c[sig]\n"                                                      \
	"4:\tjmp %l[aborted]\n\t"                                              \
	".popsection\n"

#define RSEQ_OPERANDS                                                          \
	[area] "r"(area), [base] "r"(base), [shift] "i"(PERCPU_SHIFT),         \
		[sig] "i"(RSEQ_SIG)

/* Loads are acquires and stores are releases on x86: no fence to add. */
static inline __attribute__((always_inline)) bool
rseq_arch_inc_if(uintptr_t area, const _Atomic uint32_t *state, uint32_t wanted,
		 char *base, uint64_t *aborts)
{
again:
	__asm__ goto(RSEQ_ENTER "cmpl %[wanted], %[state]\n\t"
				"jne %l[other]\n\t" RSEQ_LOAD_CPU
				"incq (%[base], %%rax)\n" RSEQ_LEAVE
		     :
		     : RSEQ_OPERANDS, [state] "m"(*(const uint32_t *)state),
		       [wanted] "ri"(wanted)
		     : "rax", "cc", "memory"
		     : other, aborted);
	return true;
aborted:
	++*aborts;
	goto again;
other:
	return false;
}

static inline __attribute__((always_inline)) void
rseq_arch_add(uintptr_t area, char *base, int64_t n, uint64_t *aborts)
{
again:
	__asm__ goto(RSEQ_ENTER RSEQ_LOAD_CPU
		     "addq %[n], (%[base], %%rax)\n" RSEQ_LEAVE
		     :
		     : RSEQ_OPERANDS, [n] "er"(n)
		     : "rax", "cc", "memory"
		     : aborted);
	return;
aborted:
	++*aborts;
	goto again;
}
