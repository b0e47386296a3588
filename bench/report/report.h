/* SPDX-License-Identifier: MIT */
/*
 * report.h: a run as plain text that can be pasted into a mail.
 *
 * Idea.  First what makes it doubtful, then what it claims, then the tables,
 * last what is needed to judge and repeat it. The same file gives the same
 * bytes.
 * Never. Works out a figure: those are in the summary.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <jansson.h>
#include <stdio.h>

#define REPORT_WIDTH 72

/**
 * report_print() - print the report of a run
 * @out:   where to
 * @run:   as load_run() returned it, with its summary
 * @width: columns a line may have, indent included, 72 or more
 *
 * Return: 0; -EIO if @out took not all of it.
 */
int report_print(FILE *out, const json_t *run, int width);

#endif
