/* SPDX-License-Identifier: MIT */
/*
 * torture.c: `unloadbench torture`: every scheme must stand it, every broken
 * one must not.
 *
 * Idea.  Short bouts, each in a child of its own: plain and delayed build,
 * poison only and real unmapping, every table and choice in turn.  A control
 * that survives means that torture is blunt, and fails it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/cli.h"
#include "bench/torture_bouts.h"
#include "bench/torture_record.h"
#include "harness/build.h"
#include "schemes/registry.h"

struct torture_options {
	bool chosen[256]; /* by rank of the name */
	bool any_chosen;
	bool if_needed;
	bool json;
	enum bouts_only only;
	unsigned long seconds;
	unsigned long seed;
};

static json_t *delays_json(const struct verdict *v, uint64_t *ret_sum)
{
	json_t *points = json_array();

	*ret_sum = 0;
	for (size_t p = 0; p < N_DELAY_POINTS; p++) {
		*ret_sum += v->delays[p];
		json_array_append_new(points,
				      json_integer((json_int_t)v->delays[p]));
	}
	return points;
}

static json_t *verdict_json(const struct scheme_ops *ops,
			    const struct verdict *v)
{
	uint64_t delays;
	json_t *points = delays_json(v, &delays);

	return json_pack("{s:s, s:s, s:s, s:s, s:f, s:I, s:I, s:I, s:I, s:I, "
			 "s:I, s:o}",
			 "name", ops->name, "expected",
			 bouts_must_fail(ops) ? "fail" : "pass", "verdict",
			 v->word, "seen", v->seen, "seconds", v->seconds,
			 "bouts", (json_int_t)v->bouts, "gets",
			 (json_int_t)v->gets, "refused", (json_int_t)v->refused,
			 "unloads", (json_int_t)v->unloads, "spurious",
			 (json_int_t)v->spurious, "delays", (json_int_t)delays,
			 "delay_points", points);
}

static void print_verdict(const struct scheme_ops *ops, const struct verdict *v)
{
	printf("%s%-24s %-7s %5.1f s %9llu gets %7llu unloads  %s\n",
	       bouts_is_failure(v) ? "!!! " : "    ", ops->name, v->word,
	       v->seconds, (unsigned long long)v->gets,
	       (unsigned long long)v->unloads, v->seen);
	fflush(stdout);
}

/* ---- the command line ---------------------------------------------------- */

static int choose(const char *word, void *arg)
{
	struct torture_options *o = arg;
	bool all = !strcmp(word, "all"), broken = !strcmp(word, "broken");
	bool found = false;

	for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++) {
		const struct scheme_ops *ops = registry_at(SCHEMES_PLAIN, i);

		if (!(all || (broken && ops->caps & CAP_BROKEN) ||
		      !strcmp(word, ops->name)))
			continue;
		o->chosen[i] = found = true;
	}
	o->any_chosen |= found;
	return found ? 0 : -ENOENT;
}

static int choose_bouts(const char *word, enum bouts_only *ret)
{
	if (!strcmp(word, "poisoned"))
		*ret = BOUTS_POISONED;
	else if (!strcmp(word, "unmapped"))
		*ret = BOUTS_UNMAPPED;
	else
		return -EINVAL;
	return 0;
}

static error_t parse_torture(int key, char *arg, struct argp_state *state)
{
	struct torture_options *o = state->input;

	switch (key) {
	case 's':
		if (cli_each(arg, choose, o))
			argp_error(state,
				   "--schemes: `%s`: no such scheme; see "
				   "`unloadbench list`",
				   arg);
		return 0;
	case 'a':
		return choose("all", o);
	case 'n':
		if (cli_number(arg, 1, 86400, &o->seconds))
			argp_error(state, "--seconds: `%s` is not 1..86400",
				   arg);
		return 0;
	case 'e':
		if (cli_number(arg, 0, INT64_MAX, &o->seed))
			argp_error(state, "--seed: `%s` is no number", arg);
		return 0;
	case 'o':
		if (choose_bouts(arg, &o->only))
			argp_error(state,
				   "--only: `%s` is not poisoned or unmapped",
				   arg);
		return 0;
	case 'q':
		return o->seconds = 4, 0;
	case 'i':
		return o->if_needed = true, 0;
	case 'j':
		return o->json = true, 0;
	case ARGP_KEY_ARG:
		argp_error(state, "`%s` is not an option", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool all_chosen(const struct torture_options *o)
{
	for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++)
		if (!o->chosen[i])
			return false;
	return true;
}

/* Only a torture of everything says something about the build. */
static void keep_record(const struct torture_options *o, json_t *record)
{
	bool whole = all_chosen(o) && o->only == BOUTS_BOTH;
	int err = whole ? torture_record_write(record) : 0;

	if (err)
		fprintf(stderr,
			"unloadbench: torture's outcome cannot be kept: %s\n",
			strerror(-err));
}

/* What the record and the last line need to know. */
struct outcome {
	json_t *verdicts;
	char failed[256]; /* "NAME WORD, NAME WORD" */
	size_t held;
};

static void judge(const struct scheme_ops *ops, const struct torture_options *o,
		  struct outcome *out)
{
	size_t n = strlen(out->failed);
	struct verdict v;

	bouts_hold(ops, o->only, o->seconds, o->seed, &v);
	out->held += strcmp(v.word, "skipped") != 0;
	if (bouts_is_failure(&v))
		snprintf(out->failed + n, sizeof(out->failed) - n, "%s%s %s",
			 n ? ", " : "", ops->name, v.word);
	if (!o->json)
		print_verdict(ops, &v);
	json_array_append_new(out->verdicts, verdict_json(ops, &v));
}

static void print_outcome(const struct torture_options *o,
			  const struct outcome *out, const json_t *record)
{
	if (o->json) {
		json_dumpf(record, stdout, JSON_INDENT(1));
		putchar('\n');
		return;
	}
	printf("    seed %lu\n", o->seed);
	if (*out->failed)
		printf("torture: FAILURE (%s)\n", out->failed);
	else
		puts(out->held ? "torture: SUCCESS"
			       : "torture: nothing could run here");
}

static int torture_all(const struct torture_options *o)
{
	struct outcome out = { .verdicts = json_array() };
	char id[BUILD_ID_CHARS] = "";
	json_t *record;

	for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++)
		if (o->chosen[i])
			judge(registry_at(SCHEMES_PLAIN, i), o, &out);
	build_id(id);
	record = json_pack("{s:s, s:s, s:I, s:I, s:o}", "status",
			   *out.failed ? "failed" : "passed", "build_id", id,
			   "seed", (json_int_t)o->seed, "seconds",
			   (json_int_t)o->seconds, "schemes", out.verdicts);
	print_outcome(o, &out, record);
	keep_record(o, record);
	json_decref(record);
	if (!out.held)
		return EXIT_NOTHING;
	return *out.failed ? EXIT_FAILED : EXIT_DONE;
}

static bool passed_before(void)
{
	json_t *record = torture_record_read();
	const char *status =
		json_string_value(json_object_get(record, "status"));
	bool passed = status && !strcmp(status, "passed");

	json_decref(record);
	return passed;
}

int cmd_torture(int argc, char **argv)
{
	static const struct argp_option torture_options[] = {
		{ "schemes", 's', "A,B", 0, "names, all, or broken", 0 },
		{ "all", 'a', NULL, 0, "every scheme, broken ones too", 0 },
		{ "seconds", 'n', "N", 0, "per sound scheme (10)", 0 },
		{ "quick", 'q', NULL, 0, "4 s per sound scheme", 0 },
		{ "if-needed", 'i', NULL, 0, "not if this build passed before",
		  0 },
		{ "only", 'o', "KIND", 0,
		  "bouts whose unloads leave poison, or really unmap: "
		  "poisoned, unmapped",
		  0 },
		{ "seed", 'e', "N", 0, "of every random choice", 0 },
		{ "json", 'j', NULL, 0, "print JSON", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		torture_options,
		parse_torture,
		NULL,
		"Tries to break schemes.  Broken ones, and none, must be "
		"caught.",
		NULL,
		NULL,
		NULL
	};
	struct torture_options o = { .seconds = 10,
				     .seed = (unsigned long)time(NULL) };

	cli_parse(&argp, argc, argv, &o);
	if (!o.any_chosen)
		choose("all", &o);
	if (o.if_needed && passed_before()) {
		puts("torture: this build passed before");
		return EXIT_DONE;
	}
	return torture_all(&o);
}
