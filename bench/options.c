/* SPDX-License-Identifier: MIT */
/*
 * options.c: the command line of `unloadbench run`.
 *
 * Idea.  A named plan sets every axis; flags given beside it narrow or widen
 * single ones.  A flag not given without a named plan is one value.
 */
#include "bench/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/cli.h"
#include "schemes/registry.h"

enum key {
	KEY_SCHEMES = 0x100,
	KEY_WORKLOADS,
	KEY_CPUS,
	KEY_ORDER,
	KEY_ROUNDS,
	KEY_QUICK,
	KEY_PUBLISH,
	KEY_WINDOW,
	KEY_HOLD,
	KEY_THINK,
	KEY_MODULES,
	KEY_TABLES,
	KEY_TABLE,
	KEY_MODE,
	KEY_UNLOADS,
	KEY_OVERSUBSCRIBE,
	KEY_PARAM,
	KEY_SEED,
	KEY_FILTER,
	KEY_OUT,
	KEY_DRY_RUN,
	KEY_STRICT,
	KEY_JSON,
};

static const struct argp_option run_options[] = {
	{ "quick", KEY_QUICK, NULL, 0, "9 rounds of 60 ms windows, minutes",
	  0 },
	{ "publish", KEY_PUBLISH, NULL, 0, "30 rounds of 1 s, strict", 0 },
	{ "schemes", KEY_SCHEMES, "A,B|all", 0, "see `unloadbench list`", 0 },
	{ "workloads", KEY_WORKLOADS, "W,..", 0,
	  "lookup,ref,unload,storm,loader", 0 },
	{ "cpus", KEY_CPUS, "1,2,4-8|all", 0, "how many CPUs", 0 },
	{ "order", KEY_ORDER, "O", 0, "cores,compact,scatter,nodes or 0-3,8",
	  0 },
	{ "rounds", KEY_ROUNDS, "N", 0, "fresh processes (12)", 0 },
	{ "window", KEY_WINDOW, "200ms", 0, "measured interval", 0 },
	{ "hold", KEY_HOLD, "0,500ns", 0, "between get and put", 0 },
	{ "think", KEY_THINK, "0", 0, "between two look-ups", 0 },
	{ "modules", KEY_MODULES, "N", 0, "modules the readers share (1)", 0 },
	{ "tables", KEY_TABLES, "N", 0, "tables a module is in (1)", 0 },
	{ "table", KEY_TABLE, "T,..", 0, "none,rcu,rwlock", 0 },
	{ "mode", KEY_MODE, "M,..", 0, "try,wait", 0 },
	{ "unloads", KEY_UNLOADS, "N", 0, "per unload cell and round (600)",
	  0 },
	{ "oversubscribe", KEY_OVERSUBSCRIBE, "K", 0, "readers per CPU (1)",
	  0 },
	{ "param", KEY_PARAM, "S.NAME=V,..", 0, "a scheme's parameter", 0 },
	{ "seed", KEY_SEED, "N", 0, "of every random order", 0 },
	{ "filter", KEY_FILTER, "REGEX", 0, "only cells so named", 0 },
	{ "out", KEY_OUT, "DIR", 0, "results/HOST-UTC", 0 },
	{ "dry-run", KEY_DRY_RUN, NULL, 0, "print the plan and stop", 0 },
	{ "strict", KEY_STRICT, NULL, 0, "refuse a doubtful machine", 0 },
	{ "json", KEY_JSON, NULL, 0, "print JSON", 0 },
	{ 0 },
};

/* What the flags said before they are put together. */
struct draft {
	struct options *o;
	struct argp_state *state;
	const char *schemes;
	bool cleared_workloads, cleared_tables, cleared_modes;
	char *params[MAX_VARIANTS];
	size_t n_params;
};

static int take_workload(const char *word, void *arg)
{
	struct draft *d = arg;
	int w = word_index(workload_words, word);

	if (w < 0)
		return -EINVAL;
	if (!d->cleared_workloads)
		memset(d->o->workloads, 0, sizeof(d->o->workloads));
	d->cleared_workloads = true;
	d->o->workloads[w] = true;
	return 0;
}

static int take_table(const char *word, void *arg)
{
	struct draft *d = arg;
	int t = word_index(table_words, word);

	if (t < 0)
		return -EINVAL;
	if (!d->cleared_tables)
		memset(d->o->tables, 0, sizeof(d->o->tables));
	d->cleared_tables = true;
	d->o->tables[t] = true;
	return 0;
}

static int take_mode(const char *word, void *arg)
{
	struct draft *d = arg;
	int m = word_index(mode_words, word);

	if (m < 0)
		return -EINVAL;
	if (!d->cleared_modes)
		memset(d->o->modes, 0, sizeof(d->o->modes));
	d->cleared_modes = d->o->modes_given = true;
	d->o->modes[m] = true;
	return 0;
}

/* A list of durations being read. */
struct durations {
	double *ns;
	size_t *n;
};

static int take_duration(const char *word, void *arg)
{
	struct durations *list = arg;

	if (*list->n == MAX_AXIS)
		return -EINVAL;
	return cli_duration(word, &list->ns[(*list->n)++]);
}

static int take_durations(const char *text, double *ns, size_t *n)
{
	struct durations list = { ns, n };

	*n = 0;
	return cli_each(text, take_duration, &list);
}

static void set_plan(struct options *o, const char *plan)
{
	bool quick = !strcmp(plan, "quick");

	o->plan = plan;
	o->rounds = quick ? 9 : !strcmp(plan, "publish") ? 30 : 12;
	o->window_ns = quick ? 60e6 : !strcmp(plan, "publish") ? 1e9 : 200e6;
	o->strict |= !strcmp(plan, "publish");
}

static error_t parse_shape(int key, char *arg, struct draft *d)
{
	struct options *o = d->o;

	switch (key) {
	case KEY_WORKLOADS:
		return cli_each(arg, take_workload, d);
	case KEY_TABLE:
		return cli_each(arg, take_table, d);
	case KEY_MODE:
		return cli_each(arg, take_mode, d);
	case KEY_HOLD:
		return take_durations(arg, o->holds_ns, &o->n_holds);
	case KEY_THINK:
		return take_durations(arg, o->thinks_ns, &o->n_thinks);
	case KEY_WINDOW:
		return cli_duration(arg, &o->window_ns) || o->window_ns < 1e6
			       ? -EINVAL
			       : 0;
	case KEY_ROUNDS:
		return cli_number(arg, 1, 10000, &o->rounds);
	case KEY_MODULES:
		return cli_number(arg, 1, 4096, &o->modules);
	case KEY_TABLES:
		return cli_number(arg, 1, 64, &o->n_tables);
	case KEY_UNLOADS:
		return cli_number(arg, 1, 1000000, &o->unloads);
	case KEY_OVERSUBSCRIBE:
		return cli_number(arg, 1, 64, &o->oversubscribe);
	case KEY_SEED:
		return cli_number(arg, 0, INT64_MAX, &o->seed);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_run(int key, char *arg, struct argp_state *state)
{
	struct draft *d = state->input;
	struct options *o = d->o;
	error_t err;

	d->state = state;
	switch (key) {
	case KEY_QUICK:
	case KEY_PUBLISH:
		return 0; /* seen before all others */
	case KEY_SCHEMES:
		d->schemes = arg;
		return 0;
	case KEY_CPUS:
		o->cpus = arg;
		return 0;
	case KEY_ORDER:
		o->order = arg;
		return 0;
	case KEY_FILTER:
		o->filter = arg;
		return 0;
	case KEY_OUT:
		o->out = arg;
		return 0;
	case KEY_DRY_RUN:
		return o->dry_run = true, 0;
	case KEY_STRICT:
		return o->strict = true, 0;
	case KEY_JSON:
		return o->json = true, 0;
	case KEY_PARAM:
		if (d->n_params == MAX_VARIANTS)
			argp_error(state, "more than %d --param", MAX_VARIANTS);
		d->params[d->n_params++] = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "`%s` is not an option", arg);
		return EINVAL;
	default:
		break;
	}
	err = parse_shape(key, arg, d);
	if (err && err != ARGP_ERR_UNKNOWN) {
		for (size_t i = 0; run_options[i].name; i++)
			if (run_options[i].key == key)
				argp_error(state, "--%s: `%s` is not %s",
					   run_options[i].name, arg,
					   run_options[i].arg);
	}
	return err;
}

static void __attribute__((format(printf, 1, 2), noreturn))
refuse(const char *format, ...)
{
	va_list args;

	fputs("unloadbench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_USAGE);
}

static void list_known(char ret[1024])
{
	size_t used = 0;

	*ret = '\0';
	for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++) {
		const struct scheme_ops *ops = registry_at(SCHEMES_PLAIN, i);

		if (!(ops->caps & CAP_BROKEN) && used < 1000)
			used += (size_t)snprintf(ret + used, 1024 - used,
						 "%s%s", used ? ", " : "",
						 ops->name);
	}
}

static void add_contender(struct options *o, const struct scheme_ops *ops)
{
	for (size_t i = 0; i < o->n_contenders; i++)
		if (o->contenders[i].ops == ops)
			return;
	if (o->n_contenders == MAX_VARIANTS)
		refuse("more than %d schemes and variants", MAX_VARIANTS);
	o->contenders[o->n_contenders++] = (struct contender){
		.ops = ops,
		.params = registry_default_params(ops),
	};
}

static int take_scheme(const char *word, void *arg)
{
	struct options *o = arg;
	const struct scheme_ops *ops = registry_find(SCHEMES_PLAIN, word);
	char known[1024];

	if (!strcmp(word, "all")) {
		for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++) {
			ops = registry_at(SCHEMES_PLAIN, i);
			if (!(ops->caps & (CAP_BROKEN | CAP_TEMPLATE)))
				add_contender(o, ops);
		}
		return 0;
	}
	list_known(known);
	if (!ops)
		refuse("no scheme `%s`; known: %s", word, known);
	if (ops->caps & CAP_BROKEN)
		refuse("%s is broken on purpose and never timed; see "
		       "`unloadbench torture`",
		       word);
	add_contender(o, ops);
	return 0;
}

/* One parameter being read: each of its values makes variants. */
struct variant_draft {
	struct options *o;
	const struct scheme_ops *ops;
	const char *name;
	const char *text;
	struct contender made[MAX_VARIANTS];
	size_t n_made;
};

static int take_value(const char *word, void *arg)
{
	struct variant_draft *v = arg;

	for (size_t i = 0; i < v->o->n_contenders; i++) {
		struct contender c = v->o->contenders[i];

		if (c.ops != v->ops)
			continue;
		if (v->n_made == MAX_VARIANTS ||
		    registry_set_param(c.ops, v->name, word, &c.params))
			refuse("--param %s: no such parameter or value; see "
			       "`unloadbench list`",
			       v->text);
		v->made[v->n_made++] = c;
	}
	return 0;
}

static void take_param(struct options *o, char *text)
{
	struct variant_draft v = { .o = o, .text = strdup(text) };
	char *dot = strchr(text, '.'), *equals = strchr(text, '=');
	size_t kept = 0;

	if (!dot || !equals || equals < dot)
		refuse("--param %s: not SCHEME.NAME=VALUE", text);
	*dot = *equals = '\0';
	v.ops = registry_find(SCHEMES_PLAIN, text);
	v.name = dot + 1;
	if (!v.ops)
		refuse("--param %s: no scheme `%s`", v.text, text);
	if (cli_each(equals + 1, take_value, &v) || !v.n_made)
		refuse("--param %s: `%s` is not among the schemes of this run",
		       v.text, text);
	for (size_t i = 0; i < o->n_contenders; i++)
		if (o->contenders[i].ops != v.ops)
			o->contenders[kept++] = o->contenders[i];
	if (kept + v.n_made > MAX_VARIANTS)
		refuse("more than %d schemes and variants", MAX_VARIANTS);
	memcpy(o->contenders + kept, v.made, v.n_made * sizeof(*v.made));
	o->n_contenders = kept + v.n_made;
	free((char *)v.text);
}

/* Flags that name no plan ask for exactly what they say. */
static bool names_axes(int argc, char **argv)
{
	static const char *const axes[] = {
		"--schemes", "--workloads",	"--cpus",  "--hold",
		"--think",   "--table",		"--mode",  "--modules",
		"--tables",  "--oversubscribe", "--param", "--rounds",
		"--window",  "--unloads",	NULL
	};

	for (int i = 1; i < argc; i++)
		for (size_t k = 0; axes[k]; k++)
			if (!strncmp(argv[i], axes[k], strlen(axes[k])))
				return true;
	return false;
}

static bool has_flag(int argc, char **argv, const char *flag)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], flag))
			return true;
	return false;
}

/* What a plan asks where no flag says otherwise. */
static void apply_plan(struct options *o, const char *plan)
{
	bool custom = !strcmp(plan, "custom"), quick = !strcmp(plan, "quick");

	*o = (struct options){
		.order = "cores",
		.n_holds = 1,
		.n_thinks = 1,
		.modules = 1,
		.n_tables = 1,
		.unloads = 600,
		.oversubscribe = 1,
		.seed = (unsigned long)time(NULL),
	};
	set_plan(o, plan);
	memset(o->workloads, true, sizeof(o->workloads));
	memset(o->modes, true, sizeof(o->modes));
	o->tables[TABLE_NONE] = true;
	if (custom)
		return;
	o->tables[TABLE_RCU] = true;
	if (quick)
		return;
	o->tables[TABLE_RWLOCK] = true;
	o->holds_ns[1] = 500;
	o->n_holds = 2;
}

void options_parse(int argc, char **argv, struct options *ret)
{
	static const struct argp argp = {
		run_options,
		parse_run,
		NULL,
		"Measures, and writes DIR/run.json.\v"
		"Without a plan's name and without axes: the default plan.",
		NULL,
		NULL,
		NULL
	};
	struct draft d = { .o = ret };
	const char *plan = "default";

	if (has_flag(argc, argv, "--quick"))
		plan = "quick";
	else if (has_flag(argc, argv, "--publish"))
		plan = "publish";
	else if (names_axes(argc, argv))
		plan = "custom";
	apply_plan(ret, plan);
	cli_parse(&argp, argc, argv, &d);
	if (cli_each(d.schemes ? d.schemes : "all", take_scheme, ret))
		refuse("--schemes: `%s` is not A,B or all", d.schemes);
	for (size_t i = 0; i < d.n_params; i++)
		take_param(ret, d.params[i]);
}
