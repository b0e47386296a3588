/* SPDX-License-Identifier: MIT */
/*
 * plot.h: a run as figures.
 *
 * Idea.  For each figure a data file, the script that draws it and a small head
 * with names and captions; gnuplot does the rest, here or on another machine.
 * Never. Works out a figure; starts a shell.
 */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <jansson.h>
#include <stddef.h>

/**
 * plot_run() - write and draw all figures a run has data for
 * @run:       as load_run() returned it, with its summary
 * @dir:       where to; made if it is not there
 * @scripts:   directory of scaling.gp and its like
 * @why:       on failure, one line for the user; unchanged otherwise
 * @why_bytes: room in @why
 *
 * Return: 0; -ENOPKG without gnuplot (data and scripts are there); -ENODATA if
 * the run has nothing to draw; -EIO if gnuplot failed; another -errno if a file
 * cannot be written.
 */
int plot_run(const json_t *run, const char *dir, const char *scripts, char *why,
	     size_t why_bytes);

#endif
