/* SPDX-License-Identifier: MIT */
/*
 * unloadbench.c: main: the table of subcommands, nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "bench/cli.h"
#include "build_info.h"

static const struct subcommand subcommands[] = {
	{ "list", "schemes, workloads and their parameters", cmd_list },
	{ "run", "measure, and write a run file", cmd_run },
	{ "torture", "try to break schemes", cmd_torture },
	{ "report", "print a run as text", cmd_report },
	{ "plot", "draw a run's figures", cmd_plot },
	{ "machine", "what numbers from here would be taken on", cmd_machine },
};

static void print_usage(FILE *out)
{
	fputs("Usage: unloadbench COMMAND [OPTION...]\n\n"
	      "  unloadbench run --quick         a first comparison, minutes\n"
	      "  unloadbench report results/X    print it again\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(*subcommands); i++)
		fprintf(out, "  %-9s %s\n", subcommands[i].name,
			subcommands[i].summary);
	fputs("\n`unloadbench COMMAND --help` says more.\n", out);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "worker"))
		return cmd_worker(argc - 1, argv + 1);
	for (size_t i = 0;
	     argc > 1 && i < sizeof(subcommands) / sizeof(*subcommands); i++)
		if (!strcmp(argv[1], subcommands[i].name))
			return subcommands[i].run(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		printf("unloadbench %s (%s)\n", BUILD_VERSION, BUILD_COMMIT);
		return EXIT_DONE;
	}
	if (argc > 1)
		fprintf(stderr, "unloadbench: no command `%s`\n", argv[1]);
	fputs("Try `unloadbench --help`.\n", stderr);
	return EXIT_USAGE;
}
