/* SPDX-License-Identifier: MIT */
/*
 * load.c: opens a run for those who read it; see load.h.
 */
#include "bench/report/load.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/report/fields.h"
#include "bench/report/summary.h"

static int find_file(const char *path, char *ret, char *why, size_t why_bytes)
{
	struct stat st;
	bool is_dir = !stat(path, &st) && S_ISDIR(st.st_mode);
	int n = snprintf(ret, PATH_MAX, is_dir ? "%s/run.json" : "%s", path);

	if (n < PATH_MAX && !stat(ret, &st))
		return 0;
	snprintf(why, why_bytes,
		 "%s: %s\nRUN is a run.json or the directory it is in", path,
		 is_dir ? "no run.json in this directory" : strerror(errno));
	return -ENOENT;
}

/* The first thing that keeps @run from being read, or NULL. */
static const char *objection(const json_t *run)
{
	const json_t *ours = json_object_get(run, "unloadbench");
	const json_t *plan = json_object_get(ours, "plan");

	if (!json_is_object(ours))
		return "no `unloadbench` key: not a run of unloadbench";
	if (!json_is_integer(json_object_get(ours, "schema")))
		return "no schema version under `unloadbench`";
	if (!json_is_array(json_object_get(run, "benchmarks")) ||
	    !json_is_array(json_object_get(plan, "cells")))
		return "no rows or no plan: not a whole run file";
	return NULL;
}

static int refuse(const json_t *run, const char *file, char *why,
		  size_t why_bytes)
{
	const char *text = objection(run);
	json_int_t schema;

	if (text) {
		snprintf(why, why_bytes, "%s: %s", file, text);
		return -EINVAL;
	}
	schema = field_int(json_object_get(run, "unloadbench"), "schema", 0);
	if (schema == LOAD_SCHEMA)
		return 0;
	snprintf(why, why_bytes,
		 "%s: schema version %lld is unknown here\n"
		 "this program reads version %d; take the one that wrote it",
		 file, (long long)schema, LOAD_SCHEMA);
	return -EINVAL;
}

json_t *load_summary(const json_t *run)
{
	return json_object_get(json_object_get(run, "unloadbench"), "summary");
}

static int ensure_summary(json_t *run, char *why, size_t why_bytes)
{
	if (json_is_object(load_summary(run)))
		return 0;
	if (!json_object_set_new(json_object_get(run, "unloadbench"), "summary",
				 summary_make(run)))
		return 0;
	snprintf(why, why_bytes, "no memory to summarise the run");
	return -ENOMEM;
}

json_t *load_run(const char *path, char *why, size_t why_bytes)
{
	char file[PATH_MAX];
	json_error_t error;
	json_t *run;

	if (find_file(path, file, why, why_bytes))
		return NULL;
	run = json_load_file(file, 0, &error);
	if (!run) {
		snprintf(why, why_bytes, "%s: line %d: not JSON: %s", file,
			 error.line, error.text);
		return NULL;
	}
	if (refuse(run, file, why, why_bytes) ||
	    ensure_summary(run, why, why_bytes)) {
		json_decref(run);
		return NULL;
	}
	return run;
}
