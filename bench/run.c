/* SPDX-License-Identifier: MIT */
/*
 * run.c: the parent of a run: a worker a round, a record that is rewritten
 * after each, and what to do when a worker dies, hangs or the user has enough.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/cli.h"
#include "bench/report/report.h"
#include "bench/report/summary.h"
#include "bench/runfile.h"
#include "bench/worker.h"
#include "harness/record.h"

#define FILE_NAME  "run.json"
#define SILENCE_MS 60000 /* a worker that says nothing for so long hangs */
#define LINE_BYTES 512

/**
 * struct run - a run under way
 * @place: where in the round's order the next answer stands
 */
struct run {
	struct options options;
	struct topology *topology;
	struct clock clock;
	struct plan plan;
	json_t *record;
	json_t *batches;
	double spins_per_ns;
	char dir[512];
	size_t round;
	size_t place;
	uint64_t started_ns;
};

/* The one thing a signal handler may touch. */
static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void watch_signals(void)
{
	/* No SA_RESTART: poll() is to return. */
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

static json_int_t batch_ops(const struct run *run, const struct cell *cell)
{
	json_t *batch;
	size_t i;

	json_array_foreach (run->batches, i, batch)
		if (json_number_value(json_object_get(batch, "hold_ns")) ==
			    cell->hold_ns &&
		    json_number_value(json_object_get(batch, "think_ns")) ==
			    cell->think_ns)
			return json_integer_value(
				json_object_get(batch, "batch_ops"));
	return 1;
}

static json_t *job_json(const struct run *run, size_t cell)
{
	const struct cell *c = &run->plan.cells[cell];

	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "cell",
			 cell_to_json(c), "index", (json_int_t)cell,
			 "batch_ops", batch_ops(run, c), "unloads",
			 (json_int_t)run->options.unloads, "seed",
			 (json_int_t)plan_seed(&run->plan, cell, run->round),
			 "window_ns", run->options.window_ns, "warmup_max_ns",
			 run->options.window_ns < 100e6 ? 30e6 : 100e6,
			 "cap_ns", plan_unload_cap_ns(&run->plan));
}

static json_t *request_json(const struct run *run, json_t *jobs)
{
	return json_pack("{s:f, s:f, s:o}", "spins_per_ns", run->spins_per_ns,
			 "window_ns", run->options.window_ns, "jobs", jobs);
}

/* One trial of every way to read, at the most CPUs there are. */
static json_t *calibration_jobs(const struct run *run)
{
	const struct plan *p = &run->plan;
	size_t most = p->counts[p->n_counts - 1];
	json_t *jobs = json_array();

	for (size_t i = 0; i < p->n_cells; i++) {
		struct cell cell = p->cells[i];
		json_t *job;

		if (cell.n_cpus != most || cell.aa != 1)
			continue;
		if (cell.workload == WORKLOAD_LOADER)
			continue;
		if (cell_has_mode(cell.workload))
			cell.workload = WORKLOAD_LOOKUP;
		job = json_pack("{s:o}", "cell", cell_to_json(&cell));
		json_object_update_missing_new(job, job_json(run, i));
		json_array_append_new(jobs, job);
	}
	return jobs;
}

/* The floor belongs to every calibration, whether it is in the plan or not. */
static void add_floor(json_t *jobs)
{
	json_t *job = json_deep_copy(json_array_get(jobs, 0));
	json_t *cell = json_object_get(job, "cell");

	json_object_set_new(cell, "scheme", json_string("none"));
	json_object_set_new(cell, "params", json_object());
	json_object_set_new(cell, "table", json_string("none"));
	json_array_append_new(jobs, job);
}

static int ask_once(const json_t *request, json_t **ret)
{
	struct worker w;
	char why[96];
	int got = worker_start(request, &w);

	if (got)
		return got;
	got = worker_answer(&w, SILENCE_MS, ret);
	worker_end(&w, got != 1, why);
	return got == 1 ? 0 : got ? got : -EIO;
}

static void warn_linearity(struct run *run, const json_t *answer)
{
	const json_t *entry;
	char text[LINE_BYTES];
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

static int calibrate_run(struct run *run)
{
	json_t *jobs = calibration_jobs(run), *request, *answer = NULL;
	int err;

	add_floor(jobs);
	request = request_json(run, jobs);
	json_object_set_new(request, "calibrate", json_true());
	err = ask_once(request, &answer);
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

/* The delays' unit again, at the end: did the clock rate drift? */
static void check_drift(struct run *run)
{
	json_t *request = request_json(run, json_array()), *answer = NULL;
	char text[LINE_BYTES];
	double now;

	json_object_set_new(request, "calibrate", json_true());
	if (!ask_once(request, &answer)) {
		now = json_number_value(
			json_object_get(answer, "spins_per_ns"));
		json_object_set_new(json_object_get(run->record, "unloadbench"),
				    "spins_per_ns_end", json_real(now));
		if (now < .95 * run->spins_per_ns ||
		    now > 1.05 * run->spins_per_ns) {
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

static void say_progress(const struct run *run)
{
	size_t done = run->round * run->plan.n_cells + run->place;
	size_t all = run->options.rounds * run->plan.n_cells;
	double spent =
		(double)(clock_kernel_ns(CLOCK_MONOTONIC) - run->started_ns) *
		1e-9;

	if (!isatty(STDERR_FILENO) || !done)
		return;
	fprintf(stderr, "\rround %zu of %lu, %3.0f %%, %.0f s left  ",
		run->round + 1, run->options.rounds,
		100.0 * (double)done / (double)all,
		spent / (double)done * (double)(all - done));
}

/* Takes a worker's answers; how many cells of @order it got through. */
static int take_answers(struct run *run, struct worker *w, size_t from)
{
	json_t *answer;
	int got;

	while ((got = worker_answer(w, SILENCE_MS, &answer)) == 1) {
		int err = runfile_add(run->record, &run->plan, run->round,
				      run->place, answer);

		json_decref(answer);
		if (err)
			return err;
		run->place++;
		say_progress(run);
	}
	(void)from;
	return got;
}

/*
 * One worker for the rest of a round.  If it dies or hangs, the cell it was at
 * is lost, by name, and another worker goes on behind it.
 */
static int run_rest(struct run *run, const size_t *order)
{
	json_t *jobs = json_array(), *request;
	struct worker w;
	char why[96];
	int got;

	for (size_t i = run->place; i < run->plan.n_cells; i++)
		json_array_append_new(jobs, job_json(run, order[i]));
	request = request_json(run, jobs);
	got = worker_start(request, &w);
	json_decref(request);
	if (got)
		return got;
	got = take_answers(run, &w, run->place);
	worker_end(&w, got != 0, why);
	if (interrupted)
		return -EINTR;
	if (got == -ETIMEDOUT)
		snprintf(why, sizeof(why), "worker hung: silent for %d s",
			 SILENCE_MS / 1000);
	else if (got == -EPROTO)
		snprintf(why, sizeof(why), "worker answered nonsense");
	if (run->place < run->plan.n_cells) {
		runfile_failed(run->record, &run->plan, run->round,
			       order[run->place],
			       *why ? why : "worker ended early");
		run->place++;
	} else if (*why) {
		runfile_warn(run->record, "bad", "worker", why);
	}
	return 0;
}

static int write_record(struct run *run)
{
	int err = record_write(run->dir, FILE_NAME, run->record);

	if (err)
		fprintf(stderr,
			"unloadbench: cannot write %s/%s: %s\n"
			"unloadbench: what stood there before is whole\n",
			run->dir, FILE_NAME, strerror(-err));
	return err;
}

static int run_rounds(struct run *run)
{
	size_t *order = calloc(run->plan.n_cells, sizeof(*order));
	int err = order ? 0 : -ENOMEM;

	run->started_ns = clock_kernel_ns(CLOCK_MONOTONIC);
	for (; !err && run->round < run->options.rounds; run->round++) {
		err = plan_round(&run->plan, run->round, order);
		run->place = 0;
		while (!err && run->place < run->plan.n_cells)
			err = run_rest(run, order);
		if (!err)
			err = write_record(run) ? -EIO : 0;
		if (err)
			break;
	}
	if (isatty(STDERR_FILENO))
		fputc('\n', stderr);
	free(order);
	return err;
}

static void default_dir(struct run *run)
{
	char host[128] = "unknown", stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	if (run->options.out) {
		snprintf(run->dir, sizeof(run->dir), "%s", run->options.out);
		return;
	}
	gethostname(host, sizeof(host) - 1);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	snprintf(run->dir, sizeof(run->dir), "results/%s-%s", host, stamp);
}

static int claim_record(struct run *run)
{
	int err = record_create(run->dir, FILE_NAME, run->record);

	if (err == -EEXIST)
		fprintf(stderr,
			"unloadbench: %s/%s exists and is never overwritten\n"
			"unloadbench: choose another --out\n",
			run->dir, FILE_NAME);
	else if (err)
		fprintf(stderr, "unloadbench: cannot write %s/%s: %s\n",
			run->dir, FILE_NAME, strerror(-err));
	return err;
}

static int print_plan(const struct run *run)
{
	json_t *json = plan_to_json(&run->plan);
	char name[CELL_NAME_BYTES];

	if (run->options.json) {
		json_object_set(json, "skipped", run->plan.skipped);
		json_dumpf(json, stdout, JSON_INDENT(1));
		putchar('\n');
	} else {
		printf("plan %s: %zu cells, %lu rounds, seed %lu, about %.0f "
		       "s\nbatch sizes are calibrated when the run starts\n",
		       run->options.plan, run->plan.n_cells,
		       run->options.rounds, run->options.seed,
		       plan_seconds(&run->plan));
		for (size_t i = 0; i < run->plan.n_cells; i++) {
			cell_name(&run->plan.cells[i], name);
			puts(name);
		}
	}
	json_decref(json);
	return fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}

/* What --strict does not put up with; NULL: nothing. */
static const char *strict_objection(const struct run *run)
{
	const json_t *ours = json_object_get(run->record, "unloadbench");
	const json_t *warning;
	const char *torture = json_string_value(
		json_object_get(json_object_get(ours, "torture"), "status"));
	size_t i;

	if (!torture || strcmp(torture, "passed"))
		return "this build has not passed torture";
	json_array_foreach (json_object_get(ours, "warnings"), i, warning)
		if (!strcmp(json_string_value(
				    json_object_get(warning, "level")),
			    "bad"))
			return json_string_value(
				json_object_get(warning, "text"));
	return NULL;
}

/* Before anything is measured; an exit status, or -1 to go on. */
static int prepare(struct run *run, int argc, char **argv)
{
	char why[PLAN_WHY_BYTES] = "out of memory";
	const char *objection;
	int err = topology_load(&run->topology);

	if (err) {
		fprintf(stderr, "unloadbench: cannot read the topology: %s\n",
			strerror(-err));
		return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	}
	err = plan_make(&run->options, run->topology, &run->plan, why);
	if (err) {
		fprintf(stderr, "unloadbench: %s\n", why);
		return err == -ENODEV ? EXIT_NOTHING : EXIT_USAGE;
	}
	if (run->options.dry_run)
		return print_plan(run);
	if (!topology_is_this_machine(run->topology)) {
		fputs("unloadbench: the topology is a made-up one: only "
		      "--dry-run works with it\n",
		      stderr);
		return EXIT_NOTHING;
	}
	clock_init(&run->clock);
	run->record = runfile_begin(&run->plan, run->topology, &run->clock,
				    argc, argv);
	objection = run->options.strict ? strict_objection(run) : NULL;
	if (objection) {
		fprintf(stderr, "unloadbench: --strict: %s\n", objection);
		return EXIT_STRICT;
	}
	default_dir(run);
	return claim_record(run) ? EXIT_USAGE : -1;
}

/* --publish promises figures that can be trusted. */
static bool is_untrusted(const struct run *run)
{
	return !strcmp(run->options.plan, "publish") && strict_objection(run);
}

static int finish(struct run *run, int err)
{
	bool partial = err != 0;

	if (!partial)
		check_drift(run);
	runfile_end(run->record, run->topology, &run->clock, partial);
	if (write_record(run))
		return EXIT_FAILED;
	if (run->options.json)
		json_dumpf(json_object_get(
				   json_object_get(run->record, "unloadbench"),
				   "summary"),
			   stdout, JSON_INDENT(1));
	else
		report_print(stdout, run->record, 72);
	fflush(stdout);
	fprintf(stderr, "%s/%s%s\n", run->dir, FILE_NAME,
		partial ? " (partial)" : "");
	if (interrupted)
		return EXIT_INTERRUPTED;
	if (err)
		fprintf(stderr, "unloadbench: stopped: %s\n", strerror(-err));
	if (err || runfile_n_failed(run->record))
		return EXIT_FAILED;
	return is_untrusted(run) ? EXIT_UNTRUSTED : EXIT_DONE;
}

int cmd_run(int argc, char **argv)
{
	struct run run = { 0 };
	int status, err;

	options_parse(argc, argv, &run.options);
	status = prepare(&run, argc, argv);
	if (status < 0) {
		watch_signals();
		err = calibrate_run(&run);
		if (err && !interrupted)
			fputs("unloadbench: calibration failed\n", stderr);
		if (!err)
			err = run_rounds(&run);
		status = finish(&run, err);
	}
	json_decref(run.record);
	json_decref(run.batches);
	plan_free(&run.plan);
	topology_free(run.topology);
	return status;
}
