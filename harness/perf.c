/* SPDX-License-Identifier: MIT */
/*
 * perf.c: perf_event_open() and getrusage() for one thread.
 *
 * Idea.  One group, so that all counts are of the same time.
 * Owns.  The group's file descriptors, in the caller's struct.
 * Never. Counts when not told to.
 */
#include "harness/perf.h"

#include "harness/clock.h"
#include "harness/sysfile.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint64_t configs[PERF_EVENTS] = {
	[PERF_TASK_CLOCK_NS] = PERF_COUNT_SW_TASK_CLOCK,
	[PERF_CONTEXT_SWITCHES] = PERF_COUNT_SW_CONTEXT_SWITCHES,
	[PERF_CPU_MIGRATIONS] = PERF_COUNT_SW_CPU_MIGRATIONS,
	[PERF_PAGE_FAULTS] = PERF_COUNT_SW_PAGE_FAULTS,
};

static int open_event(uint64_t config, int leader)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = config,
		.disabled = leader < 0,
		.read_format = PERF_FORMAT_GROUP |
			       PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
	long fd = syscall(SYS_perf_event_open, &attr, 0, -1, leader,
			  PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static void say_why(int err, char why[PERF_WHY_BYTES])
{
	double paranoid;

	if (err != -EACCES && err != -EPERM)
		snprintf(why, PERF_WHY_BYTES, "perf_event_open: %s",
			 strerror(-err));
	else if (sysfile_number("", "/proc/sys/kernel/perf_event_paranoid",
				&paranoid))
		snprintf(why, PERF_WHY_BYTES, "perf_event_open is forbidden");
	else
		snprintf(why, PERF_WHY_BYTES,
			 "perf_event_open is forbidden (perf_event_paranoid is "
			 "%.0f)",
			 paranoid);
}

int perf_open(struct perf *ret, char why[PERF_WHY_BYTES])
{
	struct perf p;
	int leader = -1;

	for (int i = 0; i < PERF_EVENTS; i++) {
		p.fds[i] = open_event(configs[i], leader);
		if (p.fds[i] < 0) {
			int err = p.fds[i];

			say_why(err, why);
			while (i-- > 0)
				close(p.fds[i]);
			return err;
		}
		leader = p.fds[0];
	}
	*ret = p;
	return 0;
}

static int tell_group(const struct perf *p, unsigned long request)
{
	return ioctl(p->fds[0], request, PERF_IOC_FLAG_GROUP) ? -errno : 0;
}

int perf_enable(const struct perf *p)
{
	int err = tell_group(p, PERF_EVENT_IOC_RESET);

	return err ? err : tell_group(p, PERF_EVENT_IOC_ENABLE);
}

int perf_disable(const struct perf *p)
{
	return tell_group(p, PERF_EVENT_IOC_DISABLE);
}

int perf_read(const struct perf *p, struct perf_counts *ret)
{
	struct {
		uint64_t n_events;
		struct perf_counts counts;
	} group;
	ssize_t n = read(p->fds[0], &group, sizeof(group));

	if (n < 0)
		return -errno;
	if (n != sizeof(group) || group.n_events != PERF_EVENTS)
		return -EIO;
	*ret = group.counts;
	return 0;
}

void perf_close(struct perf *p)
{
	/* Members first: a group that loses its leader falls apart. */
	for (int i = PERF_EVENTS - 1; i >= 0; i--) {
		close(p->fds[i]);
		p->fds[i] = -1;
	}
}

int switches_read(struct switches *ret)
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage))
		return -errno;
	ret->voluntary = (uint64_t)usage.ru_nvcsw;
	ret->involuntary = (uint64_t)usage.ru_nivcsw;
	ret->minor_faults = (uint64_t)usage.ru_minflt;
	ret->cpu_ns = clock_thread_cpu_ns();
	return 0;
}
