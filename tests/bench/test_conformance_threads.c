/* SPDX-License-Identifier: MIT */
/*
 * test_conformance_threads.c: what scheme.h promises of calls that meet.
 *
 * Idea.  Plain memory, written by one side and read by the other, stands for a
 * driver's data: only the scheme orders the two, and TSan looks on.  The main
 * thread is the unloader.
 */
#include "conformance.h"

#define READERS	 2u
#define UNLOADS	 30u
#define REFUSALS 300u

/* Plain: what orders it is the scheme. */
struct plain {
	uint64_t in;
	uint64_t out[READERS][2];
};

static struct attempt patient(void)
{
	return (struct attempt){ .give_up = UINT64_MAX, .unstamped = true };
}

/* One attempt or a short wait; a lottery is drawn until it is won. */
static int remove_in_the_end(struct scene *s, unsigned int turn)
{
	uint64_t end = clock_kernel_ns(CLOCK_MONOTONIC) +
		       WATCHDOG_S * UINT64_C(1000000000);
	int err;

	do {
		struct attempt a = patient();

		a.give_up = clock_now(s->stage.shape.clock) +
			    clock_ticks(s->stage.shape.clock, 2e6);
		err = stage_remove(&s->stage, MODULE,
				   turn++ % 2 ? REMOVE_WAIT : REMOVE_TRY, &a);
		if (err)
			clock_nap(10000);
	} while ((err == -EWOULDBLOCK || err == -EINTR) &&
		 clock_kernel_ns(CLOCK_MONOTONIC) < end);
	return err;
}

static void begin_all(struct actor a[READERS], struct scene *s,
		      void (*play)(struct actor *a), void *arg)
{
	for (size_t i = 0; i < READERS; i++) {
		a[i].arg = arg;
		begin(&a[i], s, i + 1, play);
	}
}

static void finish_all(struct actor a[READERS])
{
	for (size_t i = 0; i < READERS; i++)
		finish(&a[i]);
}

/* ---- S1, S2, S3 ------------------------------------------------------------ */

/* in: generation + 1 from before insert; out: two halves of one write. */
static void use_plain(struct actor *a, const struct ref *ref)
{
	struct plain *plain = a->arg;
	uint64_t *out = plain->out[a->slot - 1];

	if (plain->in != ref->gen || out[0] != out[1] || !is_its_own(ref))
		atomic_fetch_add(&a->wrong, 1);
	out[0]++;
	if (atomic_load(&a->granted) % 16 == 0)
		sched_yield();
	out[1]++;
}

static void read_on(struct actor *a)
{
	while (!atomic_load(&a->stop)) {
		struct ref ref;

		if (!get(a->scene, a->slot, MODULE, &ref)) {
			atomic_fetch_add(&a->refused, 1);
			sched_yield();
			continue;
		}
		atomic_store(&a->holds, true);
		use_plain(a, &ref);
		atomic_store(&a->holds, false);
		put(a->scene, a->slot, &ref);
		atomic_fetch_add(&a->granted, 1);
		if (atomic_load(&a->granted) % 8 == 0)
			clock_nap(20000);
	}
}

/* While the module is out nobody holds it and nobody writes. */
static unsigned long wrong_while_out(struct actor a[READERS],
				     struct plain *plain)
{
	unsigned long wrong = 0;

	for (int look = 0; look < 2; look++) {
		for (size_t i = 0; i < READERS; i++) {
			wrong += atomic_load(&a[i].holds);
			wrong += plain->out[i][0] != plain->out[i][1];
			plain->out[i][0] = plain->out[i][1] = 7;
		}
		clock_nap(30000);
	}
	for (size_t i = 0; i < READERS; i++)
		wrong += plain->out[i][0] != 7 || plain->out[i][1] != 7;
	return wrong;
}

static void order_holds(struct scene *s)
{
	struct actor readers[READERS] = { 0 };
	struct plain plain = { .in = 1 };
	unsigned long wrong = 0;
	int err = 0;

	begin_all(readers, s, read_on, &plain);
	for (unsigned int i = 0; i < UNLOADS && !err; i++) {
		err = remove_in_the_end(s, i);
		if (err)
			break;
		wrong += wrong_while_out(readers, &plain);
		plain.in++;
		err = insert(s, MODULE);
	}
	finish_all(readers);
	CLAIM(s, err == 0);
	CLAIM(s, wrong == 0);
	for (size_t i = 0; i < READERS; i++)
		CLAIM(s, !atomic_load(&readers[i].wrong));
}

static void test_s1_s2_s3_safety_and_order_hold_both_ways(void **state)
{
	for_each_sound(state, order_holds);
}

struct race {
	atomic_uint done, winners, losers;
	atomic_uint round;
};

static void race_to_remove(struct actor *a)
{
	struct race *race = a->arg;

	for (unsigned int i = 1; i <= UNLOADS; i++) {
		int err;

		while (atomic_load(&race->round) < i)
			sched_yield();
		err = try_remove(a->scene, MODULE);
		if (!err)
			atomic_fetch_add(&race->winners, 1);
		else if (err != -EBUSY && err != -EWOULDBLOCK)
			atomic_fetch_add(&a->wrong, 1);
		atomic_fetch_add(&race->done, 1);
	}
}

static void one_unloader_wins(struct scene *s)
{
	struct actor rivals[READERS] = { 0 };
	struct race race = { 0 };
	unsigned int winners = 0;

	begin_all(rivals, s, race_to_remove, &race);
	for (unsigned int i = 1; i <= UNLOADS; i++) {
		atomic_store(&race.round, i);
		while (atomic_load(&race.done) < i * READERS)
			sched_yield();
		winners += atomic_load(&race.winners) == i;
		if (insert(s, MODULE))
			break;
	}
	finish_all(rivals);
	CLAIM(s, winners == UNLOADS);
	for (size_t i = 0; i < READERS; i++)
		CLAIM(s, !atomic_load(&rivals[i].wrong));
}

static void test_s1_safety_of_two_unloaders_one_wins(void **state)
{
	for_each_sound(state, one_unloader_wins);
}

/* ---- S4 -------------------------------------------------------------------- */

static struct {
	_Atomic int point;
	atomic_bool parked, go_on;
} parking;

static _Thread_local bool may_park;

static void park(enum delay_point point)
{
	if (!may_park || (int)point != atomic_load(&parking.point) ||
	    atomic_exchange(&parking.parked, true))
		return;
	while (!atomic_load(&parking.go_on))
		clock_nap(50000);
}

static void unload_and_load(struct actor *a)
{
	may_park = true;
	if (try_remove(a->scene, MODULE) || insert(a->scene, MODULE))
		atomic_fetch_add(&a->wrong, 1);
	may_park = false;
	atomic_store(&parking.parked, true); /* it never passed the point */
}

static void get_some(struct actor *a)
{
	for (int i = 0; i < 100; i++) {
		struct ref ref;

		if (get(a->scene, a->slot, MODULE, &ref))
			put(a->scene, a->slot, &ref);
	}
}

static void get_ends_whatever_the_unloader_does(struct scene *s)
{
	if (has(s, CAP_GET_MAY_BLOCK) || !s->delayed)
		return;
	delay_set_hook(park);
	for (int point = 0; point < N_DELAY_POINTS; point++) {
		struct actor unloader = { 0 }, reader = { 0 };

		atomic_store(&parking.point, point);
		atomic_store(&parking.parked, false);
		atomic_store(&parking.go_on, false);
		begin(&unloader, s, 1, unload_and_load);
		CLAIM(s, await_true(&parking.parked));
		begin(&reader, s, 2, get_some);
		await(&reader);
		atomic_store(&parking.go_on, true);
		await(&unloader);
		CLAIM(s, !atomic_load(&unloader.wrong));
	}
}

static void test_s4_entry_get_ends_while_an_unloader_stands_still(void **state)
{
	for_each_sound(state, get_ends_whatever_the_unloader_does);
}

/* ---- S6 -------------------------------------------------------------------- */

static void others_do_not_count(struct actor *a)
{
	while (!atomic_load(&a->stop)) {
		struct ref ref;

		if (get(a->scene, a->slot, OTHER, &ref))
			put(a->scene, a->slot, &ref);
		else
			atomic_fetch_add(&a->wrong, 1);
	}
}

/* Users of another module do not make this one busy. */
static void busy_only_if_held(struct scene *s)
{
	struct actor readers[READERS] = { 0 };
	int err = 0;

	if (!has(s, CAP_EXACT_BUSY))
		return;
	begin_all(readers, s, others_do_not_count, NULL);
	for (unsigned int i = 0; i < UNLOADS && !err; i++) {
		err = try_remove(s, MODULE);
		err = err ? err : insert(s, MODULE);
	}
	finish_all(readers);
	CLAIM(s, err == 0);
	for (size_t i = 0; i < READERS; i++)
		CLAIM(s, !atomic_load(&readers[i].wrong));
}

static void test_s6_honesty_exact_busy_only_if_held(void **state)
{
	for_each_sound(state, busy_only_if_held);
}

static void count_refusals(struct actor *a)
{
	while (!atomic_load(&a->stop)) {
		struct ref ref;

		if (get(a->scene, a->slot, MODULE, &ref)) {
			put(a->scene, a->slot, &ref);
			atomic_fetch_add(&a->granted, 1);
		} else {
			atomic_fetch_add(&a->refused, 1);
		}
	}
}

/* Held for good: every attempt fails, so that any refusal is spurious. */
static unsigned long refusals_of_failed_unloads(struct scene *s,
						unsigned int *ret_wrong)
{
	struct actor holder = { 0 }, reader = { 0 };

	*ret_wrong = 0;
	begin(&holder, s, 1, hold_on);
	CLAIM(s, await_true(&holder.holds));
	begin(&reader, s, 2, count_refusals);
	for (unsigned int i = 0; i < REFUSALS; i++) {
		struct attempt a = patient();

		if (try_remove(s, MODULE) != -EWOULDBLOCK)
			++*ret_wrong;
		if (i % 32 || has(s, CAP_SPURIOUS))
			continue;
		a.give_up = 0;
		if (stage_remove(&s->stage, MODULE, REMOVE_WAIT, &a) != -EINTR)
			++*ret_wrong;
	}
	finish(&reader);
	finish(&holder);
	return atomic_load(&reader.refused);
}

static void refused_only_if_unloaded(struct scene *s)
{
	unsigned int wrong;
	unsigned long refused = refusals_of_failed_unloads(s, &wrong);

	CLAIM(s, wrong == 0);
	CLAIM(s, !refused || has(s, CAP_SPURIOUS));
}

static void test_s6_honesty_spurious_refusals_are_declared(void **state)
{
	for_each_sound(state, refused_only_if_unloaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s1_s2_s3_safety_and_order_hold_both_ways),
		cmocka_unit_test(test_s1_safety_of_two_unloaders_one_wins),
		cmocka_unit_test(
			test_s4_entry_get_ends_while_an_unloader_stands_still),
		cmocka_unit_test(test_s6_honesty_exact_busy_only_if_held),
		cmocka_unit_test(
			test_s6_honesty_spurious_refusals_are_declared),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
