/* SPDX-License-Identifier: MIT */
/*
 * cell.h: one scheme x one workload x one CPU set x one setting of parameters.
 *
 * Idea.  A cell has a name that says everything that is not default, and the
 * same as JSON: that is how the parent hands it to a worker, and how the record
 * keeps it.
 */
#ifndef CELL_H
#define CELL_H

#include <jansson.h>

#include "bench/grace.h"
#include "schemes/scheme.h"

#define CELL_NAME_BYTES 384

enum workload {
	WORKLOAD_LOOKUP,
	WORKLOAD_REF,
	WORKLOAD_UNLOAD,
	WORKLOAD_STORM,
	WORKLOAD_LOADER, /* dlopen and dlclose: what the others leave out */
	N_WORKLOADS,
};

/**
 * struct cell - what one row measures
 * @ops:           the scheme
 * @params:        its tunables
 * @workload:      what is asked of it
 * @mode:          how unload and storm remove
 * @table:         how look-ups find entries
 * @cpu_ids:       OS ids in the cell's order, [n_cpus]
 * @n_cpus:        1..
 * @hold_ns:       between get and put
 * @think_ns:      between two look-ups
 * @modules:       how many modules the readers share
 * @tables:        how many tables each registers in
 * @oversubscribe: reader threads per CPU
 * @grace:         after an unload, for schemes whose memory waits for one
 * @aa:            1, or 2 for the twin that measures the noise floor
 */
struct cell {
	const struct scheme_ops *ops;
	struct params params;
	enum workload workload;
	enum remove_mode mode;
	enum table_kind table;
	unsigned int *cpu_ids;
	size_t n_cpus;
	double hold_ns;
	double think_ns;
	unsigned int modules;
	unsigned int tables;
	unsigned int oversubscribe;
	struct grace grace;
	unsigned int aa;
};

/* Words of the axes, by value; NULL-terminated. */
extern const char *const workload_words[];
extern const char *const table_words[];
extern const char *const mode_words[];

/** cell_has_mode() - whether a workload unloads, so that the mode matters */
bool cell_has_mode(enum workload workload);

/** cell_name() - the row's name, see docs/RESULT-FORMAT.md */
void cell_name(const struct cell *cell, char ret[CELL_NAME_BYTES]);

/** cell_label() - its scheme and what is not default of its tunables */
void cell_label(const struct cell *cell, char ret[CELL_NAME_BYTES]);

/** cell_make_floor() - the same look-ups without protection */
void cell_make_floor(struct cell *cell);

/** cell_to_json() - a new object with the cell's name and every axis */
json_t *cell_to_json(const struct cell *cell);

/**
 * cell_from_json() - the opposite; cpu_ids is allocated
 * Return: 0; -EINVAL.
 */
int cell_from_json(const json_t *json, struct cell *ret);

/** word_index() - position of @word in a NULL-terminated list, or -1 */
int word_index(const char *const *words, const char *word);

#endif
