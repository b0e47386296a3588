/* SPDX-License-Identifier: MIT */
/*
 * report_facts.c: what is needed to judge a run and to run it again.
 *
 * Idea.  Collected by the run, not typed by a person. A fact the machine does
 * not tell is "unknown", never left out.
 */
#include <stdarg.h>
#include <string.h>

#include "bench/report/fields.h"
#include "bench/report/report_parts.h"

#define LINE_BYTES 2048
#define NS_TO_US   1e-3
#define NS_TO_MS   1e-6
#define GIB	   (1024.0 * 1024.0 * 1024.0)

/* A line of words that grows. */
struct line {
	char text[LINE_BYTES];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void
append(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->n;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->n, room, format, args);
	va_end(args);
	if (n > 0)
		line->n += (size_t)n < room ? (size_t)n : room - 1;
}

/* A fact in words: text as it is, a number, on or off, or "unknown". */
static void append_fact(struct line *line, const char *before,
			const json_t *facts, const char *key, const char *after)
{
	const json_t *fact = json_object_get(facts, key);

	append(line, "%s", before);
	if (json_is_string(fact))
		append(line, "%s", json_string_value(fact));
	else if (json_is_integer(fact))
		append(line, "%lld", (long long)json_integer_value(fact));
	else if (json_is_real(fact))
		append(line, "%.4g", json_real_value(fact));
	else if (json_is_boolean(fact))
		append(line, "%s", json_is_true(fact) ? "on" : "off");
	else
		append(line, "unknown");
	append(line, "%s", after);
}

/* A count and its noun, which is given an s unless there is one. */
static void append_count(struct line *line, const json_t *facts,
			 const char *key, const char *noun, const char *after)
{
	append_fact(line, "", facts, key, " ");
	append(line, "%s%s%s", noun, field_int(facts, key, 0) == 1 ? "" : "s",
	       after);
}

static void end(const struct report *report, const char *label,
		struct line *line)
{
	text_wrap(&report->text, label, line->text);
	line->text[0] = '\0';
	line->n = 0;
}

static void print_machine(const struct report *report)
{
	const json_t *machine = json_object_get(report->ours, "machine");
	const json_t *topology = json_object_get(machine, "topology");
	bool is_vm = json_is_true(json_object_get(machine, "virtual_machine"));
	double memory_bytes = field_number(machine, "memory_bytes");
	struct line line = { 0 };

	append_fact(&line, "", machine, "cpu_model", ", ");
	append_fact(&line, "", machine, "architecture", "");
	if (topology) {
		append(&line, ", ");
		append_count(&line, topology, "packages", "package", ", ");
		append_count(&line, topology, "cores", "core", ", ");
		append_count(&line, topology, "cpus", "CPU", ", ");
		append_count(&line, topology, "nodes", "NUMA node", "");
	}
	if (isfinite(memory_bytes))
		append(&line, ", %.0f GiB", memory_bytes / GIB);
	if (is_vm)
		append(&line, ", virtual machine");
	end(report, "Machine: ", &line);
	append_fact(&line, "", machine, "kernel_release", ", preemption ");
	append_fact(&line, "", machine, "preemption", ", HZ ");
	append_fact(&line, "", machine, "hz", ", mitigations ");
	append_fact(&line, "", machine, "mitigations", "");
	end(report, "Kernel:  ", &line);
	append_fact(&line, "governor ", machine, "governor", ", ");
	append_fact(&line, "boost ", machine, "boost", ", ");
	append_fact(&line, "SMT ", machine, "smt_active", ", ");
	append_fact(&line, "THP ", machine, "transparent_hugepages", ", ");
	append_fact(&line, "clock source ", machine, "clocksource", "");
	end(report, "Tuning:  ", &line);
}

static void print_build(const struct report *report)
{
	const json_t *build = json_object_get(report->ours, "build");
	struct line line = { 0 };

	append_fact(&line, "unloadbench ", build, "version", ", commit ");
	append_fact(&line, "", build, "commit", "");
	if (json_is_true(json_object_get(build, "dirty")))
		append(&line, " with local changes");
	append_fact(&line, ", ", build, "compiler", ", flags ");
	append_fact(&line, "", build, "flags", "");
	end(report, "Build:   ", &line);
}

static void append_list(struct line *line, const json_t *numbers)
{
	const json_t *number;
	size_t i;

	json_array_foreach (numbers, i, number)
		append(line, "%s%lld", i ? "," : "",
		       (long long)json_integer_value(number));
}

/* Look-ups between two stamps, for each hold and think there was. */
static void append_batches(struct line *line, const json_t *plan)
{
	const json_t *calibration = json_object_get(plan, "calibration");
	const json_t *batch;
	size_t i;

	append(line, "; look-ups a batch: ");
	json_array_foreach (json_object_get(calibration, "batches"), i, batch) {
		append_fact(line, i ? ", " : "", batch, "batch_ops", " (");
		append(line, "%s ", field_string(batch, "workload", ""));
		append_fact(line, "hold ", batch, "hold_ns", ", ");
		append_fact(line, "think ", batch, "think_ns", " ns)");
	}
	append(line, "%s; ", i ? "" : "unknown");
}

static void print_method(const struct report *report)
{
	const json_t *plan = report->plan;
	struct line line = { 0 };

	append_fact(&line, "plan ", plan, "name", ", ");
	append_count(&line, plan, "rounds", "round",
		     " in balanced random order, each in a fresh process; ");
	append(&line, "windows of %.4g ms, ",
	       field_number(plan, "window_ns") * NS_TO_MS);
	append(&line, "up to ");
	append_count(&line, plan, "unloads", "unload", " a cell; ");
	append(&line, "CPU counts ");
	append_list(&line, json_object_get(plan, "counts"));
	append_fact(&line, " in order ", plan, "order", "");
	if (json_array_size(json_object_get(plan, "cpu_ids"))) {
		append(&line, " (CPUs ");
		append_list(&line, json_object_get(plan, "cpu_ids"));
		append(&line, ")");
	}
	append_batches(&line, plan);
	append_count(&line, report->ours, "repeated_windows", "window",
		     " repeated for lack of overlap. ");
	append(&line, "Medians with exact order-statistic intervals; ratios "
		      "by round with exact sign-test intervals.");
	end(report, "Method:  ", &line);
}

static size_t count_labelled(const struct report *report, const char *word)
{
	const json_t *row;
	size_t i, n = 0;

	json_array_foreach (json_object_get(report->run, "benchmarks"), i, row)
		n += strstr(field_string(row, "label", ""), word) != NULL;
	return n;
}

static void print_noise(const struct report *report)
{
	size_t n_low = count_labelled(report, "overlap_low"), i;
	size_t n_disturbed = count_labelled(report, "disturbed");
	const json_t *floor;
	struct line line = { 0 };

	json_array_foreach (json_object_get(report->summary, "floors"), i,
			    floor) {
		const char *metric = field_string(floor, "metric", "");
		double largest = field_number(floor, "largest");

		append(&line, "%s%s ", i ? "; " : "A/A floor of ",
		       strcmp(metric, "p50_ns") ? "throughput" : "unload p50");
		if (isnan(largest))
			append(&line, "unknown");
		else if (largest >= 1)
			append(&line,
			       "a factor of %.3g (largest of %lld "
			       "comparisons)",
			       1 + largest,
			       (long long)field_int(floor, "groups", 0));
		else
			append(&line, "%.1f%% (largest of %lld comparisons)",
			       100 * largest,
			       (long long)field_int(floor, "groups", 0));
	}
	append(&line, "; %zu window%s kept in spite of low overlap", n_low,
	       n_low == 1 ? "" : "s");
	append(&line,
	       "; %zu window%s marked disturbed (under 97%% of their "
	       "CPU time).",
	       n_disturbed, n_disturbed == 1 ? "" : "s");
	end(report, "Noise:   ", &line);
}

static double median_us(const json_t *result, const char *key)
{
	const json_t *metrics = json_object_get(result, "metrics");

	return NS_TO_US * field_number(json_object_get(metrics, key), "value");
}

/* What one more module costs, by the CPUs that are possible. */
static void print_memory(const struct report *report)
{
	const json_t *scheme, *bytes;
	struct line line = { 0 };
	size_t i;

	json_array_foreach (json_object_get(report->ours, "schemes"), i,
			    scheme) {
		bytes = json_object_get(json_object_get(scheme, "footprint"),
					"bytes_per_module_at_cpus");
		append_fact(&line, line.n ? "; " : "", scheme, "name", " ");
		append_fact(&line, "", bytes, "2", ", ");
		append_fact(&line, "", bytes, "64", ", ");
		append_fact(&line, "", bytes, "1024", "");
	}
	if (!line.n)
		return;
	append(&line, " (bytes a module at 2, 64 and 1024 possible CPUs).");
	end(report, "Memory:  ", &line);
}

/* What timed cells leave out: it is no scheme's doing. */
static void print_loader(const struct report *report)
{
	struct line line = { 0 };
	const char *name;
	json_t *cell;

	json_object_foreach (report->planned, name, cell) {
		const json_t *result = json_object_get(report->results, name);

		if (strcmp(field_string(cell, "workload", ""), "loader") ||
		    isnan(median_us(result, "dlopen_p50_ns")))
			continue;
		append(&line,
		       "dlopen %.1f us, dlclose %.1f us beside readers "
		       "(medians); not in any figure above.",
		       median_us(result, "dlopen_p50_ns"),
		       median_us(result, "dlclose_p50_ns"));
		end(report, "Loader:  ", &line);
	}
}

static bool ends_in_our_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strcmp(slash ? slash + 1 : path, "unloadbench");
}

/* The command as typed, and what it left to chance or to the machine. */
static void print_rerun(const struct report *report)
{
	const json_t *typed = json_object_get(report->ours, "command_line");
	const json_t *word;
	bool has_seed = false, has_cpus = false;
	struct line line = { 0 };
	size_t i;

	append(&line, "unloadbench");
	json_array_foreach (typed, i, word) {
		const char *text = json_string_value(word);

		has_seed |= text && !strncmp(text, "--seed", 6);
		has_cpus |= text && !strncmp(text, "--cpus", 6);
		if (i || !text || !ends_in_our_name(text))
			append(&line, " %s", text ? text : "?");
	}
	if (!has_cpus) {
		append(&line, " --cpus ");
		append_list(&line, json_object_get(report->plan, "counts"));
	}
	if (!has_seed)
		append_fact(&line, " --seed ", report->ours, "seed", "");
	end(report, "Rerun:   ", &line);
}

static void print_data(const struct report *report)
{
	const json_t *context = json_object_get(report->run, "context");
	struct line line = { 0 };

	append_fact(&line, "run.json of ", context, "date", ", ");
	append_fact(&line, "schema ", report->ours, "schema", ", ");
	append_fact(&line, "method ", report->ours, "method", ", ");
	append(&line, "%zu rows",
	       json_array_size(json_object_get(report->run, "benchmarks")));
	end(report, "Data:    ", &line);
}

static void print_warnings(const struct report *report)
{
	const json_t *warning;
	size_t i;

	json_array_foreach (json_object_get(report->ours, "warnings"), i,
			    warning)
		if (!strcmp(field_string(warning, "level", ""), "warn") &&
		    strcmp(field_string(warning, "key", ""), "virtual_machine"))
			text_wrap(&report->text, "Warning: ",
				  field_string(warning, "text", "?"));
}

static void print_missing(const struct report *report, const char *key,
			  const char *label)
{
	const json_t *entry;
	struct line line = { 0 };
	size_t i;

	json_array_foreach (json_object_get(report->ours, key), i, entry) {
		append_fact(&line, "", entry, "name", ": ");
		append_fact(&line, "", entry, "why", "");
		if (json_object_get(entry, "round"))
			append_fact(&line, " (round ", entry, "round", ")");
		end(report, label, &line);
	}
}

void report_facts(const struct report *report)
{
	print_machine(report);
	print_build(report);
	print_method(report);
	print_noise(report);
	print_memory(report);
	print_loader(report);
	print_rerun(report);
	print_data(report);
	print_warnings(report);
	print_missing(report, "skipped", "Skipped: ");
	print_missing(report, "failed", "Failed:  ");
	text_line(&report->text, "");
	text_wrap(&report->text, "",
		  "Made from the run file alone. The schemes are user-space "
		  "models, not the kernel itself.");
}
