/* SPDX-License-Identifier: MIT */
/*
 * machine_cmd.c: `unloadbench machine`: what numbers from here would be taken
 * on, and what about it makes them doubtful.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/cli.h"
#include "harness/machine.h"

struct machine_options {
	bool json;
	bool strict;
};

static error_t parse_machine(int key, char *arg, struct argp_state *state)
{
	struct machine_options *o = state->input;

	if (key == ARGP_KEY_ARG)
		argp_error(state, "`%s` is not an option", arg);
	if (key == 'j')
		o->json = true;
	else if (key == 's')
		o->strict = true;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static const char *text_of(const json_t *warning, const char *key)
{
	return json_string_value(json_object_get(warning, key));
}

/* Whether anything is bad; prints people's version. */
static bool print_warnings(const json_t *warnings, bool quiet)
{
	const json_t *warning;
	bool bad = false;
	size_t i;

	json_array_foreach ((json_t *)warnings, i, warning) {
		bad |= !strcmp(text_of(warning, "level"), "bad");
		if (!quiet)
			printf("%-4s  %s: %s\n", text_of(warning, "level"),
			       text_of(warning, "key"),
			       text_of(warning, "text"));
	}
	return bad;
}

int cmd_machine(int argc, char **argv)
{
	static const struct argp_option machine_options[] = {
		{ "json", 'j', NULL, 0, "print JSON, all of it", 0 },
		{ "strict", 's', NULL, 0, "exit 3 if anything is bad", 0 },
		{ 0 }
	};
	static const struct argp argp = { machine_options,
					  parse_machine,
					  NULL,
					  "Judges this machine; changes "
					  "nothing.",
					  NULL,
					  NULL,
					  NULL };
	struct machine_options o = { 0 };
	struct topology *topology;
	struct clock clock;
	json_t *machine, *warnings;
	bool bad;
	int err;

	cli_parse(&argp, argc, argv, &o);
	err = topology_load(&topology);
	if (!err)
		err = clock_init(&clock);
	if (err) {
		fprintf(stderr, "unloadbench: cannot read this machine: %s\n",
			strerror(-err));
		return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	}
	machine = machine_json(topology, &clock);
	warnings = machine_judge(machine);
	bad = print_warnings(warnings, o.json);
	if (o.json) {
		json_object_set(machine, "warnings", warnings);
		json_dumpf(machine, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(warnings);
	json_decref(machine);
	topology_free(topology);
	return cli_flush(o.strict && bad ? EXIT_STRICT : EXIT_DONE);
}
