/* SPDX-License-Identifier: MIT */
/*
 * torture_readers.c: readers who do everything a holder may do, and look.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/workloads/torture_cast.h"

#define GETS_PER_BATCH 64
#define WAIT_NS	       200000000u

static bool breached(const struct cast *c)
{
	return atomic_load_explicit(&c->board->breach, memory_order_relaxed);
}

static void *slot_of(struct torturer *t)
{
	return stage_slot(&t->cast->stage, t->slot);
}

static bool can(const struct torturer *t, uint32_t cap)
{
	return t->cast->stage.ops->caps & cap;
}

/* One call into the module: it must still be the one that was pinned. */
static void look(struct torturer *t, const struct ref *ref)
{
	uint64_t arg = rng_next(&t->rng);
	uint64_t stamp = ref->ops->call(arg) ^ arg;
	uint64_t expected = stage_stamp(ref->mod->id, ref->gen);
	char detail[160];

	if (stamp == expected)
		return;
	snprintf(detail, sizeof(detail),
		 "module %u generation %u: data %#llx, expected %#llx",
		 ref->mod->id, ref->gen, (unsigned long long)stamp,
		 (unsigned long long)expected);
	torture_note(t->cast->board,
		     stamp == DRIVER_POISON ? BREACH_POISONED : BREACH_STALE,
		     detail);
}

static void set_held(struct torturer *t, const struct ref *ref, uint32_t gen)
{
	atomic_store(&t->holds[ref->mod->id], gen);
}

static void put(struct torturer *t, struct ref *ref)
{
	set_held(t, ref, 0);
	t->cast->stage.readers->put(&t->cast->stage.dom, slot_of(t), ref);
}

/* Leave the reference to whoever opens the box first. */
static bool hand_over(struct torturer *t, struct ref *ref)
{
	struct box *box =
		&t->cast->boxes[rng_below(&t->rng, t->cast->n_readers)];
	int empty = BOX_EMPTY;

	if (!can(t, CAP_PUT_ANYWHERE) ||
	    !atomic_compare_exchange_strong(&box->state, &empty, BOX_BUSY))
		return false;
	set_held(t, ref, 0);
	box->ref = *ref;
	atomic_store(&box->state, BOX_FULL);
	return true;
}

/* Look into a box, and put what is in there. */
static void open_box(struct torturer *t, struct box *box)
{
	int full = BOX_FULL;
	struct ref ref;

	if (!atomic_compare_exchange_strong(&box->state, &full, BOX_BUSY))
		return;
	ref = box->ref;
	atomic_store(&box->state, BOX_EMPTY);
	look(t, &ref);
	t->cast->stage.readers->put(&t->cast->stage.dom, slot_of(t), &ref);
}

static void move_somewhere(struct torturer *t)
{
	const struct cell *cell = t->cast->stage.shape.cell;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cell->cpu_ids[rng_below(&t->rng, cell->n_cpus)], &set);
	/* A CPU that went away is no reason to stop. */
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static void duplicate(struct torturer *t, struct ref *ref, uint64_t dice)
{
	const struct reader_ops *readers = t->cast->stage.readers;
	struct ref second;

	if (!readers->dup)
		return;
	readers->dup(&t->cast->stage.dom, slot_of(t), ref, &second);
	/* Counts per CPU are wrong in pieces first: dup here, put there. */
	if (dice % 4 == 0)
		move_somewhere(t);
	readers->put(&t->cast->stage.dom, slot_of(t), ref);
	if (dice % 2 == 0 && can(t, CAP_HOLDER_SLEEPS))
		clock_nap(20000);
	look(t, &second);
	*ref = second;
}

/* A holder gets the same module again: refused, or the very one it holds. */
static void nest(struct torturer *t, const struct ref *held)
{
	struct stage *s = &t->cast->stage;
	struct ref inner;

	if (!s->readers->get_known(&s->dom, slot_of(t), held->mod, &inner))
		return;
	look(t, &inner);
	if (inner.gen != held->gen)
		torture_note(t->cast->board, BREACH_STALE,
			     "a holder got another incarnation");
	s->readers->put(&s->dom, slot_of(t), &inner);
}

static void dawdle(const struct torturer *t, uint64_t dice)
{
	if (dice % 64 == 0 && can(t, CAP_HOLDER_SLEEPS))
		clock_nap(1000 * (1 + dice % 50));
	else if (dice % 16 == 0)
		sched_yield();
}

static void use(struct torturer *t, struct ref *ref)
{
	uint64_t dice = rng_next(&t->rng) >> 8;

	set_held(t, ref, ref->gen);
	look(t, ref);
	if (dice % 4 == 0) {
		dawdle(t, dice / 4);
		look(t, ref);
	}
	if (dice % 16 == 1)
		duplicate(t, ref, dice / 16);
	if (dice % 32 == 3 && can(t, CAP_NESTS))
		nest(t, ref);
	if (dice % 8 == 2 && hand_over(t, ref))
		return;
	put(t, ref);
}

/*
 * Whether at some moment of the call no attempt is under way.  Read in this
 * order: as many had ended as began later.
 */
static bool nobody_unloads(struct scene *scene)
{
	uint64_t ended = atomic_load(&scene->ended);

	return ended == atomic_load(&scene->started);
}

/*
 * A refusal is in order if an attempt that was under way, or had already won,
 * takes the module out.  Wait for those attempts, then see whether any did.
 */
static void judge_refusal(struct torturer *t, struct scene *scene,
			  uint64_t went_before, uint64_t cancelled_before)
{
	uint64_t from = clock_kernel_ns(CLOCK_MONOTONIC);

	while (!nobody_unloads(scene)) {
		if (breached(t->cast) ||
		    clock_kernel_ns(CLOCK_MONOTONIC) - from > WAIT_NS)
			return;
		sched_yield();
	}
	/* A wait closes the door, and one that is cancelled opens it again. */
	if (atomic_load(&scene->went) != went_before ||
	    atomic_load(&scene->cancelled) != cancelled_before)
		return;
	atomic_fetch_add(&t->cast->board->spurious, 1);
	if (!(t->cast->stage.ops->caps & CAP_SPURIOUS))
		torture_note(t->cast->board, BREACH_SPURIOUS,
			     "and the scheme does not declare it");
}

/* Mostly by look-up, now and then the module is in hand already. */
static bool get(struct torturer *t, uint32_t key, struct ref *ret)
{
	struct stage *s = &t->cast->stage;

	if (rng_below(&t->rng, 8))
		return s->readers->get(&s->dom, slot_of(t), key, ret);
	return s->readers->get_known(&s->dom, slot_of(t),
				     stage_handle(s, key & 0xffff), ret);
}

static bool get_one(struct torturer *t)
{
	struct stage *s = &t->cast->stage;
	size_t n = rng_below(&t->rng, s->key_mask + 1u);
	uint32_t key = stage_keys(s, t->slot)[n];
	struct scene *scene = &t->cast->scenes[key & 0xffff];
	uint64_t cancelled = atomic_load(&scene->cancelled);
	uint64_t went = atomic_load(&scene->went);
	bool in = atomic_load(&scene->came) == went;
	struct ref ref;

	if (get(t, key, &ref)) {
		use(t, &ref);
		return true;
	}
	if (in && rng_below(&t->rng, 8) == 0)
		judge_refusal(t, scene, went, cancelled);
	return false;
}

/* The very loop that is timed: it cannot look, but it can fault. */
static void run_timed_loop(struct torturer *t)
{
	struct stage *s = &t->cast->stage;
	struct loop loop = { .n = GETS_PER_BATCH,
			     .keys = stage_keys(s, t->slot),
			     .mask = s->key_mask };
	struct tally tally = { 0 };

	s->readers->lookup_loop(&s->dom, slot_of(t), &loop, &tally);
	s->readers->ref_loop(&s->dom, slot_of(t), &loop, &tally);
}

struct team_count torturer_batch(void *arg)
{
	struct torturer *t = arg;
	struct team_count count = { 0 };

	if (breached(t->cast)) {
		clock_nap(1000000);
		return count;
	}
	if (rng_below(&t->rng, 64) == 0)
		move_somewhere(t);
	/* Unloaders must keep out of each other's way. */
	if (rng_below(&t->rng, 64) == 0)
		cast_unload_one(t->cast, &t->rng);
	if (rng_below(&t->rng, 16) == 0)
		run_timed_loop(t);
	for (int i = 0; i < GETS_PER_BATCH; i++) {
		if (get_one(t))
			count.done++;
		else
			count.refused++;
		open_box(t, &t->cast->boxes[t->slot]);
	}
	/* Relaxed: statistics. */
	atomic_fetch_add_explicit(&t->cast->board->gets, count.done,
				  memory_order_relaxed);
	atomic_fetch_add_explicit(&t->cast->board->refused, count.refused,
				  memory_order_relaxed);
	return count;
}

void cast_empty_boxes(struct cast *c)
{
	struct torturer *last = &c->readers[0];
	struct torturer t = { .cast = c, .slot = last->slot };

	if (stage_attach(&c->stage, last->slot))
		return;
	for (size_t i = 0; i < c->n_readers; i++)
		open_box(&t, &c->boxes[i]);
	stage_detach(&c->stage, last->slot);
}
