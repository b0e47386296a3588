/* SPDX-License-Identifier: MIT */
/*
 * test_sysfile.c: small files are read whole, cut, or refused.
 */
#include "harness/sysfile.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/test_sysfile.XXXXXX";

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_root(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	put("line", "some words \n\n");
	put("number", "-42\n");
	put("word", "max 5\n");
	put("empty", "");
	return 0;
}

static int drop_root(void **state)
{
	static const char *const names[] = { "line", "number", "word",
					     "empty" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		unlink(path);
	}
	return rmdir(root);
}

static void test_sysfile_text_loses_white_space_at_its_end(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(sysfile_read(root, "/line", sizeof(text), text), 0);
	assert_string_equal(text, "some words");
	assert_int_equal(sysfile_read(root, "/empty", sizeof(text), text), 0);
	assert_string_equal(text, "");
	assert_int_equal(sysfile_read(root, "/line", 5, text), 0);
	assert_string_equal(text, "some");
}

static void test_sysfile_unreadable_is_an_error_and_writes_nothing(void **state)
{
	char text[64] = "same";
	char path[2 * SYSFILE_PATH_BYTES];
	double number = 77;

	(void)state;
	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(sysfile_read(root, "/nothing", sizeof(text), text),
			 -ENOENT);
	assert_int_equal(sysfile_read(root, path, sizeof(text), text),
			 -ENAMETOOLONG);
	assert_int_equal(sysfile_read(root, "/", sizeof(text), text), -EISDIR);
	assert_string_equal(text, "same");
	assert_int_equal(sysfile_number(root, "/word", &number), -EINVAL);
	assert_int_equal(sysfile_number(root, "/empty", &number), -EINVAL);
	assert_int_equal(sysfile_number(root, "/nothing", &number), -ENOENT);
	assert_true(number == 77);
}

static void test_sysfile_number_may_be_negative(void **state)
{
	double number;

	(void)state;
	assert_int_equal(sysfile_number(root, "/number", &number), 0);
	assert_true(number == -42);
}

static void note(const char *path, const char *text, void *arg)
{
	char *all = arg;

	snprintf(all + strlen(all), 128 - strlen(all), "%s=%s;", path, text);
}

static void test_sysfile_each_names_files_without_the_root(void **state)
{
	char all[128] = "";

	(void)state;
	assert_int_equal(sysfile_each(root, "/[nw]*", note, all), 2);
	assert_string_equal(all, "/number=-42;/word=max 5;");
	assert_int_equal(sysfile_each(root, "/x*", note, all), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_sysfile_text_loses_white_space_at_its_end),
		cmocka_unit_test(
			test_sysfile_unreadable_is_an_error_and_writes_nothing),
		cmocka_unit_test(test_sysfile_number_may_be_negative),
		cmocka_unit_test(
			test_sysfile_each_names_files_without_the_root),
	};

	return cmocka_run_group_tests(tests, make_root, drop_root);
}
