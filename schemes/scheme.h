/* SPDX-License-Identifier: MIT */
/*
 * scheme.h: the contract between an unload scheme and those who use it.
 *
 * Idea.  A scheme is one file: an inline get and put, from which
 * scheme_loop.h makes the timed loops, an insert and a remove.  It registers
 * itself; nothing else in the tree names it.
 *
 * Promises, which are also the names of the conformance tests:
 *   S1 safety     after remove() returned 0 nobody holds the module and no get
 *                 grants it until the next insert()
 *   S2 order out  what a holder did happens before remove() returns
 *   S3 order in   what was done before insert() is visible to every holder
 *   S4 entry      get is bounded unless CAP_GET_MAY_BLOCK; a refusal holds
 *                 nothing
 *   S5 liveness   drain: remove(WAIT) ends if holds are finite, even while gets
 *                 go on; retry: every attempt is bounded; REMOVE_TRY never
 *                 waits for a holder
 *   S6 honesty    every declared capability is true; a get is refused although
 *                 the unload then failed only under CAP_SPURIOUS
 *
 * Never.  A scheme does not allocate, print, read a clock, or create threads
 * other than through prim/stopper.
 */
#ifndef SCHEME_H
#define SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver.h"

/* Two lines: adjacent-line prefetchers pull them in pairs. */
#define SCHEME_ALIGN	  128
#define SCHEME_MAX_PARAMS 8
/* Per-CPU memory of CPU n lies at percpu + (n << PERCPU_SHIFT). */
#define PERCPU_SHIFT 18

struct domain;

/**
 * struct handle - what outlives a module: type-stable, never freed while its
 * domain lives
 * @ops:   the driver's table; set before insert(), read only while pinned
 * @gen:   incarnation, +1 before each insert()
 * @id:    0..n_modules-1, fixed
 * @n_reg: how many tables the module registers in
 * @reg:   the keys it registers under, [n_reg], see key_of(); duplicates are
 *         allowed
 * @priv:  the scheme's own state, sizes.handle bytes, zeroed once
 */
struct handle {
	const struct driver_ops *ops;
	uint32_t gen;
	uint32_t id;
	uint32_t n_reg;
	const uint32_t *reg;
	_Alignas(SCHEME_ALIGN) char priv[];
};

/**
 * struct ref - what get returns and put takes back
 * @mod:    the pinned module's handle
 * @ops:    its driver's functions, callable until put
 * @gen:    the incarnation that was pinned
 * @cookie: the scheme's own
 */
struct ref {
	struct handle *mod;
	const struct driver_ops *ops;
	uint32_t gen;
	uintptr_t cookie;
};

/* A key names an entry: which table, and which slot of it. */
static inline uint32_t key_of(uint32_t table, uint32_t slot)
{
	return table << 16 | slot;
}

/* How a look-up finds the entry: an axis of the workload, not of a scheme. */
enum table_kind {
	TABLE_NONE,   /* by index, unguarded: the cost of the scheme alone */
	TABLE_RCU,    /* inside a liburcu memb read section */
	TABLE_RWLOCK, /* under a rwlock, as fs/filesystems.c does */
};

/**
 * struct config - the shape of a domain
 * @n_possible: highest CPU id + 1; what per-CPU memory is sized by
 * @n_modules:  1..65535
 * @n_tables:   1..65535
 * @table:      how entries are found
 * @cpus:       CPUs a scheme may have to stop, [n_cpus]: all that are allowed
 */
struct config {
	uint32_t n_possible;
	uint32_t n_modules;
	uint32_t n_tables;
	enum table_kind table;
	const unsigned int *cpus;
	size_t n_cpus;
};

/* Values of scheme_ops.params, in their order: a choice's index or a number. */
struct params {
	long value[SCHEME_MAX_PARAMS];
};

/**
 * struct param - one tunable of a scheme
 * @name:    as in --param scheme.name=value
 * @summary: one line
 * @choices: NULL-terminated words, the first is the default; NULL: a number
 * @min:     numbers: least value
 * @max:     numbers: largest value
 * @def:     numbers: default
 */
struct param {
	const char *name;
	const char *summary;
	const char *const *choices;
	long min, max, def;
};

/* Bytes a scheme needs.  The caller allocates, aligned and zeroed. */
struct sizes {
	size_t domain; /* struct domain.priv */
	size_t handle; /* struct handle.priv, per module */
	size_t percpu; /* per possible CPU, for all modules of the domain */
	size_t slot;   /* per reader thread */
};

/**
 * struct domain - everything one cell's scheme works on
 * @cfg:    its shape
 * @params: its tunables
 * @tables: [cfg.n_tables], see prim/table.h
 * @percpu: see PERCPU_SHIFT; pages on their CPU's node
 * @priv:   sizes.domain bytes
 */
struct domain {
	struct config cfg;
	struct params params;
	struct table *tables;
	char *percpu;
	void *priv;
};

/**
 * struct loop - one batch of look-ups
 * @n:     how many
 * @keys:  [mask + 1], walked round
 * @mask:  a power of two minus one
 * @hold:  register-only spins between get and put
 * @think: register-only spins after put
 */
struct loop {
	uint64_t n;
	const uint32_t *keys;
	uint32_t mask;
	uint32_t hold;
	uint32_t think;
};

/* What a batch adds up; mix keeps the driver's results from being dropped. */
struct tally {
	uint64_t granted;
	uint64_t refused;
	uint64_t mix;
};

/**
 * struct reader_ops - a scheme's reader side, made by SCHEME_READERS()
 * @get:         find @key and pin its module, one act inside the scheme's
 *               protection
 * @get_known:   pin a module already in hand: found in a table or got from one
 *               who did, so that its first insert() is over; live or not
 * @put:         release; @slot is the putter's own
 * @dup:         a second reference by a holder; NULL: not offered
 * @lookup_loop: timed: get, one call of the driver, put
 * @ref_loop:    timed: get_known and put
 *
 * All run on attached threads and take no lock of the caller's.
 */
struct reader_ops {
	bool (*get)(struct domain *dom, void *slot, uint32_t key,
		    struct ref *ret);
	bool (*get_known)(struct domain *dom, void *slot, struct handle *mod,
			  struct ref *ret);
	void (*put)(struct domain *dom, void *slot, struct ref *ref);
	void (*dup)(struct domain *dom, void *slot, const struct ref *held,
		    struct ref *ret);
	void (*lookup_loop)(struct domain *dom, void *slot,
			    const struct loop *l, struct tally *t);
	void (*ref_loop)(struct domain *dom, void *slot, const struct loop *l,
			 struct tally *t);
};

enum remove_mode {
	REMOVE_TRY,  /* 0, -EWOULDBLOCK held, -EBUSY not live, -EINTR */
	REMOVE_WAIT, /* 0, -EBUSY not live, -EINTR cancelled */
};

/* Moments of an unload, in order of time; a scheme stamps those it has. */
enum phase {
	PHASE_REQUESTED, /* stamped by the caller */
	PHASE_GOING,	 /* gets fail or block from here */
	PHASE_DRAINED,	 /* the last put is done */
	PHASE_QUIESCED,	 /* all stopped, write locks held, grace period over */
	PHASE_DECIDED,	 /* the module is out, or the attempt has failed */
	N_PHASES,
};

/**
 * struct unload - the caller's half of a remove(); on the remover's thread,
 * but for @stamp
 * @stamp:     a phase begins; the last stamp of a phase counts.  Reads a clock
 *             and writes, so a scheme may also call it where the phase really
 *             begins: on another thread, in a stop, while the remover sleeps
 *             and before it goes on
 * @exit:      runs the driver's exit; after table_remove(), once, on success
 * @cancelled: true when a waiting remove should give up with -EINTR
 * @retried:   an attempt of a REMOVE_WAIT failed and another follows
 */
struct unload {
	void (*stamp)(struct unload *u, enum phase phase);
	void (*exit)(struct unload *u);
	bool (*cancelled)(struct unload *u);
	void (*retried)(struct unload *u);
};

/* Capabilities; their words in JSON are in scheme.c. */
#define CAP_GET_CAN_FAIL  (1u << 0) /* get may refuse a registered module */
#define CAP_SPURIOUS	  (1u << 1) /* ... although the unload then failed */
#define CAP_GET_MAY_BLOCK (1u << 2) /* get may wait for an unloader */
#define CAP_HOLDER_SLEEPS (1u << 3) /* a holder may sleep */
#define CAP_PUT_ANYWHERE  (1u << 4) /* put may run on another thread */
#define CAP_NESTS	  (1u << 5) /* a holder may get again */
#define CAP_EXACT_BUSY	  (1u << 6) /* -EWOULDBLOCK only if really held */
#define CAP_WAIT_DRAIN	  (1u << 7) /* REMOVE_WAIT closes the door and waits */
#define CAP_WAIT_RETRY	  (1u << 8) /* ... tries again until it succeeds */
#define CAP_OWNS_TABLE                                                         \
	(1u << 9)		   /* finds under its own guard; ignores the   \
				    * table axis */
#define CAP_GUARDS_CODE (1u << 10) /* protects running code, not only refs */
#define CAP_CONTROL	(1u << 11) /* a yardstick, not a contender */
#define CAP_NO_UNLOAD	(1u << 12) /* reader workloads only */
#define CAP_TEMPLATE	(1u << 13) /* not part of `all` */
#define CAP_BROKEN	(1u << 14) /* must fail torture; never timed */
#define CAP_NEEDS_GRACE (1u << 15) /* its memory waits for a grace period */

/* A named figure of a scheme's own, for the record. */
struct counter {
	const char *name;
	double value;
};

/**
 * struct scheme_ops - a scheme
 * @name:     as the field knows it, [a-z0-9_]
 * @summary:  one line
 * @source:   kernel version, file and function, commit, or paper
 * @caps:     CAP_ words
 * @params:   ends with a NULL name; NULL: none
 * @probe:    0, or -errno and @ret_why (at most @len bytes) why it cannot run
 *            here with @p; NULL: always can.  Any thread, may sleep
 * @sizes:    see struct sizes.  Pure
 * @init:     sets up priv and handles before anyone attaches; main thread, may
 *            sleep; 0 or -errno
 * @fini:     the opposite, after all have detached
 * @attach:   on the reader's or unloader's own thread, before its first call
 * @detach:   the opposite, on the same thread
 * @readers:  the reader side for @p.  Pure
 * @insert:   makes the module findable under mod->reg; 0 or -errno
 * @remove:   see enum remove_mode; may be called from several threads at once:
 *            a scheme serialises itself.  Timed
 * @counters: up to @max figures of the time since init; NULL: none
 *
 * All but name, summary, source, sizes, readers, insert and remove may be NULL.
 */
struct scheme_ops {
	const char *name;
	const char *summary;
	const char *source;
	uint32_t caps;
	const struct param *params;
	int (*probe)(const struct params *p, char *ret_why, size_t len);
	void (*sizes)(const struct config *cfg, const struct params *p,
		      struct sizes *ret);
	int (*init)(struct domain *dom);
	void (*fini)(struct domain *dom);
	int (*attach)(struct domain *dom, void *slot);
	void (*detach)(struct domain *dom, void *slot);
	const struct reader_ops *(*readers)(const struct params *p);
	int (*insert)(struct domain *dom, struct handle *mod);
	int (*remove)(struct domain *dom, struct handle *mod,
		      enum remove_mode mode, struct unload *u);
	size_t (*counters)(const struct domain *dom, struct counter *ret,
			   size_t max);
};

/*
 * Registration: a pointer in a linker section, so that a new file is enough.
 * The build compiles every scheme twice; the second time with delay points.
 */
#ifdef DELAY_POINTS
#define SCHEME_SECTION "schemes_delayed"
#else
#define SCHEME_SECTION "schemes_plain"
#endif
#define SCHEME_REGISTER(ops)                                                   \
	static const struct scheme_ops *const ops##_entry                      \
		__attribute__((used, section(SCHEME_SECTION))) = &(ops)

/* Which of the two builds of every scheme. */
enum scheme_build {
	SCHEMES_PLAIN,
	SCHEMES_DELAYED,
};

#endif
