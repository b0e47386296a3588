/* SPDX-License-Identifier: MIT */
/*
 * test_report.c: the report's form, and that it says what must be said.
 */
#include "report_text.h"

#include <unistd.h>

#include "bench/report/load.h"
#include "bench/report/text.h"

static const int many_counts[] = { 1, 2, 4, 8, 16, 32, 64, 128, 0 };

/* Lines of @text that break a rule of form; the first one is shown. */
static size_t bad_lines(const char *text, size_t width)
{
	size_t n_bad = 0;

	while (*text) {
		size_t n = strcspn(text, "\n");
		bool bad = n > width || (n && strncmp(text, "  ", 2)) ||
			   (n && text[n - 1] == ' ');

		for (size_t i = 0; i < n; i++)
			bad |= text[i] < ' ' || text[i] > '~';
		if (bad && !n_bad++)
			printf("bad line: %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
	return n_bad;
}

static void test_report_form_check_sees_each_fault(void **state)
{
	(void)state;
	assert_int_equal(bad_lines("  1234\n", 5), 1);
	assert_int_equal(bad_lines(" 1\n", 9), 1);
	assert_int_equal(bad_lines("  1 \n", 9), 1);
	assert_int_equal(bad_lines("  \xc2\xb5s\n", 9), 1);
	assert_int_equal(bad_lines("  1\n\n  2\n", 9), 0);
}

static void test_report_of_small_run_is_narrow_ascii_and_indented(void **state)
{
	char *text = print(&small, 72);

	(void)state;
	assert_int_equal(bad_lines(text, 72), 0);
	free(text);
}

static void test_report_of_large_run_is_narrow_ascii_and_indented(void **state)
{
	struct synthetic large = small;
	char *text;

	(void)state;
	large.counts = many_counts;
	large.schemes = 9;
	text = print(&large, 72);
	assert_int_equal(bad_lines(text, 72), 0);
	assert_non_null(strstr(text, "stop_machine+1: stop_machine "
				     "mechanism=membarrier"));
	assert_non_null(strstr(text, "hazard_pointer+2: "
				     "hazard_pointers_with_a_long_name"));
	free(text);
}

static void test_report_of_one_run_is_the_same_each_time(void **state)
{
	char *first = print(&small, 72), *second = print(&small, 72);

	(void)state;
	assert_string_equal(first, second);
	free(first);
	free(second);
}

static void test_report_begins_with_what_makes_it_doubtful(void **state)
{
	struct synthetic s = small;
	char *text;
	const char *claim;

	(void)state;
	s.partial = true;
	text = print(&s, 72);
	claim = strstr(text, "stop_machine against try_module_get");
	assert_non_null(claim);
	assert_int_equal(strncmp(text, "  VM: compare rows, not machines.",
				 strlen("  VM: compare rows, not machines.")),
			 0);
	assert_true(strstr(text, "\n  Partial: ") < claim);
	assert_true(strstr(text, "\n  Torture: passed") < claim);
	assert_true(strstr(text, "\n  Bad: boost is on") < claim);
	assert_non_null(strstr(text, "\n  Bad: boost is on"));
	free(text);
	s.vm = s.partial = false;
	text = print(&s, 72);
	assert_null(strstr(text, "VM:"));
	assert_null(strstr(text, "Partial:"));
	free(text);
}

static void test_report_under_nine_rounds_says_no_verdict(void **state)
{
	struct synthetic s = small;
	char *text;

	(void)state;
	s.rounds = 8;
	text = print(&s, 72);
	assert_non_null(strstr(text, "No claim is made"));
	assert_null(strstr(text, "  better\n"));
	assert_null(strstr(text, "  worse\n"));
	assert_null(strstr(text, "  same\n"));
	free(text);
	text = print(&small, 72);
	assert_null(strstr(text, "No claim is made"));
	assert_non_null(strstr(text, "  better\n"));
	assert_non_null(strstr(text, "  worse\n"));
	free(text);
}

/* 9 * 20 = 180 samples: p90 takes 50, p99 takes 500. */
static void test_report_marks_what_is_missing_and_says_why(void **state)
{
	char *text = print(&small, 72);

	(void)state;
	assert_non_null(strstr(text, "\n  -a: needs 500 samples\n"));
	assert_non_null(strstr(text, "\n  -a: the scheme has no such phase\n"));
	assert_non_null(strstr(text, "\n  -a: no free CPU\n"));
	assert_non_null(strstr(text, "\n  *: brings its own table"));
	assert_non_null(strstr(text, "\n    s1  try_module_get"));
	assert_non_null(strstr(text, "\n  s: the unloader shares a CPU"));
	assert_non_null(strstr(text, "rseq_less: libc registered no rseq"));
	assert_non_null(strstr(text, "SIGSEGV"));
	free(text);
}

static void test_report_rerun_line_pins_what_was_chosen(void **state)
{
	char *text = print(&small, 72);

	(void)state;
	assert_non_null(strstr(text, "Rerun:   unloadbench run --quick "
				     "--cpus 1,2 --seed 42\n"));
	free(text);
}

static void test_report_has_the_loader_in_a_line_and_no_table(void **state)
{
	char *text = print(&small, 72);

	(void)state;
	assert_non_null(strstr(text, "Loader:  dlopen 310.0 us, dlclose 120.0 "
				     "us"));
	assert_null(strstr(text, "not measured here"));
	free(text);
}

static void test_report_survives_git_mailinfo_whole(void **state)
{
	char dir[] = "/tmp/test_report.XXXXXX", command[256];
	char *text = print(&small, 72), *kept;
	size_t n = strlen(text);
	FILE *file;

	(void)state;
	if (system("git --version > /dev/null 2>&1")) {
		free(text);
		printf("no git here\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	snprintf(command, sizeof(command),
		 "cd %s && git mailinfo msg patch > info < mail", dir);
	assert_int_equal(chdir(dir), 0);
	file = fopen("mail", "w");
	fprintf(file,
		"From: A <a@example.org>\nSubject: [PATCH] x\n\n"
		"Before.\n\n%s\nAfter.\n---\n diff\n",
		text);
	fclose(file);
	assert_int_equal(system(command), 0);
	kept = calloc(1, n + 4096);
	file = fopen("msg", "r");
	assert_true(fread(kept, 1, n + 4095, file) > n);
	fclose(file);
	assert_non_null(strstr(kept, text));
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(chdir("/") || system(command), 0);
	free(kept);
	free(text);
}

static void test_report_full_output_is_an_error(void **state)
{
	json_t *run = synthetic_run(&small);
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	json_object_set_new(json_object_get(run, "unloadbench"), "summary",
			    summary_make(run));
	assert_non_null(full);
	assert_true(report_print(full, run, 72) < 0);
	fclose(full);
	json_decref(run);
}

static void test_text_number_has_three_or_four_digits(void **state)
{
	static const struct {
		double x;
		const char *text;
	} known[] = {
		{ 0, "0" },	    { 0.01234, "0.0123" },  { 0.4321, "0.432" },
		{ 1, "1.00" },	    { 12.345, "12.35" },    { 123.45, "123.5" },
		{ 1234.5, "1234" }, { 1234567, "1.2e+06" }, { NAN, "-" },
	};
	char text[TEXT_NUMBER_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		assert_string_equal(text_number(known[i].x, text),
				    known[i].text);
}

static void refuse(const char *content, const char *says)
{
	char path[] = "/tmp/test_report.XXXXXX", why[512] = "";
	int fd = mkstemp(path);
	const char *line;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
	assert_null(load_run(path, why, sizeof(why)));
	unlink(path);
	assert_non_null(strstr(why, says));
	line = strchr(why, '\n');
	assert_true(!line || !strchr(line + 1, '\n'));
}

static void test_load_refuses_what_is_no_run_in_two_lines(void **state)
{
	char why[512] = "";

	(void)state;
	assert_null(load_run("/nonexistent/run", why, sizeof(why)));
	assert_non_null(strstr(why, "No such file"));
	assert_null(load_run("/proc", why, sizeof(why)));
	assert_non_null(strstr(why, "no run.json in this directory"));
	refuse("{ nothing", "not JSON");
	refuse("{}", "no `unloadbench` key");
	refuse("{\"unloadbench\": {\"schema\": 1}}", "not a whole run file");
	refuse("{\"benchmarks\": [], \"unloadbench\": {\"schema\": 99, "
	       "\"plan\": {\"cells\": []}}}",
	       "schema version 99");
}

static void test_load_makes_a_missing_summary(void **state)
{
	char path[] = "/tmp/test_report.XXXXXX", why[512] = "";
	json_t *made = synthetic_run(&small), *run;
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(json_dumpfd(made, fd, 0), 0);
	close(fd);
	run = load_run(path, why, sizeof(why));
	unlink(path);
	assert_non_null(run);
	assert_true(json_is_object(load_summary(run)));
	json_decref(run);
	json_decref(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_form_check_sees_each_fault),
		cmocka_unit_test(
			test_report_of_small_run_is_narrow_ascii_and_indented),
		cmocka_unit_test(
			test_report_of_large_run_is_narrow_ascii_and_indented),
		cmocka_unit_test(test_report_of_one_run_is_the_same_each_time),
		cmocka_unit_test(
			test_report_begins_with_what_makes_it_doubtful),
		cmocka_unit_test(test_report_under_nine_rounds_says_no_verdict),
		cmocka_unit_test(
			test_report_marks_what_is_missing_and_says_why),
		cmocka_unit_test(test_report_rerun_line_pins_what_was_chosen),
		cmocka_unit_test(
			test_report_has_the_loader_in_a_line_and_no_table),
		cmocka_unit_test(test_report_survives_git_mailinfo_whole),
		cmocka_unit_test(test_report_full_output_is_an_error),
		cmocka_unit_test(test_text_number_has_three_or_four_digits),
		cmocka_unit_test(test_load_refuses_what_is_no_run_in_two_lines),
		cmocka_unit_test(test_load_makes_a_missing_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
