/* SPDX-License-Identifier: MIT */
/*
 * worker.c: runs the cells of one request, one after the other, through Google
 * Benchmark.
 */
#include "bench/worker.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/calibrate.h"
#include "bench/cli.h"
#include "bench/paths.h"
#include "bench/session.h"
#include "bench/workloads/readers.h"
#include "harness/gbench.h"

/**
 * struct job - one cell of the request
 * @index: its number in the plan
 */
struct job {
	struct site *site;
	struct cell cell;
	struct orders orders;
	int index;
	struct result result;
};

/* What the reporter needs: which job Google Benchmark runs now. */
struct round {
	struct site site; /* first: a job finds its round by it */
	struct job *jobs;
	size_t n_jobs;
	struct job *current;
};

static int call_workload(const struct job *job, const struct orders *orders,
			 struct result *ret)
{
	if (cell_has_mode(job->cell.workload))
		return workload_unload(job->site, &job->cell, orders, ret);
	if (job->cell.workload == WORKLOAD_LOADER)
		return workload_loader(job->site, &job->cell, orders, ret);
	return workload_readers(job->site, &job->cell, orders, ret);
}

static int run_workload(struct job *job, const struct orders *orders)
{
	struct result *r = &job->result;
	int err;

	memset(r, 0, sizeof(*r));
	r->figures = json_object();
	r->why = json_object();
	r->real_ns = r->cpu_ns = NAN;
	err = call_workload(job, orders, r);
	/* A thread that hangs in its window goes with its process only. */
	if (err == -ETIMEDOUT)
		_exit(WORKER_HUNG);
	return err;
}

static void drop_result(struct job *job)
{
	json_decref(job->result.figures);
	json_decref(job->result.why);
	json_decref(job->result.samples);
	memset(&job->result, 0, sizeof(job->result));
}

/* The main thread stays off the cell's CPUs, unless it has no other. */
static void step_aside(const struct job *job)
{
	const struct topology *t = job->site->topology;
	size_t n = topology_n_cpus(t);
	size_t bytes = CPU_ALLOC_SIZE(topology_n_possible(t));
	unsigned int *all = calloc(n, sizeof(*all));
	cpu_set_t *set = CPU_ALLOC(topology_n_possible(t));

	if (all && set && !topology_order(t, "compact", all, &n)) {
		CPU_ZERO_S(bytes, set);
		for (size_t i = 0; i < n; i++)
			CPU_SET_S(all[i], bytes, set);
		for (size_t i = 0; job->cell.n_cpus < n && i < job->cell.n_cpus;
		     i++)
			CPU_CLR_S(job->cell.cpu_ids[i], bytes, set);
		/* Only a disturbance if it fails, and switches are counted. */
		(void)sched_setaffinity(0, bytes, set);
	}
	CPU_FREE(set);
	free(all);
}

static void add_counters(struct gbench_state *state, const struct result *r)
{
	const char *name;
	json_t *value;

	json_object_foreach (r->figures, name, value)
		if (json_is_number(value))
			gbench_set_counter(state, name,
					   json_number_value(value),
					   GBENCH_PLAIN);
	gbench_set_label(state, r->label);
}

/* One iteration is one whole window; its time is what the workload says. */
static void run_job(struct gbench_state *state, void *user)
{
	struct job *job = user;
	struct round *round = (struct round *)(void *)job->site;

	round->current = job;
	step_aside(job);
	while (gbench_keep_running(state)) {
		double ns;

		if (run_workload(job, &job->orders)) {
			gbench_skip_with_error(state, job->result.problem);
			return;
		}
		ns = job->result.real_ns;
		gbench_set_iteration_time(state, isfinite(ns) ? ns * 1e-9 : 0);
	}
	add_counters(state, &job->result);
}

/* A null figure has no counter: it joins the row here, with its reason. */
static json_t *row_of(const struct job *job, const struct gbench_row *row)
{
	const struct result *r = &job->result;
	json_t *json = json_object();
	const char *name;
	json_t *value;

	json_object_set_new(json, "name", json_string(row->name));
	json_object_set_new(json, "run_name", json_string(row->name));
	json_object_set_new(json, "run_type", json_string("iteration"));
	json_object_set_new(json, "threads", json_integer(row->threads));
	json_object_set_new(json, "iterations",
			    json_integer((json_int_t)r->operations));
	json_object_set_new(json, "time_unit", json_string("ns"));
	if (isfinite(r->real_ns))
		json_object_set_new(json, "real_time",
				    json_real(row->real_time));
	if (isfinite(r->cpu_ns))
		json_object_set_new(json, "cpu_time", json_real(r->cpu_ns));
	json_object_set_new(json, "label", json_string(row->label));
	json_object_set_new(json, "cpus",
			    json_integer((json_int_t)job->cell.n_cpus));
	for (size_t i = 0; i < row->ncounters; i++)
		json_object_set_new(json, row->counters[i].name,
				    json_real(row->counters[i].value));
	json_object_foreach (r->figures, name, value)
		if (json_is_null(value))
			json_object_set_new(json, name, json_null());
	json_object_set_new(json, "repeated", json_integer(r->repeated));
	if (json_object_size(r->why))
		json_object_set(json, "why", r->why);
	return json;
}

static int print_json(json_t *json)
{
	int failed = json_dumpf(json, stdout, JSON_COMPACT);

	json_decref(json);
	return failed || putchar('\n') == EOF || fflush(stdout) ? -EIO : 0;
}

static int report_row(void *user, const struct gbench_row *row)
{
	struct round *round = user;
	struct job *job = round->current;
	json_t *answer = json_pack("{s:i}", "cell", job->index);
	int err;

	if (row->error)
		json_object_set_new(answer, "error", json_string(row->error));
	else
		json_object_set_new(answer, "row", row_of(job, row));
	json_object_set_new(answer, "repeated",
			    json_integer(job->result.repeated));
	if (job->result.samples && !row->error)
		json_object_set(answer, "samples", job->result.samples);
	err = print_json(answer);
	drop_result(job);
	return err;
}

static int register_jobs(struct round *round)
{
	char name[CELL_NAME_BYTES];
	int err = 0;

	for (size_t i = 0; !err && i < round->n_jobs; i++) {
		struct gbench_benchmark *b;

		cell_name(&round->jobs[i].cell, name);
		err = gbench_register(name, run_job, &round->jobs[i], &b);
		if (!err)
			err = gbench_use_manual_time(b);
		if (!err)
			err = gbench_set_iterations(b, 1);
	}
	return err;
}

/* The first window after the threads were made is thrown away. */
static void discard_first(struct job *job)
{
	struct orders orders = job->orders;

	orders.window_ns = orders.cap_ns = 5e6;
	step_aside(job);
	(void)run_workload(job, &orders);
	drop_result(job);
}

static int parse_job(const json_t *json, struct site *site, struct job *ret)
{
	json_int_t batch_ops, unloads, seed;

	memset(ret, 0, sizeof(*ret));
	ret->site = site;
	if (json_unpack((json_t *)json, "{s:i, s:I, s:I, s:I, s:F, s:F, s:F}",
			"index", &ret->index, "batch_ops", &batch_ops,
			"unloads", &unloads, "seed", &seed, "window_ns",
			&ret->orders.window_ns, "warmup_max_ns",
			&ret->orders.warmup_max_ns, "cap_ns",
			&ret->orders.cap_ns))
		return -EINVAL;
	ret->orders.batch_ops = (uint64_t)batch_ops;
	ret->orders.unloads = (size_t)unloads;
	ret->orders.seed = (uint64_t)seed;
	return cell_from_json(json_object_get(json, "cell"), &ret->cell);
}

static int parse_jobs(const json_t *request, struct round *round)
{
	const json_t *jobs = json_object_get(request, "jobs");
	int err = 0;

	round->site.spins_per_ns =
		json_number_value(json_object_get(request, "spins_per_ns"));
	round->n_jobs = json_array_size(jobs);
	round->jobs = calloc(round->n_jobs + 1, sizeof(*round->jobs));
	if (!round->jobs)
		return -ENOMEM;
	for (size_t i = 0; !err && i < round->n_jobs; i++)
		err = parse_job(json_array_get(jobs, i), &round->site,
				&round->jobs[i]);
	return err;
}

/* Every thread holds some descriptors, and so does every module. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	/* If it fails, whoever lacks one says so. */
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_site(struct round *round, char path[PATH_MAX])
{
	struct site *site = &round->site;
	size_t threads = 1;
	int err = paths_find("drivers", "driver.so", path);

	if (err)
		return err;
	site->pool.path = path;
	for (size_t i = 0; i < round->n_jobs; i++)
		if (crew_threads(&round->jobs[i].cell) > threads)
			threads = crew_threads(&round->jobs[i].cell);
	err = topology_load(&site->topology);
	if (!err)
		err = clock_init(&site->clock);
	if (!err)
		err = team_create(threads, &site->clock, &site->team);
	if (!err && interrupts_open(NULL, &site->irqs, &site->irqs_why) == 0)
		site->irqs_why = NULL;
	return err;
}

static int run_round(struct round *round)
{
	const struct gbench_reporter reporter = { .user = round,
						  .row = report_row };
	static char name[] = "unloadbench";
	char *argv[] = { name, NULL };
	struct gbench_tally tally;
	int argc = 1, err = gbench_init(&argc, argv);

	if (!err)
		err = register_jobs(round);
	if (!err && round->n_jobs) {
		discard_first(&round->jobs[0]);
		err = gbench_run(&reporter, NULL, &tally);
	}
	return err;
}

static void close_round(struct round *round)
{
	struct site *site = &round->site;

	team_destroy(site->team);
	if (site->irqs.text)
		interrupts_close(&site->irqs);
	topology_free(site->topology);
	for (size_t i = 0; i < round->n_jobs; i++)
		free(round->jobs[i].cell.cpu_ids);
	free(round->jobs);
}

int cmd_worker(int argc, char **argv)
{
	struct round round = { 0 };
	char path[PATH_MAX], problem[STAGE_WHY_BYTES] = "";
	json_t *request = json_loadf(stdin, 0, NULL);
	int err;

	(void)argc, (void)argv;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	session_raise();
	raise_descriptors();
	err = request ? parse_jobs(request, &round) : -EINVAL;
	if (!err)
		err = open_site(&round, path);
	if (!err && json_is_true(json_object_get(request, "calibrate")))
		err = print_json(calibrate(&round.site, request));
	else if (!err)
		err = run_round(&round);
	if (pool_close(&round.site.pool) && !err) {
		err = -EBUSY;
		snprintf(problem, sizeof(problem),
			 "a module was still mapped after dlclose");
	}
	if (err)
		fprintf(stderr, "unloadbench: worker: %s\n",
			*problem ? problem : strerror(-err));
	close_round(&round);
	json_decref(request);
	return err ? EXIT_FAILED : EXIT_DONE;
}
