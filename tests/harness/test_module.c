/* SPDX-License-Identifier: MIT */
/*
 * test_module.c: modules that really come and really go.
 *
 * Idea.  What is mapped is read from /proc/self/maps here once more, and an
 * address that is gone is called in a child, which must die of it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver.h"
#include "harness/module.h"

#define DRIVER_SO BINARY_DIR "/drivers/driver.so"

struct span {
	uintptr_t start, end;
};

static struct module load(void)
{
	struct module m;
	char why[128] = "";
	int err = module_load(DRIVER_SO, &m, why);

	if (err)
		fail_msg("%s", why);
	return m;
}

static struct span span_of(const struct module *m)
{
	return (struct span){ m->start, m->start + m->bytes };
}

/* Permissions of the first mapping in @s; "" when there is none. */
static void permissions(struct span s, char ret[5])
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	char line[512], perms[5];

	assert_non_null(maps);
	ret[0] = '\0';
	while (!*ret && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %4s", &from, &to, perms) == 3 &&
		    from < s.end && to > s.start)
			memcpy(ret, perms, 5);
	fclose(maps);
}

static uint64_t (*call_of(const struct module *m))(uint64_t)
{
	const struct driver *driver = module_symbol(m, "driver");

	assert_non_null(driver);
	return driver->ops->call;
}

/* How a child that calls @call ends: 0, or the signal it died of. */
static int signal_of_call(uint64_t (*call)(uint64_t))
{
	const struct rlimit no_core = { 0, 0 };
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (!pid) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGSEGV, SIG_DFL);
		call(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_module_copies_are_apart(void **state)
{
	struct module a = load(), b = load();
	const struct driver *da = module_symbol(&a, "driver");
	const struct driver *db = module_symbol(&b, "driver");
	struct span sa = span_of(&a), sb = span_of(&b);

	(void)state;
	assert_true(sa.end <= sb.start || sb.end <= sa.start);
	assert_in_range((uintptr_t)da, sa.start, sa.end - 1);
	assert_in_range((uintptr_t)db, sb.start, sb.end - 1);
	assert_in_range((uintptr_t)da->ops->call, sa.start, sa.end - 1);
	/* Data of their own, too: the stamp of one is not the other's. */
	assert_int_equal(da->init(17), 0);
	assert_int_equal(db->init(42), 0);
	assert_int_equal(da->ops->call(0), 17);
	assert_int_equal(db->ops->call(0), 42);
	assert_null(module_symbol(&a, "no_such_symbol"));
	assert_int_equal(module_unload(&a, MODULE_REUSE), 0);
	assert_int_equal(db->ops->call(0), 42);
	assert_int_equal(module_unload(&b, MODULE_REUSE), 0);
}

static void test_module_unloaded_is_gone(void **state)
{
	struct module m = load();
	uint64_t (*call)(uint64_t) = call_of(&m);
	struct span s = span_of(&m);
	char perms[5];

	(void)state;
	permissions(s, perms);
	assert_string_not_equal(perms, "");
	assert_int_equal(signal_of_call(call), 0);
	assert_int_equal(module_unload(&m, MODULE_REUSE), 0);
	assert_null(m.dl);
	permissions(s, perms);
	assert_string_equal(perms, "");
	assert_int_equal(signal_of_call(call), SIGSEGV);
}

static void test_module_quarantine_keeps_all_out(void **state)
{
	struct module m = load();
	uint64_t (*call)(uint64_t) = call_of(&m);
	struct span s = span_of(&m);
	char perms[5];

	(void)state;
	assert_int_equal(module_unload(&m, MODULE_QUARANTINE), 0);
	permissions(s, perms);
	assert_string_equal(perms, "---p");
	assert_int_equal(signal_of_call(call), SIGSEGV);
	for (int i = 0; i < 64; i++) {
		uintptr_t p = (uintptr_t)mmap(
			(void *)s.start, m.bytes, PROT_READ | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		assert_true(p + m.bytes <= s.start || p >= s.end);
	}
	for (int i = 0; i < 8; i++) {
		struct module later = load();
		struct span ls = span_of(&later);

		assert_true(ls.end <= s.start || ls.start >= s.end);
	}
	assert_int_equal(signal_of_call(call), SIGSEGV);
}

/* Without it the first mapping that asks for the place gets it. */
static void test_module_reuse_lets_others_in(void **state)
{
	struct module m = load();
	struct span s = span_of(&m);

	(void)state;
	assert_int_equal(module_unload(&m, MODULE_REUSE), 0);
	assert_ptr_equal(mmap((void *)s.start, m.bytes, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			 (void *)s.start);
	munmap((void *)s.start, m.bytes);
}

/* A second reference to the copy: dlclose() then unmaps nothing. */
static void stays_mapped(enum module_after after)
{
	struct module m = load();
	uint64_t (*call)(uint64_t) = call_of(&m);
	Dl_info info;

	assert_int_not_equal(dladdr((void *)m.start, &info), 0);
	assert_non_null(
		dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE));
	assert_int_equal(module_unload(&m, after), -EBUSY);
	assert_int_equal(signal_of_call(call), 0);
}

static void test_module_still_mapped_is_busy(void **state)
{
	(void)state;
	stays_mapped(MODULE_REUSE);
	stays_mapped(MODULE_QUARANTINE);
}

static void test_module_that_cannot_be_loaded_says_why(void **state)
{
	struct module m = { .bytes = 17 };
	char why[128] = "";

	(void)state;
	assert_int_equal(module_load("/no/such/driver.so", &m, why), -ENOENT);
	assert_non_null(strstr(why, "/no/such/driver.so"));
	assert_non_null(strstr(why, "No such file"));
	assert_int_equal(module_load("/proc/self/cmdline", &m, why), -ENOEXEC);
	assert_true(strlen(why) > 0);
	assert_int_equal(m.bytes, 17);
}

static void *come_and_go(void *ret_busy)
{
	int *busy = ret_busy;

	for (int i = 0; i < 200; i++) {
		struct module m;
		char why[128];

		if (module_load(DRIVER_SO, &m, why))
			return ret_busy;
		*busy += module_unload(&m, MODULE_REUSE) != 0;
	}
	return NULL;
}

/* Each is loaded where another has just gone: that is no failure to go. */
static void test_module_others_may_take_its_place(void **state)
{
	pthread_t threads[3];
	int busy[3] = { 0 };
	void *failed;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go,
						&busy[i]),
				 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
		assert_int_equal(busy[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_module_copies_are_apart),
		cmocka_unit_test(test_module_unloaded_is_gone),
		cmocka_unit_test(test_module_quarantine_keeps_all_out),
		cmocka_unit_test(test_module_reuse_lets_others_in),
		cmocka_unit_test(test_module_still_mapped_is_busy),
		cmocka_unit_test(test_module_that_cannot_be_loaded_says_why),
		cmocka_unit_test(test_module_others_may_take_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
