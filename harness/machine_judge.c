/* SPDX-License-Identifier: MIT */
/*
 * machine_judge.c: what speaks against a machine's numbers, and what changed.
 *
 * Idea.  A judgement is a row: a fact, a test, a sentence.
 * Owns.  Nothing.
 * Never. Reads the machine: blocks read back from a record are judged alike.
 */
#include "harness/machine.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum test {
	IS_TRUE,
	IS_NULL,
	IS,
	IS_NOT,
	ABOVE,
	BELOW
};

static const struct rule {
	const char *level;
	const char *key; /* "clock.source": a key of a block inside */
	enum test test;
	const char *word; /* for IS, IS_NOT */
	double number;	  /* for ABOVE, BELOW */
	const char *text;
} rules[] = {
	{ "bad", "topology.synthetic", IS_TRUE, NULL, 0,
	  "the topology is made up: threads cannot be pinned by it" },
	{ "bad", "load_per_cpu", ABOVE, NULL, 0.5,
	  "other work is running on these CPUs" },
	{ "bad", "psi_cpu_some_avg10", ABOVE, NULL, 10,
	  "tasks were waiting for a CPU over 10 % of the last 10 s" },
	{ "bad", "cgroup_quota_cpus", ABOVE, NULL, 0,
	  "a cgroup limits CPU time: threads stop in the middle of a window" },
	{ "warn", "virtual_machine", IS_TRUE, NULL, 0,
	  "VM: compare rows, not machines" },
	{ "info", "virtual_machine", IS_NULL, NULL, 0,
	  "whether this is a VM is unknown" },
	{ "warn", "steal_share", ABOVE, NULL, 0.01,
	  "the host took over 1 % of CPU time since boot" },
	{ "warn", "clock.source", IS, "clock_gettime", 0,
	  "no usable processor counter: stamps cost more" },
	{ "warn", "governor", IS_NOT, "performance", 0,
	  "the governor is not performance: frequency follows load" },
	{ "info", "governor", IS_NULL, NULL, 0,
	  "nothing tells how the frequency is governed" },
	{ "warn", "boost", IS_TRUE, NULL, 0,
	  "boost is on: frequency depends on how many cores are busy" },
	{ "info", "boost", IS_NULL, NULL, 0,
	  "whether frequency is boosted is unknown" },
	{ "warn", "throttle_count", ABOVE, NULL, 0,
	  "a core has been slowed down by heat since boot" },
	{ "warn", "transparent_hugepages", IS, "always", 0,
	  "memory may be merged into huge pages during a window" },
	{ "warn", "numa_balancing", ABOVE, NULL, 0,
	  "the kernel moves pages between nodes by making readers fault" },
	{ "warn", "ksm", ABOVE, NULL, 0,
	  "the kernel is merging equal pages in the background" },
	{ "warn", "aslr", BELOW, NULL, 1,
	  "layout is not random: rounds repeat one layout's luck" },
	{ "info", "sched_rt_runtime_us", BELOW, NULL, 0,
	  "real-time throttling is off: a spinning thread is not stopped" },
	{ "info", "smt_active", IS_TRUE, NULL, 0,
	  "siblings share a core: see which CPUs a row used" },
	{ "info", "isolated_cpus", IS, "", 0,
	  "no CPU is isolated: the kernel may run anything anywhere" },
	{ "info", "nmi_watchdog", IS_TRUE, NULL, 0,
	  "the watchdog takes a hardware counter and interrupts" },
	{ "info", "sched_autogroup", IS_TRUE, NULL, 0,
	  "nice values count inside a session only" },
	{ "info", "mitigations", IS, "off", 0,
	  "mitigations are off: entering the kernel is cheaper than usual" },
	{ "info", "preemption", IS_NULL, NULL, 0,
	  "the preemption model is unknown" },
	{ "info", "hz", IS_NULL, NULL, 0, "the timer's frequency is unknown" },
	{ "info", "perf_event_paranoid", ABOVE, NULL, 1,
	  "perf needs privilege here" },
	{ "info", "rseq_size_bytes", IS_NULL, NULL, 0,
	  "no rseq: schemes that need it are skipped" },
	{ "info", "membarrier_commands", IS_NULL, NULL, 0,
	  "no membarrier: schemes that need it are skipped" },
};

static json_t *look_up(json_t *machine, const char *key)
{
	const char *dot = strchr(key, '.');
	char block[32];

	if (!dot)
		return json_object_get(machine, key);
	snprintf(block, sizeof(block), "%.*s", (int)(dot - key), key);
	return json_object_get(json_object_get(machine, block), dot + 1);
}

static bool applies(const struct rule *rule, json_t *fact)
{
	const char *word = json_string_value(fact);

	switch (rule->test) {
	case IS_TRUE:
		return json_is_true(fact);
	case IS_NULL:
		return json_is_null(fact);
	case IS:
		return word && !strcmp(word, rule->word);
	case IS_NOT:
		return word && strcmp(word, rule->word);
	case ABOVE:
		return json_is_number(fact) &&
		       json_number_value(fact) > rule->number;
	case BELOW:
		return json_is_number(fact) &&
		       json_number_value(fact) < rule->number;
	}
	return false;
}

json_t *machine_judge(json_t *machine)
{
	json_t *judgements = json_array();

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (applies(&rules[i], look_up(machine, rules[i].key)))
			json_array_append_new(judgements,
					      json_pack("{s:s, s:s, s:s}",
							"level", rules[i].level,
							"key", rules[i].key,
							"text", rules[i].text));
	return judgements;
}

/* ---- what changed -------------------------------------------------------- */

/* Settings, and how much of a difference is not yet one. */
static const struct {
	const char *key;
	double tolerance; /* share of the value before; 0: none */
} settings[] = {
	{ "governor", 0 },
	{ "frequency_driver", 0 },
	{ "frequency_min_khz", 0 },
	{ "frequency_max_khz", 0 },
	{ "frequency_now_khz", 0.05 },
	{ "boost", 0 },
	{ "smt_active", 0 },
	{ "isolated_cpus", 0 },
	{ "clocksource", 0 },
	{ "sched_rt_runtime_us", 0 },
	{ "aslr", 0 },
	{ "transparent_hugepages", 0 },
	{ "numa_balancing", 0 },
	{ "ksm", 0 },
	{ "nmi_watchdog", 0 },
	{ "preemption", 0 },
	{ "cgroup_quota_cpus", 0 },
	{ "topology.allowed", 0 },
	{ "clock.source", 0 },
	{ "clock.ns_per_tick", 1e-3 },
};

static bool differ(json_t *before, json_t *after, double tolerance)
{
	double x = json_number_value(before);

	if (json_is_number(before) && json_is_number(after))
		return fabs(json_number_value(after) - x) > tolerance * fabs(x);
	return before && after && !json_equal(before, after);
}

static json_t *pair(json_t *before, json_t *after)
{
	return json_pack("{s:O?, s:O?}", "before", before, "after", after);
}

static json_t *changed_settings(json_t *before, json_t *after)
{
	json_t *changed = json_object();

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		const char *key = settings[i].key;
		json_t *x = look_up(before, key);
		json_t *y = look_up(after, key);

		if (differ(x, y, settings[i].tolerance))
			json_object_set_new(changed, key, pair(x, y));
	}
	return changed;
}

/* How much a total has grown; NAN if either end is unknown. */
static double growth(json_t *before, json_t *after, const char *key)
{
	json_t *x = json_object_get(before, key);
	json_t *y = json_object_get(after, key);

	if (!json_is_number(x) || !json_is_number(y))
		return NAN;
	return json_number_value(y) - json_number_value(x);
}

static void set_or_why(json_t *ret, json_t *why, const char *key, json_t *value,
		       const char *reason)
{
	json_object_set_new(ret, key, value ? value : json_null());
	if (!value)
		json_object_set_new(why, key, json_string(reason));
}

void machine_changes(json_t *before, json_t *after, json_t *ret)
{
	double steal = growth(before, after, "steal_ticks");
	double total = growth(before, after, "cpu_ticks");
	double throttles = growth(before, after, "throttle_count");
	bool has_steal = total > 0.0 && steal >= 0.0;
	json_t *why = json_object();

	json_object_set_new(ret, "changed", changed_settings(before, after));
	json_object_set_new(ret, "load_1m",
			    pair(json_object_get(before, "load_1m"),
				 json_object_get(after, "load_1m")));
	set_or_why(ret, why, "steal_share",
		   has_steal ? json_real(steal / total) : NULL,
		   "the kernel does not tell, or no time has passed");
	set_or_why(ret, why, "throttle_count",
		   throttles >= 0.0 ? json_integer((json_int_t)throttles)
				    : NULL,
		   "the processor does not count it");
	json_object_set_new(ret, "why", why);
}
