/* SPDX-License-Identifier: MIT */
/*
 * report_columns.c: what the tables say of one cell; see report_columns.h.
 */
#include "bench/report/report_columns.h"

#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/summary.h"

#define A_MILLION  1e-6
#define NS_TO_US   1e-3
#define NOTE_BYTES 96
#define PERCENT	   100.0
#define CPUS_AND_SCHEME                                                        \
	{ "CPUs", false },                                                     \
	{                                                                      \
		"scheme", true                                                 \
	}
#define KIND(columns_, add_)                                                   \
	{                                                                      \
		.columns = columns_,                                           \
		.n_columns = sizeof(columns_) / sizeof(*(columns_)),           \
		.add = add_,                                                   \
	}

void report_add_text(json_t *row, const char *text)
{
	json_array_append_new(row, json_string(text));
}

void report_add_figure(struct report *report, json_t *row, const json_t *figure,
		       double scale)
{
	double value = field_number(figure, "value");
	const char *why = field_string(figure, "why", "not measured here");
	const char *n = strstr(why, ", has ");
	char text[TEXT_NUMBER_BYTES], need[NOTE_BYTES];

	/* How many there are is in the table: one note for all that lack. */
	if (n)
		snprintf(need, sizeof(need), "%.*s", (int)(n - why), why);
	if (isnan(value))
		notes_mark(&report->notes, n ? need : why, text);
	else
		text_number(scale * value, text);
	report_add_text(row, text);
}

const json_t *report_result(const struct report *report, const json_t *member)
{
	return json_object_get(report->results,
			       field_string(member, "cell", ""));
}

const json_t *report_metric(const struct report *report, const json_t *member,
			    const char *key)
{
	const json_t *result = report_result(report, member);

	return json_object_get(json_object_get(result, "metrics"), key);
}

/* How far the farther bound is from the median, in percent. */
static void add_spread(json_t *row, const json_t *figure)
{
	double value = field_number(figure, "value");
	double below = value - field_number(figure, "lo");
	double above = field_number(figure, "hi") - value;
	char text[TEXT_NUMBER_BYTES] = "";

	if (!isnan(below) && value > 0)
		text_number(PERCENT * fmax(below, above) / value, text);
	report_add_text(row, text);
}

/* The word, "too noisy", or a mark where the group admits no word. */
static void add_word(struct report *report, json_t *row, const json_t *group,
		     const json_t *ratio)
{
	const char *word = field_string(ratio, "verdict", "");
	const char *why = field_string(ratio, "verdict_why", "");
	char note[NOTE_BYTES], mark[TEXT_NUMBER_BYTES];

	snprintf(note, sizeof(note), "no word: %s", why);
	if (!strcmp(why, SUMMARY_TOO_NOISY))
		word = why;
	else if (*why && !strcmp(why, field_string(group, "no_verdict", "")))
		word = notes_mark(&report->notes, note, mark);
	else if (!strcmp(word, "not separated"))
		word = "";
	report_add_text(row, word);
}

/* Ratio, bounds and word; "~" where no difference is shown. */
static void add_ratio(struct report *report, json_t *row, const json_t *group,
		      const json_t *ratio)
{
	double value = field_number(ratio, "value");
	const char *word = field_string(ratio, "verdict", "");
	bool same = !strcmp(word, "same");
	bool unclear = !strcmp(word, "not separated");
	char text[TEXT_INTERVAL_BYTES], number[TEXT_NUMBER_BYTES];

	if (isnan(value))
		notes_mark(&report->notes, field_string(ratio, "why", "?"),
			   text);
	else if (same || unclear)
		strcpy(text, "~");
	else
		snprintf(text, sizeof(text), "x%s", text_number(value, number));
	report_add_text(row, text);
	report_add_text(row, text_bounds(field_number(ratio, "lo"),
					 field_number(ratio, "hi"), text));
	add_word(report, row, group, ratio);
}

static void add_comparison(struct report *report, json_t *row,
			   const json_t *group, const json_t *member)
{
	const char *key = field_string(group, "metric", "");
	double scale = strcmp(key, "p50_ns") ? A_MILLION : NS_TO_US;
	const json_t *ratio = json_object_get(member, "ratio");

	report_add_figure(report, row, report_metric(report, member, key),
			  scale);
	add_spread(row, report_metric(report, member, key));
	if (ratio)
		add_ratio(report, row, group, ratio);
	else
		report_add_text(row, "base");
}

static const json_t *quantile(const struct report *report, const json_t *member,
			      const char *key)
{
	const json_t *result = report_result(report, member);

	return json_object_get(json_object_get(result, "quantiles"), key);
}

static void add_count(const struct report *report, json_t *row,
		      const json_t *member)
{
	const json_t *n = quantile(report, member, "n");
	char text[TEXT_NUMBER_BYTES];

	snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(n));
	report_add_text(row, text);
}

static void add_quantile(struct report *report, json_t *row,
			 const json_t *member, const char *key)
{
	report_add_figure(report, row, quantile(report, member, key), NS_TO_US);
}

static void add_tail(struct report *report, json_t *row, const json_t *member)
{
	add_quantile(report, row, member, "p90_ns");
	add_quantile(report, row, member, "p99_ns");
	add_quantile(report, row, member, "max_ns");
}

static void add_ipis(struct report *report, json_t *row, const json_t *member)
{
	report_add_figure(report, row, report_metric(report, member, "ipis"),
			  1);
}

static void add_try(struct report *report, json_t *row, const json_t *group,
		    const json_t *member)
{
	(void)group;
	add_count(report, row, member);
	add_quantile(report, row, member, "p50_ns");
	report_add_figure(report, row,
			  report_metric(report, member, "p50_success_ns"),
			  NS_TO_US);
	add_tail(report, row, member);
	report_add_figure(report, row, report_metric(report, member, "success"),
			  PERCENT);
	add_ipis(report, row, member);
}

static void add_wait(struct report *report, json_t *row, const json_t *group,
		     const json_t *member)
{
	(void)group;
	add_count(report, row, member);
	add_quantile(report, row, member, "p50_ns");
	add_tail(report, row, member);
	report_add_figure(report, row,
			  report_metric(report, member, "attempts"), 1);
	add_ipis(report, row, member);
}

static void add_metrics(struct report *report, json_t *row,
			const json_t *member, const char *const *keys)
{
	for (; *keys; keys++)
		report_add_figure(report, row,
				  report_metric(report, member, *keys),
				  NS_TO_US);
}

static void add_phases(struct report *report, json_t *row, const json_t *group,
		       const json_t *member)
{
	static const char *const keys[] = {
		"phase_going_ns",   "phase_drained_ns", "phase_quiesced_ns",
		"phase_decided_ns", "returned_ns",	NULL,
	};

	(void)group;
	add_metrics(report, row, member, keys);
}

static void add_beside(struct report *report, json_t *row, const json_t *group,
		       const json_t *member)
{
	static const char *const keys[] = { "exit_ns", "phase_freeable_ns",
					    "insert_ns", NULL };

	(void)group;
	add_metrics(report, row, member, keys);
}

/* A gap the bystander could not see is shorter than what it sees. */
static void add_gap(struct report *report, json_t *row, const json_t *member,
		    const char *key)
{
	const json_t *gap = report_metric(report, member, key);

	if (field_number(gap, "value") == 0)
		report_add_text(row, "<0.5");
	else
		report_add_figure(report, row, gap, NS_TO_US);
}

static void add_storm(struct report *report, json_t *row, const json_t *group,
		      const json_t *member)
{
	(void)group;
	report_add_figure(
		report, row,
		json_object_get(report_result(report, member), "kept"),
		PERCENT);
	report_add_figure(report, row,
			  report_metric(report, member, "refused_share"),
			  PERCENT);
	report_add_figure(report, row, report_metric(report, member, "unloads"),
			  1);
	report_add_figure(report, row,
			  report_metric(report, member, "stall_max_ns"),
			  NS_TO_US);
	add_gap(report, row, member, "bystander_p50_ns");
	add_gap(report, row, member, "bystander_p90_ns");
	add_gap(report, row, member, "bystander_quiet_p50_ns");
}

static const struct column rate_columns[] = {
	CPUS_AND_SCHEME,    { "M/s", false },	  { "+-%", false },
	{ "ratio", false }, { "[95% CI]", true }, { "word", true },
};
static const struct column time_columns[] = {
	CPUS_AND_SCHEME,    { "us", false },	  { "+-%", false },
	{ "ratio", false }, { "[95% CI]", true }, { "word", true },
};
static const struct column try_columns[] = {
	CPUS_AND_SCHEME,    { "n", false },   { "p50", false },
	{ "p50ok", false }, { "p90", false }, { "p99", false },
	{ "max", false },   { "ok%", false }, { "IPIs", false },
};
static const struct column wait_columns[] = {
	CPUS_AND_SCHEME,    { "n", false },    { "p50", false },
	{ "p90", false },   { "p99", false },  { "max", false },
	{ "tries", false }, { "IPIs", false },
};
static const struct column phase_columns[] = {
	CPUS_AND_SCHEME,       { "going", false },   { "drained", false },
	{ "quiesced", false }, { "decided", false }, { "returned", false },
};
static const struct column beside_columns[] = {
	CPUS_AND_SCHEME,
	{ "exit", false },
	{ "freeable", false },
	{ "insert", false },
};
static const struct column storm_columns[] = {
	CPUS_AND_SCHEME,      { "kept%", false }, { "refus%", false },
	{ "unloads", false }, { "stall", false }, { "by p50", false },
	{ "by p90", false },  { "quiet", false },
};

const struct table_kind report_rate_table = KIND(rate_columns, add_comparison);
const struct table_kind report_time_table = KIND(time_columns, add_comparison);
const struct table_kind report_try_table = KIND(try_columns, add_try);
const struct table_kind report_wait_table = KIND(wait_columns, add_wait);
const struct table_kind report_phase_table = KIND(phase_columns, add_phases);
const struct table_kind report_beside_table = KIND(beside_columns, add_beside);
const struct table_kind report_storm_table = KIND(storm_columns, add_storm);
