/* SPDX-License-Identifier: MIT */
/*
 * plot_figure.c: one figure's data file and script.
 *
 * Idea.  The script is the suite's own, with a head of assignments before it:
 * nothing about a run is in the suite's script, nothing of its style in the
 * head. Strings are in single quotes, where gnuplot runs no `commands`.
 */
#include <errno.h>
#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/labels.h"
#include "bench/report/plot_parts.h"

#define CAPTION_COLUMNS 130
#define CAPTION_LINES	3
#define AXIS_ROOM	0.06

void axis_include(struct axis *axis, double value)
{
	if (!(value > 0))
		return;
	axis->lo = fmin(axis->lo, value);
	axis->hi = fmax(axis->hi, value);
}

void axis_widen(struct axis *axis, double least)
{
	double by = fmax(pow(axis->hi / axis->lo, AXIS_ROOM), least);

	axis->lo /= by;
	axis->hi *= by;
}

json_t *figure_log_tics(const struct axis *axis)
{
	double span = axis->hi / axis->lo;
	json_t *tics = json_array();

	int last = (int)floor(log10(axis->hi));

	for (int decade = (int)floor(log10(axis->lo)); decade <= last;
	     decade++) {
		for (int k = 1; k <= 9; k++) {
			double at = k * pow(10, decade);
			bool few = k == 1 || ((k == 2 || k == 5) && span < 300);

			if ((few || span < 6) && at >= axis->lo &&
			    at <= axis->hi)
				json_array_append_new(
					tics,
					json_pack("[f, o]", at,
						  json_sprintf("%.10g", at)));
		}
	}
	return tics;
}

void plots_path(const struct plots *plots, const char *name, const char *end,
		char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s/%s%s", plots->dir, name, end);
}

/* Appends "-rcu", "-hold500", ... for what is not as usual in the series. */
static void append_slug(const char *series, char name[FIGURE_NAME_BYTES])
{
	static const struct {
		const char *key;
		const char *usual;
		const char *word;
	} parts[] = {
		{ "/hold_ns:", "0", "hold" },
		{ "/think_ns:", "0", "think" },
		{ "/table:", "none", "" },
		{ "/mode:", "", "" },
		{ "/modules:", "1", "modules" },
		{ "/tables:", "1", "tables" },
		{ "/oversubscribe:", "1", "oversubscribe" },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const char *at = strstr(series, parts[i].key);
		size_t used = strlen(name);
		char value[32];

		if (!at)
			continue;
		at += strlen(parts[i].key);
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "/"),
			 at);
		if (strcmp(value, parts[i].usual))
			snprintf(name + used, FIGURE_NAME_BYTES - used, "-%s%s",
				 parts[i].word, value);
	}
}

int figure_begin(const struct plots *plots, const char *kind,
		 const json_t *group, const char *what, struct figure *ret)
{
	const json_t *members = json_object_get(group, "members");
	const char *cell = field_string(json_array_get(members, 0), "cell", "");
	struct figure figure = {
		.x = { INFINITY, 0 },
		.y = { INFINITY, 0 },
	};
	char path[PATH_MAX], setting[LABEL_BYTES];

	snprintf(figure.name, sizeof(figure.name), "%s", kind);
	append_slug(field_string(group, "series", ""), figure.name);
	snprintf(figure.title, sizeof(figure.title), "%s: %s", what,
		 label_setting(json_object_get(plots->planned, cell), setting,
			       sizeof(setting)));
	plots_path(plots, figure.name, ".tsv", path);
	figure.data = fopen(path, "w");
	if (!figure.data)
		return -errno;
	figure.labels = json_array();
	figure.styles = json_array();
	*ret = figure;
	return 0;
}

void figure_series(const struct plots *plots, struct figure *figure,
		   const json_t *member, const char *full)
{
	bool own = json_is_true(json_object_get(member, "own_table"));
	int style = 1;
	const char *key;
	json_t *value;

	json_object_foreach (plots->labels, key, value) {
		if (!strcmp(key, full))
			break;
		style++;
	}
	if (json_array_size(figure->labels))
		fputs("\n\n", figure->data);
	fprintf(figure->data, "# %s\n", full);
	json_array_append_new(figure->labels,
			      json_sprintf("%s%s", full, own ? "*" : ""));
	json_array_append_new(figure->styles, json_integer(style));
}

static void put_string(FILE *out, const char *s)
{
	fputc('\'', out);
	for (; *s; s++) {
		if (*s == '\'')
			fputc('\'', out);
		fputc(*s >= ' ' && *s <= '~' ? *s : '?', out);
	}
	fputc('\'', out);
}

static void put_array(FILE *out, const char *name, const json_t *array)
{
	const json_t *value;
	size_t i;

	fprintf(out, "array %s[%zu] = [", name, json_array_size(array));
	json_array_foreach (array, i, value) {
		fputs(i ? ", " : "", out);
		if (json_is_string(value))
			put_string(out, json_string_value(value));
		else
			fprintf(out, "%.9g", json_number_value(value));
	}
	fputs("]\n", out);
}

/* The caption: machine, what is drawn, what speaks against it. */
static json_t *make_caption(const struct plots *plots,
			    const struct figure *figure)
{
	const json_t *machine = json_object_get(plots->ours, "machine");
	const json_t *plan = json_object_get(plots->ours, "plan");
	bool is_vm = json_is_true(json_object_get(machine, "virtual_machine"));
	bool is_partial = json_is_true(json_object_get(plots->ours, "partial"));

	return json_sprintf(
		"%s; kernel %s; %lld rounds. %s%s%s",
		field_string(machine, "cpu_model", "processor unknown"),
		field_string(machine, "kernel_release", "unknown"),
		(long long)field_int(plan, "rounds", 0), figure->meaning,
		is_vm ? " VM: compare rows, not machines." : "",
		is_partial ? " PARTIAL RUN." : "");
}

/* Breaks at blanks into lines a figure has room for. */
static json_t *break_lines(const char *text)
{
	json_t *lines = json_array();
	size_t left = strlen(text);

	while (left > CAPTION_COLUMNS &&
	       json_array_size(lines) < CAPTION_LINES - 1) {
		size_t n = CAPTION_COLUMNS;

		while (n && text[n] != ' ')
			n--;
		if (!n)
			break;
		json_array_append_new(lines, json_stringn(text, n));
		text += n + 1;
		left -= n + 1;
	}
	json_array_append_new(lines, json_string(text));
	return lines;
}

static void put_axis(FILE *out, const char *name, const struct axis *axis,
		     const json_t *tics)
{
	const json_t *tic;
	size_t i;

	fprintf(out, "set %srange [%.6g:%.6g]\n", name, axis->lo, axis->hi);
	if (tics)
		fprintf(out, "set %stics ()\n", name);
	json_array_foreach (tics, i, tic) {
		fprintf(out, "set %stics add (", name);
		put_string(out, json_string_value(json_array_get(tic, 1)));
		fprintf(out, " %g)\n",
			json_number_value(json_array_get(tic, 0)));
	}
}

static void put_head(FILE *out, const struct figure *figure,
		     const json_t *caption)
{
	json_t *lines = break_lines(json_string_value(caption)), *y_tics;

	fprintf(out,
		"# `gnuplot %s.gp`, in this directory, draws the figure "
		"again.\nname = ",
		figure->name);
	put_string(out, figure->name);
	fputs("\ntitle_text = ", out);
	put_string(out, figure->title);
	fputs("\ny_text = ", out);
	put_string(out, figure->y_label);
	fputc('\n', out);
	put_array(out, "caption", lines);
	put_array(out, "labels", figure->labels);
	put_array(out, "styles", figure->styles);
	put_axis(out, "x", &figure->x, figure->x_tics);
	y_tics = figure_log_tics(&figure->y);
	put_axis(out, "y", &figure->y, y_tics);
	json_decref(y_tics);
	fputc('\n', out);
	json_decref(lines);
}

static int copy_after(FILE *out, const char *path)
{
	FILE *in = fopen(path, "r");
	int c;

	if (!in)
		return -errno;
	while ((c = fgetc(in)) != EOF)
		fputc(c, out);
	fclose(in);
	return 0;
}

static int put_script(const struct plots *plots, const char *kind,
		      const struct figure *figure, const json_t *caption)
{
	char path[PATH_MAX];
	int err;
	FILE *out;

	plots_path(plots, figure->name, ".gp", path);
	out = fopen(path, "w");
	if (!out)
		return -errno;
	put_head(out, figure, caption);
	snprintf(path, sizeof(path), "%s/%s.gp", plots->scripts, kind);
	err = copy_after(out, path);
	if (fclose(out) && !err)
		err = -errno;
	return err;
}

int figure_end(struct plots *plots, const char *kind, struct figure *figure)
{
	json_t *caption = make_caption(plots, figure);
	int err = fclose(figure->data) ? -errno : 0;

	if (!err && json_array_size(figure->labels))
		err = put_script(plots, kind, figure, caption);
	if (!err && json_array_size(figure->labels))
		json_array_append_new(
			plots->drawn,
			json_pack("{s:s, s:s, s:O}", "name", figure->name,
				  "title", figure->title, "caption", caption));
	json_decref(caption);
	json_decref(figure->labels);
	json_decref(figure->styles);
	json_decref(figure->x_tics);
	return err;
}
