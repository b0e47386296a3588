/* SPDX-License-Identifier: MIT */
/*
 * report_text.h: prints reports of made-up runs into memory.
 */
#ifndef TESTS_REPORT_TEXT_H
#define TESTS_REPORT_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/report/report.h"
#include "bench/report/summary.h"
#include "synthetic_run.h"

static const int two_counts[] = { 1, 2, 0 };

static const struct synthetic small = {
	.counts = two_counts,
	.schemes = 5,
	.rounds = 9,
	.unloads = 20,
	.vm = true,
};

/** print_run() - the report of @run, which it takes; the caller frees
 *
 * Inlined, gcc 12 would take the text for the variable that points to it. */
__attribute__((noinline)) static char *print_run(json_t *run, int width)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	json_object_set_new(json_object_get(run, "unloadbench"), "summary",
			    summary_make(run));
	assert_int_equal(report_print(out, run, width), 0);
	fclose(out);
	json_decref(run);
	return text;
}

static char *print(const struct synthetic *s, int width)
{
	return print_run(synthetic_run(s), width);
}

#endif
