/* SPDX-License-Identifier: MIT */
/*
 * report_tables.c: schemes against each other, one table a question.
 *
 * Idea.  A table is a series of groups, cells alike in all but scheme and CPUs.
 * What is not known is a mark that a note below the table explains.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/labels.h"
#include "bench/report/report_columns.h"

#define MATRIX_COUNTS 6 /* CPU counts side by side */
#define CPUS_BYTES    16

/* A series of the summary and the table being made of it. */
struct making {
	struct report *report;
	const char *series;
	json_t *rows;
	bool has_own_table;
	bool was_apart; /* own tables ran apart from their group */
	bool has_shared_cpu;
	bool has_oversubscribed;
};

static const json_t *all_groups(const struct report *report)
{
	return json_object_get(report->summary, "groups");
}

static bool in_series(const struct making *making, const json_t *group)
{
	return !strcmp(field_string(group, "series", ""), making->series);
}

static void add_label(struct making *making, json_t *row, const json_t *member)
{
	const struct report *report = making->report;
	const json_t *cell = json_object_get(report->planned,
					     field_string(member, "cell", ""));
	bool own = json_is_true(json_object_get(member, "own_table"));
	char full[LABEL_BYTES], text[LABEL_BYTES + 2];

	label_full(cell, full);
	snprintf(text, sizeof(text), "%s%s",
		 field_string(report->labels, full, full), own ? "*" : "");
	making->has_own_table |= own;
	making->was_apart |= json_is_true(json_object_get(member, "apart"));
	report_add_text(row,
			field_int(member, "aa", 1) > 1 ? "A/A twin" : text);
}

/* The CPUs of a cell, marked where its threads had to share them. */
static void add_cpus(struct making *making, json_t *row, const json_t *group,
		     const json_t *member)
{
	const json_t *result = report_result(making->report, member);
	bool over = label_has(result, "oversubscribed");
	bool shared = label_has(result, "shared_cpu");
	char cpus[CPUS_BYTES];

	snprintf(cpus, sizeof(cpus), "%s%lld",
		 over	  ? "o"
		 : shared ? "s"
			  : "",
		 (long long)field_int(group, "cpus", 0));
	making->has_oversubscribed |= over;
	making->has_shared_cpu |= shared;
	report_add_text(row, cpus);
}

static void print_made(struct making *making, const struct column *columns,
		       size_t n_columns)
{
	const struct text *text = &making->report->text;

	text_line(text, "");
	text_table(text, columns, n_columns, making->rows);
	if (making->has_own_table)
		text_wrap(text, "*: ",
			  making->was_apart
				  ? "brings its own table, whatever the "
				    "others'; measured once a round, not "
				    "beside this group"
				  : "brings its own table, whatever the "
				    "others'");
	if (making->has_shared_cpu)
		text_line(text, "s: the unloader shares a CPU with a reader");
	if (making->has_oversubscribed)
		text_line(text, "o: more threads than CPUs");
	notes_print(text, &making->report->notes);
	text_line(text, "");
	json_decref(making->rows);
}

static void add_group(struct making *making, const json_t *group,
		      const struct table_kind *kind)
{
	const json_t *member;
	size_t i;

	json_array_foreach (json_object_get(group, "members"), i, member) {
		json_t *row = json_array();

		add_cpus(making, row, group, member);
		add_label(making, row, member);
		kind->add(making->report, row, group, member);
		json_array_append_new(making->rows, row);
	}
}

static void print_table(struct report *report, const char *series,
			const char *title, const struct table_kind *kind)
{
	struct making making = {
		.report = report,
		.series = series,
		.rows = json_array(),
	};
	const json_t *group;
	size_t i;

	text_wrap(&report->text, "", title);
	json_array_foreach (all_groups(report), i, group) {
		if (!in_series(&making, group))
			continue;
		if (json_array_size(making.rows))
			json_array_append_new(making.rows, json_array());
		add_group(&making, group, kind);
	}
	print_made(&making, kind->columns, kind->n_columns);
}

/* The member of @group whose scheme and parameters are those of @model. */
static const json_t *like(const json_t *group, const json_t *model)
{
	static const char *const keys[] = { "scheme", "aa", "params" };
	const json_t *member;
	size_t i, k;

	json_array_foreach (json_object_get(group, "members"), i, member) {
		for (k = 0; k < 3; k++) {
			json_t *a = json_object_get(member, keys[k]);
			json_t *b = json_object_get(model, keys[k]);

			if (a != b && !json_equal(a, b))
				break;
		}
		if (k == 3)
			return member;
	}
	return NULL;
}

static const json_t *matrix_figure(const struct report *report,
				   const json_t *member, const char *key)
{
	if (!strcmp(key, "scaling"))
		return json_object_get(report_result(report, member), key);
	return report_metric(report, member, key);
}

/* Rows: schemes; columns: groups[n] of one series, which differ in CPUs. */
static void print_matrix(struct making *making, const json_t *const *groups,
			 size_t n, const char *key)
{
	struct column columns[MATRIX_COUNTS + 1] = { { "scheme", true } };
	char heads[MATRIX_COUNTS][CPUS_BYTES + 5];
	const json_t *member;
	size_t i;

	making->rows = json_array();
	for (i = 0; i < n; i++) {
		snprintf(heads[i], sizeof(heads[i]), "%lld CPU%s",
			 (long long)field_int(groups[i], "cpus", 0),
			 field_int(groups[i], "cpus", 0) == 1 ? "" : "s");
		columns[i + 1].head = heads[i];
	}
	json_array_foreach (json_object_get(groups[0], "members"), i, member) {
		json_t *row = json_array();

		add_label(making, row, member);
		for (size_t k = 0; k < n; k++)
			report_add_figure(making->report, row,
					  matrix_figure(making->report,
							like(groups[k], member),
							key),
					  1);
		json_array_append_new(making->rows, row);
	}
	print_made(making, columns, n + 1);
}

static void print_matrices(struct report *report, const char *series,
			   const char *title, const char *key)
{
	struct making making = { .report = report, .series = series };
	const json_t *groups[MATRIX_COUNTS], *group;
	size_t i, n = 0;

	text_wrap(&report->text, "", title);
	json_array_foreach (all_groups(report), i, group) {
		if (!in_series(&making, group))
			continue;
		groups[n++] = group;
		if (n == MATRIX_COUNTS) {
			print_matrix(&making, groups, n, key);
			n = 0;
		}
	}
	if (n)
		print_matrix(&making, groups, n, key);
}

static size_t count_groups(const struct report *report, const char *series)
{
	const json_t *group;
	size_t i, n = 0;

	json_array_foreach (all_groups(report), i, group)
		n += !strcmp(field_string(group, "series", ""), series);
	return n;
}

static void print_reader_tables(struct report *report, const char *series,
				const char *what, const char *setting)
{
	char title[512];

	snprintf(title, sizeof(title),
		 "%s, millions a second, all readers together (higher is "
		 "better); %s.",
		 what, setting);
	print_table(report, series, title, &report_rate_table);
	snprintf(title, sizeof(title),
		 "%s, ns each, as one reader sees it; %s.", what, setting);
	print_matrices(report, series, title, "real_time");
	if (count_groups(report, series) < 2)
		return;
	snprintf(title, sizeof(title),
		 "%s, throughput as a multiple of the fewest CPUs'; %s.", what,
		 setting);
	print_matrices(report, series, title, "scaling");
}

static void print_quantiles(struct report *report, const char *series,
			    const json_t *cell, const char *setting)
{
	bool waits = !strcmp(field_string(cell, "mode", ""), "wait");
	char title[512];

	snprintf(title, sizeof(title),
		 "Unload latency, us, closed loop, all rounds together; %s; "
		 "%s.",
		 waits ? "tries are attempts per unload; IPIs are per unload "
			 "asked for, its retries inside"
		       : "attempts that failed count, ok% did not (p50ok: of "
			 "these alone, median of the rounds'); IPIs are per "
			 "attempt",
		 setting);
	print_table(report, series, title,
		    waits ? &report_wait_table : &report_try_table);
}

static void print_unload_tables(struct report *report, const char *series,
				const json_t *cell, const char *setting)
{
	char title[512];

	snprintf(title, sizeof(title),
		 "Unload latency, us, closed loop, median of the rounds' p50 "
		 "(lower is better); %s.",
		 setting);
	print_table(report, series, title, &report_time_table);
	print_quantiles(report, series, cell, setting);
	snprintf(title, sizeof(title),
		 "Phases of an unload, us from the request, closed loop, "
		 "medians; schemes decide at different points, returned is "
		 "what a caller waits; %s.",
		 setting);
	print_table(report, series, title, &report_phase_table);
	snprintf(title, sizeof(title),
		 "Beside the decision, us, closed loop, medians: exit and "
		 "insert by themselves, freeable from the request; %s.",
		 setting);
	print_table(report, series, title, &report_beside_table);
}

static void print_storm_tables(struct report *report, const char *series,
			       const json_t *cell, const char *setting)
{
	char title[512];

	snprintf(title, sizeof(title),
		 "Look-ups in a storm of unloads (closed loop), millions a "
		 "second, all readers together (higher is better); %s.",
		 setting);
	print_table(report, series, title, &report_rate_table);
	snprintf(title, sizeof(title),
		 "What the storm (closed loop) costs others: share of the "
		 "quiet look-ups/s of as many readers; share of the gets "
		 "refused; unloads completed a window; longest reader stall, "
		 "us; a bystander's gaps around unloads and in quiet, us; %s.",
		 setting);
	print_table(report, series, title, &report_storm_table);
	print_quantiles(report, series, cell, setting);
}

static void print_series(struct report *report, const json_t *group)
{
	const char *workload = field_string(group, "workload", "");
	const char *series = field_string(group, "series", "");
	const json_t *cell = report_group_cell(report, group);
	char setting[256];

	label_setting(cell, setting, sizeof(setting));
	if (!strcmp(workload, "unload"))
		print_unload_tables(report, series, cell, setting);
	else if (!strcmp(workload, "storm"))
		print_storm_tables(report, series, cell, setting);
	else
		print_reader_tables(report, series,
				    strcmp(workload, "ref") ? "Look-ups"
							    : "Get and put",
				    setting);
}

static void print_legend(const struct report *report)
{
	const char *full;
	json_t *label;

	json_object_foreach (report->labels, full, label) {
		char line[LABEL_BYTES + 32];

		snprintf(line, sizeof(line), "%s: ", json_string_value(label));
		if (strcmp(full, json_string_value(label)))
			text_wrap(&report->text, line, full);
	}
}

void report_tables(struct report *report)
{
	const json_t *group, *earlier;
	size_t i, k;

	text_wrap(&report->text, "",
		  "In all tables: medians over rounds; +-% is the farther "
		  "bound of the 95% interval. Ratios are to the base, paired "
		  "by round; ~ where no difference beyond noise is shown. A "
		  "mark like -a is explained below its table.");
	print_legend(report);
	text_line(&report->text, "");
	json_array_foreach (all_groups(report), i, group) {
		const char *series = field_string(group, "series", "");

		json_array_foreach (all_groups(report), k, earlier)
			if (k == i ||
			    !strcmp(field_string(earlier, "series", ""),
				    series))
				break;
		if (k == i)
			print_series(report, group);
	}
}
