/* SPDX-License-Identifier: MIT */
/*
 * test_build.c: the build-id against notes made by hand and against readelf.
 */
#include "harness/build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* namesz, descsz, type, name, description: all little or all big endian. */
static const uint32_t two_notes[] = {
	4, 4, 1, 0, 77, /* an ABI tag, whose name is wiped below */
	4, 4, 3, 0, 0,
};

static void make_notes(uint32_t ret_notes[10])
{
	memcpy(ret_notes, two_notes, sizeof(two_notes));
	memcpy(&ret_notes[3], "GNU", 4);
	memcpy(&ret_notes[8], "GNU", 4);
	memcpy(&ret_notes[9], "\x01\x2a\xff\x00", 4);
}

static void test_build_id_is_found_behind_another_note(void **state)
{
	uint32_t notes[10];
	char out[BUILD_ID_CHARS] = "";

	(void)state;
	make_notes(notes);
	assert_ptr_equal(build_id_in_notes(notes, sizeof(notes), out), out);
	assert_string_equal(out, "012aff00");
}

static void test_build_id_absent_or_damaged_is_null(void **state)
{
	uint32_t notes[10];
	char out[BUILD_ID_CHARS] = "same";

	(void)state;
	make_notes(notes);
	assert_null(build_id_in_notes(notes, 0, out));
	assert_null(build_id_in_notes(notes, 20, out));
	assert_null(build_id_in_notes(notes, sizeof(notes) - 1, out));
	notes[6] = 400; /* longer than its segment */
	assert_null(build_id_in_notes(notes, sizeof(notes), out));
	notes[6] = UINT32_MAX;
	assert_null(build_id_in_notes(notes, sizeof(notes), out));
	make_notes(notes);
	memcpy(&notes[8], "XYZ", 4);
	assert_null(build_id_in_notes(notes, sizeof(notes), out));
	assert_string_equal(out, "same");
}

/* readelf is another reader of the same note. */
static void test_build_id_is_what_readelf_says(void **state)
{
	char exe[256];
	char command[320];
	ssize_t length;
	char line[256];
	char expected[128] = "";
	char out[BUILD_ID_CHARS];
	FILE *readelf;

	(void)state;
	/* By name: an emulator's own /proc/PID/exe is not this program. */
	length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	assert_true(length > 0);
	exe[length] = '\0';
	snprintf(command, sizeof(command), "readelf -n '%s' 2>/dev/null", exe);
	readelf = popen(command, "r");
	assert_non_null(readelf);
	while (fgets(line, sizeof(line), readelf))
		sscanf(line, " Build ID: %127s", expected);
	pclose(readelf);
	if (!expected[0]) {
		print_message("skipped: no readelf, or no build-id here\n");
		assert_true(access("/usr/bin/readelf", X_OK) || !build_id(out));
		skip();
	}
	assert_non_null(build_id(out));
	assert_string_equal(out, expected);
}

static void test_build_json_has_a_reason_for_each_null(void **state)
{
	json_t *block = build_json();
	json_t *why = json_object_get(block, "why");
	const char *key;
	json_t *value;

	(void)state;
	json_object_foreach (block, key, value)
		if (json_is_null(value))
			assert_true(json_string_length(
					    json_object_get(why, key)) > 0);
	assert_true(json_is_string(json_object_get(block, "version")));
	assert_true(json_is_string(json_object_get(block, "compiler")));
	assert_true(json_is_string(json_object_get(
		json_object_get(block, "libraries"), "jansson")));
	json_decref(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build_id_is_found_behind_another_note),
		cmocka_unit_test(test_build_id_absent_or_damaged_is_null),
		cmocka_unit_test(test_build_id_is_what_readelf_says),
		cmocka_unit_test(test_build_json_has_a_reason_for_each_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
