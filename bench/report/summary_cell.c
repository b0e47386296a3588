/* SPDX-License-Identifier: MIT */
/*
 * summary_cell.c: one cell over all its rounds.
 *
 * Idea.  A figure that a round could not give is left out of the median and
 * counted; one that no round could give keeps the reason its rows state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/labels.h"
#include "bench/report/summary_parts.h"

#define MIN_ROUNDS    6 /* what stats_median() and stats_paired_ratio() ask */
#define REFUSED_SHARE "refused_share" /* of all gets that were tried */

/* Keys of a row that a cell is described by; those its rows lack are left out.
 */
static const char *const metrics[] = {
	"real_time",
	"items_per_second",
	"refused",
	"linearity",
	"overlap",
	"jain",
	"cpu_share",
	"nivcsw",
	"nvcsw",
	"p50_ns",
	"p50_success_ns",
	"p90_ns",
	"p99_ns",
	"max_ns",
	"success",
	"attempts",
	"phase_going_ns",
	"phase_drained_ns",
	"phase_quiesced_ns",
	"phase_decided_ns",
	"phase_freeable_ns",
	"returned_ns",
	"exit_ns",
	"insert_ns",
	"ipis",
	"ipis_call",
	"ipis_resched",
	"ipis_tlb",
	"unloads",
	"stall_max_ns",
	"bystander_p50_ns",
	"bystander_p90_ns",
	"bystander_max_ns",
	"bystander_quiet_p50_ns",
	"dlopen_p50_ns",
	"dlclose_p50_ns",
};

json_t *summary_figure(const struct interval *x, size_t n)
{
	return json_pack("{s:f, s:f, s:f, s:I, s:f}", "value", x->value, "lo",
			 x->lo, "hi", x->hi, "n", (json_int_t)n, "confidence",
			 x->confidence);
}

/* A figure without an interval; without a value too if @value is NaN. */
static json_t *bare_figure(double value, size_t n, const char *why)
{
	return json_pack("{s:o, s:n, s:n, s:I, s:n, s:s}", "value",
			 field_or_null(value), "lo", "hi", "n", (json_int_t)n,
			 "confidence", "why", why);
}

json_t *summary_unknown(size_t n, const char *why)
{
	return bare_figure(NAN, n, why);
}

json_t *summary_rows(const struct run_index *index, const json_t *cell)
{
	return json_object_get(index->rows, field_string(cell, "name", ""));
}

static json_t *too_few(double value, size_t n, const char *of_what)
{
	char why[96];

	snprintf(why, sizeof(why), "an interval needs %d %s, has %zu",
		 MIN_ROUNDS, of_what, n);
	return bare_figure(value, n, why);
}

/* Why no row has @key, in the words of the first row that says so. */
static const char *reason(const json_t *rows, const char *key)
{
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		const json_t *why = json_object_get(row, "why");
		const char *text = field_string(why, key, NULL);

		if (text)
			return text;
	}
	return "no round gave it";
}

/* The figure @key of a row, or one that follows from its figures. */
static double row_figure(const json_t *row, const char *key)
{
	double refused = field_number(row, "refused");

	if (strcmp(key, REFUSED_SHARE))
		return field_number(row, key);
	return refused / (field_number(row, "iterations") + refused);
}

static json_t *over_rounds(const json_t *rows, const char *key)
{
	double *x = calloc(json_array_size(rows) + 1, sizeof(*x));
	struct interval median;
	const json_t *row;
	size_t i, n = 0;
	json_t *figure;

	if (!x)
		return NULL;
	json_array_foreach (rows, i, row) {
		x[n] = row_figure(row, key);
		n += isfinite(x[n]);
	}
	stats_sort(x, n);
	if (!n)
		figure = summary_unknown(0, reason(rows, key));
	else if (!stats_median(x, n, &median))
		figure = summary_figure(&median, n);
	else if (!stats_median_value(x, n, &median.value))
		figure = too_few(median.value, n, "rounds");
	else
		figure = NULL;
	free(x);
	return figure;
}

static bool any_row_names(const json_t *rows, const char *key)
{
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		if (json_object_get(row, key) ||
		    json_object_get(json_object_get(row, "why"), key))
			return true;
	return false;
}

static json_t *all_metrics(const json_t *rows)
{
	json_t *ret = json_object();

	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
		if (any_row_names(rows, metrics[i]))
			json_object_set_new(ret, metrics[i],
					    over_rounds(rows, metrics[i]));
	if (any_row_names(rows, "refused"))
		json_object_set_new(ret, REFUSED_SHARE,
				    over_rounds(rows, REFUSED_SHARE));
	return ret;
}

/* The figure of the same round in another cell; NaN if it has none. */
static double same_round(const json_t *rows, json_int_t round, const char *key)
{
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		if (field_int(row, "repetition_index", -1) == round)
			return field_number(row, key);
	return NAN;
}

json_t *summary_paired(const json_t *of, const json_t *to, const char *key,
		       const char *why)
{
	size_t room = json_array_size(of) + 1, i, n = 0;
	double *x = calloc(3 * room, sizeof(*x));
	struct interval ratio;
	const json_t *row;
	json_t *figure;

	if (!x)
		return NULL;
	json_array_foreach (of, i, row) {
		json_int_t round = field_int(row, "repetition_index", -2);

		x[n] = same_round(to, round, key);
		x[room + n] = field_number(row, key);
		n += x[n] > 0 && x[room + n] > 0;
	}
	if (!of || !to)
		figure = summary_unknown(0, why);
	else if (stats_paired_ratio(x, x + room, n, x + 2 * room, &ratio))
		figure = too_few(NAN, n, "rounds in common");
	else
		figure = summary_figure(&ratio, n);
	free(x);
	return figure;
}

static json_t *scaling(const struct run_index *index, const json_t *cell)
{
	const char *workload = field_string(cell, "workload", "");
	const json_t *fewest = cell_like(index->cells, cell, workload, 0);
	json_t *figure;

	figure = summary_paired(summary_rows(index, cell),
				summary_rows(index, fewest), "items_per_second",
				"the cell has no rows");
	json_object_set_new(figure, "from_cpus",
			    json_integer(field_int(fewest, "cpus", 0)));
	return figure;
}

/* Against as many readers in quiet: of the storm's CPUs the last one is the
 * unloader's, who shares it if there is only that. */
static json_t *kept(const struct run_index *index, const json_t *cell)
{
	json_int_t cpus = field_int(cell, "cpus", -1);
	const json_t *quiet = cell_like(index->cells, cell, "lookup",
					cpus > 1 ? cpus - 1 : cpus);

	return summary_paired(summary_rows(index, cell),
			      summary_rows(index, quiet), "items_per_second",
			      "the run has no such look-up cell");
}

/* The labels of a cell's rows, each once; empty ones are none. */
static json_t *distinct_labels(const json_t *rows)
{
	json_t *labels = json_array();
	const json_t *row, *known;
	size_t i, k;

	json_array_foreach (rows, i, row) {
		json_t *label = json_object_get(row, "label");

		if (!json_string_length(label))
			continue;
		json_array_foreach (labels, k, known)
			if (json_equal(known, label))
				break;
		if (k == json_array_size(labels))
			json_array_append(labels, label);
	}
	return labels;
}

json_t *summary_cell(const struct run_index *index, const json_t *cell)
{
	const char *workload = field_string(cell, "workload", "");
	const char *name = field_string(cell, "name", "");
	const json_t *rows = summary_rows(index, cell);
	json_t *ret =
		json_pack("{s:s, s:I, s:o, s:o}", "name", name, "rounds",
			  (json_int_t)json_array_size(rows), "labels",
			  distinct_labels(rows), "metrics", all_metrics(rows));
	json_t *quantiles = summary_quantiles(index->run, name);

	if (quantiles)
		json_object_set_new(ret, "quantiles", quantiles);
	if (!strcmp(workload, "lookup") || !strcmp(workload, "ref"))
		json_object_set_new(ret, "scaling", scaling(index, cell));
	if (!strcmp(workload, "storm"))
		json_object_set_new(ret, "kept", kept(index, cell));
	return ret;
}
