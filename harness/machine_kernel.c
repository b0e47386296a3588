/* SPDX-License-Identifier: MIT */
/*
 * machine_kernel.c: facts of processor and kernel that take some working out.
 *
 * Idea.  Each has several places that may tell it; the surest is asked first.
 * Owns.  Nothing.
 * Never. Concludes from silence where silence is not a no.
 */
#include "harness/machine_facts.h"
#include "harness/sysfile.h"

#include <stdbool.h>
#include <string.h>

/* ---- processor ----------------------------------------------------------- */

/* The first line "key<blanks>: value" of cpuinfo; false if there is none. */
static bool find_field(const char *text, const char *key, size_t size_bytes,
		       char *ret_value)
{
	size_t n = strlen(key);

	for (const char *at = text; at; at = strchr(at, '\n')) {
		const char *colon;

		at += *at == '\n';
		if (strncmp(at, key, n))
			continue;
		colon = at + n + strspn(at + n, " \t");
		if (*colon != ':')
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		snprintf(ret_value, size_bytes, "%.*s",
			 (int)strcspn(colon, "\n"), colon);
		return true;
	}
	return false;
}

/* AArch64 names no model but the designer's and the part's numbers. */
static void fact_cpu_model(struct facts *f, const char *cpuinfo)
{
	char designer[64];
	char part[64];
	char text[160] = "";

	if (!find_field(cpuinfo, "model name", sizeof(text), text) &&
	    find_field(cpuinfo, "CPU implementer", sizeof(designer),
		       designer) &&
	    find_field(cpuinfo, "CPU part", sizeof(part), part))
		snprintf(text, sizeof(text), "implementer %s part %s", designer,
			 part);
	fact_string(f, "cpu_model", text, "/proc/cpuinfo names no model");
}

static bool names_a_hypervisor(const char *text)
{
	static const char *const names[] = { "QEMU",   "KVM",
					     "VMware", "VirtualBox",
					     "Xen",    "Virtual Machine",
					     "Bochs",  "Google Compute" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strstr(text, names[i]))
			return true;
	return false;
}

static bool dmi_names_a_hypervisor(const struct facts *f)
{
	static const char *const paths[] = { "/sys/class/dmi/id/sys_vendor",
					     "/sys/class/dmi/id/product_name" };
	char text[256];

	for (size_t i = 0; i < 2; i++)
		if (!sysfile_read(f->root, paths[i], sizeof(text), text) &&
		    names_a_hypervisor(text))
			return true;
	return false;
}

/* x86 has a flag that says yes and, by its absence, no; elsewhere only a yes
 * can be known. */
static void fact_virtual_machine(struct facts *f, const char *cpuinfo)
{
	char flags[4096] = "";
	char type[64];
	bool is_x86 = find_field(cpuinfo, "flags", sizeof(flags), flags);

	if (strstr(flags, " hypervisor") || dmi_names_a_hypervisor(f) ||
	    !sysfile_read(f->root, "/sys/hypervisor/type", sizeof(type), type))
		fact_set(f, "virtual_machine", json_true());
	else if (is_x86)
		fact_set(f, "virtual_machine", json_false());
	else
		fact_absent(f, "virtual_machine", "nothing tells yes or no");
}

static void fact_boost(struct facts *f)
{
	double number;

	if (!sysfile_number(f->root, "/sys/devices/system/cpu/cpufreq/boost",
			    &number))
		fact_set(f, "boost", json_boolean(number != 0.0));
	else if (!sysfile_number(
			 f->root,
			 "/sys/devices/system/cpu/intel_pstate/no_turbo",
			 &number))
		fact_set(f, "boost", json_boolean(number == 0.0));
	else
		fact_absent(f, "boost", "no driver shows a switch for it");
}

static void add_vulnerability(const char *path, const char *text, void *arg)
{
	json_object_set_new(arg, strrchr(path, '/') + 1, json_string(text));
}

static void fact_vulnerabilities(struct facts *f)
{
	json_t *all = json_object();

	if (sysfile_each(f->root, "/sys/devices/system/cpu/vulnerabilities/*",
			 add_vulnerability, all)) {
		fact_set(f, "vulnerabilities", all);
		return;
	}
	json_decref(all);
	fact_absent(f, "vulnerabilities", "the kernel does not show them");
}

void facts_of_processor(struct facts *f)
{
	char cpuinfo[16384] = "";
	char microcode[64] = "";

	sysfile_read(f->root, "/proc/cpuinfo", sizeof(cpuinfo), cpuinfo);
	fact_cpu_model(f, cpuinfo);
	find_field(cpuinfo, "microcode", sizeof(microcode), microcode);
	fact_string(f, "microcode", microcode, "/proc/cpuinfo names none");
	fact_virtual_machine(f, cpuinfo);
	fact_boost(f);
	fact_vulnerabilities(f);
}

/* ---- kernel -------------------------------------------------------------- */

/* The value of "name=value" on the kernel's command line. */
static bool find_argument(const char *cmdline, const char *name,
			  size_t size_bytes, char *ret_value)
{
	size_t n = strlen(name);

	for (const char *at = cmdline; *at;) {
		size_t length = strcspn(at, " \n");

		if (length > n && at[n] == '=' && !strncmp(at, name, n)) {
			snprintf(ret_value, size_bytes, "%.*s",
				 (int)(length - n - 1), at + n + 1);
			return true;
		}
		at += length + (at[length] != '\0');
	}
	return false;
}

/* What the kernel was configured with, as far as it matters here. */
struct config {
	int hz;			/* 0: unknown */
	const char *preemption; /* NULL: unknown */
};

static void take_line(const char *line, struct config *ret)
{
	static const struct {
		const char *line;
		const char *preemption;
	} models[] = {
		{ "CONFIG_PREEMPT_RT=y", "rt" },
		{ "CONFIG_PREEMPT_NONE=y", "none" },
		{ "CONFIG_PREEMPT_VOLUNTARY=y", "voluntary" },
		{ "CONFIG_PREEMPT_LAZY=y", "lazy" },
		{ "CONFIG_PREEMPT=y", "full" },
	};

	sscanf(line, "CONFIG_HZ=%d", &ret->hz);
	for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++)
		if (!strncmp(line, models[i].line, strlen(models[i].line)))
			ret->preemption = models[i].preemption;
}

static void take_lines(FILE *file, struct config *ret)
{
	char line[256];

	while (fgets(line, sizeof(line), file))
		take_line(line, ret);
}

static void read_config(const struct facts *f, struct config *ret)
{
	const char *packed = "/proc/config.gz";
	char release[128] = "";
	char text[SYSFILE_PATH_BYTES];
	FILE *file;

	sysfile_read(f->root, "/proc/sys/kernel/osrelease", sizeof(release),
		     release);
	snprintf(text, sizeof(text), "/boot/config-%s", release);
	file = sysfile_open(f->root, text);
	if (file) {
		take_lines(file, ret);
		fclose(file);
		return;
	}
	snprintf(text, sizeof(text), "exec gzip -dc '%s%s' 2>/dev/null",
		 f->root, packed);
	file = sysfile_open(f->root, packed);
	if (!file)
		return;
	fclose(file);
	file = popen(text, "r");
	if (!file)
		return;
	take_lines(file, ret);
	pclose(file);
}

/* From "none voluntary (full)" in debugfs. */
static bool preemption_in_force(const struct facts *f, size_t size_bytes,
				char *ret_model)
{
	char text[128];
	char *open;

	if (sysfile_read(f->root, "/sys/kernel/debug/sched/preempt",
			 sizeof(text), text))
		return false;
	open = strchr(text, '(');
	if (!open)
		return false;
	snprintf(ret_model, size_bytes, "%.*s", (int)strcspn(open + 1, ")"),
		 open + 1);
	return true;
}

static void fact_preemption(struct facts *f, const char *cmdline,
			    const struct config *config)
{
	char version[256] = "";
	char model[32] = "";

	sysfile_read(f->root, "/proc/sys/kernel/version", sizeof(version),
		     version);
	if (strstr(version, "PREEMPT_RT"))
		fact_set(f, "preemption", json_string("rt"));
	else if (preemption_in_force(f, sizeof(model), model) ||
		 find_argument(cmdline, "preempt", sizeof(model), model))
		fact_set(f, "preemption", json_string(model));
	else if (config->preemption)
		fact_set(f, "preemption", json_string(config->preemption));
	else if (strstr(version, " PREEMPT "))
		fact_set(f, "preemption", json_string("full"));
	else
		fact_absent(f, "preemption",
			    "no debugfs, no kernel configuration, and the "
			    "version does not tell");
}

void facts_of_kernel(struct facts *f)
{
	struct config config = { 0, NULL };
	char cmdline[4096] = "";
	char text[256] = "";

	sysfile_read(f->root, "/proc/cmdline", sizeof(cmdline), cmdline);
	read_config(f, &config);
	fact_preemption(f, cmdline, &config);
	if (config.hz)
		fact_number(f, "hz", config.hz);
	else
		fact_absent(f, "hz", "the kernel's configuration is not here");
	find_argument(cmdline, "rcu_nocbs", sizeof(text), text);
	fact_string(f, "rcu_nocbs", text, "not on the kernel's command line");
	text[0] = '\0';
	find_argument(cmdline, "mitigations", sizeof(text), text);
	fact_string(f, "mitigations", text,
		    "not on the kernel's command line: its defaults hold");
}
