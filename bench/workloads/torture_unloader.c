/* SPDX-License-Identifier: MIT */
/*
 * torture_unloader.c: takes modules away, and looks who still holds them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/workloads/torture_cast.h"

/* Whoever holds generation @gen now held it when remove() returned. */
static void look_for_holders(struct cast *c, size_t m, uint32_t gen)
{
	char detail[96];

	for (size_t i = 0; i < c->n_readers; i++) {
		if (atomic_load(&c->readers[i].holds[m]) != gen)
			continue;
		snprintf(detail, sizeof(detail),
			 "module %zu generation %u, reader %zu", m, gen, i);
		torture_note(c->board, BREACH_HELD, detail);
	}
}

int cast_bring_own_copy(struct cast *c, size_t m, char why[STAGE_WHY_BYTES])
{
	struct attempt a = { .give_up = UINT64_MAX };
	int err = loaded_open(c->stage.pool->path, &c->own[m], why);

	if (!err)
		err = stage_remove(&c->stage, m, REMOVE_TRY, &a);
	return err ? err : stage_insert(&c->stage, m, &c->own[m]);
}

/* Unmap for good: its addresses are never used again, so late calls fault. */
static int replace_copy(struct cast *c, size_t m, char why[STAGE_WHY_BYTES])
{
	int err;

	pthread_mutex_lock(&c->loader);
	if (c->n_gone < MOST_GONE) {
		c->gone[c->n_gone] = c->own[m].module;
		c->n_gone++;
	}
	err = module_unload(&c->own[m].module, MODULE_QUARANTINE);
	if (err)
		snprintf(why, STAGE_WHY_BYTES, "unmapping: %s", strerror(-err));
	else
		err = loaded_open(c->stage.pool->path, &c->own[m], why);
	pthread_mutex_unlock(&c->loader);
	return err;
}

static int bring_back(struct cast *c, size_t m)
{
	char why[STAGE_WHY_BYTES] = "";
	int err = c->bout->unmap ? replace_copy(c, m, why) : 0;

	if (!err)
		err = stage_insert(&c->stage, m,
				   c->bout->unmap ? &c->own[m] : NULL);
	if (err)
		torture_note(c->board, BREACH_ERROR,
			     *why ? why : strerror(-err));
	return err;
}

/* Some time during which poison is there to be seen. */
static void leave_poison(struct rng *rng)
{
	uint64_t dice = rng_below(rng, 4);

	if (dice)
		clock_nap(dice * 20000);
}

/* Only a rival who was at it meanwhile may have made the module busy. */
static void judge_busy(struct cast *c, const struct scene *scene,
		       uint64_t started, bool alone)
{
	if (alone && atomic_load(&scene->started) == started)
		torture_note(c->board, BREACH_ERROR,
			     "a live module was called busy");
}

/* One remove(); true when the module went. */
static bool take_out(struct cast *c, struct rng *rng, size_t m)
{
	struct scene *scene = &c->scenes[m];
	struct attempt a = {
		.give_up = clock_now(c->stage.shape.clock) +
			   clock_ticks(c->stage.shape.clock, 5e6),
		.unstamped = true,
	};
	enum remove_mode mode = rng_below(rng, 2) ? REMOVE_WAIT : REMOVE_TRY;
	uint64_t ended = atomic_load(&scene->ended);
	uint64_t started = atomic_fetch_add(&scene->started, 1);
	bool alone = ended == started &&
		     atomic_load(&scene->went) == atomic_load(&scene->came);
	int err = stage_remove(&c->stage, m, mode, &a);

	if (!err)
		atomic_fetch_add(&scene->went, 1);
	if (err == -EINTR)
		atomic_fetch_add(&scene->cancelled, 1);
	if (err == -EBUSY)
		judge_busy(c, scene, started + 1, alone);
	else if (err && err != -EWOULDBLOCK && err != -EINTR)
		torture_note(c->board, BREACH_ERROR, strerror(-err));
	atomic_fetch_add(&scene->ended, 1);
	return !err;
}

void cast_unload_one(struct cast *c, struct rng *rng)
{
	size_t m = rng_below(rng, TORTURE_MODULES);

	if (!take_out(c, rng, m))
		return;
	/* Who took it out is the only one to touch it until it is back. */
	atomic_fetch_add(&c->board->unloads, 1);
	look_for_holders(c, m, stage_handle(&c->stage, m)->gen);
	leave_poison(rng);
	if (!bring_back(c, m))
		atomic_fetch_add(&c->scenes[m].came, 1);
}

void unloader_part(void *arg, uint64_t t0, uint64_t t1)
{
	struct cast *c = arg;
	const struct clock *clock = c->stage.shape.clock;

	(void)t0;
	while (clock_now(clock) < t1 && !atomic_load(&c->board->breach)) {
		cast_unload_one(c, &c->rng);
		atomic_fetch_add(&c->board->attempts, 1);
		if (rng_below(&c->rng, 4) == 0)
			clock_nap(1000 * rng_below(&c->rng, 100));
	}
}

static int enter_reader(void *arg)
{
	struct torturer *t = arg;

	return stage_attach(&t->cast->stage, t->slot);
}

static void leave_reader(void *arg)
{
	struct torturer *t = arg;

	stage_detach(&t->cast->stage, t->slot);
}

static int enter_unloader(void *arg)
{
	struct cast *c = arg;

	return stage_attach(&c->stage, c->n_readers);
}

static void leave_unloader(void *arg)
{
	struct cast *c = arg;

	stage_detach(&c->stage, c->n_readers);
}

void cast_make_roles(struct cast *c, const struct cell *cell)
{
	c->rng.state = c->bout->seed;
	pthread_mutex_init(&c->loader, NULL);
	for (size_t i = 0; i < c->n_readers; i++) {
		c->readers[i].cast = c;
		c->readers[i].slot = i;
		c->readers[i].rng.state = rng_derive(c->bout->seed, i + 1);
		c->roles[i] = (struct team_role){
			.cpu = cell->cpu_ids[i % cell->n_cpus],
			.enter = enter_reader,
			.leave = leave_reader,
			.batch = torturer_batch,
			.arg = &c->readers[i],
		};
	}
	c->roles[c->n_readers] = (struct team_role){
		.cpu = cell->cpu_ids[0],
		.enter = enter_unloader,
		.leave = leave_unloader,
		.task = unloader_part,
		.arg = c,
	};
}
