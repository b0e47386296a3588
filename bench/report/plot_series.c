/* SPDX-License-Identifier: MIT */
/*
 * plot_series.c: the data of the figures with a line for each scheme.
 */
#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/labels.h"
#include "bench/report/plot_parts.h"

#define A_MILLION    1e-6
#define NS_TO_US     1e-3
#define TIC_PIXELS   28 /* between two tic labels of up to three digits */
#define AXIS_PIXELS  400
#define FLOOR_SCHEME "none"
#define LINEAR_LABEL "linear from none"

bool plots_in_series(const json_t *group, const json_t *other)
{
	return !strcmp(field_string(group, "series", ""),
		       field_string(other, "series", ""));
}

bool plots_first_of_series(const struct plots *plots, size_t i)
{
	const json_t *group = json_array_get(plots->groups, i);

	for (size_t k = 0; k < i; k++)
		if (plots_in_series(group, json_array_get(plots->groups, k)))
			return false;
	return true;
}

const json_t *plots_member(const struct plots *plots, const json_t *group,
			   const char *full)
{
	const json_t *member;
	size_t i;

	json_array_foreach (json_object_get(group, "members"), i, member) {
		char label[LABEL_BYTES];

		if (field_int(member, "aa", 1) == 1 &&
		    !strcmp(label_full(member, label), full) &&
		    field_int(plots_result(plots, member), "rounds", 0))
			return member;
	}
	return NULL;
}

const json_t *plots_result(const struct plots *plots, const json_t *member)
{
	return json_object_get(plots->results,
			       field_string(member, "cell", ""));
}

/* One line of data: x and a FIGURE; without an interval the bar is a dot. */
static void put_point(struct figure *figure, double x, const json_t *median,
		      double scale)
{
	double value = field_number(median, "value");
	double lo = field_number(median, "lo"), hi = field_number(median, "hi");

	if (isnan(value))
		return;
	lo = scale * (isnan(lo) ? value : lo);
	hi = scale * (isnan(hi) ? value : hi);
	fprintf(figure->data, "%g\t%.6g\t%.6g\t%.6g\n", x, scale * value, lo,
		hi);
	axis_include(&figure->x, x);
	axis_include(&figure->y, lo);
	axis_include(&figure->y, hi);
}

static void put_scheme(const struct plots *plots, struct figure *figure,
		       const json_t *first, const char *full)
{
	const json_t *group;
	bool named = false;
	size_t i;

	json_array_foreach (plots->groups, i, group) {
		const json_t *member =
			plots_in_series(group, first)
				? plots_member(plots, group, full)
				: NULL;

		if (!member)
			continue;
		if (!named)
			figure_series(plots, figure, member, full);
		named = true;
		put_point(figure, field_number(group, "cpus"),
			  json_object_get(
				  json_object_get(plots_result(plots, member),
						  "metrics"),
				  "items_per_second"),
			  A_MILLION);
	}
}

/* A straight line through the floor's point at the fewest CPUs. */
static void put_linear(const struct plots *plots, struct figure *figure,
		       const json_t *first, double most_cpus)
{
	const json_t *member = plots_member(plots, first, FLOOR_SCHEME);
	const json_t *metrics =
		json_object_get(plots_result(plots, member), "metrics");
	double cpus = field_number(first, "cpus");
	double rate = A_MILLION *
		      field_number(json_object_get(metrics, "items_per_second"),
				   "value");

	if (isnan(rate) || most_cpus <= cpus)
		return;
	fprintf(figure->data, "\n\n# %s\n%g\t%.6g\n%g\t%.6g\n", LINEAR_LABEL,
		cpus, rate, most_cpus, rate * most_cpus / cpus);
	axis_include(&figure->y, rate * most_cpus / cpus);
	json_array_append_new(figure->labels, json_string(LINEAR_LABEL));
	json_array_append_new(figure->styles, json_integer(0));
}

static double most_cpus_of(const struct plots *plots, const json_t *first)
{
	const json_t *group;
	double most = 0;
	size_t i;

	json_array_foreach (plots->groups, i, group)
		if (plots_in_series(group, first))
			most = fmax(most, field_number(group, "cpus"));
	return most;
}

/* A tic a CPU count; where two would touch the lower one loses its number. */
static json_t *make_tics(const struct plots *plots, const json_t *first)
{
	double fewest = field_number(first, "cpus");
	double most = most_cpus_of(plots, first), above = INFINITY;
	double pixels = AXIS_PIXELS / fmax(log2(most / fewest), 1);
	json_t *tics = json_array();

	for (size_t i = json_array_size(plots->groups); i--;) {
		const json_t *group = json_array_get(plots->groups, i);
		double cpus = field_number(group, "cpus");
		bool fits = log2(above / cpus) * pixels >= TIC_PIXELS;

		if (!plots_in_series(group, first) || cpus == above)
			continue;
		json_array_append_new(tics,
				      json_pack("[f, o]", cpus,
						fits ? json_sprintf("%g", cpus)
						     : json_string("")));
		above = fits ? cpus : above;
	}
	return tics;
}

static int draw_scaling(struct plots *plots, const json_t *first)
{
	struct figure figure;
	const char *full;
	json_t *value;
	int err = figure_begin(plots, "scaling", first, "Look-up throughput",
			       &figure);

	if (err)
		return err;
	strcpy(figure.y_label, "million look-ups/s, all readers");
	strcpy(figure.meaning,
	       "Points: medians over rounds; bars: 95 % intervals. *: brings "
	       "its own table.");
	fputs("# CPUs\tmillions_per_s\tlo\thi\n", figure.data);
	json_object_foreach (plots->labels, full, value)
		put_scheme(plots, &figure, first, full);
	put_linear(plots, &figure, first, most_cpus_of(plots, first));
	figure.x_tics = make_tics(plots, first);
	axis_widen(&figure.x, 1.1);
	axis_widen(&figure.y, 1.3);
	return figure_end(plots, "scaling", &figure);
}

int plots_scaling(struct plots *plots)
{
	const json_t *group;
	int err = 0;
	size_t i;

	json_array_foreach (plots->groups, i, group)
		if (!err && plots_first_of_series(plots, i) &&
		    !strcmp(field_string(group, "workload", ""), "lookup"))
			err = draw_scaling(plots, group);
	return err;
}

/* Adds a curve; returns how many samples are behind it. */
static json_int_t put_curve(const struct plots *plots, struct figure *figure,
			    const json_t *group, const char *full)
{
	const json_t *member = plots_member(plots, group, full);
	const json_t *quantiles =
		json_object_get(plots_result(plots, member), "quantiles");
	const json_t *curve = json_object_get(quantiles, "curve"), *point;
	size_t i;

	if (!json_array_size(curve))
		return 0;
	figure_series(plots, figure, member, full);
	json_array_foreach (curve, i, point) {
		double q = json_number_value(json_array_get(point, 0));
		double ns = json_number_value(json_array_get(point, 1));

		fprintf(figure->data, "%.6g\t%.6g\n", 1 / (1 - q),
			NS_TO_US * ns);
		axis_include(&figure->x, 1 / (1 - q));
		axis_include(&figure->y, NS_TO_US * ns);
	}
	return field_int(quantiles, "n", 0);
}

/* The curves of the most CPUs of a series. */
static int draw_latency(struct plots *plots, const json_t *first)
{
	double most = most_cpus_of(plots, first);
	struct axis samples = { INFINITY, 0 };
	const json_t *group;
	struct figure figure;
	const char *full;
	json_t *value;
	size_t i;
	int err = figure_begin(plots, "latency", first, "Unload latency",
			       &figure);

	if (err)
		return err;
	snprintf(figure.y_label, sizeof(figure.y_label),
		 "us from request to decision, %g CPUs", most);
	fputs("# 1/(1-q)\tus\n", figure.data);
	json_array_foreach (plots->groups, i, group) {
		if (!plots_in_series(group, first) ||
		    field_number(group, "cpus") != most)
			continue;
		json_object_foreach (plots->labels, full, value)
			axis_include(&samples, (double)put_curve(plots, &figure,
								 group, full));
	}
	snprintf(figure.meaning, sizeof(figure.meaning),
		 "%g or more unloads a line, of all rounds; it ends where "
		 "fewer than 5 lie beyond. *: brings its own table.",
		 samples.lo);
	axis_widen(&figure.x, 1.2);
	axis_widen(&figure.y, 1.3);
	figure.x.lo = 1;
	return figure_end(plots, "latency", &figure);
}

int plots_latency(struct plots *plots)
{
	const json_t *group;
	int err = 0;
	size_t i;

	json_array_foreach (plots->groups, i, group)
		if (!err && plots_first_of_series(plots, i) &&
		    !strcmp(field_string(group, "workload", ""), "unload"))
			err = draw_latency(plots, group);
	return err;
}
