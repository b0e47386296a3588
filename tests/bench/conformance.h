/* SPDX-License-Identifier: MIT */
/*
 * conformance.h: a scene for every sound scheme of the registry, and actors.
 *
 * Idea.  A claim is a function on a scene.  It is put to every sound scheme,
 * plain and delayed, under every combination of choices and every table, and
 * no scheme is named.  Threads are waited for under a watchdog.
 */
#ifndef TEST_CONFORMANCE_H
#define TEST_CONFORMANCE_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bench/stage.h"
#include "schemes/prim/delay.h"
#include "schemes/registry.h"

#define SLOTS	   4u
#define WATCHDOG_S 30
#define MODULE	   0u /* the one that comes and goes */
#define OTHER	   1u

/* What all scenes share. */
struct world {
	struct topology *topology;
	struct clock clock;
	struct pool pool;
	unsigned int cpus[CPU_SETSIZE];
	size_t n_cpus;
};

struct scene {
	char name[160];
	bool delayed;
	struct cell cell;
	struct stage stage;
};

typedef void claim_fn(struct scene *s);

#define CLAIM(s, what)                                                         \
	do {                                                                   \
		if (!(what))                                                   \
			fail_msg("%s: %s", (s)->name, #what);                  \
	} while (0)

static inline bool has(const struct scene *s, uint32_t cap)
{
	return s->cell.ops->caps & cap;
}

static inline bool get(struct scene *s, size_t slot, uint32_t m,
		       struct ref *ret)
{
	return s->stage.readers->get(&s->stage.dom, stage_slot(&s->stage, slot),
				     key_of(0, m), ret);
}

static inline bool get_known(struct scene *s, size_t slot, uint32_t m,
			     struct ref *ret)
{
	return s->stage.readers->get_known(&s->stage.dom,
					   stage_slot(&s->stage, slot),
					   stage_handle(&s->stage, m), ret);
}

static inline void put(struct scene *s, size_t slot, struct ref *ref)
{
	s->stage.readers->put(&s->stage.dom, stage_slot(&s->stage, slot), ref);
}

/* Whether the module's data is that of the pinned incarnation. */
static inline bool is_its_own(const struct ref *ref)
{
	return ref->ops->call(0) == stage_stamp(ref->mod->id, ref->gen);
}

static inline int try_remove(struct scene *s, uint32_t m)
{
	struct attempt a = { .give_up = UINT64_MAX, .unstamped = true };

	return stage_remove(&s->stage, m, REMOVE_TRY, &a);
}

static inline int insert(struct scene *s, uint32_t m)
{
	return stage_insert(&s->stage, m, NULL);
}

/* ---- actors: one thread, one slot ----------------------------------------- */

struct actor {
	struct scene *scene;
	size_t slot; /* 1..: the main thread has 0 */
	void (*play)(struct actor *a);
	void *arg;
	pthread_t thread;
	atomic_bool stop;
	atomic_bool holds;
	atomic_ulong granted, refused, wrong;
	int err;
};

static inline void *actor_main(void *arg)
{
	struct actor *a = arg;

	a->err = stage_attach(&a->scene->stage, a->slot);
	if (a->err)
		return NULL;
	a->play(a);
	stage_detach(&a->scene->stage, a->slot);
	return NULL;
}

static inline void begin(struct actor *a, struct scene *s, size_t slot,
			 void (*play)(struct actor *a))
{
	a->scene = s;
	a->slot = slot;
	a->play = play;
	CLAIM(s, !pthread_create(&a->thread, NULL, actor_main, a));
}

/* Who is not back by then waits for what never comes. */
static inline void await(struct actor *a)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += WATCHDOG_S;
	if (pthread_timedjoin_np(a->thread, NULL, &end))
		fail_msg("%s: a thread hangs", a->scene->name);
}

static inline void finish(struct actor *a)
{
	atomic_store(&a->stop, true);
	await(a);
}

/* False: the watchdog barked. */
static inline bool await_true(const atomic_bool *what)
{
	uint64_t end = clock_kernel_ns(CLOCK_MONOTONIC) +
		       WATCHDOG_S * UINT64_C(1000000000);

	while (!atomic_load(what) && clock_kernel_ns(CLOCK_MONOTONIC) < end)
		sched_yield();
	return atomic_load(what);
}

/* Gets, holds until stopped, puts. */
static inline void hold_on(struct actor *a)
{
	struct ref ref;

	if (!get(a->scene, a->slot, MODULE, &ref))
		return;
	atomic_store(&a->holds, true);
	while (!atomic_load(&a->stop))
		clock_nap(200000);
	put(a->scene, a->slot, &ref);
	atomic_store(&a->holds, false);
}

/* ---- scenes ---------------------------------------------------------------- */

/* Never sleeps where a stopper may pass. */
static inline void linger(enum delay_point point)
{
	static _Thread_local unsigned int n;

	if (++n % 8)
		return;
	if (point != DELAY_IN_STOP && point != DELAY_QUEUE_STOP && n % 16)
		sched_yield();
	for (volatile unsigned int i = 0; i < 2000; i++)
		;
}

static inline void open_scene(struct world *w, struct scene *s)
{
	struct stage_shape shape = {
		.topology = w->topology,
		.clock = &w->clock,
		.cell = &s->cell,
		.n_slots = SLOTS,
		.seed = 1,
	};
	char why[STAGE_WHY_BYTES] = "";

	if (stage_open(&shape, &w->pool, &s->stage, why))
		fail_msg("%s: %s", s->name, why);
	delay_set_hook(s->delayed ? linger : NULL);
	CLAIM(s, !stage_attach(&s->stage, 0));
}

/* Whatever a claim did, gets and puts must add up after it. */
static inline void close_scene(struct scene *s)
{
	char why[STAGE_WHY_BYTES] = "";

	delay_set_hook(NULL);
	if (stage_balance(&s->stage, why))
		fail_msg("%s: %s", s->name, why);
	stage_detach(&s->stage, 0);
	stage_close(&s->stage);
}

/* The @turn-th combination of choices, in words too; false: no more. */
static inline bool choose(struct scene *s, size_t turn)
{
	const struct param *params = s->cell.ops->params;

	s->cell.params = registry_default_params(s->cell.ops);
	for (size_t p = 0; params && params[p].name; p++) {
		size_t n = 0, len = strlen(s->name);

		while (params[p].choices && params[p].choices[n])
			n++;
		if (!n)
			continue;
		s->cell.params.value[p] = (long)(turn % n);
		snprintf(s->name + len, sizeof(s->name) - len, " %s=%s",
			 params[p].name, params[p].choices[turn % n]);
		turn /= n;
	}
	return !turn;
}

static inline void put_to_tables(struct world *w, const struct scene *made,
				 claim_fn *claim)
{
	int n = made->cell.ops->caps & CAP_OWNS_TABLE ? 1 : 3;
	char why[STAGE_WHY_BYTES] = "";

	if (made->cell.ops->probe &&
	    made->cell.ops->probe(&made->cell.params, why, sizeof(why))) {
		print_message("skipped: %s: %s\n", made->name, why);
		return;
	}
	for (int table = TABLE_NONE; table < n; table++) {
		struct scene s = *made;
		size_t len = strlen(s.name);

		s.cell.table = (enum table_kind)table;
		snprintf(s.name + len, sizeof(s.name) - len, " table=%s",
			 table_words[table]);
		open_scene(w, &s);
		claim(&s);
		close_scene(&s);
	}
}

/* Puts @claim to every sound scheme in all its forms. */
static inline void for_each_sound(void **state, claim_fn *claim)
{
	struct world *w = *state;

	for (size_t i = 0; i < 2 * registry_count(SCHEMES_PLAIN); i++) {
		enum scheme_build build =
			i % 2 ? SCHEMES_DELAYED : SCHEMES_PLAIN;
		struct scene s = { .delayed = build == SCHEMES_DELAYED };
		bool goes_on = true;

		s.cell = (struct cell){ .ops = registry_at(build, i / 2),
					.cpu_ids = w->cpus,
					.n_cpus = w->n_cpus,
					.modules = 2,
					.tables = 2 };
		if (has(&s, CAP_BROKEN | CAP_NO_UNLOAD))
			continue;
		for (size_t turn = 0; goes_on; turn++) {
			snprintf(s.name, sizeof(s.name), "%s %s",
				 s.cell.ops->name, i % 2 ? "delayed" : "plain");
			goes_on = choose(&s, turn);
			if (goes_on)
				put_to_tables(w, &s, claim);
		}
	}
}

static inline int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->pool.path = BINARY_DIR "/drivers/driver.so";
	*state = w;
	return topology_load(&w->topology) || clock_init(&w->clock) ||
	       topology_order(w->topology, "cores", w->cpus, &w->n_cpus);
}

static inline int end_world(void **state)
{
	struct world *w = *state;
	int err = pool_close(&w->pool);

	topology_free(w->topology);
	free(w);
	return err;
}

#endif
