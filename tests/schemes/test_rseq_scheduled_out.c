/* SPDX-License-Identifier: MIT */
/*
 * test_rseq_scheduled_out.c: a section whose thread sleeps in it begins again.
 *
 * Idea.  Preemption strikes where the CPU pleases: some take interrupts in tight
 * loops at one instruction only, and that may lie outside every section.  Here
 * the commit itself faults on a page that userfaultfd keeps missing: the thread
 * is surely scheduled out inside its section, and is moved to another CPU before
 * the page comes.  It must begin again and count where it is then.
 */
#include "prim/rseq.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define LIVE	    1
#define COUNT_BYTES 64
#define HUNG_MS	    30000

struct sleeper {
	char *percpu;
	_Atomic uint32_t state;
	uint64_t aborts;
	bool granted;
	unsigned int ended_on; /* the CPU it counted on, it cannot leave it */
};

static size_t region_bytes(void)
{
	return (size_t)sysconf(_SC_NPROCESSORS_CONF) << PERCPU_SHIFT;
}

static uint64_t count_on(const char *percpu, unsigned int cpu)
{
	return *(const uint64_t *)(percpu + ((size_t)cpu << PERCPU_SHIFT) +
				   COUNT_BYTES);
}

static uint64_t count_on_all(const char *percpu)
{
	uint64_t total = 0;

	for (long cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++)
		total += count_on(percpu, (unsigned int)cpu);
	return total;
}

static void pin(pthread_t thread, unsigned int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(pthread_setaffinity_np(thread, sizeof(one), &one), 0);
}

/* The first and the last allowed CPU; the same where there is but one. */
static void two_cpus(unsigned int *ret_first, unsigned int *ret_last)
{
	cpu_set_t allowed;

	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	*ret_first = CPU_SETSIZE;
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		if (*ret_first == CPU_SETSIZE)
			*ret_first = cpu;
		*ret_last = cpu;
	}
}

static void *sleeper_main(void *arg)
{
	struct sleeper *sleeper = arg;

	sleeper->granted = rseq_inc_if(&sleeper->state, LIVE, sleeper->percpu,
				       COUNT_BYTES, &sleeper->aborts);
	sleeper->ended_on = (unsigned int)sched_getcpu();
	return NULL;
}

/* Returns a descriptor that is told of missing pages of @percpu, or -errno. */
static int watch_pages(char *percpu)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (uintptr_t)percpu, region_bytes() },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = (int)syscall(SYS_userfaultfd,
			      O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);

	if (fd < 0)
		return -errno;
	assert_int_equal(ioctl(fd, UFFDIO_API, &api), 0);
	assert_int_equal(ioctl(fd, UFFDIO_REGISTER, &range), 0);
	return fd;
}

/* Waits for a thread to sleep on a missing page; returns the page. */
static uint64_t await_fault(int fd)
{
	struct pollfd event = { .fd = fd, .events = POLLIN };
	struct uffd_msg msg;

	assert_int_equal(poll(&event, 1, HUNG_MS), 1);
	assert_int_equal(read(fd, &msg, sizeof(msg)), sizeof(msg));
	assert_int_equal(msg.event, UFFD_EVENT_PAGEFAULT);
	return msg.arg.pagefault.address & ~((uint64_t)getpagesize() - 1);
}

static void give_page(int fd, uint64_t page)
{
	struct uffdio_zeropage zero = {
		.range = { page, (uint64_t)getpagesize() },
	};

	assert_int_equal(ioctl(fd, UFFDIO_ZEROPAGE, &zero), 0);
}

static void test_rseq_thread_that_sleeps_in_its_section_begins_again(void **arg)
{
	struct sleeper sleeper = { 0 };
	unsigned int from, to;
	pthread_t thread;
	int fd;

	(void)arg;
	two_cpus(&from, &to);
	sleeper.percpu =
		mmap(NULL, region_bytes(), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(sleeper.percpu, MAP_FAILED);
	fd = watch_pages(sleeper.percpu);
	if (fd < 0) {
		print_message("skipped: userfaultfd: %s\n", strerror(-fd));
		skip();
	}
	atomic_store(&sleeper.state, LIVE);
	pin(pthread_self(), from); /* which the thread inherits */
	assert_int_equal(pthread_create(&thread, NULL, sleeper_main, &sleeper),
			 0);
	for (unsigned int pages = from == to ? 1 : 2; pages; pages--) {
		uint64_t page = await_fault(fd);

		pin(thread, to);
		give_page(fd, page);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(fd);
	assert_true(sleeper.granted);
	assert_true(sleeper.aborts >= 1);
	assert_int_equal(sleeper.ended_on, to);
	assert_int_equal(count_on(sleeper.percpu, to), 1);
	assert_int_equal(count_on_all(sleeper.percpu), 1);
	munmap(sleeper.percpu, region_bytes());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_rseq_thread_that_sleeps_in_its_section_begins_again),
	};
	char why[200] = "the locked stand-in for TSan has no sections";
	int err = rseq_available(why, sizeof(why));

#ifdef PRIM_TSAN
	err = -ENOTSUP;
#endif
	if (err) {
		printf("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
