/* SPDX-License-Identifier: MIT */
/*
 * plot_tradeoff.c: the data of the figure a chooser wants: look-ups/s against
 * unload latency, a point a scheme and CPU count.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/labels.h"
#include "bench/report/plot_labels.h"
#include "bench/report/plot_parts.h"

#define A_MILLION  1e-6
#define NS_TO_US   1e-3
#define MAX_POINTS 512
#define LINE_MARKS 24	/* kept free along a line */
#define LEADER	   30.0 /* pixels from which a name needs a line to its point */
/* The axes in pixels, as tradeoff.gp sets them. */
#define AXES_WIDTH  (1000 * (0.97 - 0.09))
#define AXES_HEIGHT (600 * (0.92 - 0.19))

/* A value and its bounds, which are the value itself where unknown. */
struct spread {
	double value;
	double lo;
	double hi;
};

struct point {
	struct spread rate;
	struct spread latency;
	const json_t *member;
	const char *full;
	json_int_t cpus;
	bool is_last;	/* of its scheme */
	bool is_shared; /* the unloader had no CPU of its own */
	char text[LABEL_BYTES];
};

struct tradeoff {
	struct point points[MAX_POINTS];
	size_t n;
	const char *quantile; /* key of the summary's quantiles */
	const char *quantile_name;
	struct axis x;
	struct axis y;
};

static struct spread spread_of(const json_t *figure, double scale)
{
	double value = field_number(figure, "value");
	double lo = field_number(figure, "lo"), hi = field_number(figure, "hi");

	return (struct spread){
		.value = scale * value,
		.lo = scale * (isnan(lo) ? value : lo),
		.hi = scale * (isnan(hi) ? value : hi),
	};
}

static const json_t *quantiles_of(const struct plots *plots,
				  const json_t *member)
{
	return json_object_get(plots_result(plots, member), "quantiles");
}

/* The look-up throughput of the same scheme, CPUs and axes. */
static struct spread rate_of(const struct plots *plots, const json_t *member)
{
	const json_t *cell = json_object_get(plots->planned,
					     field_string(member, "cell", ""));
	const json_t *lookup = cell_like(plots->cells, cell, "lookup",
					 field_int(cell, "cpus", -1));
	const json_t *result = json_object_get(
		plots->results, field_string(lookup, "name", ""));

	return spread_of(json_object_get(json_object_get(result, "metrics"),
					 "items_per_second"),
			 A_MILLION);
}

static void collect(const struct plots *plots, const json_t *first,
		    const char *full, struct tradeoff *t)
{
	const json_t *group;
	size_t i, from = t->n;

	json_array_foreach (plots->groups, i, group) {
		const json_t *member =
			plots_in_series(group, first)
				? plots_member(plots, group, full)
				: NULL;
		struct point point = {
			.rate = rate_of(plots, member),
			.member = member,
			.full = full,
			.cpus = field_int(group, "cpus", 0),
			.is_shared = label_has(plots_result(plots, member),
					       "shared_cpu"),
		};

		if (!member || !(point.rate.value > 0) ||
		    !quantiles_of(plots, member) || t->n == MAX_POINTS)
			continue;
		t->points[t->n++] = point;
	}
	if (t->n > from)
		t->points[t->n - 1].is_last = true;
}

/* The highest quantile that every point has. */
static bool choose_quantile(const struct plots *plots, struct tradeoff *t)
{
	static const char *const keys[][2] = { { "p99.9_ns", "p99.9" },
					       { "p99_ns", "p99" },
					       { "p90_ns", "p90" },
					       { "p50_ns", "p50" } };

	for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
		size_t n = 0;

		for (size_t i = 0; i < t->n; i++) {
			struct point *point = &t->points[i];

			point->latency = spread_of(
				json_object_get(
					quantiles_of(plots, point->member),
					keys[k][0]),
				NS_TO_US);
			n += point->latency.value > 0;
		}
		t->quantile = keys[k][0];
		t->quantile_name = keys[k][1];
		if (n && n == t->n)
			return true;
	}
	return false;
}

static void set_axes(struct tradeoff *t)
{
	t->x = t->y = (struct axis){ INFINITY, 0 };
	for (size_t i = 0; i < t->n; i++) {
		/* A pooled quantile may lie outside the rounds' interval. */
		axis_include(&t->y, t->points[i].latency.value);
		axis_include(&t->x, t->points[i].rate.lo);
		axis_include(&t->x, t->points[i].rate.hi);
		axis_include(&t->y, t->points[i].latency.lo);
		axis_include(&t->y, t->points[i].latency.hi);
	}
	axis_widen(&t->x, 1.3);
	axis_widen(&t->y, 1.3);
}

static double to_pixels(double x, const struct axis *axis, double pixels)
{
	return pixels * log(x / axis->lo) / log(axis->hi / axis->lo);
}

static double from_pixels(double at, const struct axis *axis, double pixels)
{
	return axis->lo * pow(axis->hi / axis->lo, at / pixels);
}

/* A name, where it goes, and the line from its point if that is far. */
static void put_label(FILE *out, const struct tradeoff *t,
		      const struct mark *mark)
{
	double x = from_pixels(mark->text_x, &t->x, AXES_WIDTH);
	double y = from_pixels(mark->text_y, &t->y, AXES_HEIGHT);
	double end = fmax(mark->text_x, fmin(mark->x, mark->text_right));
	bool far = hypot(end - mark->x, mark->text_y - mark->y) > LEADER;
	double from_x = from_pixels(mark->x, &t->x, AXES_WIDTH);
	double from_y = from_pixels(mark->y, &t->y, AXES_HEIGHT);

	if (!mark->placed)
		return;
	fprintf(out, "%.6g\t%.6g\t%s\t%.6g\t%.6g\t%.6g\t%.6g\n", x, y,
		mark->text, from_x, from_y,
		far ? from_pixels(end, &t->x, AXES_WIDTH) - from_x : 0,
		far ? y - from_y : 0);
}

static struct mark mark_of(const struct tradeoff *t, const struct point *point)
{
	return (struct mark){
		.x = to_pixels(point->rate.value, &t->x, AXES_WIDTH),
		.y = to_pixels(point->latency.value, &t->y, AXES_HEIGHT),
		.text = point->text,
		.wanted = point->is_last,
	};
}

/* Points to be kept free along a line or a bar. */
static size_t add_line(struct mark *marks, size_t n, const struct mark *from,
		       const struct mark *to)
{
	for (int i = 1; i <= LINE_MARKS; i++)
		marks[n++] = (struct mark){
			.x = from->x + (to->x - from->x) * i / (LINE_MARKS),
			.y = from->y + (to->y - from->y) * i / (LINE_MARKS),
			.radius = 1,
		};
	return n;
}

/* Names of whole schemes first: those must be there. */
static size_t make_marks(struct tradeoff *t, struct mark *marks)
{
	size_t n = 0;

	for (int wanted = 1; wanted >= 0; wanted--) {
		for (size_t i = 0; i < t->n; i++) {
			struct point *p = &t->points[i];
			bool own = json_is_true(
				json_object_get(p->member, "own_table"));

			if (p->is_last != wanted)
				continue;
			snprintf(p->text, sizeof(p->text), "%.140s%s%lld%s",
				 wanted ? p->full : "",
				 wanted ? own ? "*, " : ", " : "",
				 (long long)p->cpus,
				 p->is_shared ? " shared" : "");
			marks[n++] = mark_of(t, p);
		}
	}
	for (size_t i = 0; i < t->n; i++) {
		struct mark from = mark_of(t, &t->points[i]), to = from;

		to.y = to_pixels(t->points[i].latency.hi, &t->y, AXES_HEIGHT);
		n = add_line(marks, n, &from, &to);
		to.y = to_pixels(t->points[i].latency.lo, &t->y, AXES_HEIGHT);
		n = add_line(marks, n, &from, &to);
		to.y = from.y;
		to.x = to_pixels(t->points[i].rate.hi, &t->x, AXES_WIDTH);
		n = add_line(marks, n, &from, &to);
		to.x = to_pixels(t->points[i].rate.lo, &t->x, AXES_WIDTH);
		n = add_line(marks, n, &from, &to);
		if (t->points[i].is_last || t->points[i].is_shared)
			continue;
		to = mark_of(t, &t->points[i + 1]);
		n = add_line(marks, n, &from, &to);
	}
	return n;
}

static void put_labels(FILE *out, struct tradeoff *t)
{
	struct mark *marks =
		calloc(t->n * (1 + 5 * LINE_MARKS), sizeof(*marks));
	size_t n = marks ? make_marks(t, marks) : 0;

	labels_place(marks, n, AXES_WIDTH, AXES_HEIGHT);
	fputs("\n\n# names\n", out);
	for (size_t i = 0; i < n; i++)
		if (marks[i].text)
			put_label(out, t, &marks[i]);
	free(marks);
}

static void put_points(const struct plots *plots, struct figure *figure,
		       const struct tradeoff *t)
{
	const char *before = "";

	fputs("# millions_per_s\tus\tx_lo\tx_hi\ty_lo\ty_hi\tCPUs\n",
	      figure->data);
	for (size_t i = 0; i < t->n; i++) {
		const struct point *p = &t->points[i];

		if (strcmp(before, p->full))
			figure_series(plots, figure, p->member, p->full);
		before = p->full;
		fprintf(figure->data,
			"%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%lld\n",
			p->rate.value, p->latency.value, p->rate.lo, p->rate.hi,
			p->latency.lo, p->latency.hi, (long long)p->cpus);
		/* An empty line ends the line between points. */
		if (p->is_shared && !p->is_last)
			fputc('\n', figure->data);
	}
}

static int draw(struct plots *plots, const json_t *first, struct tradeoff *t)
{
	struct figure figure;
	const char *full;
	json_t *value;
	int err;

	t->n = 0;
	json_object_foreach (plots->labels, full, value)
		collect(plots, first, full, t);
	if (!t->n || !choose_quantile(plots, t))
		return 0;
	err = figure_begin(plots, "tradeoff", first,
			   "Look-ups against unload latency", &figure);
	if (err)
		return err;
	snprintf(figure.y_label, sizeof(figure.y_label),
		 "unload latency, %s, us", t->quantile_name);
	strcpy(figure.meaning,
	       "Bars: 95 % intervals over rounds, of throughput and of the "
	       "rounds' own quantiles (no bar: not known). Numbers: CPUs "
	       "(shared: no CPU for the unloader alone). Right "
	       "and low is better. *: brings its own "
	       "table.");
	set_axes(t);
	put_points(plots, &figure, t);
	put_labels(figure.data, t);
	figure.x = t->x;
	figure.y = t->y;
	figure.x_tics = figure_log_tics(&t->x);
	return figure_end(plots, "tradeoff", &figure);
}

int plots_tradeoff(struct plots *plots)
{
	struct tradeoff *t = calloc(1, sizeof(*t));
	const json_t *group;
	int err = t ? 0 : -ENOMEM;
	size_t i;

	json_array_foreach (plots->groups, i, group)
		if (!err && plots_first_of_series(plots, i) &&
		    !strcmp(field_string(group, "workload", ""), "unload"))
			err = draw(plots, group, t);
	free(t);
	return err;
}
