/* SPDX-License-Identifier: MIT */
/*
 * cli.c: parsers of durations, counts and lists.
 */
#include "bench/cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_NS 86400e9

int cli_duration(const char *text, double *ret_ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	char *end;
	double value;

	if (!isdigit((unsigned char)*text) && *text != '.')
		return -EINVAL;
	value = strtod(text, &end);
	if (!*end && value == 0) {
		*ret_ns = 0;
		return 0;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(end, units[i].unit) || value * units[i].ns > DAY_NS)
			continue;
		*ret_ns = value * units[i].ns;
		return 0;
	}
	return -EINVAL;
}

int cli_number(const char *text, unsigned long min, unsigned long max,
	       unsigned long *ret)
{
	char *end;
	unsigned long value;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return -EINVAL;
	*ret = value;
	return 0;
}

int cli_each(const char *text, int (*each)(const char *word, void *arg),
	     void *arg)
{
	char *copy = strdup(text), *rest = copy, *word;
	int err = copy ? 0 : -ENOMEM;

	while (!err && (word = strsep(&rest, ",")))
		err = *word ? each(word, arg) : -EINVAL;
	free(copy);
	return err;
}

/* The counts wanted so far, as a set. */
struct count_set {
	size_t all;
	bool *wanted; /* [all + 1] */
};

static int add_counts(const char *word, void *arg)
{
	struct count_set *set = arg;
	char *dash = strchr(word, '-');
	char first[24] = { 0 };
	unsigned long from, to;

	if (!strcmp(word, "all")) {
		set->wanted[set->all] = true;
		return 0;
	}
	if (dash) {
		if ((size_t)(dash - word) >= sizeof(first))
			return -EINVAL;
		memcpy(first, word, (size_t)(dash - word));
	}
	if (cli_number(dash ? first : word, 1, 1u << 20, &from))
		return -EINVAL;
	to = from;
	if (dash && (cli_number(dash + 1, 1, 1u << 20, &to) || to < from))
		return -EINVAL;
	if (to > set->all)
		return -ERANGE;
	for (size_t n = from; n <= to; n++)
		set->wanted[n] = true;
	return 0;
}

int cli_counts(const char *text, size_t all, size_t **ret, size_t *ret_n)
{
	struct count_set set = { all, calloc(all + 1, sizeof(bool)) };
	size_t *counts = calloc(all, sizeof(*counts)), n = 0;
	int err = set.wanted && counts ? cli_each(text, add_counts, &set)
				       : -ENOMEM;

	for (size_t i = 1; !err && i <= all; i++)
		if (set.wanted[i])
			counts[n++] = i;
	free(set.wanted);
	if (err) {
		free(counts);
		return err;
	}
	*ret = counts;
	*ret_n = n;
	return 0;
}

int cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	char *subcommand = argv[0], name[64];
	int err;

	/* Messages name what was called, and advice stays on one line. */
	setenv("ARGP_HELP_FMT", "rmargin=99", 0);
	snprintf(name, sizeof(name), "unloadbench %s", subcommand);
	argv[0] = name;
	argp_err_exit_status = EXIT_USAGE;
	err = argp_parse(argp, argc, argv, 0, NULL, input);
	argv[0] = subcommand;
	return err;
}

void cli_refuse(const char *format, ...)
{
	va_list args;

	fputs("unloadbench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_USAGE);
}

int cli_flush(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fputs("unloadbench: cannot write to stdout\n", stderr);
	return EXIT_FAILED;
}
