/* SPDX-License-Identifier: MIT */
/*
 * test_conformance.c: what scheme.h promises of one call after the other.
 *
 * Idea.  S1, S4 and S6 as far as they need no two threads at the same time.
 * test_conformance_threads.c has the rest.
 */
#include "conformance.h"

#define MANY 100

static bool nobody_gets(struct scene *s)
{
	struct ref ref;
	bool granted = false;

	for (uint32_t t = 0; t < s->cell.tables; t++)
		granted |= s->stage.readers->get(&s->stage.dom,
						 stage_slot(&s->stage, 0),
						 key_of(t, MODULE), &ref);
	return !granted && !get_known(s, 0, MODULE, &ref);
}

/* ---- S1 -------------------------------------------------------------------- */

static void removed_until_inserted(struct scene *s)
{
	const struct driver *driver = s->stage.acts[MODULE].copy->driver;
	struct ref ref;

	CLAIM(s, get(s, 0, MODULE, &ref) && is_its_own(&ref));
	put(s, 0, &ref);
	CLAIM(s, try_remove(s, MODULE) == 0);
	CLAIM(s, driver->ops->call(0) == DRIVER_POISON); /* exit() has run */
	for (int i = 0; i < MANY; i++)
		CLAIM(s, nobody_gets(s));
	CLAIM(s, get(s, 0, OTHER, &ref) && is_its_own(&ref));
	put(s, 0, &ref);
	CLAIM(s, insert(s, MODULE) == 0);
	CLAIM(s, get(s, 0, MODULE, &ref) && is_its_own(&ref));
	CLAIM(s, ref.mod == stage_handle(&s->stage, MODULE));
	CLAIM(s, ref.gen == ref.mod->gen && ref.gen == 2);
	put(s, 0, &ref);
}

static void test_s1_safety_no_get_is_granted_from_remove_to_insert(void **state)
{
	for_each_sound(state, removed_until_inserted);
}

static void found_in_every_table(struct scene *s)
{
	for (uint32_t t = 0; t < s->cell.tables; t++) {
		struct ref ref;

		CLAIM(s, s->stage.readers->get(&s->stage.dom,
					       stage_slot(&s->stage, 0),
					       key_of(t, OTHER), &ref));
		CLAIM(s, ref.mod->id == OTHER && is_its_own(&ref));
		put(s, 0, &ref);
	}
}

static void test_s1_safety_get_finds_the_module_of_its_key(void **state)
{
	for_each_sound(state, found_in_every_table);
}

static void loops_count_all(struct scene *s)
{
	struct loop l = { .n = MANY,
			  .keys = stage_keys(&s->stage, 0),
			  .mask = s->stage.key_mask };
	void *slot = stage_slot(&s->stage, 0);

	for (int dwells = 0; dwells < 2; dwells++) {
		struct tally t = { 0 };

		l.hold = l.think = dwells;
		s->stage.readers->lookup_loop(&s->stage.dom, slot, &l, &t);
		CLAIM(s, t.granted == MANY && !t.refused);
		s->stage.readers->ref_loop(&s->stage.dom, slot, &l, &t);
		CLAIM(s, t.granted == 2 * MANY && !t.refused);
	}
}

static void test_s1_safety_timed_loops_count_what_was_granted(void **state)
{
	for_each_sound(state, loops_count_all);
}

/* ---- S4 -------------------------------------------------------------------- */

static void refusal_holds_nothing(struct scene *s)
{
	CLAIM(s, try_remove(s, MODULE) == 0);
	for (int i = 0; i < MANY; i++)
		CLAIM(s, nobody_gets(s));
	CLAIM(s, insert(s, MODULE) == 0);
	CLAIM(s, try_remove(s, MODULE) == 0);
	CLAIM(s, nobody_gets(s));
	CLAIM(s, insert(s, MODULE) == 0);
}

static void test_s4_entry_a_refusal_holds_nothing(void **state)
{
	for_each_sound(state, refusal_holds_nothing);
}

/* ---- S5 -------------------------------------------------------------------- */

static void busy_when_not_live(struct scene *s)
{
	struct attempt a = { .give_up = UINT64_MAX };

	CLAIM(s, try_remove(s, MODULE) == 0);
	CLAIM(s, try_remove(s, MODULE) == -EBUSY);
	CLAIM(s, stage_remove(&s->stage, MODULE, REMOVE_WAIT, &a) == -EBUSY);
	CLAIM(s, insert(s, MODULE) == 0);
}

static void test_s5_liveness_a_removed_module_is_busy(void **state)
{
	for_each_sound(state, busy_when_not_live);
}

/* ---- S6 -------------------------------------------------------------------- */

static void says_how_it_waits(struct scene *s)
{
	CLAIM(s, has(s, CAP_WAIT_DRAIN) != has(s, CAP_WAIT_RETRY));
	CLAIM(s, has(s, CAP_GET_CAN_FAIL) || !has(s, CAP_SPURIOUS));
}

static void test_s6_honesty_a_scheme_waits_in_one_way(void **state)
{
	for_each_sound(state, says_how_it_waits);
}

static void nests(struct scene *s)
{
	struct ref outer, inner;

	if (!has(s, CAP_NESTS))
		return;
	CLAIM(s, get(s, 0, MODULE, &outer));
	CLAIM(s, get(s, 0, MODULE, &inner) && is_its_own(&inner));
	put(s, 0, &inner);
	CLAIM(s, try_remove(s, MODULE) == -EWOULDBLOCK);
	CLAIM(s, get_known(s, 0, MODULE, &inner) && is_its_own(&inner));
	put(s, 0, &outer);
	CLAIM(s, try_remove(s, MODULE) == -EWOULDBLOCK);
	put(s, 0, &inner);
}

static void test_s6_honesty_nests(void **state)
{
	for_each_sound(state, nests);
}

static void dup_is_a_reference(struct scene *s)
{
	const struct reader_ops *readers = s->stage.readers;
	struct ref held, second;

	if (!readers->dup)
		return;
	CLAIM(s, get(s, 0, MODULE, &held));
	readers->dup(&s->stage.dom, stage_slot(&s->stage, 0), &held, &second);
	CLAIM(s, second.mod == held.mod && second.gen == held.gen);
	put(s, 0, &held);
	CLAIM(s, try_remove(s, MODULE) == -EWOULDBLOCK && is_its_own(&second));
	put(s, 0, &second);
}

static void test_s6_honesty_dup_holds_as_get_does(void **state)
{
	for_each_sound(state, dup_is_a_reference);
}

static void put_what_was_got_elsewhere(struct actor *a)
{
	put(a->scene, a->slot, a->arg);
}

static void put_anywhere(struct scene *s)
{
	struct actor other = { 0 };
	struct ref ref;

	if (!has(s, CAP_PUT_ANYWHERE))
		return;
	CLAIM(s, get(s, 0, MODULE, &ref));
	CLAIM(s, try_remove(s, MODULE) == -EWOULDBLOCK);
	other.arg = &ref;
	begin(&other, s, 1, put_what_was_got_elsewhere);
	await(&other);
	CLAIM(s, try_remove(s, MODULE) == 0);
	CLAIM(s, insert(s, MODULE) == 0);
}

static void test_s6_honesty_put_anywhere(void **state)
{
	for_each_sound(state, put_anywhere);
}

/* ---- the claims can fail --------------------------------------------------- */

static const struct scheme_ops *scheme_with(uint32_t cap)
{
	for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++)
		if (registry_at(SCHEMES_PLAIN, i)->caps & cap)
			return registry_at(SCHEMES_PLAIN, i);
	return NULL;
}

/* Without protection a try takes the module from under its holder. */
static void test_conformance_sees_a_scheme_without_protection(void **state)
{
	struct world *w = *state;
	struct scene s = { .name = "unprotected" };
	struct ref ref;

	s.cell = (struct cell){ .ops = scheme_with(CAP_NO_UNLOAD),
				.cpu_ids = w->cpus,
				.n_cpus = w->n_cpus,
				.modules = 2,
				.tables = 2 };
	if (!s.cell.ops)
		skip();
	open_scene(w, &s);
	CLAIM(&s, get(&s, 0, MODULE, &ref) && is_its_own(&ref));
	CLAIM(&s, try_remove(&s, MODULE) == 0);
	CLAIM(&s, !is_its_own(&ref));
	CLAIM(&s, get_known(&s, 0, MODULE, &ref)); /* it never refuses */
	CLAIM(&s, insert(&s, MODULE) == 0);
	close_scene(&s);
}

static void test_conformance_builds_hold_the_same_schemes(void **state)
{
	(void)state;
	assert_int_equal(registry_count(SCHEMES_PLAIN),
			 registry_count(SCHEMES_DELAYED));
	for (size_t i = 0; i < registry_count(SCHEMES_PLAIN); i++) {
		const struct scheme_ops *plain = registry_at(SCHEMES_PLAIN, i);
		const struct scheme_ops *delayed =
			registry_at(SCHEMES_DELAYED, i);

		assert_string_equal(plain->name, delayed->name);
		assert_int_equal(plain->caps, delayed->caps);
		assert_ptr_not_equal(plain, delayed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_s1_safety_no_get_is_granted_from_remove_to_insert),
		cmocka_unit_test(
			test_s1_safety_get_finds_the_module_of_its_key),
		cmocka_unit_test(
			test_s1_safety_timed_loops_count_what_was_granted),
		cmocka_unit_test(test_s4_entry_a_refusal_holds_nothing),
		cmocka_unit_test(test_s5_liveness_a_removed_module_is_busy),
		cmocka_unit_test(test_s6_honesty_a_scheme_waits_in_one_way),
		cmocka_unit_test(test_s6_honesty_nests),
		cmocka_unit_test(test_s6_honesty_dup_holds_as_get_does),
		cmocka_unit_test(test_s6_honesty_put_anywhere),
		cmocka_unit_test(
			test_conformance_sees_a_scheme_without_protection),
		cmocka_unit_test(test_conformance_builds_hold_the_same_schemes),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
