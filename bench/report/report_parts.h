/* SPDX-License-Identifier: MIT */
/*
 * report_parts.h: what the parts of a report share.
 */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

#include <jansson.h>

#include "bench/report/text.h"

/**
 * struct report - a run opened for printing
 * @text:    where to
 * @run:     the file's content
 * @ours:    its `unloadbench`
 * @plan:    its plan
 * @summary: its summary
 * @results: object: cell name -> the summary's entry
 * @planned: object: cell name -> the plan's entry
 * @labels:  labels_short() of the plan
 * @notes:   reasons collected by the table being made
 */
struct report {
	struct text text;
	const json_t *run;
	const json_t *ours;
	const json_t *plan;
	const json_t *summary;
	json_t *results;
	json_t *planned;
	json_t *labels;
	struct notes notes;
};

/** report_doubts() - what speaks against the numbers */
void report_doubts(const struct report *report);

/** report_claims() - what the run shows, scheme by scheme */
void report_claims(const struct report *report);

/** report_tables() - every table, in the plan's order */
void report_tables(struct report *report);

/** report_facts() - machine, method, noise, how to run it again */
void report_facts(const struct report *report);

/** report_group_cell() - plan entry of a group's first member */
const json_t *report_group_cell(const struct report *report,
				const json_t *group);

#endif
