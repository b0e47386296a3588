/* SPDX-License-Identifier: MIT */
/*
 * runfile.c: Google Benchmark's JSON, and one more key.
 */
#include "bench/runfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/list.h"
#include "bench/report/summary.h"
#include "bench/torture_record.h"
#include "harness/build.h"
#include "harness/gbench.h"
#include "harness/machine.h"

static json_t *ours(const json_t *run)
{
	return json_object_get(run, "unloadbench");
}

/* Names and paths may be any bytes; JSON may not. */
static json_t *text_json(const char *text)
{
	json_t *json = json_string(text);

	return json ? json : json_string("(not UTF-8)");
}

static json_t *context(const struct topology *t, const struct clock *clock)
{
	char host[256] = "unknown", date[64], exe[1024] = "unknown";
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	json_t *topology = topology_json(t), *loads = json_array(), *caches;
	time_t now = time(NULL);
	double load[3];
	struct tm tm;
	int n_loads = getloadavg(load, 3);

	if (n > 0)
		exe[n] = '\0';
	gethostname(host, sizeof(host) - 1);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S%z",
		 localtime_r(&now, &tm));
	for (int i = 0; i < n_loads; i++)
		json_array_append_new(loads, json_real(load[i]));
	caches = json_incref(json_object_get(topology, "caches"));
	json_decref(topology);
	return json_pack(
		"{s:s, s:o, s:o, s:I, s:I, s:b, s:o, s:o, s:s, s:s, "
		"s:i}",
		"date", date, "host_name", text_json(host), "executable",
		text_json(exe), "num_cpus",
		(json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "mhz_per_cpu",
		(json_int_t)(clock->is_tsc ? 1e3 / clock->ns_per_tick : 0),
		"cpu_scaling_enabled",
		!access("/sys/devices/system/cpu/cpufreq/policy0", F_OK),
		"caches", caches ? caches : json_array(), "load_avg", loads,
		"library_build_type", "release", "library_version",
		gbench_library_version(), "json_schema_version", 1);
}

void runfile_warn(json_t *run, const char *level, const char *key,
		  const char *text)
{
	json_array_append_new(json_object_get(ours(run), "warnings"),
			      json_pack("{s:s, s:s, s:s}", "level", level,
					"key", key, "text", text));
}

/* What the schemes of this run are and need, each once. */
static json_t *schemes_json(const struct plan *plan)
{
	json_t *schemes = json_array();

	for (size_t i = 0; i < plan->options->n_contenders; i++) {
		const struct contender *c = &plan->options->contenders[i];

		if (!i || c[-1].ops != c->ops)
			json_array_append_new(schemes, list_scheme(c->ops));
	}
	return schemes;
}

json_t *runfile_begin(const struct plan *plan, const struct topology *t,
		      const struct clock *clock, int argc, char **argv)
{
	json_t *machine = machine_json(t, clock), *command = json_array();
	json_t *warnings = machine_judge(machine), *build = build_json();

	json_array_append_new(command, json_string("unloadbench"));
	for (int i = 0; i < argc; i++)
		json_array_append_new(command, text_json(argv[i]));
	return json_pack(
		"{s:o, s:[], s:{s:i, s:i, s:b, s:o, s:I, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:O, s:[], s:i, s:{}}}",
		"context", context(t, clock), "benchmarks", "unloadbench",
		"schema", RUN_SCHEMA, "method", RUN_METHOD, "partial", 1,
		"command_line", command, "seed",
		(json_int_t)plan->options->seed, "plan", plan_to_json(plan),
		"machine", machine, "warnings",
		warnings ? warnings : json_array(), "build", build, "torture",
		torture_record_read(), "schemes", schemes_json(plan), "skipped",
		plan->skipped, "failed", "repeated_windows", 0,
		"unload_samples");
}

/* Samples of all rounds of a row stand together, under its name. */
static void add_samples(json_t *run, const char *name, size_t round,
			json_t *samples)
{
	json_t *all = json_object_get(ours(run), "unload_samples");
	json_t *list = json_object_get(all, name);

	if (!list) {
		list = json_array();
		json_object_set_new(all, name, list);
	}
	json_object_set_new(samples, "round", json_integer((json_int_t)round));
	json_array_append(list, samples);
}

static void add_repeats(json_t *run, const json_t *answer)
{
	json_int_t repeats = json_integer_value(
		json_object_get(ours(run), "repeated_windows"));

	repeats += json_integer_value(json_object_get(answer, "repeated"));
	json_object_set_new(ours(run), "repeated_windows",
			    json_integer(repeats));
}

int runfile_add(json_t *run, const struct plan *plan, size_t round,
		size_t place, const json_t *answer)
{
	json_t *row = json_object_get(answer, "row");
	json_t *samples = json_object_get(answer, "samples");
	const json_t *error = json_object_get(answer, "error");
	json_int_t cell = json_integer_value(json_object_get(answer, "cell"));

	if (cell < 0 || (size_t)cell >= plan->n_cells || (!row && !error))
		return -EPROTO;
	add_repeats(run, answer);
	if (!row) {
		runfile_failed(run, plan, round, (size_t)cell,
			       json_string_value(error));
		return 0;
	}
	json_object_set_new(row, "family_index", json_integer(cell));
	json_object_set_new(row, "repetitions",
			    json_integer((json_int_t)plan->options->rounds));
	json_object_set_new(row, "repetition_index",
			    json_integer((json_int_t)round));
	json_object_set_new(row, "order", json_integer((json_int_t)place));
	json_object_set_new(
		row, "table",
		json_incref(json_object_get(
			json_array_get(
				json_object_get(
					json_object_get(ours(run), "plan"),
					"cells"),
				(size_t)cell),
			"table")));
	json_array_append(json_object_get(run, "benchmarks"), row);
	if (samples)
		add_samples(run,
			    json_string_value(json_object_get(row, "name")),
			    round, samples);
	return 0;
}

void runfile_failed(json_t *run, const struct plan *plan, size_t round,
		    size_t cell, const char *why)
{
	char name[CELL_NAME_BYTES];

	cell_name(&plan->cells[cell], name);
	json_array_append_new(json_object_get(ours(run), "failed"),
			      json_pack("{s:s, s:I, s:s}", "name", name,
					"round", (json_int_t)round, "why",
					why));
}

size_t runfile_n_failed(const json_t *run)
{
	return json_array_size(json_object_get(ours(run), "failed"));
}

void runfile_end(json_t *run, const struct topology *t,
		 const struct clock *clock, bool partial)
{
	json_t *after = machine_json(t, clock), *changes = json_object();

	machine_changes(json_object_get(ours(run), "machine"), after, changes);
	json_object_set_new(ours(run), "machine_after", after);
	json_object_set_new(ours(run), "machine_changes", changes);
	json_object_set_new(ours(run), "partial", json_boolean(partial));
	json_object_set_new(ours(run), "summary", summary_make(run));
}
