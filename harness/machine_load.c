/* SPDX-License-Identifier: MIT */
/*
 * machine_load.c: facts that change by the minute, and the cgroup's limit.
 *
 * Idea.  Running totals are given as they are, so that two blocks can be
 *	  subtracted; shares since boot stand beside them for one block alone.
 * Owns.  Nothing.
 * Never. Calls a missing limit a limit of zero.
 */
#include "harness/machine_facts.h"
#include "harness/sysfile.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* ---- load ---------------------------------------------------------------- */

struct cpu_time {
	double total_ticks;
	double steal_ticks;
	int n_cpus; /* on line */
};

/* user nice system idle iowait irq softirq steal; guest time is in user. */
static bool take_totals(const char *line, struct cpu_time *ret)
{
	double t[8];

	if (sscanf(line, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &t[0], &t[1],
		   &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != 8)
		return false;
	for (int i = 0; i < 8; i++)
		ret->total_ticks += t[i];
	ret->steal_ticks = t[7];
	return true;
}

static bool read_cpu_time(const struct facts *f, struct cpu_time *ret)
{
	FILE *file = sysfile_open(f->root, "/proc/stat");
	char line[512];
	bool is_known = false;

	if (!file)
		return false;
	if (fgets(line, sizeof(line), file))
		is_known = take_totals(line, ret);
	while (fgets(line, sizeof(line), file) && !strncmp(line, "cpu", 3))
		ret->n_cpus++;
	fclose(file);
	return is_known;
}

static void facts_of_cpu_time(struct facts *f, const struct cpu_time *time,
			      bool is_known)
{
	const char *reason = "/proc/stat does not tell";

	if (!is_known) {
		fact_absent(f, "cpu_ticks", reason);
		fact_absent(f, "steal_ticks", reason);
		fact_absent(f, "steal_share", reason);
		return;
	}
	fact_number(f, "cpu_ticks", time->total_ticks);
	fact_number(f, "steal_ticks", time->steal_ticks);
	if (time->total_ticks > 0.0)
		fact_set(f, "steal_share",
			 json_real(time->steal_ticks / time->total_ticks));
	else
		fact_absent(f, "steal_share", "no time has passed");
}

static void facts_of_loadavg(struct facts *f, int n_cpus)
{
	double load;

	if (sysfile_number(f->root, "/proc/loadavg", &load)) {
		fact_absent(f, "load_1m", "no /proc/loadavg");
		fact_absent(f, "load_per_cpu", "no /proc/loadavg");
		return;
	}
	fact_set(f, "load_1m", json_real(load));
	if (n_cpus > 0)
		fact_set(f, "load_per_cpu", json_real(load / n_cpus));
	else
		fact_absent(f, "load_per_cpu", "/proc/stat lists no CPUs");
}

static void fact_pressure(struct facts *f)
{
	char text[256] = "";
	double share;

	sysfile_read(f->root, "/proc/pressure/cpu", sizeof(text), text);
	if (sscanf(text, "some avg10=%lf", &share) == 1)
		fact_set(f, "psi_cpu_some_avg10", json_real(share));
	else
		fact_absent(f, "psi_cpu_some_avg10",
			    "this kernel keeps no pressure figures");
}

static void fact_memory(struct facts *f)
{
	char text[512] = "";
	const char *at;
	double kib;

	sysfile_read(f->root, "/proc/meminfo", sizeof(text), text);
	at = strstr(text, "MemTotal:");
	if (at && sscanf(at, "MemTotal: %lf kB", &kib) == 1)
		fact_number(f, "memory_bytes", kib * 1024.0);
	else
		fact_absent(f, "memory_bytes", "/proc/meminfo does not tell");
}

void facts_of_load(struct facts *f)
{
	struct cpu_time time = { 0.0, 0.0, 0 };
	bool is_known = read_cpu_time(f, &time);

	facts_of_cpu_time(f, &time, is_known);
	facts_of_loadavg(f, time.n_cpus);
	fact_pressure(f);
	fact_memory(f);
}

/* ---- cgroup -------------------------------------------------------------- */

#define CGROUP_PATH_BYTES 256

/* Limits on the way from one group up to the top. */
struct quota {
	bool is_shown; /* there was at least one file to read */
	double cpus;   /* the least; INFINITY: none */
};

/* "50000 100000", or "max 100000". */
static void take_cpu_max(const char *root, const char *group, struct quota *q)
{
	char path[SYSFILE_PATH_BYTES];
	char text[64];
	double quota;
	double period;

	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cpu.max", group);
	if (sysfile_read(root, path, sizeof(text), text))
		return;
	q->is_shown = true;
	if (sscanf(text, "%lf %lf", &quota, &period) == 2 && period > 0.0)
		q->cpus = fmin(q->cpus, quota / period);
}

/* Version 1: two files, and -1 for no limit. */
static void take_cfs_quota(const char *root, const char *group, struct quota *q)
{
	char path[SYSFILE_PATH_BYTES];
	double quota;
	double period;

	snprintf(path, sizeof(path), "/sys/fs/cgroup/cpu%s/cpu.cfs_quota_us",
		 group);
	if (sysfile_number(root, path, &quota))
		return;
	q->is_shown = true;
	snprintf(path, sizeof(path), "/sys/fs/cgroup/cpu%s/cpu.cfs_period_us",
		 group);
	if (quota > 0.0 && !sysfile_number(root, path, &period) && period > 0.0)
		q->cpus = fmin(q->cpus, quota / period);
}

/* "4:cpu,cpuacct:/group": whether "cpu" is one of the controllers. */
static bool lists_cpu(const char *controllers)
{
	const char *at = controllers;

	for (;;) {
		size_t length = strcspn(at, ",");

		if (length == 3 && !strncmp(at, "cpu", 3))
			return true;
		if (!at[length])
			return false;
		at += length + 1;
	}
}

/* A line of /proc/self/cgroup; every group above may limit as well. */
static void take_group(const char *root, char *line, struct quota *q)
{
	char *controllers = strchr(line, ':');
	char *group = controllers ? strchr(controllers + 1, ':') : NULL;
	bool is_v2;

	if (!group)
		return;
	*group++ = '\0';
	controllers++;
	is_v2 = !*controllers;
	if (!is_v2 && !lists_cpu(controllers))
		return;
	group[strcspn(group, "\n")] = '\0';
	for (;;) {
		char *slash = strrchr(group, '/');

		if (is_v2)
			take_cpu_max(root, group, q);
		else
			take_cfs_quota(root, group, q);
		if (!slash)
			return;
		*slash = '\0';
	}
}

void facts_of_cgroup(struct facts *f)
{
	struct quota q = { false, INFINITY };
	FILE *file = sysfile_open(f->root, "/proc/self/cgroup");
	char line[CGROUP_PATH_BYTES];

	while (file && fgets(line, sizeof(line), file))
		take_group(f->root, line, &q);
	if (file)
		fclose(file);
	if (isfinite(q.cpus))
		fact_set(f, "cgroup_quota_cpus", json_real(q.cpus));
	else if (q.is_shown)
		fact_absent(f, "cgroup_quota_cpus", "there is no limit");
	else
		fact_absent(f, "cgroup_quota_cpus",
			    "no cgroup shows a limit of CPU time");
}
