/* SPDX-License-Identifier: MIT */
/*
 * report.c: a run as plain text; see report.h.
 */
#include "bench/report/report.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/cli.h"
#include "bench/report/fields.h"
#include "bench/report/labels.h"
#include "bench/report/load.h"
#include "bench/report/report_parts.h"

#define WIDTH_MAX 200

const json_t *report_group_cell(const struct report *report,
				const json_t *group)
{
	const json_t *members = json_object_get(group, "members");
	const json_t *first = json_array_get(members, 0);

	return json_object_get(report->planned,
			       field_string(first, "cell", ""));
}

int report_print(FILE *out, const json_t *run, int width)
{
	const json_t *ours = json_object_get(run, "unloadbench");
	const json_t *plan = json_object_get(ours, "plan");
	const json_t *summary = load_summary(run);
	const json_t *cells = json_object_get(plan, "cells");
	struct report report = {
		.text = { .out = out, .width = (size_t)width },
		.run = run,
		.ours = ours,
		.plan = plan,
		.summary = summary,
		.results = entries_by_name(json_object_get(summary, "cells")),
		.planned = entries_by_name(cells),
		.labels = labels_short(cells),
	};

	report_doubts(&report);
	report_claims(&report);
	report_tables(&report);
	report_facts(&report);
	json_decref(report.results);
	json_decref(report.planned);
	json_decref(report.labels);
	return fflush(out) || ferror(out) ? -EIO : 0;
}

struct options {
	const char *run;
	int width;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;
	char *end;
	long width;

	switch (key) {
	case 'w':
		width = strtol(arg, &end, 10);
		if (*end || width < REPORT_WIDTH || width > WIDTH_MAX)
			argp_error(state,
				   "--width: %s is not a number from "
				   "%d to %d",
				   arg, REPORT_WIDTH, WIDTH_MAX);
		options->width = (int)width;
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

int cmd_report(int argc, char **argv)
{
	static const struct argp_option known[] = {
		{ "width", 'w', "N", 0, "Columns a line may have (72)", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = known,
		.parser = parse,
		.args_doc = "RUN",
		.doc = "Prints a run as plain text for a mail.\v"
		       "RUN is a run.json or the directory it is in.",
	};
	struct options options = { .width = REPORT_WIDTH };
	char why[512] = "";
	json_t *run;
	int err;

	if (cli_parse(&argp, argc, argv, &options))
		return EXIT_USAGE;
	run = load_run(options.run, why, sizeof(why));
	if (!run) {
		fprintf(stderr, "unloadbench: %s\n", why);
		return EXIT_USAGE;
	}
	err = report_print(stdout, run, options.width);
	json_decref(run);
	if (err)
		fprintf(stderr, "unloadbench: report: cannot write it all\n");
	return err ? EXIT_FAILED : EXIT_DONE;
}
