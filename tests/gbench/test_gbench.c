/* SPDX-License-Identifier: MIT */
/*
 * test_gbench.c: what a run delivers, seen from C.
 *
 * Idea.  Every expected figure is set by the benchmark itself or follows by
 *        hand from the arguments; no test looks at a clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <errno.h>

#include "rows.h"

/* Where a library that heeds its environment would write. */
#define ENV_OUT "gbench-env-output.json"

/* A window of 0.25 s, for the suite's own mapping. */
static void window(struct gbench_state *s, void *user)
{
	int *calls = user;

	(*calls)++;
	while (gbench_keep_running(s))
		gbench_set_iteration_time(s, 0.25);
	gbench_set_counter(s, "refused", 3, GBENCH_PLAIN);
	gbench_set_counter(s, "granted", 10, GBENCH_RATE);
	gbench_set_counter(s, "flip", 4, GBENCH_INVERT);
	gbench_set_label(s, "labelled");
}

static void count(struct gbench_state *s, void *user)
{
	int64_t *body = user;

	GBENCH_LOOP(s, 1024)
	(*body)++;
	body[1] = gbench_iterations(s);
}

static struct gbench_benchmark *
add(const char *name, void (*fn)(struct gbench_state *, void *), void *user)
{
	struct gbench_benchmark *b;

	assert_int_equal(gbench_register(name, fn, user, &b), 0);
	return b;
}

static int clear(void **state)
{
	(void)state;
	return gbench_clear();
}

static void test_gbench_manual_time_is_delivered_exactly(void **state)
{
	int calls = 0;
	struct rows rows = { 0 };
	struct gbench_tally tally;
	struct gbench_benchmark *b = add("w/cpus:2", window, &calls);

	(void)state;
	assert_int_equal(gbench_use_manual_time(b), 0);
	assert_int_equal(gbench_set_unit(b, GBENCH_MS), 0);
	assert_int_equal(rows_run(&rows, "", &tally), 0);
	assert_int_equal(calls, 1);
	assert_int_equal(tally.benchmarks, 1);
	assert_int_equal(tally.rows, 1);
	assert_int_equal(tally.failed, 0);
	assert_int_equal(rows.begun, 1);
	assert_int_equal(rows.ended, 1);
	assert_true(rows.row[0].real_time == 250);
	assert_int_equal(rows.row[0].unit, GBENCH_MS);
	assert_int_equal(rows.row[0].iterations, 1);
	assert_int_equal(rows.row[0].threads, 1);
	assert_null(rows.row[0].error);
	assert_string_equal(rows.row[0].label, "labelled");
}

static void test_gbench_counters_are_delivered_by_name_and_flag(void **state)
{
	int calls = 0;
	struct rows rows = { 0 };

	(void)state;
	gbench_use_manual_time(add("w", window, &calls));
	assert_int_equal(rows_run(&rows, "", NULL), 0);
	assert_int_equal(rows.row[0].ncounters, 3);
	assert_string_equal(rows.counter[0][0].name, "flip");
	assert_true(rows.counter[0][0].value == 0.25);
	assert_string_equal(rows.counter[0][1].name, "granted");
	assert_true(rows.counter[0][1].value == 40); /* 10 in 0.25 s */
	assert_string_equal(rows.counter[0][2].name, "refused");
	assert_true(rows.counter[0][2].value == 3);
}

static void test_gbench_names_lose_only_the_librarys_endings(void **state)
{
	int calls = 0;
	int64_t body[2] = { 0 };
	struct rows rows = { 0 };
	struct gbench_benchmark *b = add("a/iterations:x/b", window, &calls);

	(void)state;
	gbench_use_manual_time(b);
	gbench_set_repetitions(b, 2);
	b = add("lookup/hold_ns:0", count, body);
	gbench_set_iterations(b, 7);
	gbench_use_real_time(b);
	assert_int_equal(rows_run(&rows, NULL, NULL), 0);
	assert_int_equal(rows.n, 3);
	assert_string_equal(rows.row[0].name, "a/iterations:x/b");
	assert_string_equal(rows.row[1].name, "a/iterations:x/b");
	assert_string_equal(rows.row[2].name, "lookup/hold_ns:0");
}

static void test_gbench_repetitions_are_rows_without_aggregates(void **state)
{
	int calls = 0;
	struct rows rows = { 0 };
	struct gbench_tally tally;
	struct gbench_benchmark *b = add("w", window, &calls);

	(void)state;
	gbench_use_manual_time(b);
	gbench_set_repetitions(b, 3);
	assert_int_equal(rows_run(&rows, "", &tally), 0);
	assert_int_equal(calls, 3);
	assert_int_equal(tally.benchmarks, 1);
	assert_int_equal(tally.rows, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rows.row[i].repetition, i);
		assert_int_equal(rows.row[i].repetitions, 3);
		assert_true(rows.row[i].real_time == 0.25e9);
	}
}

static void test_gbench_batch_loop_runs_the_exact_count(void **state)
{
	static const int64_t counts[] = { 1, 1000, 1024, 2500 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		int64_t body[2] = { 0 };
		struct rows rows = { 0 };

		gbench_set_iterations(add("c", count, body), counts[i]);
		assert_int_equal(rows_run(&rows, "", NULL), 0);
		assert_int_equal(body[0], counts[i]);
		assert_int_equal(body[1], counts[i]);
		assert_int_equal(rows.row[0].iterations, counts[i]);
		gbench_clear();
	}
}

static int note(void *user, const char *name)
{
	char *all = user;

	strcat(strcat(all, name), " ");
	return 0;
}

static void test_gbench_filter_sees_names_as_registered(void **state)
{
	int calls = 0;
	char all[128] = "";
	size_t n = 0;
	struct rows rows = { 0 };

	(void)state;
	gbench_use_manual_time(add("x/cpus:1", window, &calls));
	gbench_use_manual_time(add("x/cpus:16", window, &calls));
	gbench_use_manual_time(add("y/cpus:1", window, &calls));
	assert_int_equal(gbench_list("", note, all, &n), 0);
	assert_int_equal(n, 3);
	assert_string_equal(all, "x/cpus:1 x/cpus:16 y/cpus:1 ");
	assert_int_equal(gbench_list("cpus:1$", NULL, NULL, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(gbench_list("-^x", NULL, NULL, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(calls, 0);
	assert_int_equal(rows_run(&rows, "^x/cpus:1$", NULL), 0);
	assert_int_equal(rows.n, 1);
	assert_string_equal(rows.row[0].name, "x/cpus:1");
}

static void test_gbench_filter_without_a_match_is_enoent(void **state)
{
	int calls = 0;
	size_t n = 77;
	struct rows rows = { 0 };
	struct gbench_tally tally = { 7, 7, 7 };

	(void)state;
	assert_int_equal(rows_run(&rows, "", &tally), -ENOENT);
	gbench_use_manual_time(add("x", window, &calls));
	assert_int_equal(rows_run(&rows, "nothing", &tally), -ENOENT);
	assert_non_null(strstr(gbench_last_error(), "nothing"));
	assert_int_equal(gbench_list("nothing", NULL, NULL, &n), -ENOENT);
	assert_int_equal(n, 77);
	assert_int_equal(tally.rows, 7);
	assert_int_equal(rows.begun, 0);
	assert_int_equal(calls, 0);
	assert_int_equal(rows_run(&rows, "(", NULL), -EINVAL);
	assert_non_null(strstr(gbench_last_error(), "bad filter"));
}

static void test_gbench_row_callback_can_stop_the_run(void **state)
{
	int calls = 0;
	struct rows rows = { .stop_at = 1 };

	(void)state;
	gbench_use_manual_time(add("x", window, &calls));
	gbench_use_manual_time(add("y", window, &calls));
	assert_int_equal(rows_run(&rows, "", NULL), -123);
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.ended, 1);
	assert_int_equal(calls, 1);
}

static void test_gbench_ignores_the_librarys_environment(void **state)
{
	int calls = 0;
	struct rows rows = { 0 };

	(void)state;
	if (!getenv("BENCHMARK_REPETITIONS"))
		skip(); /* main() could not start over */
	gbench_use_manual_time(add("x", window, &calls));
	assert_int_equal(rows_run(&rows, "", NULL), 0);
	assert_int_equal(rows.n, 1);
	assert_int_equal(access(ENV_OUT, F_OK), -1);
}

/* Runs on the console; returns what it printed on both outputs. */
static void console_output(char *text, size_t size)
{
	char path[] = "/tmp/gbench-console-XXXXXX";
	int file = mkstemp(path), out = dup(1), err = dup(2);
	int failed;
	ssize_t n;

	fflush(stdout);
	dup2(file, 1);
	dup2(file, 2);
	failed = gbench_run(gbench_console(), "", NULL);
	dup2(out, 1);
	dup2(err, 2);
	n = pread(file, text, size - 1, 0);
	text[n > 0 ? n : 0] = 0;
	unlink(path);
	close(file);
	close(out);
	close(err);
	assert_int_equal(failed, 0);
}

static void test_gbench_console_line_has_its_golden_shape(void **state)
{
	int calls = 0;
	char text[4096], *line;

	(void)state;
	gbench_use_manual_time(add("some/cell", window, &calls));
	console_output(text, sizeof(text));
	assert_non_null(strstr(text, "Benchmark "));
	line = strstr(text, "some/cell ");
	assert_non_null(line);
	assert_null(strstr(text, "manual_time"));
	/* name, 0.25 s in ns, CPU time (any), iterations, counters, label */
	assert_non_null(strstr(line, " 250000000 ns "));
	assert_non_null(strstr(line, " ns            1 flip=0.25 granted=40/s "
				     "refused=3 labelled\n"));
}

static void test_gbench_semantics_is_a_known_one(void **state)
{
	enum gbench_semantics found = GBENCH_SEMANTICS_UNKNOWN;
	size_t n;

	(void)state;
	assert_int_equal(gbench_probe_semantics(&found), 0);
	assert_int_not_equal(found, GBENCH_SEMANTICS_UNKNOWN);
	if (!strcmp(gbench_library_version(), "1.7.1"))
		assert_int_equal(found, GBENCH_TIME_DIVIDED_RATE_TOTAL);
	/* Twice, and it leaves nothing that a filter sees. */
	assert_int_equal(gbench_probe_semantics(&found), 0);
	assert_int_equal(gbench_list("", NULL, NULL, &n), -ENOENT);
}

static void test_gbench_init_takes_the_filter_and_leaves_the_rest(void **state)
{
	char name[] = "prog";
	char *argv[] = { name, "--help", "--benchmark_filter=^y$", "x", NULL };
	char *bad[] = { name, "--benchmark_filter=z", "--benchmark_format=q",
			NULL };
	char text[4096];
	int calls = 0, argc = 4, nbad = 3;
	struct rows rows = { 0 };

	(void)state;
	assert_int_equal(gbench_init(&argc, argv), 0);
	assert_int_equal(argc, 3);
	assert_string_equal(argv[1], "--help");
	assert_string_equal(argv[2], "x");
	assert_null(argv[3]);
	assert_int_equal(gbench_init(&nbad, bad), -ENOTSUP);
	assert_non_null(strstr(gbench_last_error(), "--benchmark_format=q"));
	assert_int_equal(nbad, 3);
	memset(name, '!', 4); /* the library would still point here */
	gbench_use_manual_time(add("x", window, &calls));
	gbench_use_manual_time(add("y", window, &calls));
	assert_int_equal(rows_run(&rows, NULL, NULL), 0);
	assert_int_equal(rows.n, 1);
	assert_string_equal(rows.row[0].name, "y");
	console_output(text, sizeof(text));
	assert_non_null(strstr(text, "Running prog\n"));
	assert_int_equal(gbench_shutdown(), 0);
	assert_int_equal(gbench_shutdown(), 0);
}

static void test_gbench_header_is_clean_as_c11_and_cxx17(void **state)
{
	static const char *const with[] = { "gcc -std=c11 -x c",
					    "clang -std=c11 -x c",
					    "g++ -std=c++17 -x c++",
					    "clang++ -std=c++17 -x c++" };
	static const char include[] = "echo '#include \"harness/gbench.h\"'";
	char line[512];
	int tried = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		int n = (int)strcspn(with[i], " ");

		snprintf(line, sizeof(line), "command -v %.*s >/dev/null", n,
			 with[i]);
		if (system(line))
			continue;
		tried++;
		snprintf(line, sizeof(line),
			 "%s | %s -pedantic -Wall -Wextra -Werror "
			 "-fsyntax-only -I%s -",
			 include, with[i], SOURCE_DIR);
		assert_int_equal(system(line), 0);
	}
	if (!tried)
		skip();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(test_gbench_##name, clear)
		TEST(manual_time_is_delivered_exactly),
		TEST(counters_are_delivered_by_name_and_flag),
		TEST(names_lose_only_the_librarys_endings),
		TEST(repetitions_are_rows_without_aggregates),
		TEST(batch_loop_runs_the_exact_count),
		TEST(filter_sees_names_as_registered),
		TEST(filter_without_a_match_is_enoent),
		TEST(row_callback_can_stop_the_run),
		TEST(ignores_the_librarys_environment),
		TEST(console_line_has_its_golden_shape),
		TEST(semantics_is_a_known_one),
		TEST(init_takes_the_filter_and_leaves_the_rest),
		TEST(header_is_clean_as_c11_and_cxx17),
	};

	/* The library has read its environment by now: set it and start over.
	 */
	if (argc == 1) {
		unlink(ENV_OUT);
		setenv("BENCHMARK_REPETITIONS", "3", 1);
		setenv("BENCHMARK_FORMAT", "json", 1);
		setenv("BENCHMARK_OUT", ENV_OUT, 1);
		execl("/proc/self/exe", argv[0], "again", NULL);
		unsetenv("BENCHMARK_REPETITIONS");
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
