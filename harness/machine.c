/* SPDX-License-Identifier: MIT */
/*
 * machine.c: the machine block: what one file each tells, and this process.
 *
 * Idea.  Most facts are a file and a way to read it: a table.
 * Owns.  Nothing.
 * Never. Leaves a key out: absent is null and a reason.
 */
#include "harness/machine.h"

#include "harness/machine_facts.h"
#include "harness/sysfile.h"

#include <linux/membarrier.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define CPU    "/sys/devices/system/cpu"
#define FREQ   CPU "/cpu[0-9]*/cpufreq/"
#define KERNEL "/proc/sys/kernel/"

static const char no_file[] = "the kernel does not show it";
static const char no_cpufreq[] = "no cpufreq: firmware or hypervisor decides";
static const char no_option[] = "this kernel is built without it";

enum reading {
	LINE,	  /* the text as it is; empty is a value */
	NUMBER,	  /* one number */
	FLAG,	  /* a number that is a yes or a no */
	CHOSEN,	  /* the word in brackets: "always [madvise] never" */
	DISTINCT, /* the different texts of many files, joined by commas */
	LEAST,	  /* of the numbers of many files */
	MOST,
	SUM,
};

static const struct {
	const char *key;
	enum reading reading;
	const char *path;
	const char *reason;
} files[] = {
	{ "host_name", LINE, KERNEL "hostname", no_file },
	{ "kernel_release", LINE, KERNEL "osrelease", no_file },
	{ "kernel_version", LINE, KERNEL "version", no_file },
	{ "kernel_cmdline", LINE, "/proc/cmdline", no_file },
	{ "dmi_vendor", LINE, "/sys/class/dmi/id/sys_vendor", "no DMI tables" },
	{ "dmi_product", LINE, "/sys/class/dmi/id/product_name",
	  "no DMI tables" },
	{ "hypervisor_type", LINE, "/sys/hypervisor/type",
	  "no /sys/hypervisor" },
	{ "governor", DISTINCT, FREQ "scaling_governor", no_cpufreq },
	{ "frequency_driver", DISTINCT, FREQ "scaling_driver", no_cpufreq },
	{ "frequency_min_khz", LEAST, FREQ "scaling_min_freq", no_cpufreq },
	{ "frequency_max_khz", MOST, FREQ "scaling_max_freq", no_cpufreq },
	{ "frequency_now_khz", LEAST, FREQ "scaling_cur_freq", no_cpufreq },
	{ "throttle_count", SUM,
	  CPU "/cpu[0-9]*/thermal_throttle/core_throttle_count",
	  "the processor does not count it" },
	{ "smt_active", FLAG, CPU "/smt/active", no_option },
	{ "isolated_cpus", LINE, CPU "/isolated", no_option },
	{ "nohz_full", LINE, CPU "/nohz_full", no_option },
	{ "clocksource", LINE,
	  "/sys/devices/system/clocksource/clocksource0/current_clocksource",
	  no_file },
	{ "sched_rt_runtime_us", NUMBER, KERNEL "sched_rt_runtime_us",
	  no_file },
	{ "sched_rt_period_us", NUMBER, KERNEL "sched_rt_period_us", no_file },
	{ "sched_autogroup", FLAG, KERNEL "sched_autogroup_enabled",
	  no_option },
	{ "aslr", NUMBER, KERNEL "randomize_va_space", no_file },
	{ "transparent_hugepages", CHOSEN,
	  "/sys/kernel/mm/transparent_hugepage/enabled", no_option },
	{ "numa_balancing", NUMBER, KERNEL "numa_balancing", no_option },
	{ "ksm", NUMBER, "/sys/kernel/mm/ksm/run", no_option },
	{ "nmi_watchdog", FLAG, KERNEL "nmi_watchdog", no_option },
	{ "perf_event_paranoid", NUMBER, KERNEL "perf_event_paranoid",
	  no_option },
};

/* What many files come to. */
struct gathered {
	enum reading reading;
	double number;
	char text[256];
};

/* The text is ",a,b," so that a word is found whole. */
static void gather_text(struct gathered *g, const char *text)
{
	size_t length = strlen(g->text);
	char word[sizeof(g->text) + 2];

	snprintf(word, sizeof(word), ",%s,", text);
	if (!strstr(g->text, word))
		snprintf(g->text + length, sizeof(g->text) - length, "%s",
			 word + (length > 0));
}

static void gather(const char *path, const char *text, void *arg)
{
	struct gathered *g = arg;
	double number = strtod(text, NULL);

	(void)path;
	switch (g->reading) {
	case LEAST:
		g->number = fmin(g->number, number);
		break;
	case MOST:
		g->number = fmax(g->number, number);
		break;
	case SUM:
		g->number = isnan(g->number) ? number : g->number + number;
		break;
	default:
		gather_text(g, text);
	}
}

static void read_many(struct facts *f, const char *key, enum reading reading,
		      const char *pattern, const char *reason)
{
	struct gathered g = { .reading = reading, .number = NAN };

	if (!sysfile_each(f->root, pattern, gather, &g))
		fact_absent(f, key, reason);
	else if (reading == DISTINCT)
		fact_set(f, key, json_stringn(g.text + 1, strlen(g.text) - 2));
	else
		fact_number(f, key, g.number);
}

static void read_number(struct facts *f, const char *key, enum reading reading,
			const char *path, const char *reason)
{
	double number;

	if (sysfile_number(f->root, path, &number))
		fact_absent(f, key, reason);
	else if (reading == FLAG)
		fact_set(f, key, json_boolean(number != 0.0));
	else
		fact_number(f, key, number);
}

static void read_text(struct facts *f, const char *key, enum reading reading,
		      const char *path, const char *reason)
{
	char text[4096];
	char *word;

	if (sysfile_read(f->root, path, sizeof(text), text)) {
		fact_absent(f, key, reason);
		return;
	}
	if (reading == CHOSEN) {
		word = strchr(text, '[');
		if (word)
			word[strcspn(word, "]")] = '\0';
		fact_string(f, key, word ? word + 1 : NULL,
			    "none of the choices is marked");
		return;
	}
	fact_set(f, key, json_string(text));
}

static void facts_of_files(struct facts *f)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		enum reading reading = files[i].reading;

		if (reading == LINE || reading == CHOSEN)
			read_text(f, files[i].key, reading, files[i].path,
				  files[i].reason);
		else if (reading == NUMBER || reading == FLAG)
			read_number(f, files[i].key, reading, files[i].path,
				    files[i].reason);
		else
			read_many(f, files[i].key, reading, files[i].path,
				  files[i].reason);
	}
}

/* What only system calls tell. */
static void facts_of_process(struct facts *f)
{
	long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
	struct rlimit limit;
	struct utsname name;

	fact_string(f, "architecture", uname(&name) ? NULL : name.machine,
		    "uname failed");
	fact_number(f, "page_size_bytes", (double)sysconf(_SC_PAGESIZE));
	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		fact_absent(f, "memlock_limit_bytes", "getrlimit failed");
	else if (limit.rlim_cur == RLIM_INFINITY)
		fact_absent(f, "memlock_limit_bytes", "there is no limit");
	else
		fact_number(f, "memlock_limit_bytes", (double)limit.rlim_cur);
	if (__rseq_size)
		fact_number(f, "rseq_size_bytes", __rseq_size);
	else
		fact_absent(f, "rseq_size_bytes", "libc registered no rseq");
	if (commands < 0)
		fact_absent(f, "membarrier_commands", "no membarrier here");
	else
		fact_number(f, "membarrier_commands", (double)commands);
}

json_t *machine_json_below(const char *root, const struct topology *t,
			   const struct clock *c)
{
	struct facts f = { .root = root,
			   .values = json_object(),
			   .why = json_object() };

	facts_of_files(&f);
	facts_of_processor(&f);
	facts_of_kernel(&f);
	facts_of_cgroup(&f);
	facts_of_load(&f);
	facts_of_process(&f);
	if (t)
		fact_set(&f, "topology", topology_json(t));
	else
		fact_absent(&f, "topology", "not asked for");
	if (c)
		fact_set(&f, "clock", clock_json(c));
	else
		fact_absent(&f, "clock", "not asked for");
	json_object_set_new(f.values, "why", f.why);
	return f.values;
}

json_t *machine_json(const struct topology *t, const struct clock *c)
{
	return machine_json_below("", t, c);
}
