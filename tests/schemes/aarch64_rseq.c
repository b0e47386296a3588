/* SPDX-License-Identifier: MIT */
/*
 * aarch64_rseq.c: the AArch64 sequences do what they say, under qemu-user.
 *
 * Idea.  The instructions need no kernel until they are torn apart: given an
 * rseq area of our own that names a CPU, they must count for that CPU, and
 * leave a descriptor behind that describes them.  One section is torn apart by
 * a fault on a CPU whose memory is missing; the signal handler then does what
 * the kernel does: looks up the descriptor, and goes on at its abort handler.
 * Can't.  Show that a real kernel finds the sections it preempts, nor how
 * weakly a real CPU orders them: qemu-user registers no rseq, and its memory
 * model is the host's.
 *
 * Built and run by aarch64_rseq.bats.  Prints what failed; 0 or 1.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "prim/rseq.h"

#define OFFSET	24
#define N_CPUS	3 /* and one more without memory */
#define MAX_WHY 200

static unsigned int failed;
/* Where the signal handler finds what a kernel would find in the thread. */
static struct rseq *torn_area;

static void expect(const char *what, bool holds)
{
	if (holds)
		return;
	printf("failed: %s\n", what);
	failed++;
}

static uint64_t *word(char *percpu, size_t cpu)
{
	return (uint64_t *)(percpu + (cpu << PERCPU_SHIFT) + OFFSET);
}

/* Counts on each CPU the area names, and on no other. */
static void check_counts(struct rseq *area, char *percpu)
{
	_Atomic uint32_t state = 1;
	uint64_t aborts = 0;
	uintptr_t here = (uintptr_t)area;

	for (uint32_t cpu = 0; cpu < N_CPUS; cpu++) {
		area->cpu_id = cpu;
		for (uint32_t i = 0; i <= cpu; i++)
			expect("a wanted state is granted",
			       rseq_arch_inc_if(here, &state, 1,
						percpu + OFFSET, &aborts));
		expect("another state is refused",
		       !rseq_arch_inc_if(here, &state, 2, percpu + OFFSET,
					 &aborts));
	}
	for (uint32_t cpu = 0; cpu < N_CPUS; cpu++)
		expect("each CPU has its own counts",
		       *word(percpu, cpu) == cpu + 1);
	area->cpu_id = 1;
	rseq_arch_add(here, percpu + OFFSET, 40, &aborts);
	rseq_arch_add(here, percpu + OFFSET, -1, &aborts);
	expect("any number is added", *word(percpu, 1) == 41);
	expect("nothing began again", aborts == 0);
}

/* What a kernel checks before it believes a descriptor. */
static void check_descriptor(struct rseq *area, char *percpu)
{
	const struct rseq_cs *cs;
	uint64_t aborts = 0;
	uint32_t before_abort;
	uint32_t last;

	area->rseq_cs = 0;
	rseq_arch_add((uintptr_t)area, percpu + OFFSET, 1, &aborts);
	cs = (const struct rseq_cs *)(uintptr_t)area->rseq_cs;
	expect("a section leaves its descriptor", cs != NULL);
	if (!cs)
		return;
	before_abort = ((const uint32_t *)(uintptr_t)cs->abort_ip)[-1];
	last = *(const uint32_t *)(uintptr_t)(cs->start_ip +
					      cs->post_commit_offset - 4);
	expect("version and flags are 0", !cs->version && !cs->flags);
	expect("the descriptor is aligned to 32", (uintptr_t)cs % 32 == 0);
	expect("the abort handler is outside",
	       cs->abort_ip - cs->start_ip >= cs->post_commit_offset);
	expect("the signature is before it", before_abort == RSEQ_SIG);
	/* stlr x16, [x15], by the Arm ARM, C6.2.320. */
	expect("the last instruction is the commit", last == 0xc89ffdf0);
}

/* The kernel's part: the thread has moved to CPU 0 in the meantime. */
static void tear_apart(int sig, siginfo_t *info, void *context)
{
	const struct rseq_cs *cs =
		(const struct rseq_cs *)(uintptr_t)torn_area->rseq_cs;
	mcontext_t *regs = &((ucontext_t *)context)->uc_mcontext;

	(void)sig, (void)info;
	if (!cs || regs->pc - cs->start_ip >= cs->post_commit_offset)
		_exit(2);
	torn_area->cpu_id = 0;
	torn_area->rseq_cs = 0;
	regs->pc = cs->abort_ip;
}

static void check_restart(struct rseq *area, char *percpu)
{
	const struct sigaction action = { .sa_sigaction = tear_apart,
					  .sa_flags = SA_SIGINFO };
	uint64_t before = *word(percpu, 0);
	_Atomic uint32_t state = 1;
	uint64_t aborts = 0;

	torn_area = area;
	sigaction(SIGSEGV, &action, NULL);
	area->cpu_id = N_CPUS;
	expect("a torn section is granted in the end",
	       rseq_arch_inc_if((uintptr_t)area, &state, 1, percpu + OFFSET,
				&aborts));
	area->cpu_id = N_CPUS;
	rseq_arch_add((uintptr_t)area, percpu + OFFSET, 1, &aborts);
	expect("torn sections began again once each", aborts == 2);
	expect("and counted once each, on the new CPU",
	       *word(percpu, 0) == before + 2);
	signal(SIGSEGV, SIG_DFL);
}

int main(void)
{
	const size_t bytes = (size_t)N_CPUS << PERCPU_SHIFT;
	char *percpu = mmap(NULL, bytes + (1 << PERCPU_SHIFT), PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rseq *area = aligned_alloc(32, 32);
	char why[MAX_WHY] = "";

	if (percpu == MAP_FAILED || !area ||
	    mprotect(percpu, bytes, PROT_READ | PROT_WRITE))
		return 1;
	memset(area, 0, 32);
	check_counts(area, percpu);
	check_descriptor(area, percpu);
	check_restart(area, percpu);
	if (rseq_available(why, sizeof(why)))
		expect("an emulator without rseq is named",
		       strstr(why, "rseq"));
	printf("rseq here: %s\n", why[0] ? why : "registered");
	free(area);
	return failed != 0;
}
