/* SPDX-License-Identifier: MIT */
/*
 * cli.h: what the subcommands share in reading arguments.
 *
 * Idea.  Pure parsers: text in, value or -EINVAL out; who calls them says what
 * was wrong.  bench/unloadbench.c alone sees main()'s argv first.
 */
#ifndef CLI_H
#define CLI_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

/* Exit status of every subcommand. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,    /* a check, a torture or a worker failed */
	EXIT_USAGE = 2,	    /* bad usage or input */
	EXIT_STRICT = 3,    /* refused by --strict */
	EXIT_NOTHING = 4,   /* nothing could run here */
	EXIT_UNTRUSTED = 7, /* --publish finished but is not trustworthy */
	EXIT_INTERRUPTED = 130,
};

/**
 * cli_duration() - "200ms", "500ns", "2us", "1s", "0"
 * @ret_ns: nanoseconds, >= 0
 * Return: 0; -EINVAL: no number, no unit, negative or over a day.
 */
int cli_duration(const char *text, double *ret_ns);

/** cli_number() - a whole number @min..@max; 0 or -EINVAL */
int cli_number(const char *text, unsigned long min, unsigned long max,
	       unsigned long *ret);

/**
 * cli_counts() - "1,2,4-8" or "all": how many CPUs
 * @all: what `all` means; no count may be larger
 * @ret: ascending, no duplicates; allocated
 * Return: 0; -EINVAL; -ERANGE when a count is larger than @all.
 */
int cli_counts(const char *text, size_t all, size_t **ret, size_t *ret_n);

/**
 * cli_each() - call @each for every comma-separated word
 * @each: 0 to go on; anything else ends it
 * Return: @each's last value; -EINVAL for an empty word.
 */
int cli_each(const char *text, int (*each)(const char *word, void *arg),
	     void *arg);

/**
 * cli_parse() - argp with the suite's habits: bad usage exits 2
 * @argv: of a subcommand, whose name is argv[0]
 * Return: 0.
 */
int cli_parse(const struct argp *argp, int argc, char **argv, void *input);

/** cli_refuse() - one line on stderr, and exit 2 */
void cli_refuse(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/** cli_flush() - @status, or EXIT_FAILED if stdout did not take it all */
int cli_flush(int status);

/* One subcommand; argv[0] is its name. */
struct subcommand {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

int cmd_list(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_torture(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_machine(int argc, char **argv);
int cmd_worker(int argc, char **argv);

#endif
