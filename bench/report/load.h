/* SPDX-License-Identifier: MIT */
/*
 * load.h: opens a run for those who read it.
 *
 * Idea.  What is no run of ours is refused here, once, in words; readers after
 * this may take the layout for granted and only figures for absent.
 * Never. Writes.
 */
#ifndef REPORT_LOAD_H
#define REPORT_LOAD_H

#include <jansson.h>
#include <stddef.h>

/** The layout of run.json that this program reads and writes. */
#define LOAD_SCHEMA 1

/**
 * load_run() - read a run and see that it is one
 * @path:      run.json or the directory it is in
 * @why:       on failure, at most two lines for the user, without newline at
 *             the end; unchanged otherwise
 * @why_bytes: room in @why, 256 is enough for all but long paths
 *
 * Return: the run, a new reference, with a summary in it (made now if the file
 * has none); NULL on failure.
 */
json_t *load_run(const char *path, char *why, size_t why_bytes);

/**
 * load_summary() - the summary that load_run() made sure of
 * @run: as load_run() returned it
 *
 * Return: borrowed; NULL if @run has none.
 */
json_t *load_summary(const json_t *run);

#endif
