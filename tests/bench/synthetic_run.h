/* SPDX-License-Identifier: MIT */
/*
 * synthetic_run.h: makes up runs for tests of what reads them.
 *
 * Idea.  A scheme is a line: throughput grows with a power of the CPUs, unload
 * latency is log-normal. Seeded, so a run is the same each time.
 */
#ifndef SYNTHETIC_RUN_H
#define SYNTHETIC_RUN_H

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/**
 * struct synthetic - what to make up
 * @counts:   CPU counts, 0-terminated
 * @schemes:  the first so many of synthetic_schemes, 2..9
 * @rounds:   rounds
 * @unloads:  samples a round and unload cell
 * @partial:  as if interrupted
 * @vm:       on a virtual machine
 * @no_twin:  leave the A/A twin out
 */
struct synthetic {
	const int *counts;
	int schemes;
	int rounds;
	int unloads;
	bool partial;
	bool vm;
	bool no_twin;
};

struct synthetic_scheme {
	const char *name;
	bool own_table;
	const char *mechanism; /* of stop_machine; NULL: the default */
	double million_per_s;  /* on one CPU */
	double power;	       /* of the number of CPUs */
	double unload_us;
};

static const struct synthetic_scheme synthetic_schemes[] = {
	{ "none", false, NULL, 300, 1, 0 },
	{ "try_module_get", false, NULL, 60, 0.02, 1.2 },
	{ "stop_machine", false, NULL, 250, 0.98, 90 },
	{ "module_rwsem", true, NULL, 30, -0.2, 2.5 },
	{ "stop_machine", false, "membarrier", 250, 0.97, 15 },
	{ "percpu_ref", false, NULL, 230, 0.97, 8000 },
	{ "srcu", false, NULL, 120, 0.95, 900 },
	{ "hazard_pointers_with_a_long_name", false, NULL, 90, 0.93, 40 },
	{ "snzi", false, NULL, 40, 0.6, 3 },
};

static inline double synthetic_uniform(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
}

/* About 1, log-normal. */
static inline double synthetic_noise(uint64_t *seed, double sigma)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += synthetic_uniform(seed);
	return exp(sigma * sum);
}

static inline json_t *synthetic_cell(const struct synthetic_scheme *scheme,
				     const char *workload, const char *axis,
				     int cpus, int aa)
{
	bool reads = !strcmp(workload, "lookup") || !strcmp(workload, "ref");
	const char *table = scheme->own_table ? "own" : reads ? axis : "none";
	json_t *cell;
	char name[256];
	int n = snprintf(name, sizeof(name),
			 "%s/scheme:%s/cpus:%d/hold_ns:0/think_ns:0", workload,
			 scheme->name, cpus);

	if (!strcmp(table, "rcu"))
		n += sprintf(name + n, "/table:rcu");
	if (!reads)
		n += sprintf(name + n, "/mode:%s", axis);
	if (scheme->mechanism)
		n += sprintf(name + n, "/stop_machine.mechanism:%s",
			     scheme->mechanism);
	if (aa > 1)
		sprintf(name + n, "/aa:%d", aa);
	cell = json_pack("{s:s, s:s, s:s, s:i, s:i, s:f, s:f, s:s, s:i, s:i, "
			 "s:i}",
			 "name", name, "workload", workload, "scheme",
			 scheme->name, "aa", aa, "cpus", cpus, "hold_ns", 0.0,
			 "think_ns", 0.0, "table", table, "modules", 1,
			 "tables", 1, "oversubscribe", 1);
	if (!reads)
		json_object_set_new(cell, "mode", json_string(axis));
	if (scheme->mechanism)
		json_object_set_new(
			cell, "params",
			json_pack("{s:s}", "mechanism", scheme->mechanism));
	return cell;
}

static inline void synthetic_cells(const struct synthetic *s, json_t *cells,
				   const char *workload, const char *axis)
{
	bool reads = !strcmp(workload, "lookup") || !strcmp(workload, "ref");
	const struct synthetic_scheme *base = &synthetic_schemes[1];

	for (const int *cpus = s->counts; *cpus; cpus++) {
		for (int i = reads ? 0 : 1; i < s->schemes; i++) {
			const struct synthetic_scheme *scheme =
				&synthetic_schemes[i];

			if (scheme->own_table && !strcmp(axis, "rcu"))
				continue;
			json_array_append_new(cells,
					      synthetic_cell(scheme, workload,
							     axis, *cpus, 1));
		}
		if (!s->no_twin)
			json_array_append_new(
				cells,
				synthetic_cell(base, workload, axis, *cpus, 2));
	}
}

static inline const struct synthetic_scheme *synthetic_find(const json_t *cell)
{
	const char *name = json_string_value(json_object_get(cell, "scheme"));
	const char *mechanism = json_string_value(
		json_object_get(json_object_get(cell, "params"), "mechanism"));

	for (const struct synthetic_scheme *s = synthetic_schemes;; s++)
		if (!strcmp(s->name, name) && !s->mechanism == !mechanism)
			return s;
}

static inline void synthetic_latency(const struct synthetic *s, json_t *row,
				     json_t *samples, uint64_t *seed)
{
	const char *name = json_string_value(json_object_get(row, "name"));
	bool is_try = strstr(name, "/mode:try");
	double us = synthetic_find(row)->unload_us, p50 = 0;
	json_t *ns = json_array(), *rounds = json_object_get(samples, name);
	char outcomes[4096] = "";

	for (int i = 0; i < s->unloads && i < 4095; i++) {
		p50 = 1000 * us * synthetic_noise(seed, 0.3);
		json_array_append_new(ns, json_integer((json_int_t)p50));
		outcomes[i] = is_try && i % 4 == 3 ? '0' : '1';
	}
	if (!rounds) {
		rounds = json_array();
		json_object_set_new(samples, name, rounds);
	}
	json_array_append_new(
		rounds, json_pack("{s:O, s:o, s:i}", "round",
				  json_object_get(row, "repetition_index"),
				  "ns", ns, "censored", 0));
	if (is_try)
		json_object_set_new(
			json_array_get(rounds, json_array_size(rounds) - 1),
			"succeeded", json_string(outcomes));
	p50 = 1000 * us * synthetic_noise(seed, 0.05);
	json_object_update_new(
		row,
		json_pack("{s:f, s:f, s:n, s:n, s:i, s:f, s:f, s:f, s:n, "
			  "s:f, s:f, s:f, s:f, s:f}",
			  "p50_ns", p50, "p90_ns", p50 * 1.5, "p99_ns",
			  "max_ns", "samples", s->unloads, "ipis", 1.02,
			  "phase_going_ns", p50 * 0.1, "phase_drained_ns",
			  p50 * 0.6, "phase_quiesced_ns", "phase_decided_ns",
			  p50, "returned_ns", p50 * 1.1, "exit_ns", 80.0,
			  "insert_ns", 150.0, is_try ? "success" : "attempts",
			  is_try ? 0.75 : 1.3));
	json_object_set_new(row, "phase_freeable_ns", json_null());
	if (is_try)
		json_object_set_new(row, "p50_success_ns",
				    json_real(0.9 * p50));
	json_object_set_new(row, "why",
			    json_pack("{s:s, s:s, s:s, s:s}", "p99_ns",
				      "needs 500 samples", "max_ns", "not kept",
				      "phase_quiesced_ns",
				      "the scheme has no such phase",
				      "phase_freeable_ns", "not modelled"));
}

/* One round of one cell; @row begins as a copy of the cell. */
static inline void synthetic_row(const struct synthetic *s, json_t *row,
				 json_t *samples, uint64_t *seed)
{
	const struct synthetic_scheme *scheme = synthetic_find(row);
	const char *workload =
		json_string_value(json_object_get(row, "workload"));
	int cpus = (int)json_integer_value(json_object_get(row, "cpus"));
	double rate = 1e6 * scheme->million_per_s * pow(cpus, scheme->power) *
		      synthetic_noise(seed, 0.02);

	if (!strcmp(workload, "storm") || !strcmp(workload, "unload")) {
		rate *= 0.8;
		synthetic_latency(s, row, samples, seed);
	}
	json_object_update_new(row,
			       json_pack("{s:f, s:f, s:f, s:f, s:i, s:f}",
					 "items_per_second", rate, "real_time",
					 strcmp(workload, "unload")
						 ? cpus * 1e9 / rate
						 : 1000 * scheme->unload_us,
					 "overlap", 0.999, "jain", 0.99,
					 "nivcsw", 0, "linearity", 2.0));
	json_object_set_new(row, "refused", json_integer(0));
	json_object_set_new(row, "iterations", json_integer(1000000));
	json_object_set_new(row, "cpu_share", json_real(0.99));
	json_object_set_new(
		row, "label",
		json_string(cpus == 1 && json_object_get(row, "mode")
				    ? "shared_cpu"
				    : ""));
	if (!strcmp(workload, "storm"))
		json_object_update_new(
			row,
			json_pack("{s:f, s:i, s:n, s:n, s:n, s:n}",
				  "stall_max_ns", 2000 * scheme->unload_us,
				  "unloads", s->unloads, "bystander_p50_ns",
				  "bystander_p90_ns", "bystander_max_ns",
				  "bystander_quiet_p50_ns"));
	if (!strcmp(workload, "storm"))
		json_object_update_new(
			json_object_get(row, "why"),
			json_pack("{s:s, s:s, s:s, s:s}", "bystander_p50_ns",
				  "no free CPU", "bystander_p90_ns",
				  "no free CPU", "bystander_max_ns",
				  "no free CPU", "bystander_quiet_p50_ns",
				  "no free CPU"));
}

static inline void synthetic_rows(const struct synthetic *s,
				  const json_t *cells, json_t *rows,
				  json_t *samples)
{
	uint64_t seed = 42;
	json_t *cell;
	size_t i;

	for (int round = 0; round < s->rounds; round++) {
		json_array_foreach (cells, i, cell) {
			json_t *row = json_copy(cell);

			json_object_set(row, "run_name",
					json_object_get(cell, "name"));
			json_object_set_new(row, "repetition_index",
					    json_integer(round));
			synthetic_row(s, row, samples, &seed);
			json_array_append_new(rows, row);
		}
	}
}

/* The loader's cell, as the plan has it, behind all others. */
static inline void synthetic_loader(const struct synthetic *s, json_t *cells,
				    json_t *rows)
{
	const char *name = "loader/scheme:none/cpus:2/hold_ns:0/think_ns:0";

	json_array_append_new(cells, json_pack("{s:s, s:s, s:s, s:i, s:i, s:s}",
					       "name", name, "workload",
					       "loader", "scheme", "none", "aa",
					       1, "cpus", 2, "table", "none"));
	for (int round = 0; round < s->rounds; round++)
		json_array_append_new(rows,
				      json_pack("{s:s, s:s, s:i, s:f, s:f}",
						"name", name, "run_name", name,
						"repetition_index", round,
						"dlopen_p50_ns", 310000.0,
						"dlclose_p50_ns", 120000.0));
}

static inline json_t *synthetic_machine(const struct synthetic *s, int cpus)
{
	return json_pack(
		"{s:s, s:s, s:b, s:s, s:s, s:s, s:n, s:b, s:s, s:s, s:n, s:i, "
		"s:f, s:{s:s}}",
		"host_name", "made-up", "cpu_model",
		"Example Processor 9000 @ 2.50GHz", "virtual_machine", s->vm,
		"architecture", "x86_64", "kernel_release", "6.1.0-13-amd64",
		"governor", "performance", "boost", "smt_active", cpus > 64,
		"transparent_hugepages", "madvise", "clocksource", "tsc",
		"preemption", "hz", 250, "memory_bytes", 64.0 * (1 << 30),
		"why", "preemption", "not shown");
}

/** synthetic_run() - the whole file's content, without a summary */
static inline json_t *synthetic_run(const struct synthetic *s)
{
	json_t *cells = json_array(), *rows = json_array();
	json_t *samples = json_object(), *counts = json_array(), *run;
	int most = 0;

	for (const int *cpus = s->counts; *cpus; cpus++) {
		json_array_append_new(counts, json_integer(*cpus));
		most = *cpus;
	}
	synthetic_cells(s, cells, "lookup", "none");
	synthetic_cells(s, cells, "lookup", "rcu");
	synthetic_cells(s, cells, "ref", "none");
	synthetic_cells(s, cells, "unload", "try");
	synthetic_cells(s, cells, "unload", "wait");
	synthetic_cells(s, cells, "storm", "wait");
	synthetic_rows(s, cells, rows, samples);
	synthetic_loader(s, cells, rows);
	run = json_pack("{s:{s:s, s:s, s:i}, s:o}", "context", "date",
			"2024-05-06T07:08:09+00:00", "host_name", "made-up",
			"num_cpus", most, "benchmarks", rows);
	json_object_set_new(
		run, "unloadbench",
		json_pack(
			"{s:i, s:i, s:b, s:[s, s, s], s:i, s:o, s:o, s:[o], "
			"s:{s:s, s:s, s:b, s:s}, s:{s:s, s:i}, s:[{s:s, "
			"s:s}], s:[{s:s, s:i, s:s}], s:i, s:o}",
			"schema", 1, "method", 1, "partial", s->partial,
			"command_line", "unloadbench", "run", "--quick", "seed",
			42, "plan",
			json_pack("{s:s, s:i, s:i, s:s, s:o, s:i, s:{s:[{s:s, "
				  "s:i, s:f, s:f}]}, s:s, s:s, s:o}",
				  "name", "quick", "rounds", s->rounds,
				  "window_ns", 60000000, "order", "cores",
				  "counts", counts, "unloads", 600,
				  "calibration", "batches", "workload",
				  "lookup", "batch_ops", 4096, "hold_ns", 0.0,
				  "think_ns", 0.0, "base", "try_module_get",
				  "aa", "try_module_get", "cells", cells),
			"machine", synthetic_machine(s, most), "warnings",
			json_pack("{s:s, s:s, s:s}", "level", "bad", "key",
				  "boost", "text", "boost is on"),
			"build", "version", "0.1.0", "commit",
			"0123456789abcdef", "dirty", 0, "compiler",
			"GNU 12.2.0", "torture", "status", "passed", "seconds",
			5, "skipped", "name", "rseq_less", "why",
			"libc registered no rseq", "failed", "name",
			"lookup/scheme:srcu/cpus:2/hold_ns:0/think_ns:0",
			"round", 3, "why",
			"worker killed by signal 11 (SIGSEGV)",
			"repeated_windows", 2, "unload_samples", samples));
	return run;
}

#endif
