/* SPDX-License-Identifier: MIT */
/*
 * interrupts.h: how often CPUs have interrupted each other.
 *
 * Idea.  An unload that stops or fences other CPUs does it by interrupts, and
 *	  the kernel counts them: the least noisy figure of an unload.
 * Owns.  An open /proc/interrupts and the room to read it, so that a snapshot
 *	  neither opens nor allocates.
 * Never. Takes a missing row for a zero.
 */
#ifndef HARNESS_INTERRUPTS_H
#define HARNESS_INTERRUPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum interrupt_kind {
	INTERRUPT_CALL,	      /* run this function on that CPU */
	INTERRUPT_RESCHEDULE, /* look for another thread to run */
	INTERRUPT_TLB,	      /* drop address translations; not on AArch64 */
	INTERRUPT_KINDS
};

/**
 * struct interrupts - a snapshot
 * @known:   whether the kernel shows this kind at all
 * @sum:     over all online CPUs
 * @n_cpus:  size of @per_cpu, set by the caller; 0 if not wanted
 * @per_cpu: [@n_cpus], the caller's, by the system's CPU id
 */
struct interrupts {
	bool known[INTERRUPT_KINDS];
	uint64_t sum[INTERRUPT_KINDS];
	size_t n_cpus;
	uint64_t (*per_cpu)[INTERRUPT_KINDS];
};

struct interrupts_file {
	int fd;
	char *text;
	size_t size_bytes;
};

/**
 * interrupts_open() - make ready for snapshots
 * @path: NULL for /proc/interrupts
 * @ret:  the open file; interrupts_close() it
 * @why:  the reason on failure, a sentence that lives for ever
 *
 * Takes a first snapshot, so that the room is there and the text is known to
 * be understood.
 *
 * Return: 0; -ENOENT if there is no such file or it counts none of these
 * kinds; another -errno.
 */
int interrupts_open(const char *path, struct interrupts_file *ret,
		    const char **why);

/**
 * interrupts_read() - take a snapshot
 * @f:   the open file; one thread at a time
 * @ret: @n_cpus and @per_cpu set by the caller; the rest written
 *
 * Some tens of microseconds; interrupts nobody.
 *
 * Return: 0; -errno, and the sums are then untouched.
 */
int interrupts_read(struct interrupts_file *f, struct interrupts *ret);

/**
 * interrupts_close() - undo interrupts_open()
 * @f: the open file
 */
void interrupts_close(struct interrupts_file *f);

/**
 * interrupts_parse() - understand the text of /proc/interrupts
 * @text: the whole text
 * @ret:  as for interrupts_read()
 *
 * Rows are known by their description, which architectures share, and not by
 * their label, which they do not.
 *
 * Return: 0; -ENOENT if no kind is there; -EINVAL if it is no such text.
 */
int interrupts_parse(const char *text, struct interrupts *ret);

/**
 * interrupts_since() - interrupts between two snapshots
 * @before: the earlier one
 * @after:  the later one
 * @kind:   one that both know
 *
 * The kernel's counters have 32 bits and wrap, each CPU's for itself; the
 * difference is right as long as it is below 2^32.
 *
 * Return: the count.
 */
static inline uint64_t interrupts_since(const struct interrupts *before,
					const struct interrupts *after,
					enum interrupt_kind kind)
{
	return (uint32_t)(after->sum[kind] - before->sum[kind]);
}

#endif
