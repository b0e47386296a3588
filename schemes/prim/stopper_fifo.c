/* SPDX-License-Identifier: MIT */
/*
 * stopper_fifo.c: entering and leaving SCHED_FIFO, and why it may be refused.
 */
#include "prim/stopper_fifo.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "prim/stopper.h"

/* SCHED_DEADLINE, which <sched.h> does not have. */
#define POLICY_DEADLINE 6

static int pin_to(unsigned int cpu)
{
	cpu_set_t mask[FIFO_MASK_WORDS];

	CPU_ZERO_S(sizeof(mask), mask);
	CPU_SET_S(cpu, sizeof(mask), mask);
	return sched_setaffinity(0, sizeof(mask), mask) ? -errno : 0;
}

static int remember(struct fifo_caller *ret)
{
	CPU_ZERO_S(sizeof(ret->affinity), ret->affinity);
	ret->policy = sched_getscheduler(0);
	if (ret->policy < 0 || sched_getparam(0, &ret->param) ||
	    sched_getaffinity(0, sizeof(ret->affinity), ret->affinity))
		return -errno;
	return 0;
}

int fifo_enter(struct fifo_caller *ret_caller)
{
	struct sched_param top = { .sched_priority = FIFO_PRIORITY };
	int err = remember(ret_caller);

	if (err)
		return err;
	/* Its budget would be lost: sched_setscheduler() cannot set it. */
	if ((ret_caller->policy & ~SCHED_RESET_ON_FORK) == POLICY_DEADLINE)
		return -ENOTSUP;
	if (sched_setscheduler(0, SCHED_FIFO, &top))
		return -errno;
	ret_caller->cpu = (unsigned int)sched_getcpu();
	/* Most unloaders are pinned already: spare them two calls. */
	if (CPU_COUNT_S(sizeof(ret_caller->affinity), ret_caller->affinity) ==
	    1)
		return 0;
	err = pin_to(ret_caller->cpu);
	if (err)
		sched_setscheduler(0, ret_caller->policy, &ret_caller->param);
	return err;
}

int fifo_leave(const struct fifo_caller *caller)
{
	const size_t bytes = sizeof(caller->affinity);
	int err = 0;

	if (CPU_COUNT_S(bytes, caller->affinity) != 1 &&
	    sched_setaffinity(0, bytes, caller->affinity))
		err = -errno;
	/* FIFO must end whatever became of the CPUs. */
	if (sched_setscheduler(0, caller->policy, &caller->param))
		err = -errno;
	return err;
}

static int create_with(pthread_attr_t *attr, pthread_t *ret_thread,
		       void *(*fn)(void *), void *arg)
{
	sigset_t all, before;
	int err;

	/* The thread inherits the mask: no signal ever finds it unblocked. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(ret_thread, attr, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

int fifo_create(pthread_t *ret_thread, unsigned int cpu, void *(*fn)(void *),
		void *arg)
{
	struct sched_param top = { .sched_priority = FIFO_PRIORITY };
	cpu_set_t mask[FIFO_MASK_WORDS];
	pthread_attr_t attr;
	int err;

	if (cpu >= FIFO_MAX_CPUS)
		return -EINVAL;
	err = -pthread_attr_init(&attr);
	if (err)
		return err;
	CPU_ZERO_S(sizeof(mask), mask);
	CPU_SET_S(cpu, sizeof(mask), mask);
	err = -pthread_attr_setaffinity_np(&attr, sizeof(mask), mask);
	if (!err)
		err = -pthread_attr_setinheritsched(&attr,
						    PTHREAD_EXPLICIT_SCHED);
	if (!err)
		err = -pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	if (!err)
		err = -pthread_attr_setschedparam(&attr, &top);
	if (!err)
		err = create_with(&attr, ret_thread, fn, arg);
	pthread_attr_destroy(&attr);
	return err;
}

static bool has_cap_sys_nice(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &head, data))
		return false;
	return data[CAP_TO_INDEX(CAP_SYS_NICE)].effective &
	       CAP_TO_MASK(CAP_SYS_NICE);
}

/* The kernel says EPERM to both; with the privilege only the group is left. */
static const char *why_refused(int err)
{
	struct rlimit limit = { 0 };

	if (err != -EPERM)
		return strerrordesc_np(-err);
	getrlimit(RLIMIT_RTPRIO, &limit);
	if (has_cap_sys_nice() || limit.rlim_cur >= FIFO_PRIORITY)
		return "this cpu cgroup has no real-time share: "
		       "its cpu.rt_runtime_us is 0";
	return "needs CAP_SYS_NICE (root), or RLIMIT_RTPRIO of 99 (ulimit -r)";
}

static void *return_at_once(void *arg)
{
	return arg;
}

int stopper_probe(char *ret_why, size_t len)
{
	pthread_t thread;
	int err = fifo_create(&thread, (unsigned int)sched_getcpu(),
			      return_at_once, NULL);

	if (!err)
		return -pthread_join(thread, NULL);
	snprintf(ret_why, len, "no SCHED_FIFO thread for the stoppers: %s",
		 why_refused(err));
	return err;
}
