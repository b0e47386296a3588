/* SPDX-License-Identifier: MIT */
/*
 * report_claims.c: what speaks against a run, and what it shows all the same.
 *
 * Idea.  Nobody writes such a sentence by hand: the best and the worst of every
 * scheme come from the same table, each with its interval.
 */
#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/labels.h"
#include "bench/report/report_parts.h"

#define FLOOR_SCHEME "none" /* a bound on what is possible, no contender */
#define LINE_BYTES   1024

static void doubt_torture(const struct report *report)
{
	const json_t *torture = json_object_get(report->ours, "torture");
	const char *status = field_string(torture, "status", "none");
	char line[LINE_BYTES];

	if (!strcmp(status, "passed"))
		snprintf(line, sizeof(line), "passed for this build (%.0f s).",
			 field_number(torture, "seconds"));
	else if (!strcmp(status, "failed"))
		strcpy(line, "FAILED for this build: a scheme was seen to be "
			     "unsafe. These numbers are worth nothing.");
	else
		strcpy(line, "none for this build: nobody has tried to break "
			     "these schemes as built.");
	text_wrap(&report->text, "Torture: ", line);
}

/* Groups in which the base differs from itself. */
static void doubt_noise(const struct report *report)
{
	const json_t *groups = json_object_get(report->summary, "groups");
	const json_t *group;
	size_t i, n = 0, n_off = 0;
	char line[LINE_BYTES];

	json_array_foreach (groups, i, group) {
		const json_t *aa = json_object_get(group, "aa");
		double lo = field_number(aa, "lo"), hi = field_number(aa, "hi");

		n += isfinite(lo);
		n_off += lo > 1 || hi < 1;
	}
	if (!n_off)
		return;
	snprintf(line, sizeof(line),
		 "the base differs from itself in %zu of %zu comparisons; "
		 "chance alone gives about 1 in 20.",
		 n_off, n);
	text_wrap(&report->text, "A/A: ", line);
}

static void doubt_warnings(const struct report *report)
{
	const json_t *warning;
	size_t i;

	json_array_foreach (json_object_get(report->ours, "warnings"), i,
			    warning)
		if (!strcmp(field_string(warning, "level", ""), "bad"))
			text_wrap(&report->text,
				  "Bad: ", field_string(warning, "text", "?"));
}

void report_doubts(const struct report *report)
{
	const json_t *machine = json_object_get(report->ours, "machine");
	size_t n_failed =
		json_array_size(json_object_get(report->ours, "failed"));
	char line[LINE_BYTES];

	if (json_is_true(json_object_get(machine, "virtual_machine")))
		text_line(&report->text, "VM: compare rows, not machines.");
	if (json_is_true(json_object_get(report->ours, "partial")))
		text_wrap(&report->text, "Partial: ",
			  "the run was ended before its plan was.");
	if (n_failed) {
		snprintf(line, sizeof(line),
			 "%zu %s gave nothing; see the end.", n_failed,
			 n_failed == 1 ? "cell or round of one"
				       : "cells or rounds of cells");
		text_wrap(&report->text, "Failed: ", line);
	}
	doubt_torture(report);
	doubt_noise(report);
	doubt_warnings(report);
	text_line(&report->text, "");
}

/* The comparison that speaks most for a scheme, or most against it. */
struct extreme {
	const json_t *group;
	const json_t *ratio;
	double by; /* log of the factor, above 0 */
};

/* All that may be said of a scheme. */
struct claim {
	struct extreme best;
	struct extreme worst;
	bool has_words;
};

static void keep_larger(struct extreme *extreme, double by, const json_t *group,
			const json_t *ratio)
{
	if (by > extreme->by)
		*extreme = (struct extreme){ group, ratio, by };
}

static void weigh(struct claim *claim, const json_t *group, const json_t *ratio)
{
	bool rate = json_is_true(json_object_get(group, "higher_is_better"));
	const char *word = field_string(ratio, "verdict", "");
	double by = log(field_number(ratio, "value"));

	claim->has_words |= *word;
	if (!strcmp(word, "better"))
		keep_larger(&claim->best, rate ? by : -by, group, ratio);
	if (!strcmp(word, "worse"))
		keep_larger(&claim->worst, rate ? -by : by, group, ratio);
}

static struct claim make_claim(const struct report *report, const char *full)
{
	const json_t *groups = json_object_get(report->summary, "groups");
	const json_t *group, *member;
	struct claim claim = { 0 };
	size_t i, k;

	json_array_foreach (groups, i, group) {
		json_array_foreach (json_object_get(group, "members"), k,
				    member) {
			char label[LABEL_BYTES];

			if (!strcmp(label_full(member, label), full))
				weigh(&claim, group,
				      json_object_get(member, "ratio"));
		}
	}
	return claim;
}

static void describe(const struct report *report, const char *what,
		     const struct extreme *x, char ret[LINE_BYTES])
{
	const char *workload = field_string(x->group, "workload", "");
	bool unload = !strcmp(workload, "unload");
	json_int_t cpus = field_int(x->group, "cpus", 0);
	char value[TEXT_NUMBER_BYTES], bounds[TEXT_INTERVAL_BYTES];
	char setting[256];

	if (!x->group) {
		snprintf(ret, LINE_BYTES, "%s: none shown. ", what);
		return;
	}
	label_setting(report_group_cell(report, x->group), setting,
		      sizeof(setting));
	snprintf(ret, LINE_BYTES, "%s: x%s %s the %s (%s, %lld CPU%s, %s). ",
		 what, text_number(field_number(x->ratio, "value"), value),
		 text_bounds(field_number(x->ratio, "lo"),
			     field_number(x->ratio, "hi"), bounds),
		 unload ? "unload p50" : "throughput", workload,
		 (long long)cpus, cpus == 1 ? "" : "s", setting);
}

static void print_claim(const struct report *report, const char *full,
			const struct claim *claim)
{
	const char *base = field_string(report->plan, "base", "the base");
	char line[LINE_BYTES], label[LABEL_BYTES + 96];

	snprintf(label, sizeof(label), "%s against %.60s:", full, base);
	text_wrap(&report->text, "", label);
	if (!claim->best.group && !claim->worst.group) {
		text_wrap(&report->text, "  ", "not separated by this run.");
		return;
	}
	describe(report, "largest gain", &claim->best, line);
	text_wrap(&report->text, "  ", line);
	describe(report, "largest loss", &claim->worst, line);
	text_wrap(&report->text, "  ", line);
}

void report_claims(const struct report *report)
{
	const char *base = field_string(report->plan, "base", "");
	size_t n_claims = 0;
	const char *full;
	json_t *label;

	json_object_foreach (report->labels, full, label) {
		struct claim claim = make_claim(report, full);

		if (!claim.has_words || !strcmp(full, FLOOR_SCHEME) ||
		    !strcmp(full, base))
			continue;
		print_claim(report, full, &claim);
		n_claims++;
	}
	if (!n_claims)
		text_wrap(
			&report->text, "",
			"No claim is made: that takes another scheme beside "
			"the base on CPUs of their own, 9 rounds, an A/A twin "
			"and a floor under 100%.");
	text_line(&report->text, "");
}
