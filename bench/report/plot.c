/* SPDX-License-Identifier: MIT */
/*
 * plot.c: a run as figures; see plot.h.
 */
#include "bench/report/plot.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/cli.h"
#include "bench/paths.h"
#include "bench/report/fields.h"
#include "bench/report/labels.h"
#include "bench/report/load.h"
#include "bench/report/plot_parts.h"
#include "bench/report/plot_svg.h"

#define NOT_FOUND 127 /* what a spawned child ends with without a program */

/* Runs gnuplot in the figures' directory, for scripts load by name. */
static int run_gnuplot(const char *dir, const char *name)
{
	char script[FIGURE_NAME_BYTES + 4], program[] = "gnuplot";
	char *const argv[] = { program, script, NULL };
	posix_spawn_file_actions_t actions;
	int err, status = 0;
	pid_t child;

	snprintf(script, sizeof(script), "%s.gp", name);
	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return -err;
	err = posix_spawn_file_actions_addchdir_np(&actions, dir);
	if (!err)
		err = posix_spawnp(&child, program, &actions, NULL, argv,
				   environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		return err == ENOENT ? -ENOPKG : -err;
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
		return -ENOPKG;
	return status ? -EIO : 0;
}

static int draw_all(const struct plots *plots)
{
	const json_t *figure;
	int err = json_array_size(plots->drawn) ? 0 : -ENODATA;
	size_t i;

	json_array_foreach (plots->drawn, i, figure) {
		const char *name = field_string(figure, "name", "");
		char path[PATH_MAX];

		if (!err)
			err = run_gnuplot(plots->dir, name);
		plots_path(plots, name, ".svg", path);
		if (!err)
			err = plot_svg_describe(
				path, field_string(figure, "title", ""),
				field_string(figure, "caption", ""));
	}
	return err;
}

static int copy_style(const struct plots *plots)
{
	char from[PATH_MAX], to[PATH_MAX];
	FILE *in, *out;
	int c, err = 0;

	snprintf(from, sizeof(from), "%s/style.gp", plots->scripts);
	plots_path(plots, "style", ".gp", to);
	in = fopen(from, "r");
	if (!in)
		return -errno;
	out = fopen(to, "w");
	if (!out)
		err = -errno;
	while (!err && (c = fgetc(in)) != EOF)
		fputc(c, out);
	fclose(in);
	if (out && fclose(out))
		err = -errno;
	return err;
}

static int write_all(struct plots *plots)
{
	int err = mkdir(plots->dir, 0777) && errno != EEXIST ? -errno : 0;

	if (!err)
		err = copy_style(plots);
	if (!err)
		err = plots_scaling(plots);
	if (!err)
		err = plots_latency(plots);
	return err ? err : plots_tradeoff(plots);
}

static void explain(int err, const char *dir, char *why, size_t bytes)
{
	if (err == -ENOPKG)
		snprintf(why, bytes,
			 "no gnuplot here; data and scripts are "
			 "in %s",
			 dir);
	else if (err == -ENODATA)
		snprintf(why, bytes, "the run has nothing to draw");
	else if (err == -EIO)
		snprintf(why, bytes, "gnuplot failed on a script in %s", dir);
	else
		snprintf(why, bytes, "%s: %s", dir, strerror(-err));
}

int plot_run(const json_t *run, const char *dir, const char *scripts, char *why,
	     size_t why_bytes)
{
	const json_t *ours = json_object_get(run, "unloadbench");
	const json_t *plan = json_object_get(ours, "plan");
	const json_t *summary = load_summary(run);
	struct plots plots = {
		.ours = ours,
		.cells = json_object_get(plan, "cells"),
		.groups = json_object_get(summary, "groups"),
		.results = entries_by_name(json_object_get(summary, "cells")),
		.planned = entries_by_name(json_object_get(plan, "cells")),
		.labels = labels_short(json_object_get(plan, "cells")),
		.dir = dir,
		.scripts = scripts,
		.drawn = json_array(),
	};
	int err = write_all(&plots);

	if (!err)
		err = draw_all(&plots);
	if (err)
		explain(err, dir, why, why_bytes);
	json_decref(plots.results);
	json_decref(plots.planned);
	json_decref(plots.labels);
	json_decref(plots.drawn);
	return err;
}

struct options {
	const char *run;
	const char *out;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o':
		options->out = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (options->run)
			argp_error(state, "one RUN at a time");
		options->run = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which RUN?");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Cuts the last part off @path: "a/b" is "a", "b" is ".". */
static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
	else
		strcpy(path, ".");
}

/* Where figures go unless told: plots/ beside run.json. */
static void default_dir(const char *run, char ret[PATH_MAX])
{
	struct stat st;
	size_t n;

	snprintf(ret, PATH_MAX - sizeof("/plots"), "%s", run);
	if (stat(run, &st) || !S_ISDIR(st.st_mode))
		cut_last(ret);
	n = strlen(ret);
	strcpy(ret + n, "/plots");
}

static int fail(int status, const char *why)
{
	fprintf(stderr, "unloadbench: %s\n", why);
	return status;
}

static int draw_run(const json_t *run, const struct options *options)
{
	char dir[PATH_MAX], scripts[PATH_MAX], why[PATH_MAX + 128] = "";
	int err;

	default_dir(options->run, dir);
	if (paths_find("plots", "style.gp", scripts))
		return fail(EXIT_FAILED, "the plots' scripts are not there; "
					 "is the installation whole?");
	cut_last(scripts);
	err = plot_run(run, options->out ? options->out : dir, scripts, why,
		       sizeof(why));
	if (err)
		return fail(err == -ENOPKG || err == -ENODATA ? EXIT_NOTHING
							      : EXIT_FAILED,
			    why);
	printf("%s\n", options->out ? options->out : dir);
	return EXIT_DONE;
}

int cmd_plot(int argc, char **argv)
{
	static const struct argp_option known[] = {
		{ "out", 'o', "DIR", 0,
		  "Where figures go (plots/ beside run.json)", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = known,
		.parser = parse,
		.args_doc = "RUN",
		.doc = "Draws a run with gnuplot, as SVG and PNG, and leaves "
		       "data and script beside each.\v"
		       "RUN is a run.json or the directory it is in.",
	};
	struct options options = { 0 };
	char why[512] = "";
	json_t *run;
	int status;

	if (cli_parse(&argp, argc, argv, &options))
		return EXIT_USAGE;
	run = load_run(options.run, why, sizeof(why));
	if (!run)
		return fail(EXIT_USAGE, why);
	status = draw_run(run, &options);
	json_decref(run);
	return status;
}
