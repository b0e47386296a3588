/* SPDX-License-Identifier: MIT */
/*
 * plot_parts.h: what the figures share.
 */
#ifndef REPORT_PLOT_PARTS_H
#define REPORT_PLOT_PARTS_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#define FIGURE_NAME_BYTES 96
#define FIGURE_TEXT_BYTES 256

/**
 * struct plots - a run opened for drawing
 * @ours:    the run file's `unloadbench`
 * @cells:   plan.cells
 * @groups:  the summary's groups
 * @results: object: cell name -> the summary's entry
 * @planned: object: cell name -> the plan's entry
 * @labels:  object with one key a scheme and parameters, in the plan's order
 * @dir:     where to
 * @scripts: where scripts come from
 * @drawn:   array of {"name", "title", "caption"}, one a figure written
 */
struct plots {
	const json_t *ours;
	const json_t *cells;
	const json_t *groups;
	json_t *results;
	json_t *planned;
	json_t *labels;
	const char *dir;
	const char *scripts;
	json_t *drawn;
};

/**
 * struct axis - a logarithmic axis
 * @lo: least value, above 0
 * @hi: greatest value
 */
struct axis {
	double lo;
	double hi;
};

/** axis_include() - make room for @value; what is not above 0 is ignored */
void axis_include(struct axis *axis, double value);

/** axis_widen() - room beside the outermost values, at least a factor @least */
void axis_widen(struct axis *axis, double least);

/**
 * struct figure - one figure being written
 * @name:     file name without its end
 * @title:    above the figure
 * @meaning:  what points and bars are, for the caption
 * @y_label:  of the vertical axis
 * @labels:   array of strings: the series' names, in the data file's order
 * @styles:   array of integers, one a series: its scheme's place in the plan
 * @x:        horizontal axis
 * @y:        vertical axis
 * @x_tics:   array of [position, text]; NULL: the script has them
 * @data:     the data file
 */
struct figure {
	char name[FIGURE_NAME_BYTES];
	char title[FIGURE_TEXT_BYTES];
	char meaning[FIGURE_TEXT_BYTES];
	char y_label[FIGURE_TEXT_BYTES];
	json_t *labels;
	json_t *styles;
	struct axis x;
	struct axis y;
	json_t *x_tics;
	FILE *data;
};

/**
 * figure_begin() - start a figure of a series of groups
 * @plots: the run
 * @kind:  "scaling", "latency", ...
 * @group: one group of the series; gives name and title
 * @what:  first words of the title
 * @ret:   the figure, its data file open
 *
 * Return: 0; -errno if the data file cannot be written.
 */
int figure_begin(const struct plots *plots, const char *kind,
		 const json_t *group, const char *what, struct figure *ret);

/** figure_end() - close the data, write the script; as figure_begin() */
int figure_end(struct plots *plots, const char *kind, struct figure *figure);

/** figure_log_tics() - tics for an axis of any values, new reference */
json_t *figure_log_tics(const struct axis *axis);

/** figure_series() - name the next series of the data file */
void figure_series(const struct plots *plots, struct figure *figure,
		   const json_t *member, const char *full);

/** plots_path() - DIR/NAME.END */
void plots_path(const struct plots *plots, const char *name, const char *end,
		char ret[PATH_MAX]);

/** plots_in_series() - whether @group is of the series of @other */
bool plots_in_series(const json_t *group, const json_t *other);

/** plots_first_of_series() - whether group @i is its series' first */
bool plots_first_of_series(const struct plots *plots, size_t i);

/** plots_member() - the member of @group called @full, not the A/A twin */
const json_t *plots_member(const struct plots *plots, const json_t *group,
			   const char *full);

/** plots_result() - the summary's entry of a cell by name */
const json_t *plots_result(const struct plots *plots, const json_t *member);

/** plots_scaling() - throughput against CPUs, a figure a series */
int plots_scaling(struct plots *plots);

/** plots_latency() - unload latency's quantiles, a figure a series */
int plots_latency(struct plots *plots);

/** plots_tradeoff() - throughput against unload latency, a figure a series */
int plots_tradeoff(struct plots *plots);

#endif
