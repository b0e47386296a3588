/* SPDX-License-Identifier: MIT */
/*
 * gbench.h: Google Benchmark from C.
 *
 * Idea.  Opaque handles and plain records.  What the library would abort or
 *        exit over is checked first and comes back as a negative errno, with
 *        a sentence in gbench_last_error().
 * Owns.  The library's registry and flags while in use: one user a process.
 * Never. Lets an exception out, exits, or prints unless the console reporter
 *        is asked for.
 *
 * A state belongs to the thread that was handed it, all else to one thread.
 */
#ifndef GBENCH_H
#define GBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gbench_benchmark; /* a registered function and its settings */
struct gbench_state;	 /* one call of that function */

enum gbench_unit {
	GBENCH_NS,
	GBENCH_US,
	GBENCH_MS,
	GBENCH_S
};

/* How the library presents a counter; flags may be or-ed. */
enum gbench_counter_flags {
	GBENCH_PLAIN = 0,		/* delivered as it was set */
	GBENCH_RATE = 1 << 0,		/* per second, never of CPU time */
	GBENCH_AVG_THREADS = 1 << 1,	/* divided by threads */
	GBENCH_AVG_ITERATIONS = 1 << 2, /* divided by iterations */
	GBENCH_PER_ITERATION = 1 << 3,	/* multiplied by iterations */
	GBENCH_INVERT = 1 << 4,		/* 1/value, after all others */
};

/* What the library's time and rates mean when it runs several threads. */
enum gbench_semantics {
	GBENCH_SEMANTICS_UNKNOWN,
	GBENCH_TIME_DIVIDED_RATE_TOTAL,	   /* to 1.8: wall / all iterations */
	GBENCH_TIME_WHOLE_RATE_PER_THREAD, /* 1.9.0 to 1.9.4 */
	GBENCH_TIME_WHOLE_RATE_TOTAL,	   /* since 1.9.5 */
};

struct gbench_value {
	const char *name;
	double value;
};

/**
 * struct gbench_row - one repetition, valid only inside the callback
 * @name:        as registered, with arguments; without the library's own
 *               endings: /iterations:1, /repeats:3, /manual_time, /real_time
 * @error:       why it failed, or NULL; then times and counters are empty
 * @label:       "" when none was set
 * @iterations:  of all threads together
 * @real_time:   in @unit per iteration; manual time if that was asked for
 * @cpu_time:    in @unit per iteration; of the library's own threads only
 * @unit:        of both times
 * @repetition:  0 .. @repetitions - 1
 * @repetitions: how many rows of this name there will be
 * @threads:     of the library
 * @ncounters:   length of @counters
 * @counters:    ascending by name
 */
struct gbench_row {
	const char *name;
	const char *error;
	const char *label;
	int64_t iterations;
	double real_time;
	double cpu_time;
	enum gbench_unit unit;
	int64_t repetition;
	int64_t repetitions;
	int64_t threads;
	size_t ncounters;
	const struct gbench_value *counters;
};

/**
 * struct gbench_reporter - where rows go; any callback may be NULL
 * @user:  handed to every callback
 * @begin: before the first benchmark; negative refuses the whole run
 * @row:   each repetition, once all repetitions of its benchmark are done;
 *         negative stops: what is left is neither run nor reported
 * @end:   after the last row, also of a run that was refused or stopped
 */
struct gbench_reporter {
	void *user;
	int (*begin)(void *user);
	int (*row)(void *user, const struct gbench_row *row);
	void (*end)(void *user);
};

/* What a run did: benchmarks matched, rows reported, rows with an error. */
struct gbench_tally {
	size_t benchmarks, rows, failed;
};

/**
 * gbench_init() - name the program and take the library's flag
 * @argc: number of arguments; lessened by those taken
 * @argv: [argc]; argv[0] is copied; --benchmark_filter=REGEX is taken out and
 *        is the filter of later calls whose own is NULL; --help and what is
 *        unknown are the caller's and stay
 * Return: 0; -EINVAL; -ENOTSUP for any other --benchmark_ flag.
 */
int gbench_init(int *argc, char **argv);

/**
 * gbench_shutdown() - gbench_clear(), and free what the library holds
 * Return: 0; -EBUSY inside a run.
 */
int gbench_shutdown(void);

/** gbench_version() - Return: version of this interface, as "0.1.0"; static. */
const char *gbench_version(void);

/**
 * gbench_library_version() - Google Benchmark this was built against
 * Return: such as "1.7.1", or "unknown" if the build did not say; static.
 */
const char *gbench_library_version(void);

/**
 * gbench_probe_semantics() - find out what threaded times and rates mean, from
 * two library threads which report a second of manual time each: exact, quick
 * @ret: written on success only
 * Return: 0; -EBUSY inside a run; -ENOMEM; -EPROTO.
 */
int gbench_probe_semantics(enum gbench_semantics *ret);

/**
 * gbench_last_error() - what the last failed call of this thread says
 * Return: one sentence, "" if none failed; valid until the next failure.
 */
const char *gbench_last_error(void);

/**
 * gbench_register() - add a benchmark
 * @name: not empty, no control characters, no DISABLED_ in front (the library
 *        hides those), nor an ending of the library's own; copied
 * @fn:   called at least once a repetition with @user; runs a loop of the
 *        state to its end or skips with an error; else the row is an error
 * @user: handed to @fn; must live until gbench_clear()
 * @ret:  written on success only; valid until gbench_clear()
 * Return: 0; -EINVAL; -ENOMEM.
 */
int gbench_register(const char *name,
		    void (*fn)(struct gbench_state *state, void *user),
		    void *user, struct gbench_benchmark **ret);

/**
 * gbench_add_args() - run once more, with these arguments
 * @b:    not NULL
 * @args: [n], read by gbench_range(); appended to the name as /8/16
 * @n:    1 or more, the same at each call for one benchmark
 * Return: 0; -EINVAL; -ENOMEM.
 */
int gbench_add_args(struct gbench_benchmark *b, const int64_t *args, size_t n);

/**
 * gbench_set_iterations() - fix the number of iterations
 * @b: not NULL
 * @n: 1 or more; without this call the library repeats until half a second
 * Return: 0; -EINVAL.
 */
int gbench_set_iterations(struct gbench_benchmark *b, int64_t n);

/**
 * gbench_set_repetitions() - report @n rows instead of one
 * @b: not NULL
 * @n: 1 or more
 * Return: 0; -EINVAL.
 */
int gbench_set_repetitions(struct gbench_benchmark *b, int n);

/**
 * gbench_use_real_time() - rates per second of wall time, not of CPU time
 * @b: not NULL, without manual time
 * Return: 0; -EINVAL.
 */
int gbench_use_real_time(struct gbench_benchmark *b);

/**
 * gbench_use_manual_time() - the function reports its own time
 * @b: not NULL, without real time; runs one iteration (not fixed, small manual
 *     times would run for ever) until gbench_set_iterations() says more
 * Return: 0; -EINVAL.
 */
int gbench_use_manual_time(struct gbench_benchmark *b);

/**
 * gbench_set_unit() - unit of the times of this benchmark's rows
 * @b:    not NULL
 * @unit: of enum gbench_unit; GBENCH_NS if never called
 * Return: 0; -EINVAL.
 */
int gbench_set_unit(struct gbench_benchmark *b, int unit);

/**
 * gbench_list() - name what a filter matches, in order of registration
 * @filter: extended regular expression; a final $ is the end of the name as
 *          registered; a leading - inverts; "" or "all" is everything; NULL is
 *          what gbench_init() took
 * @each:   called with @user and a name; negative stops; NULL only counts
 * @user:   handed to @each
 * @ret:    number of names matched, may be NULL; written on success only
 * Return: 0; -ENOENT: nothing matches; -EINVAL; -EBUSY; what @each returned.
 */
int gbench_list(const char *filter, int (*each)(void *user, const char *name),
		void *user, size_t *ret);

/**
 * gbench_clear() - forget all benchmarks, also those registered from C++
 * Return: 0; -EBUSY inside a run.
 */
int gbench_clear(void);

/**
 * gbench_console() - the library's table on standard output, its view of the
 * machine and its warnings on standard error
 * Return: for gbench_run(); static.
 */
const struct gbench_reporter *gbench_console(void);

/** gbench_null() - Return: a reporter that drops every row; static. */
const struct gbench_reporter *gbench_null(void);

/**
 * gbench_run() - run what a filter matches
 * @display: gbench_console(), gbench_null(), or the caller's own
 * @filter:  as in gbench_list()
 * @ret:     may be NULL; written on success only
 * Return: 0 also when rows failed, see @ret; -ENOENT: nothing matches; -EINVAL;
 * -EBUSY inside a run; -ENOMEM; -EPROTO: an exception; what a callback
 * returned.
 */
int gbench_run(const struct gbench_reporter *display, const char *filter,
	       struct gbench_tally *ret);

/**
 * gbench_keep_running() - run one more iteration?
 * @s: the state; the first call starts the clock, the last stops it; each
 *     costs about 2 ns: for short bodies use GBENCH_LOOP()
 * Return: true while there are iterations left and nothing failed.
 */
bool gbench_keep_running(struct gbench_state *s);

/**
 * gbench_keep_running_batch() - run up to @max more iterations?
 * @s:   the state
 * @max: 1 or more, or it is an error row; unlike the library's, never overshot
 * Return: how many to run now, 1 .. @max; 0 when done or failed.
 */
int64_t gbench_keep_running_batch(struct gbench_state *s, int64_t max);

/*
 * GBENCH_LOOP(state, batch) { body } calls the library once a batch: 1024 makes
 * that vanish.  To leave it by break, return or goto makes the row an error.
 */
#define GBENCH_LOOP(s, batch)                                                  \
	for (int64_t gbench_left_ = 0;                                         \
	     gbench_left_ > 0 ||                                               \
	     (gbench_left_ = gbench_keep_running_batch((s), (batch))) > 0;     \
	     gbench_left_--)

/**
 * gbench_pause() - stop the clock; slow, never for a short body
 * @s: in its loop, running
 * Return: 0; -EINVAL.
 */
int gbench_pause(struct gbench_state *s);

/**
 * gbench_resume() - start the clock again; the next turn of the loop does, too
 * @s: in its loop, paused
 * Return: 0; -EINVAL.
 */
int gbench_resume(struct gbench_state *s);

/**
 * gbench_skip_with_error() - make this an error row and end its loop
 * @s:   the state
 * @why: one line; NULL counts as "no reason given"; the first one stands
 * Return: 0; -EINVAL.
 */
int gbench_skip_with_error(struct gbench_state *s, const char *why);

/**
 * gbench_set_iteration_time() - report the time of this iteration
 * @s:       of a benchmark with manual time
 * @seconds: 0 or more, finite; adds up over calls
 * Return: 0; -EINVAL.
 */
int gbench_set_iteration_time(struct gbench_state *s, double seconds);

/**
 * gbench_set_counter() - add a figure to the row
 * @s:     the state
 * @name:  not empty, no control characters; a second call replaces the first
 * @value: any
 * @flags: of enum gbench_counter_flags; GBENCH_RATE needs real or manual time
 * Return: 0; -EINVAL; -ENOMEM.
 */
int gbench_set_counter(struct gbench_state *s, const char *name, double value,
		       unsigned int flags);

/**
 * gbench_set_items() - counter items_per_second
 * @s: of a benchmark with real or manual time
 * @n: items processed in all iterations, 0 or more
 * Return: 0; -EINVAL; -ENOMEM.
 */
int gbench_set_items(struct gbench_state *s, int64_t n);

/**
 * gbench_set_bytes() - counter bytes_per_second
 * @s: as gbench_set_items()
 * @n: bytes processed in all iterations, 0 or more
 * Return: 0; -EINVAL; -ENOMEM.
 */
int gbench_set_bytes(struct gbench_state *s, int64_t n);

/**
 * gbench_set_label() - text at the end of the row
 * @s:     the state
 * @label: no control characters; copied
 * Return: 0; -EINVAL; -ENOMEM.
 */
int gbench_set_label(struct gbench_state *s, const char *label);

/**
 * gbench_range() - an argument of this run
 * @s:   the state
 * @i:   which, from 0
 * @ret: written on success only
 * Return: 0; -ERANGE when there are not so many; -EINVAL.
 */
int gbench_range(const struct gbench_state *s, size_t i, int64_t *ret);

/**
 * gbench_iterations() - iterations begun so far, all after the loop
 * @s: not NULL
 * Return: 0 or more.
 */
int64_t gbench_iterations(const struct gbench_state *s);

/**
 * gbench_name() - name as registered, without arguments
 * @s: not NULL
 * Return: valid until gbench_clear().
 */
const char *gbench_name(const struct gbench_state *s);

/**
 * gbench_thread_index() - which of the library's threads this is
 * @s: not NULL
 * Return: 0 or more; 0 with one thread.
 */
int gbench_thread_index(const struct gbench_state *s);

/**
 * gbench_use() - fence: pretend to read and write what @p points to
 * @p: any pointer
 */
static inline __attribute__((always_inline)) void gbench_use(const void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

/**
 * gbench_use_u64() - fence: pretend to need a value; memory stays as it is
 * @v: any
 */
static inline __attribute__((always_inline)) void gbench_use_u64(uint64_t v)
{
	__asm__ volatile("" : : "r"(v));
}

/** gbench_clobber() - fence: pretend to change all memory */
static inline __attribute__((always_inline)) void gbench_clobber(void)
{
	__asm__ volatile("" : : : "memory");
}

#ifdef __cplusplus
}
#endif

#endif
