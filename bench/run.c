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
#include "bench/run.h"
#include "bench/worker.h"
#include "harness/record.h"

#define FILE_NAME  "run.json"
#define SILENCE_NS 60e9 /* beyond what a cell may take: a hang */

/* The one thing a signal handler may touch. */
static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* Both are let in only where a worker is waited for: none comes unseen. */
static void watch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGINT);
	sigaddset(&both, SIGTERM);
	sigprocmask(SIG_BLOCK, &both, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

int run_silence_ms(const struct run *run)
{
	return (int)((SILENCE_NS + plan_unload_cap_ns(&run->plan)) * 1e-6);
}

/* A stall is seen at a batch's end: storms have shorter ones. */
#define STORM_BATCHES 8

static json_int_t batch_ops(const struct run *run, const struct cell *cell)
{
	const char *kind = workload_words[cell->workload == WORKLOAD_REF
						  ? WORKLOAD_REF
						  : WORKLOAD_LOOKUP];
	json_int_t ops = 1;
	json_t *batch;
	size_t i;

	json_array_foreach (run->batches, i, batch)
		if (!strcmp(kind, json_string_value(json_object_get(
					  batch, "workload"))) &&
		    json_number_value(json_object_get(batch, "hold_ns")) ==
			    cell->hold_ns &&
		    json_number_value(json_object_get(batch, "think_ns")) ==
			    cell->think_ns)
			ops = json_integer_value(
				json_object_get(batch, "batch_ops"));
	if (cell->workload == WORKLOAD_STORM)
		ops /= STORM_BATCHES;
	return ops > 0 ? ops : 1;
}

json_t *run_job(const struct run *run, size_t cell)
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

json_t *run_request(const struct run *run, json_t *jobs)
{
	return json_pack("{s:f, s:f, s:o}", "spins_per_ns", run->spins_per_ns,
			 "window_ns", run->options.window_ns, "jobs", jobs);
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

/* Takes a worker's answers until it ends; 0 or -errno. */
static int take_answers(struct run *run, struct worker *w)
{
	json_t *answer;
	int got;

	while ((got = worker_answer(w, run_silence_ms(run), &answer)) == 1) {
		int err = runfile_add(run->record, &run->plan, run->round,
				      run->place, answer);

		json_decref(answer);
		if (err)
			return err;
		run->place++;
		say_progress(run);
	}
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
		json_array_append_new(jobs, run_job(run, order[i]));
	request = run_request(run, jobs);
	got = worker_start(request, &w);
	json_decref(request);
	if (got)
		return got;
	got = take_answers(run, &w);
	worker_end(&w, got != 0, why);
	if (interrupted)
		return -EINTR;
	if (got == -ETIMEDOUT)
		snprintf(why, sizeof(why), "worker hung: silent for %d s",
			 run_silence_ms(run) / 1000);
	else if (got == -EPROTO)
		snprintf(why, sizeof(why), "worker answered nonsense");
	if (run->place < run->plan.n_cells) {
		runfile_failed(run->record, &run->plan, run->round,
			       order[run->place],
			       *why ? why : "worker ended early");
		run->place++;
	} else if (*why) {
		run->troubled = true;
		runfile_warn(run->record, "bad", "worker", why);
	}
	return 0;
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
			err = record_write(run->dir, FILE_NAME, run->record);
		if (err)
			break;
	}
	if (isatty(STDERR_FILENO))
		fputc('\n', stderr);
	free(order);
	return err;
}

static int choose_dir(struct run *run)
{
	char host[128] = "unknown", stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	if (run->options.out)
		return snprintf(run->dir, sizeof(run->dir), "%s",
				run->options.out) < (int)sizeof(run->dir)
			       ? 0
			       : -ENAMETOOLONG;
	gethostname(host, sizeof(host) - 1);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	snprintf(run->dir, sizeof(run->dir), "results/%s-%s", host, stamp);
	return 0;
}

static int claim_record(struct run *run)
{
	int err = choose_dir(run);

	if (!err)
		err = record_create(run->dir, FILE_NAME, run->record);
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

/* Whether torture, run without some privilege, passed over this scheme. */
static bool was_tortured(const json_t *torture, const struct scheme_ops *ops)
{
	const json_t *verdict;
	size_t i;

	json_array_foreach (json_object_get(torture, "schemes"), i, verdict)
		if (!strcmp(json_string_value(json_object_get(verdict, "name")),
			    ops->name))
			return strcmp(json_string_value(json_object_get(
					      verdict, "verdict")),
				      "skipped");
	return false;
}

/* What --strict does not put up with; NULL: nothing. */
static const char *strict_objection(const struct run *run)
{
	const json_t *ours = json_object_get(run->record, "unloadbench");
	const json_t *torture = json_object_get(ours, "torture"), *warning;
	const char *status =
		json_string_value(json_object_get(torture, "status"));
	size_t i;

	if (!status || strcmp(status, "passed"))
		return "this build has not passed torture";
	for (i = 0; i < run->options.n_contenders; i++)
		if (!was_tortured(torture, run->options.contenders[i].ops))
			return "torture passed over a scheme of this run";
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
		return err == -ENODEV	? EXIT_NOTHING
		       : err == -EINVAL ? EXIT_USAGE
					: EXIT_FAILED;
	}
	if (run->options.dry_run) {
		plan_print(&run->plan, run->options.json);
		return cli_flush(EXIT_DONE);
	}
	if (!topology_is_this_machine(run->topology)) {
		fputs("unloadbench: the topology is a made-up one: only "
		      "--dry-run works with it\n",
		      stderr);
		return EXIT_NOTHING;
	}
	if (clock_init(&run->clock)) {
		fputs("unloadbench: no clock can be read here\n", stderr);
		return EXIT_FAILED;
	}
	run->record = runfile_begin(&run->plan, run->topology, &run->clock,
				    argc, argv);
	objection = run->options.strict ? strict_objection(run) : NULL;
	if (objection) {
		fprintf(stderr, "unloadbench: --strict: %s\n", objection);
		return EXIT_STRICT;
	}
	return claim_record(run) ? EXIT_USAGE : -1;
}

/* --publish promises figures that can be trusted. */
static bool is_untrusted(const struct run *run)
{
	return !strcmp(run->options.plan, "publish") && strict_objection(run);
}

static void print_result(const struct run *run)
{
	const json_t *ours = json_object_get(run->record, "unloadbench");

	if (run->options.json) {
		json_dumpf(json_object_get(ours, "summary"), stdout,
			   JSON_INDENT(1));
		putchar('\n');
	} else {
		report_print(stdout, run->record, 72);
	}
}

/* One line on what became of the run. */
static void say_outcome(const struct run *run, int err)
{
	const json_t *ours = json_object_get(run->record, "unloadbench");
	const json_t *failed =
		json_array_get(json_object_get(ours, "failed"), 0);
	size_t n = runfile_n_failed(run->record);

	if (interrupted)
		fputs("unloadbench: interrupted; what was measured: ", stderr);
	else if (err)
		fprintf(stderr, "unloadbench: stopped: %s; what was measured: ",
			strerror(-err));
	else if (n)
		fprintf(stderr,
			"unloadbench: %zu windows failed, the first in %s: "
			"%s\n",
			n, json_string_value(json_object_get(failed, "name")),
			json_string_value(json_object_get(failed, "why")));
	else if (run->troubled)
		fputs("unloadbench: a worker failed at its end: see the "
		      "warnings\n",
		      stderr);
	fprintf(stderr, "%s/%s\n", run->dir, FILE_NAME);
}

static int finish(struct run *run, int err)
{
	int failed;

	if (!err)
		run_check_drift(run);
	runfile_end(run->record, run->topology, &run->clock, err != 0);
	failed = record_write(run->dir, FILE_NAME, run->record);
	print_result(run);
	if (failed) {
		fprintf(stderr,
			"unloadbench: cannot write %s/%s: %s\n"
			"unloadbench: what stood there before is whole\n",
			run->dir, FILE_NAME, strerror(-failed));
		return EXIT_FAILED;
	}
	say_outcome(run, err);
	if (interrupted)
		return EXIT_INTERRUPTED;
	if (err || run->troubled || runfile_n_failed(run->record))
		return EXIT_FAILED;
	return cli_flush(is_untrusted(run) ? EXIT_UNTRUSTED : EXIT_DONE);
}

int cmd_run(int argc, char **argv)
{
	struct run run = { 0 };
	int status, err;

	options_parse(argc, argv, &run.options);
	status = prepare(&run, argc, argv);
	if (status < 0) {
		watch_signals();
		err = run_calibrate(&run);
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
