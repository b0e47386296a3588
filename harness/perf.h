/* SPDX-License-Identifier: MIT */
/*
 * perf.h: what the kernel counted for one thread.
 *
 * Idea.  A group of software events, switched on only inside a window; beside
 *	  it getrusage(), which needs no permission and is always there.
 * Owns.  Every perf_event_open().
 * Never. Excludes the kernel's side: a context switch happens there, and the
 *	  count would be a false zero.
 */
#ifndef HARNESS_PERF_H
#define HARNESS_PERF_H

#include <stdint.h>

enum perf_event {
	PERF_TASK_CLOCK_NS,
	PERF_CONTEXT_SWITCHES,
	PERF_CPU_MIGRATIONS,
	PERF_PAGE_FAULTS,
	PERF_EVENTS
};

/* The events of one thread; the first is the group's leader. */
struct perf {
	int fds[PERF_EVENTS];
};

/**
 * struct perf_counts - a group read at once
 * @enabled_ns: how long the group was switched on
 * @running_ns: how long it counted; less means that it was multiplexed
 * @n:          the counts, or ns for the task clock
 */
struct perf_counts {
	uint64_t enabled_ns;
	uint64_t running_ns;
	uint64_t n[PERF_EVENTS];
};

/**
 * struct switches - what needs no permission
 * @voluntary:    times the thread gave its CPU up
 * @involuntary:  times it was taken off its CPU
 * @minor_faults: pages made present without a disk
 * @cpu_ns:       CPU time, user and kernel
 */
struct switches {
	uint64_t voluntary;
	uint64_t involuntary;
	uint64_t minor_faults;
	uint64_t cpu_ns;
};

#define PERF_WHY_BYTES 96

/**
 * perf_open() - open the group for the calling thread, switched off
 * @ret: the group; perf_close() it
 * @why: the reason on failure, for people
 *
 * Return: 0; -EACCES or -EPERM if forbidden, -ENOSYS if the kernel has none,
 * another -errno.
 */
int perf_open(struct perf *ret, char why[PERF_WHY_BYTES]);

/**
 * perf_enable() - count from zero
 * @p: the group; a thread other than the counted one may call this
 *
 * Return: 0; -errno.
 */
int perf_enable(const struct perf *p);

/**
 * perf_disable() - stop counting
 * @p: the group; a thread other than the counted one may call this
 *
 * Return: 0; -errno.
 */
int perf_disable(const struct perf *p);

/**
 * perf_read() - the counts of the whole group, of one moment
 * @p:   the group
 * @ret: times accumulate from perf_open() on, counts from perf_enable()
 *
 * Return: 0; -errno.
 */
int perf_read(const struct perf *p, struct perf_counts *ret);

/**
 * perf_close() - undo perf_open()
 * @p: the group
 */
void perf_close(struct perf *p);

/**
 * switches_read() - the calling thread's switches, faults and CPU time
 * @ret: since the thread began
 *
 * Return: 0; -errno.
 */
int switches_read(struct switches *ret);

/**
 * switches_since() - what came between two readings
 * @before: the earlier one
 * @after:  the later one, of the same thread
 *
 * Return: the differences.
 */
static inline struct switches switches_since(const struct switches *before,
					     const struct switches *after)
{
	return (struct switches){
		.voluntary = after->voluntary - before->voluntary,
		.involuntary = after->involuntary - before->involuntary,
		.minor_faults = after->minor_faults - before->minor_faults,
		.cpu_ns = after->cpu_ns - before->cpu_ns,
	};
}

#endif
