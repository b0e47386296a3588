/* SPDX-License-Identifier: MIT */
/*
 * test_conformance_liveness.c: S5: who waits for whom, and who never does.
 *
 * Idea.  Somebody holds for as long as the test likes; whoever must not wait
 * for him has to be back before the watchdog barks.
 */
#include "conformance.h"

#define UNLOADS 10

/* A remove() on a thread of its own, which others can watch and cancel. */
struct watched {
	struct unload u; /* first: see watched_of() */
	struct scene *scene;
	enum remove_mode mode;
	atomic_bool cancel, asked, retried;
	int err;
};

static struct watched *watched_of(struct unload *u)
{
	return (struct watched *)u;
}

static void no_stamp(struct unload *u, enum phase phase)
{
	(void)u, (void)phase;
}

static void run_exit(struct unload *u)
{
	struct act *act = &watched_of(u)->scene->stage.acts[MODULE];

	act->copy->driver->exit();
}

static bool cancelled(struct unload *u)
{
	atomic_store(&watched_of(u)->asked, true);
	return atomic_load(&watched_of(u)->cancel);
}

static void retried(struct unload *u)
{
	atomic_store(&watched_of(u)->retried, true);
}

static void unload_watched(struct actor *a)
{
	struct watched *w = a->arg;
	struct stage *stage = &a->scene->stage;

	w->u = (struct unload){ no_stamp, run_exit, cancelled, retried };
	w->scene = a->scene;
	w->err = stage->ops->remove(&stage->dom, stage_handle(stage, MODULE),
				    w->mode, &w->u);
	if (!w->err)
		stage->acts[MODULE].copy = NULL;
}

static void try_ends_while_held(struct scene *s)
{
	struct actor holder = { 0 }, unloader = { 0 };
	struct watched w = { .mode = REMOVE_TRY };

	begin(&holder, s, 1, hold_on);
	CLAIM(s, await_true(&holder.holds));
	unloader.arg = &w;
	begin(&unloader, s, 2, unload_watched);
	await(&unloader);
	CLAIM(s, atomic_load(&holder.holds));
	finish(&holder);
	CLAIM(s, w.err == -EWOULDBLOCK);
	CLAIM(s, try_remove(s, MODULE) == 0);
	CLAIM(s, insert(s, MODULE) == 0);
}

static void test_s5_liveness_try_never_waits_for_a_holder(void **state)
{
	for_each_sound(state, try_ends_while_held);
}

static void get_and_hold_a_little(struct actor *a)
{
	while (!atomic_load(&a->stop)) {
		struct ref ref;

		if (get(a->scene, a->slot, MODULE, &ref)) {
			clock_nap(50000);
			put(a->scene, a->slot, &ref);
		} else {
			atomic_fetch_add(&a->refused, 1);
			sched_yield();
		}
	}
}

static void drains(struct scene *s)
{
	struct actor readers[2] = { 0 };

	if (!has(s, CAP_WAIT_DRAIN))
		return;
	for (size_t i = 0; i < 2; i++)
		begin(&readers[i], s, i + 1, get_and_hold_a_little);
	for (int i = 0; i < UNLOADS; i++) {
		struct actor unloader = { 0 };
		struct watched w = { .mode = REMOVE_WAIT };

		unloader.arg = &w;
		begin(&unloader, s, 3, unload_watched);
		await(&unloader);
		CLAIM(s, w.err == 0);
		CLAIM(s, insert(s, MODULE) == 0);
	}
	for (size_t i = 0; i < 2; i++)
		finish(&readers[i]);
}

static void test_s5_liveness_a_drain_ends_while_gets_go_on(void **state)
{
	for_each_sound(state, drains);
}

static void get_some(struct actor *a)
{
	for (int i = 0; i < 50; i++) {
		struct ref ref;

		if (get(a->scene, a->slot, MODULE, &ref))
			put(a->scene, a->slot, &ref);
		else
			atomic_fetch_add(&a->refused, 1);
	}
}

/* The wait has found the holder; others come and go; then it is cancelled. */
static void wait_on_a_holder(struct scene *s)
{
	struct actor holder = { 0 }, unloader = { 0 }, reader = { 0 };
	struct watched w = { .mode = REMOVE_WAIT };
	struct ref ref;

	begin(&holder, s, 1, hold_on);
	CLAIM(s, await_true(&holder.holds));
	unloader.arg = &w;
	begin(&unloader, s, 2, unload_watched);
	CLAIM(s, await_true(has(s, CAP_WAIT_RETRY) ? &w.retried : &w.asked));
	begin(&reader, s, 3, get_some);
	await(&reader);
	CLAIM(s, has(s, CAP_WAIT_DRAIN) || has(s, CAP_SPURIOUS) ||
			 !atomic_load(&reader.refused));
	atomic_store(&w.cancel, true);
	await(&unloader);
	CLAIM(s, w.err == -EINTR);
	CLAIM(s, get(s, 0, MODULE, &ref) && is_its_own(&ref));
	put(s, 0, &ref);
	finish(&holder);
	CLAIM(s, try_remove(s, MODULE) == 0);
	CLAIM(s, insert(s, MODULE) == 0);
}

static void
test_s5_liveness_a_wait_is_bounded_and_can_be_cancelled(void **state)
{
	for_each_sound(state, wait_on_a_holder);
}

/* The wait ends when the last holder leaves. */
static void wait_until_put(struct scene *s)
{
	struct actor holder = { 0 }, unloader = { 0 };
	struct watched w = { .mode = REMOVE_WAIT };

	begin(&holder, s, 1, hold_on);
	CLAIM(s, await_true(&holder.holds));
	unloader.arg = &w;
	begin(&unloader, s, 2, unload_watched);
	CLAIM(s, await_true(has(s, CAP_WAIT_RETRY) ? &w.retried : &w.asked));
	finish(&holder);
	await(&unloader);
	CLAIM(s, w.err == 0);
	CLAIM(s, insert(s, MODULE) == 0);
}

static void test_s5_liveness_a_wait_ends_with_the_last_put(void **state)
{
	for_each_sound(state, wait_until_put);
}

static void hold_and_nest(struct actor *a)
{
	const struct watched *w = a->arg;
	struct ref outer, inner;

	if (!get(a->scene, a->slot, MODULE, &outer))
		return;
	atomic_store(&a->holds, true);
	while (!atomic_load(&w->asked) && !atomic_load(&a->stop))
		sched_yield();
	for (int i = 0; i < 50; i++) {
		if (!get(a->scene, a->slot, MODULE, &inner))
			continue;
		if (inner.gen != outer.gen)
			atomic_fetch_add(&a->wrong, 1);
		put(a->scene, a->slot, &inner);
	}
	put(a->scene, a->slot, &outer);
}

/* An unloader that waits for the holder must not make the holder wait. */
static void nests_under_a_waiting_unloader(struct scene *s)
{
	struct actor holder = { 0 }, unloader = { 0 };
	struct watched w = { .mode = REMOVE_WAIT };

	if (!has(s, CAP_NESTS))
		return;
	holder.arg = unloader.arg = &w;
	begin(&holder, s, 1, hold_and_nest);
	CLAIM(s, await_true(&holder.holds));
	begin(&unloader, s, 2, unload_watched);
	await(&holder);
	await(&unloader);
	CLAIM(s, w.err == 0 && !atomic_load(&holder.wrong));
	CLAIM(s, insert(s, MODULE) == 0);
}

static void test_s6_honesty_nests_while_an_unloader_waits(void **state)
{
	for_each_sound(state, nests_under_a_waiting_unloader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s5_liveness_try_never_waits_for_a_holder),
		cmocka_unit_test(
			test_s5_liveness_a_drain_ends_while_gets_go_on),
		cmocka_unit_test(
			test_s5_liveness_a_wait_is_bounded_and_can_be_cancelled),
		cmocka_unit_test(
			test_s5_liveness_a_wait_ends_with_the_last_put),
		cmocka_unit_test(test_s6_honesty_nests_while_an_unloader_waits),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
