/* SPDX-License-Identifier: MIT */
/*
 * test_plot.c: figures are written, drawn where there is gnuplot, and readable.
 */
#include "bench/report/plot.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/report/plot_labels.h"
#include "bench/report/plot_svg.h"
#include "bench/report/summary.h"
#include "synthetic_run.h"

#define SCRIPTS SOURCE_DIR "/plots"

static const int two_counts[] = { 1, 2, 0 };
static const int one_count[] = { 2, 0 };

static const struct synthetic small = {
	.counts = two_counts,
	.schemes = 5,
	.rounds = 9,
	.unloads = 20,
	.vm = true,
};

static const char *const figures[] = { "scaling",      "scaling-rcu",
				       "latency-try",  "latency-wait",
				       "tradeoff-try", "tradeoff-wait" };

static int plot(const struct synthetic *s, const char *dir, char why[512])
{
	json_t *run = synthetic_run(s);
	int err;

	why[0] = '\0';
	json_object_set_new(json_object_get(run, "unloadbench"), "summary",
			    summary_make(run));
	err = plot_run(run, dir, SCRIPTS, why, 512);
	json_decref(run);
	return err;
}

static bool has_file(const char *dir, const char *name, const char *end)
{
	char path[512];
	FILE *file;
	long n = 0;

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, end);
	file = fopen(path, "r");
	if (!file)
		return false;
	fseek(file, 0, SEEK_END);
	n = ftell(file);
	fclose(file);
	return n > 100;
}

static void remove_all(const char *dir)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

/* Runs without gnuplot by way of an empty search path. */
static int plot_without_gnuplot(const char *dir, char why[512])
{
	char *path = strdup(getenv("PATH"));
	int err;

	setenv("PATH", "/nonexistent", 1);
	err = plot(&small, dir, why);
	setenv("PATH", path, 1);
	free(path);
	return err;
}

static void test_plot_without_gnuplot_leaves_data_and_scripts(void **state)
{
	char dir[] = "/tmp/test_plot.XXXXXX", why[512];

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(plot_without_gnuplot(dir, why), -ENOPKG);
	assert_non_null(strstr(why, "no gnuplot"));
	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
		assert_true(has_file(dir, figures[i], ".tsv"));
		assert_true(has_file(dir, figures[i], ".gp"));
		assert_false(has_file(dir, figures[i], ".svg"));
	}
	assert_true(has_file(dir, "style", ".gp"));
	remove_all(dir);
}

static void draw_and_look(const struct synthetic *s)
{
	char dir[] = "/tmp/test_plot.XXXXXX", why[512];

	if (system("gnuplot --version > /dev/null 2>&1")) {
		printf("no gnuplot here\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	assert_int_equal(plot(s, dir, why), 0);
	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
		assert_true(has_file(dir, figures[i], ".svg"));
		assert_true(has_file(dir, figures[i], ".png"));
	}
	remove_all(dir);
}

static void test_plot_draws_every_figure(void **state)
{
	(void)state;
	draw_and_look(&small);
}

static void test_plot_of_one_cpu_count_draws_every_figure(void **state)
{
	struct synthetic s = small;

	(void)state;
	s.counts = one_count;
	draw_and_look(&s);
}

static void test_plot_of_nothing_says_so(void **state)
{
	char dir[] = "/tmp/test_plot.XXXXXX", why[512] = "";
	json_t *run = json_pack("{s:[], s:{s:i, s:{s:[]}, s:{s:[], s:[]}}}",
				"benchmarks", "unloadbench", "schema", 1,
				"plan", "cells", "summary", "cells", "groups");

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(plot_run(run, dir, SCRIPTS, why, sizeof(why)),
			 -ENODATA);
	assert_string_equal(why, "the run has nothing to draw");
	json_decref(run);
	remove_all(dir);
}

static void test_plot_into_no_directory_is_an_error(void **state)
{
	char why[512];

	(void)state;
	assert_int_equal(plot(&small, "/proc/nowhere", why), -ENOENT);
	assert_non_null(strstr(why, "/proc/nowhere"));
}

static bool overlap(const struct mark *a, const struct mark *b)
{
	return a->text_x < b->text_right && b->text_x < a->text_right &&
	       a->text_y - 6 < b->text_y + 6 && b->text_y - 6 < a->text_y + 6;
}

/* Forty points on 400 x 80 pixels. */
static void test_labels_in_a_crowd_cover_none_other(void **state)
{
	struct mark marks[40];

	(void)state;
	for (int i = 0; i < 40; i++)
		marks[i] = (struct mark){
			.x = 100 + i * 10,
			.y = 200 + i % 5 * 20,
			.text = i < 4 ? "a_long_name, 128" : "64",
			.wanted = i < 4,
		};
	labels_place(marks, 40, 800, 400);
	for (int i = 0; i < 40; i++) {
		assert_true(marks[i].placed || i >= 4);
		for (int k = 0; k < i; k++)
			if (marks[i].placed && marks[k].placed)
				assert_false(overlap(&marks[i], &marks[k]));
	}
}

static void test_svg_gets_title_and_escaped_description(void **state)
{
	char path[] = "/tmp/test_plot.XXXXXX", text[256] = "";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	(void)state;
	fputs("<svg>\n<title>Gnuplot</title>\n<desc>by</desc>\n<g/></svg>\n",
	      file);
	fclose(file);
	assert_int_equal(plot_svg_describe(path, "T", "a < b & c"), 0);
	file = fopen(path, "r");
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	unlink(path);
	assert_string_equal(text, "<svg>\n<title>T</title>\n<desc>a &lt; b "
				  "&amp; c</desc>\n<g/></svg>\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_plot_without_gnuplot_leaves_data_and_scripts),
		cmocka_unit_test(test_plot_draws_every_figure),
		cmocka_unit_test(test_plot_of_one_cpu_count_draws_every_figure),
		cmocka_unit_test(test_plot_of_nothing_says_so),
		cmocka_unit_test(test_plot_into_no_directory_is_an_error),
		cmocka_unit_test(test_labels_in_a_crowd_cover_none_other),
		cmocka_unit_test(test_svg_gets_title_and_escaped_description),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
