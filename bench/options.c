/* SPDX-License-Identifier: MIT */
/*
 * options.c: the command line of `unloadbench run`.
 *
 * Idea.  A named plan sets every axis; flags given beside it narrow or widen
 * single ones.  A flag not given without a named plan is one value.
 */
#include "bench/options.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "bench/cli.h"

/* A dwell is spun in one piece and counted in 32 bits. */
#define MOST_DWELL_NS 100e6

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
	KEY_GRACE,
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
	{ "window", KEY_WINDOW, "200ms", 0, "measured interval, 1ms or more",
	  0 },
	{ "hold", KEY_HOLD, "0,500ns", 0, "between get and put, with unit", 0 },
	{ "think", KEY_THINK, "0", 0, "between two look-ups, with unit", 0 },
	{ "modules", KEY_MODULES, "N", 0, "modules the readers share (1)", 0 },
	{ "tables", KEY_TABLES, "N", 0, "tables a module is in (1)", 0 },
	{ "table", KEY_TABLE, "T,..", 0, "none,rcu,rwlock", 0 },
	{ "mode", KEY_MODE, "M,..", 0, "try,wait", 0 },
	{ "grace", KEY_GRACE, "SOURCE", 0, "none,membarrier,rcu,delay:MS", 0 },
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

static const char run_doc[] =
	"Measures, and writes DIR/run.json.\v"
	"Without a plan's name and without axes: the default plan.";

/* What the flags said before they are put together. */
struct draft {
	struct options *o;
	struct argp_state *state;
	const char *schemes;
	bool cleared_workloads, cleared_tables, cleared_modes;
	const char *params[MAX_VARIANTS];
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
	double ns;

	if (cli_duration(word, &ns) || ns > MOST_DWELL_NS)
		return -EINVAL;
	for (size_t i = 0; i < *list->n; i++)
		if (list->ns[i] == ns)
			return 0;
	if (*list->n == MAX_AXIS)
		return -EINVAL;
	list->ns[(*list->n)++] = ns;
	return 0;
}

static int take_durations(const char *text, double *ns, size_t *n)
{
	struct durations list = { ns, n };

	*n = 0;
	return cli_each(text, take_duration, &list);
}

static void set_pace(struct options *o, const char *plan)
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
	case KEY_GRACE:
		return grace_parse(arg, &o->grace);
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
		return 0; /* parse_plan() saw to it */
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
				argp_error(state,
					   "--%s: cannot take `%s`; write "
					   "%s (%s)",
					   run_options[i].name, arg,
					   run_options[i].arg,
					   run_options[i].doc);
	}
	return err;
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
	set_pace(o, plan);
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

/* Which plan; known before the flags that change it are read. */
struct choice {
	const char *plan;
	bool has_axes;
};

static void choose_plan(struct choice *choice, const char *plan,
			struct argp_state *state)
{
	if (choice->plan && strcmp(choice->plan, plan))
		argp_error(state, "--quick and --publish: one of them");
	choice->plan = plan;
}

static error_t parse_plan(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;

	(void)arg;
	switch (key) {
	case KEY_QUICK:
		choose_plan(choice, "quick", state);
		break;
	case KEY_PUBLISH:
		choose_plan(choice, "publish", state);
		break;
	case KEY_ORDER:
	case KEY_SEED:
	case KEY_FILTER:
	case KEY_OUT:
	case KEY_DRY_RUN:
	case KEY_STRICT:
	case KEY_JSON:
		break;
	default: /* who names an axis asks for exactly what he says */
		choice->has_axes |= key >= KEY_SCHEMES && key <= KEY_JSON;
	}
	return 0;
}

/* A look-up must fit into the window many times. */
static void check_dwells(const struct options *o)
{
	for (size_t h = 0; h < o->n_holds; h++)
		for (size_t t = 0; t < o->n_thinks; t++)
			if (10 * (o->holds_ns[h] + o->thinks_ns[t]) >
			    o->window_ns)
				cli_refuse("--window: ten look-ups with this "
					   "--hold and --think do not fit");
}

void options_parse(int argc, char **argv, struct options *ret)
{
	static const struct argp plan_argp = { run_options, parse_plan, NULL,
					       run_doc,	    NULL,	NULL,
					       NULL };
	static const struct argp run_argp = { run_options, parse_run, NULL,
					      run_doc,	   NULL,      NULL,
					      NULL };
	struct choice choice = { 0 };
	struct draft d = { .o = ret };

	cli_parse(&plan_argp, argc, argv, &choice);
	if (!choice.plan)
		choice.plan = choice.has_axes ? "custom" : "default";
	apply_plan(ret, choice.plan);
	cli_parse(&run_argp, argc, argv, &d);
	check_dwells(ret);
	options_schemes(ret, d.schemes ? d.schemes : "all", d.params,
			d.n_params);
}
