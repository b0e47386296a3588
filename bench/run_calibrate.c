/* SPDX-License-Identifier: MIT */
/*
 * run_calibrate.c: the parent's side of calibration.
 *
 * Idea.  One trial of every way to read, for each hold and think at the most
 * CPUs that any of its cells has: there the slowest scheme is at its slowest.
 */
#include <errno.h>
#include <stdio.h>

#include "bench/run.h"
#include "bench/worker.h"

static bool same_dwell(const struct cell *a, const struct cell *b)
{
	return a->hold_ns == b->hold_ns && a->think_ns == b->think_ns;
}

/* How every cell is tried: as a reader, and as one of two twins. */
static struct cell as_trial(const struct cell *cell)
{
	struct cell trial = *cell;

	trial.aa = 1;
	if (trial.workload != WORKLOAD_REF)
		trial.workload = WORKLOAD_LOOKUP;
	return trial;
}

static bool has_most_cpus(const struct plan *p, const struct cell *cell)
{
	for (size_t i = 0; i < p->n_cells; i++)
		if (same_dwell(&p->cells[i], cell) &&
		    p->cells[i].n_cpus > cell->n_cpus)
			return false;
	return true;
}

/* Jobs by the name of their cell, so that none is there twice. */
static void add_trial(const struct run *run, json_t *jobs, size_t i,
		      const struct cell *trial)
{
	char name[CELL_NAME_BYTES];
	json_t *job;

	cell_name(trial, name);
	if (json_object_get(jobs, name))
		return;
	job = run_job(run, i);
	json_object_set_new(job, "cell", cell_to_json(trial));
	json_object_set_new(jobs, name, job);
}

static json_t *trials(const struct run *run)
{
	const struct plan *p = &run->plan;
	json_t *by_name = json_object(), *jobs = json_array(), *job;
	const char *name;

	for (size_t i = 0; i < p->n_cells; i++) {
		struct cell trial = as_trial(&p->cells[i]);

		if (!has_most_cpus(p, &p->cells[i]))
			continue;
		add_trial(run, by_name, i, &trial);
		/* The floor is tried whether it is in the plan or not. */
		cell_make_floor(&trial);
		add_trial(run, by_name, i, &trial);
	}
	json_object_foreach (by_name, name, job)
		json_array_append(jobs, job);
	json_decref(by_name);
	return jobs;
}

static int ask_once(const struct run *run, const json_t *request, json_t **ret)
{
	struct worker w;
	char why[96];
	int got = worker_start(request, &w);

	if (got)
		return got;
	got = worker_answer(&w, run_silence_ms(run), ret);
	/* With the answer it has done its work, however it would end. */
	worker_end(&w, true, why);
	return got == 1 ? 0 : got ? got : -EIO;
}

static void warn_linearity(struct run *run, const json_t *answer)
{
	const json_t *entry;
	char text[RUN_LINE_BYTES];
	size_t i;

	json_array_foreach (json_object_get(answer, "linearity"), i, entry) {
		double ratio =
			json_number_value(json_object_get(entry, "ratio"));

		if (ratio > 1.95 && ratio < 2.05)
			continue;
		snprintf(text, sizeof(text),
			 "%s: twice the look-ups took %.2f times as long",
			 json_string_value(json_object_get(entry, "name")),
			 ratio);
		runfile_warn(run->record, "warn", "linearity", text);
	}
}

int run_calibrate(struct run *run)
{
	json_t *request = run_request(run, trials(run)), *answer = NULL;
	int err;

	json_object_set_new(request, "calibrate", json_true());
	err = ask_once(run, request, &answer);
	json_decref(request);
	if (err)
		return err;
	run->spins_per_ns =
		json_number_value(json_object_get(answer, "spins_per_ns"));
	run->batches = json_incref(json_object_get(answer, "batches"));
	warn_linearity(run, answer);
	json_object_set_new(
		json_object_get(json_object_get(run->record, "unloadbench"),
				"plan"),
		"calibration", answer);
	return 0;
}

/* Whether any cell holds or thinks, so that the delays' unit matters. */
static bool has_dwells(const struct plan *p)
{
	for (size_t i = 0; i < p->n_cells; i++)
		if (p->cells[i].hold_ns > 0 || p->cells[i].think_ns > 0)
			return true;
	return false;
}

void run_check_drift(struct run *run)
{
	json_t *request = run_request(run, json_array()), *answer = NULL;
	char text[RUN_LINE_BYTES];
	double now;

	json_object_set_new(request, "calibrate", json_true());
	if (!ask_once(run, request, &answer)) {
		now = json_number_value(
			json_object_get(answer, "spins_per_ns"));
		json_object_set_new(json_object_get(run->record, "unloadbench"),
				    "spins_per_ns_end", json_real(now));
		if (has_dwells(&run->plan) &&
		    (now < .95 * run->spins_per_ns ||
		     now > 1.05 * run->spins_per_ns)) {
			snprintf(text, sizeof(text),
				 "hold and think drifted: %.3f spins/ns became "
				 "%.3f",
				 run->spins_per_ns, now);
			runfile_warn(run->record, "warn", "drift", text);
		}
	}
	json_decref(answer);
	json_decref(request);
}
