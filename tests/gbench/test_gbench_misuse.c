/* SPDX-License-Identifier: MIT */
/*
 * test_gbench_misuse.c: what the library would abort over, or lie about.
 *
 * Idea.  Each misuse returns its errno and a sentence, or makes an error row;
 *        that this program reaches its end is half of every test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <time.h>

#include "rows.h"

/*
 * What a C++ user's callback may do: throw, by the Itanium C++ ABI and by two
 * functions which libstdc++ exports for its own headers.  This file is compiled
 * with -fexceptions, so that its frames may be unwound.
 */
extern const char type_of_int[] __asm__("_ZTIi");
void *__cxa_allocate_exception(size_t bytes);
_Noreturn void __cxa_throw(void *thrown, const void *type,
			   void (*destroy)(void *));
_Noreturn void
throw_runtime_error(const char *what) __asm__("_ZSt21__throw_runtime_errorPKc");
_Noreturn void throw_bad_alloc(void) __asm__("_ZSt17__throw_bad_allocv");

/* The call returned @err, and the last error says @word. */
#define assert_fails(call, err, word)                                          \
	do {                                                                   \
		assert_int_equal((call), (err));                               \
		assert_non_null(strstr(gbench_last_error(), (word)));          \
	} while (0)

static void loop(struct gbench_state *s, void *user)
{
	(void)user;
	while (gbench_keep_running(s))
		gbench_clobber();
}

static void timed(struct gbench_state *s, void *user)
{
	(void)user;
	while (gbench_keep_running(s))
		gbench_set_iteration_time(s, 1);
}

static int clear(void **state)
{
	(void)state;
	return gbench_clear();
}

static struct gbench_benchmark *add(const char *name,
				    void (*fn)(struct gbench_state *, void *))
{
	struct gbench_benchmark *b;

	assert_int_equal(gbench_register(name, fn, NULL, &b), 0);
	return b;
}

/* Runs @fn for four iterations; returns its one row. */
static const struct gbench_row *
row_of(void (*fn)(struct gbench_state *, void *), bool manual)
{
	static struct rows rows;
	struct gbench_benchmark *b = add("it", fn);

	memset(&rows, 0, sizeof(rows));
	gbench_set_iterations(b, 4);
	if (manual)
		gbench_use_manual_time(b);
	assert_int_equal(rows_run(&rows, "", NULL), 0);
	assert_int_equal(rows.n, 1);
	gbench_clear();
	return &rows.row[0];
}

static void test_gbench_register_refuses_bad_names(void **state)
{
	static const char *const bad[] = {
		"",
		"a\nb",
		"a\x7f",
		"DISABLED_x",
		"x/repeats:3",
		"x/iterations:1/manual_time",
		"x/real_time",
		NULL,
	};
	struct gbench_benchmark *b = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails(gbench_register(bad[i], loop, NULL, &b), -EINVAL,
			     i < 3 ? "printable" : "");
	assert_fails(gbench_register("x", NULL, NULL, &b), -EINVAL, "function");
	assert_fails(gbench_register("x", loop, NULL, NULL), -EINVAL, "result");
	assert_null(b);
	assert_int_equal(gbench_list("", NULL, NULL, NULL), -ENOENT);
}

static void test_gbench_settings_are_checked(void **state)
{
	const int64_t args[2] = { 8, 16 };
	struct gbench_benchmark *b = add("x", loop), *m = add("y", loop);

	(void)state;
	assert_fails(gbench_set_iterations(b, 0), -EINVAL, "iterations");
	assert_fails(gbench_set_iterations(NULL, 1), -EINVAL, "iterations");
	assert_fails(gbench_set_repetitions(b, 0), -EINVAL, "repetitions");
	assert_fails(gbench_set_unit(b, 9), -EINVAL, "unit");
	assert_int_equal(gbench_use_real_time(b), 0);
	assert_fails(gbench_use_manual_time(b), -EINVAL, "real");
	assert_int_equal(gbench_use_manual_time(m), 0);
	assert_fails(gbench_use_real_time(m), -EINVAL, "manual");
	assert_int_equal(gbench_add_args(b, args, 2), 0);
	assert_fails(gbench_add_args(b, args, 1), -EINVAL, "differs");
	assert_fails(gbench_run(NULL, "", NULL), -EINVAL, "reporter");
	assert_fails(gbench_probe_semantics(NULL), -EINVAL, "return");
	assert_fails(gbench_init(NULL, NULL), -EINVAL, "argument");
}

static void returns_at_once(struct gbench_state *s, void *user)
{
	(void)s;
	(void)user;
}

static void breaks(struct gbench_state *s, void *user)
{
	(void)user;
	GBENCH_LOOP(s, 2)
	break;
}

static void breaks_paused(struct gbench_state *s, void *user)
{
	(void)user;
	gbench_keep_running(s);
	gbench_pause(s);
}

static void test_gbench_unfinished_loop_is_an_error_row(void **state)
{
	(void)state;
	assert_string_equal(row_of(returns_at_once, false)->error,
			    "it never ran its loop");
	assert_string_equal(row_of(breaks, false)->error,
			    "it left its loop early");
	assert_string_equal(row_of(breaks_paused, false)->error,
			    "it left its loop early");
	assert_string_equal(row_of(loop, true)->error,
			    "it never set its manual time");
	assert_null(row_of(loop, false)->error);
	assert_null(row_of(timed, true)->error);
}

static void pauses(struct gbench_state *s, void *user)
{
	(void)user;
	assert_int_equal(gbench_pause(s), -EINVAL);
	assert_int_equal(gbench_resume(s), -EINVAL);
	while (gbench_keep_running(s)) {
		assert_int_equal(gbench_resume(s), -EINVAL);
		assert_int_equal(gbench_pause(s), 0);
		assert_fails(gbench_pause(s), -EINVAL, "paused");
	}
	assert_int_equal(gbench_pause(s), -EINVAL);
	assert_false(gbench_keep_running(s));
	assert_int_equal(gbench_keep_running_batch(s, 8), 0);
}

static void test_gbench_pauses_out_of_order_are_refused(void **state)
{
	(void)state;
	assert_null(row_of(pauses, false)->error);
}

static void skips(struct gbench_state *s, void *user)
{
	int n = 0;

	(void)user;
	while (gbench_keep_running(s)) {
		n++;
		gbench_pause(s);
		assert_int_equal(gbench_skip_with_error(s, "first"), 0);
		assert_int_equal(gbench_skip_with_error(s, "second"), 0);
		assert_int_equal(gbench_resume(s), -EINVAL);
	}
	assert_int_equal(n, 1);
}

static void skips_before(struct gbench_state *s, void *user)
{
	(void)user;
	gbench_skip_with_error(s, NULL);
	GBENCH_LOOP(s, 16)
	assert_true(false);
}

static void batch_of_none(struct gbench_state *s, void *user)
{
	(void)user;
	assert_int_equal(gbench_keep_running_batch(s, 0), 0);
}

static void test_gbench_skip_with_error_is_one_failed_row(void **state)
{
	struct rows rows = { 0 };
	struct gbench_tally tally;

	(void)state;
	assert_string_equal(row_of(skips, false)->error, "first");
	assert_string_equal(row_of(skips_before, false)->error,
			    "no reason given");
	assert_string_equal(row_of(batch_of_none, false)->error,
			    "batch must be 1 or more");
	gbench_set_iterations(add("bad", skips), 4);
	gbench_set_iterations(add("good", loop), 4);
	assert_int_equal(rows_run(&rows, "", &tally), 0);
	assert_int_equal(tally.rows, 2);
	assert_int_equal(tally.failed, 1);
}

static void sets_wrong(struct gbench_state *s, void *user)
{
	int64_t arg = 5;

	(void)user;
	while (gbench_keep_running(s))
		assert_fails(gbench_set_iteration_time(s, 1), -EINVAL,
			     "manual");
	assert_fails(gbench_set_items(s, 1), -EINVAL, "real or manual");
	assert_fails(gbench_set_bytes(s, 1), -EINVAL, "real or manual");
	assert_fails(gbench_set_counter(s, "a", 1, GBENCH_RATE), -EINVAL,
		     "real or manual");
	assert_fails(gbench_set_counter(s, "", 1, 0), -EINVAL, "name");
	assert_fails(gbench_set_counter(s, "a", 1, 1 << 9), -EINVAL, "flags");
	assert_fails(gbench_set_label(s, "a\tb"), -EINVAL, "label");
	assert_fails(gbench_range(s, 0, &arg), -ERANGE, "arguments");
	assert_int_equal(arg, 5);
	assert_string_equal(gbench_name(s), "it");
	assert_int_equal(gbench_thread_index(s), 0);
	assert_int_equal(gbench_iterations(s), 4);
}

static void times_wrong(struct gbench_state *s, void *user)
{
	(void)user;
	while (gbench_keep_running(s)) {
		assert_int_equal(gbench_set_iteration_time(s, -1), -EINVAL);
		assert_int_equal(gbench_set_iteration_time(s, NAN), -EINVAL);
		assert_int_equal(gbench_set_iteration_time(s, 0.5), 0);
	}
	assert_fails(gbench_set_items(s, -1), -EINVAL, "negative");
	assert_int_equal(gbench_set_items(s, 8), 0);
	assert_int_equal(gbench_set_bytes(s, 16), 0);
}

static void test_gbench_state_calls_are_checked(void **state)
{
	const struct gbench_row *row = row_of(sets_wrong, false);

	(void)state;
	assert_null(row->error);
	assert_int_equal(row->ncounters, 0);
	row = row_of(times_wrong, true);
	assert_null(row->error);
	assert_int_equal(row->ncounters, 2); /* 8 and 16 in 4 x 0.5 s */
	assert_true(row->counters[0].value == 8);
	assert_true(row->counters[1].value == 4);
}

static void sums(struct gbench_state *s, void *user)
{
	int64_t a, b;

	(void)user;
	while (gbench_keep_running(s))
		gbench_use_u64(0);
	assert_int_equal(gbench_range(s, 0, &a), 0);
	assert_int_equal(gbench_range(s, 1, &b), 0);
	assert_int_equal(gbench_range(s, 2, &b), -ERANGE);
	gbench_set_counter(s, "sum", (double)(a + b), GBENCH_PLAIN);
}

static void test_gbench_arguments_reach_the_function(void **state)
{
	const int64_t one[2] = { 8, 16 }, two[2] = { 1, 2 };
	struct rows rows = { 0 };
	struct gbench_benchmark *b = add("sum", sums);

	(void)state;
	gbench_set_iterations(b, 1);
	gbench_add_args(b, one, 2);
	gbench_add_args(b, two, 2);
	assert_int_equal(rows_run(&rows, "sum/.*$", NULL), 0);
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.row[0].name, "sum/8/16");
	assert_true(rows.counter[0][0].value == 24);
	assert_string_equal(rows.row[1].name, "sum/1/2");
	assert_true(rows.counter[1][0].value == 3);
}

static void throw_in_loop(struct gbench_state *s, void *user)
{
	(void)user;
	while (gbench_keep_running(s))
		throw_runtime_error("thrown on purpose");
}

static void throw_int(struct gbench_state *s, void *user)
{
	int *thrown = __cxa_allocate_exception(sizeof(*thrown));

	(void)s;
	(void)user;
	*thrown = 42;
	__cxa_throw(thrown, type_of_int, NULL);
}

static int throw_in_row(void *user, const struct gbench_row *row)
{
	(void)user;
	(void)row;
	throw_bad_alloc();
}

static void test_gbench_exceptions_become_rows_or_errors(void **state)
{
	const struct gbench_reporter thrower = { .row = throw_in_row };

	(void)state;
	assert_string_equal(row_of(throw_in_loop, false)->error,
			    "exception: thrown on purpose");
	assert_string_equal(row_of(throw_int, false)->error,
			    "exception of unknown type");
	gbench_set_iterations(add("x", loop), 1);
	assert_fails(gbench_run(&thrower, "", NULL), -ENOMEM, "memory");
	assert_int_equal(gbench_run(gbench_null(), "", NULL), 0);
}

static void reenters(struct gbench_state *s, void *user)
{
	enum gbench_semantics found;

	(void)user;
	assert_fails(gbench_clear(), -EBUSY, "inside");
	assert_int_equal(gbench_shutdown(), -EBUSY);
	assert_int_equal(gbench_run(gbench_null(), "", NULL), -EBUSY);
	assert_int_equal(gbench_list("", NULL, NULL, NULL), -EBUSY);
	assert_int_equal(gbench_probe_semantics(&found), -EBUSY);
	loop(s, NULL);
}

static void test_gbench_run_inside_a_run_is_busy(void **state)
{
	(void)state;
	assert_null(row_of(reenters, false)->error);
}

static double ns_each(void (*fn)(struct gbench_state *, void *))
{
	struct rows rows = { 0 };
	struct gbench_benchmark *b = add("cost", fn);

	gbench_set_iterations(b, 20000000);
	gbench_use_real_time(b);
	assert_int_equal(rows_run(&rows, "", NULL), 0);
	gbench_clear();
	return rows.row[0].real_time;
}

static void batches(struct gbench_state *s, void *user)
{
	(void)user;
	GBENCH_LOOP(s, 1024)
	gbench_clobber();
}

/* For the reader of the log; asserts nothing about speed. */
static void test_gbench_loop_overhead_is_reported(void **state)
{
	(void)state;
	print_message("an iteration costs %.2f ns by call, %.2f ns by batch\n",
		      ns_each(loop), ns_each(batches));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(test_gbench_##name, clear)
		TEST(register_refuses_bad_names),
		TEST(settings_are_checked),
		TEST(unfinished_loop_is_an_error_row),
		TEST(pauses_out_of_order_are_refused),
		TEST(skip_with_error_is_one_failed_row),
		TEST(state_calls_are_checked),
		TEST(arguments_reach_the_function),
		TEST(exceptions_become_rows_or_errors),
		TEST(run_inside_a_run_is_busy),
		TEST(loop_overhead_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
