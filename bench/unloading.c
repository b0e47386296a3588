/* SPDX-License-Identifier: MIT */
/*
 * unloading.c: modules come and go on a stage.  The part of stage.h that runs
 * while readers do.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/stage.h"

int loaded_open(const char *path, struct loaded *ret, char why[STAGE_WHY_BYTES])
{
	int err = module_load(path, &ret->module, why);

	if (err)
		return err;
	ret->driver = module_symbol(&ret->module, "driver");
	if (ret->driver)
		return 0;
	snprintf(why, STAGE_WHY_BYTES, "%.100s exports no `driver`", path);
	(void)module_unload(&ret->module, MODULE_REUSE);
	return -ENOEXEC;
}

int pool_reserve(struct pool *pool, size_t n, char why[STAGE_WHY_BYTES])
{
	struct loaded *copies;

	if (n <= pool->n)
		return 0;
	copies = realloc(pool->copies, n * sizeof(*copies));
	if (!copies) {
		snprintf(why, STAGE_WHY_BYTES, "no memory for %zu modules", n);
		return -ENOMEM;
	}
	pool->copies = copies;
	while (pool->n < n) {
		int err = loaded_open(pool->path, &copies[pool->n], why);

		if (err)
			return err;
		pool->n++;
	}
	return 0;
}

int pool_close(struct pool *pool)
{
	int err = 0;

	while (pool->n) {
		int one = module_unload(&pool->copies[--pool->n].module,
					MODULE_REUSE);

		err = err ? err : one;
	}
	free(pool->copies);
	pool->copies = NULL;
	return err;
}

/* Copies take turns, so that one incarnation's address is not the next's. */
static const struct loaded *next_copy(struct stage *s, size_t m)
{
	size_t modules = s->shape.cell->modules;
	size_t turns = s->pool->n / modules;

	return &s->pool->copies[m + modules * (s->acts[m].next++ % turns)];
}

int stage_insert(struct stage *s, size_t m, const struct loaded *copy)
{
	struct handle *mod = stage_handle(s, m);
	int err;

	if (!copy)
		copy = next_copy(s, m);
	err = copy->driver->init(stage_stamp(m, mod->gen + 1));
	if (err)
		return err;
	s->acts[m].copy = copy;
	mod->gen++;
	mod->ops = copy->driver->ops;
	return s->ops->insert(&s->dom, mod);
}

static struct attempt *attempt_of(struct unload *u)
{
	return (struct attempt *)u; /* its first member */
}

static void on_stamp(struct unload *u, enum phase phase)
{
	struct attempt *a = attempt_of(u);

	if (!a->unstamped)
		a->at[phase] = clock_now_ordered(a->stage->shape.clock);
}

static void on_exit_driver(struct unload *u)
{
	struct attempt *a = attempt_of(u);
	const struct clock *clock = a->stage->shape.clock;

	a->exit0 = clock_now_ordered(clock);
	a->stage->acts[a->module].copy->driver->exit();
	a->exit1 = clock_now_ordered(clock);
}

static bool on_cancelled(struct unload *u)
{
	struct attempt *a = attempt_of(u);

	return (a->cancel && atomic_load(a->cancel)) ||
	       clock_now(a->stage->shape.clock) >= a->give_up;
}

static void on_retried(struct unload *u)
{
	attempt_of(u)->retries++;
}

int stage_remove(struct stage *s, size_t m, enum remove_mode mode,
		 struct attempt *a)
{
	int err;

	*a = (struct attempt){
		.unload = { on_stamp, on_exit_driver, on_cancelled,
			    on_retried },
		.stage = s,
		.module = m,
		.give_up = a->give_up,
		.cancel = a->cancel,
		.unstamped = a->unstamped,
	};
	on_stamp(&a->unload, PHASE_REQUESTED);
	err = s->ops->remove(&s->dom, stage_handle(s, m), mode, &a->unload);
	a->returned = clock_now_ordered(s->shape.clock);
	if (err)
		return err;
	s->acts[m].copy = NULL;
	if ((s->ops->caps & CAP_NEEDS_GRACE) && s->shape.cell->grace.source) {
		grace_wait(&s->shape.cell->grace);
		a->freeable = clock_now_ordered(s->shape.clock);
	}
	return 0;
}

static int balance_of(struct stage *s, size_t m, char why[STAGE_WHY_BYTES])
{
	struct handle *mod = stage_handle(s, m);
	struct attempt a = { .give_up = UINT64_MAX };
	int err;

	if (mod->ops->call(0) != stage_stamp(m, mod->gen)) {
		snprintf(why, STAGE_WHY_BYTES,
			 "module %zu: its data is not its own", m);
		return -EUCLEAN;
	}
	if (s->ops->caps & CAP_NO_UNLOAD)
		return 0;
	err = stage_remove(s, m, REMOVE_TRY, &a);
	if (!err)
		err = stage_insert(s, m, NULL);
	if (!err)
		return 0;
	snprintf(why, STAGE_WHY_BYTES,
		 "module %zu: gets and puts do not balance: %s", m,
		 strerror(-err));
	return -EUCLEAN;
}

int stage_balance(struct stage *s, char why[STAGE_WHY_BYTES])
{
	int err = 0;

	for (size_t m = 0; !err && m < s->shape.cell->modules; m++)
		err = s->acts[m].copy ? balance_of(s, m, why) : 0;
	return err;
}
