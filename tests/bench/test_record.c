/* SPDX-License-Identifier: MIT */
/*
 * test_record.c: a results file is old or new, never half, never replaced by
 * another run.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/record.h"

static char base[] = "/tmp/test_record.XXXXXX";
static char path[256];

static const char *below(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", base, name);
	return path;
}

static int make_base(void **state)
{
	(void)state;
	strcpy(base, "/tmp/test_record.XXXXXX");
	return mkdtemp(base) ? 0 : -1;
}

static int drop_base(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", base);
	return system(command);
}

/* The number at "n" of @file, or -1. */
static json_int_t number_in(const char *file)
{
	json_t *json = json_load_file(below(file), 0, NULL);
	json_int_t n =
		json ? json_integer_value(json_object_get(json, "n")) : -1;

	json_decref(json);
	return n;
}

static size_t files_in(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2; /* . and .. */
}

static void test_record_create_makes_the_directories(void **state)
{
	json_t *one = json_pack("{s:i}", "n", 1);

	(void)state;
	assert_int_equal(record_create(below("a/b/c"), "r.json", one), 0);
	assert_int_equal(number_in("a/b/c/r.json"), 1);
	assert_int_equal(files_in(below("a/b/c")), 1);
	json_decref(one);
}

static void test_record_create_leaves_what_is_there(void **state)
{
	json_t *one = json_pack("{s:i}", "n", 1);
	json_t *two = json_pack("{s:i}", "n", 2);

	(void)state;
	assert_int_equal(record_create(base, "r.json", one), 0);
	assert_int_equal(record_create(base, "r.json", two), -EEXIST);
	assert_int_equal(number_in("r.json"), 1);
	json_decref(one);
	json_decref(two);
}

static void test_record_write_replaces_the_whole_file(void **state)
{
	json_t *one = json_pack("{s:i, s:s}", "n", 1, "long", "and longer");
	json_t *two = json_pack("{s:i}", "n", 2);

	(void)state;
	assert_int_equal(record_create(base, "r.json", one), 0);
	assert_int_equal(record_write(base, "r.json", two), 0);
	assert_int_equal(number_in("r.json"), 2);
	assert_int_equal(files_in(base), 1);
	json_decref(one);
	json_decref(two);
}

/* What cannot be dumped stands for a disk that fills up. */
static void test_record_write_that_fails_leaves_the_old_file(void **state)
{
	json_t *one = json_pack("{s:i}", "n", 1);

	(void)state;
	assert_int_equal(record_create(base, "r.json", one), 0);
	assert_true(record_write(base, "r.json", NULL) < 0);
	assert_int_equal(number_in("r.json"), 1);
	assert_int_equal(files_in(base), 1);
	json_decref(one);
}

static void test_record_create_that_fails_leaves_no_file(void **state)
{
	(void)state;
	assert_true(record_create(base, "r.json", NULL) < 0);
	assert_int_equal(files_in(base), 0);
}

static void test_record_create_below_a_file_is_refused(void **state)
{
	json_t *one = json_pack("{s:i}", "n", 1);

	(void)state;
	assert_int_equal(record_create(base, "file", one), 0);
	assert_int_equal(record_create(below("file/a"), "r.json", one),
			 -ENOTDIR);
	assert_int_equal(number_in("file"), 1);
	json_decref(one);
}

#define WITH_BASE(test)                                                        \
	cmocka_unit_test_setup_teardown(test, make_base, drop_base)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BASE(test_record_create_makes_the_directories),
		WITH_BASE(test_record_create_leaves_what_is_there),
		WITH_BASE(test_record_write_replaces_the_whole_file),
		WITH_BASE(test_record_write_that_fails_leaves_the_old_file),
		WITH_BASE(test_record_create_that_fails_leaves_no_file),
		WITH_BASE(test_record_create_below_a_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
