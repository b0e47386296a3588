/* SPDX-License-Identifier: MIT */
/*
 * test_module_rwsem.c: which locks an unload takes, in which order, and what
 * it gives back.
 *
 * Idea.  Locks that write down what is done to them, and can refuse: every
 * order, duplicate and roll-back is a plain comparison, and a registration that
 * comes while an unload sleeps is made from inside the lock it sleeps on.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "prim/module_rwsem.h"

#define WATCHDOG_S 60
#define N_LOCKS	   8
#define N_NODES	   16

static int start_watchdog(void **state)
{
	(void)state;
	alarm(WATCHDOG_S);
	return 0;
}

/**
 * struct witness - N_LOCKS locks that remember
 * @held:   [lock]
 * @downs:  [lock], how often taken; @ups: released
 * @last:   the lock taken last, to see the order; -1: none is held
 * @fail:   this many more downs succeed
 * @asleep: called once inside the down of lock @sleeps_in, before it is had
 */
struct witness {
	struct module_rwsems mod;
	struct module_rwsem node[N_NODES];
	struct rwsems_held held;
	void *room[N_LOCKS];
	struct watched {
		struct witness *of;
		bool held;
		int downs, ups;
	} lock[N_LOCKS];
	int last;
	int fail;
	int sleeps_in;
	void (*asleep)(struct witness *w);
};

static int watched_down(void *rwsem, bool (*cancelled)(void *arg), void *arg)
{
	struct watched *l = rwsem;
	struct witness *w = l->of;

	(void)cancelled, (void)arg;
	if (w->asleep && l == &w->lock[w->sleeps_in]) {
		void (*asleep)(struct witness * w) = w->asleep;

		w->asleep = NULL;
		asleep(w);
	}
	assert_false(l->held);
	assert_true((int)(l - w->lock) > w->last);
	if (!w->fail--)
		return -EINTR;
	l->held = true;
	l->downs++;
	w->last = (int)(l - w->lock);
	return 0;
}

/* In the opposite order: the one released is the highest held. */
static void watched_up(void *rwsem)
{
	struct watched *l = rwsem;
	struct witness *w = l->of;

	assert_true(l->held);
	assert_int_equal(l - w->lock, w->last);
	l->held = false;
	l->ups++;
	do
		w->last--;
	while (w->last >= 0 && !w->lock[w->last].held);
}

static const struct lock_kind watched_kind = { watched_down, watched_up };

static void witness_init(struct witness *w)
{
	*w = (struct witness){ .last = -1, .fail = 1000 };
	w->held = (struct rwsems_held){ .kind = &watched_kind,
					.rwsem = w->room,
					.max = N_LOCKS };
	for (int i = 0; i < N_LOCKS; i++)
		w->lock[i].of = w;
	module_rwsems_init(&w->mod);
}

static void add(struct witness *w, int node, int lock)
{
	assert_int_equal(
		module_rwsem_register(&w->node[node], &w->mod, &w->lock[lock]),
		0);
}

static int down(struct witness *w)
{
	return module_rwsems_down(&w->mod, &w->held, NULL, NULL);
}

/* Held are exactly those in the bit set @wanted. */
static void assert_held(const struct witness *w, unsigned int wanted)
{
	for (unsigned int i = 0; i < N_LOCKS; i++)
		assert_int_equal(w->lock[i].held, wanted >> i & 1);
	assert_int_equal(w->held.n, __builtin_popcount(wanted));
}

static void test_module_rwsem_any_multiset_is_taken_once_each(void **state)
{
	(void)state;
	srandom(1);
	for (int round = 0; round < 500; round++) {
		struct witness w;
		unsigned int wanted = 0;
		long n = random() % (N_NODES + 1);

		witness_init(&w);
		for (int i = 0; i < n; i++) {
			int lock = (int)(random() % N_LOCKS);

			add(&w, i, lock);
			wanted |= 1u << lock;
		}
		assert_int_equal(down(&w), 0);
		assert_held(&w, wanted);
		module_rwsems_up(&w.held);
		assert_held(&w, 0);
	}
}

static void test_module_rwsem_list_is_sorted_with_duplicates(void **state)
{
	static const int order[] = { 2, 0, 2, 7, 1, 1, 0 };
	static const int sorted[] = { 0, 0, 1, 1, 2, 2, 7 };
	const struct module_rwsem *node;
	struct witness w;
	int i = 0;

	(void)state;
	witness_init(&w);
	for (; i < 7; i++)
		add(&w, i, order[i]);
	i = 0;
	TAILQ_FOREACH(node, &w.mod.list, same_module)
	assert_ptr_equal(node->rwsem, &w.lock[sorted[i++]]);
	assert_int_equal(i, 7);
	/* Equals stand in order of registration: nodes 1 and 6. */
	assert_ptr_equal(TAILQ_FIRST(&w.mod.list), &w.node[1]);
}

static void test_module_rwsem_refused_lock_gives_back_those_before(void **state)
{
	static const int order[] = { 2, 0, 2, 5, 1, 1, 0, 5 }; /* 0 1 2 5 */

	(void)state;
	for (int fail = 0; fail < 4; fail++) {
		struct witness w;
		int taken = 0;

		witness_init(&w);
		for (int i = 0; i < 8; i++)
			add(&w, i, order[i]);
		w.fail = fail;
		assert_int_equal(down(&w), -EINTR);
		assert_held(&w, 0);
		for (int i = 0; i < N_LOCKS; i++) {
			bool before = (0x27u >> i & 1) && taken++ < fail;

			assert_int_equal(w.lock[i].downs, before);
			assert_int_equal(w.lock[i].ups, before);
		}
		w.fail = 1000;
		assert_int_equal(down(&w), 0);
		assert_held(&w, 0x27);
	}
}

static void test_module_rwsem_too_small_a_copy_takes_none(void **state)
{
	struct witness w;

	(void)state;
	witness_init(&w);
	w.held.max = 2;
	add(&w, 0, 4);
	add(&w, 1, 4);
	add(&w, 2, 6);
	assert_int_equal(down(&w), 0);
	module_rwsems_up(&w.held);
	add(&w, 3, 5);
	assert_int_equal(down(&w), -ENOSPC);
	assert_held(&w, 0);
}

static void add_below(struct witness *w)
{
	add(w, 8, 0);
}

static void add_above(struct witness *w)
{
	add(w, 8, 7);
}

static void add_same(struct witness *w)
{
	add(w, 8, 3);
}

static void remove_first(struct witness *w)
{
	module_rwsem_unregister(&w->node[0]);
}

/* The posting would have released a lock it never took, or missed one. */
static void test_module_rwsem_change_during_sleep_starts_over(void **state)
{
	static const struct {
		void (*change)(struct witness *w);
		unsigned int wanted;
	} rows[] = {
		{ add_below, 0x2b },
		{ add_above, 0xaa },
		{ add_same, 0x2a },
		{ remove_first, 0x28 },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (int at = 1; at <= 5; at += 2) {
			struct witness w;

			witness_init(&w);
			add(&w, 0, 1);
			add(&w, 1, 3);
			add(&w, 2, 5);
			w.sleeps_in = at;
			w.asleep = rows[i].change;
			assert_int_equal(down(&w), 0);
			assert_held(&w, rows[i].wanted);
			assert_int_equal(w.lock[5].downs, 2);
			assert_int_equal(w.lock[5].ups, 1);
			module_rwsems_up(&w.held);
			assert_held(&w, 0);
		}
	}
}

static void test_module_rwsem_unregistered_lock_is_left_alone(void **state)
{
	struct witness w;

	(void)state;
	witness_init(&w);
	add(&w, 0, 4);
	add(&w, 1, 2);
	add(&w, 2, 4);
	module_rwsem_unregister(&w.node[0]);
	module_rwsem_unregister(&w.node[0]);
	assert_int_equal(down(&w), 0);
	assert_held(&w, 0x14);
	module_rwsems_up(&w.held);
	module_rwsem_unregister(&w.node[2]);
	assert_int_equal(down(&w), 0);
	assert_held(&w, 0x04);
	module_rwsems_up(&w.held);
	add(&w, 0, 6);
	assert_int_equal(down(&w), 0);
	assert_held(&w, 0x44);
}

static void test_module_rwsem_node_registers_once(void **state)
{
	struct witness w;

	(void)state;
	witness_init(&w);
	add(&w, 0, 4);
	assert_int_equal(module_rwsem_register(&w.node[0], &w.mod, &w.lock[5]),
			 -EEXIST);
	assert_int_equal(down(&w), 0);
	assert_held(&w, 0x10);
}

/* Locks in use after their list is gone: the copy is all that is read. */
static void test_module_rwsem_up_needs_no_list(void **state)
{
	struct witness w;

	(void)state;
	witness_init(&w);
	add(&w, 0, 4);
	add(&w, 1, 2);
	assert_int_equal(down(&w), 0);
	module_rwsems_init(&w.mod);
	for (int i = 0; i < N_NODES; i++)
		w.node[i] = (struct module_rwsem){ .rwsem = &w };
	module_rwsems_up(&w.held);
	assert_held(&w, 0);
}

#define CLAIM(name) cmocka_unit_test(test_module_rwsem_##name)

int main(void)
{
	static const struct CMUnitTest claims[] = {
		CLAIM(any_multiset_is_taken_once_each),
		CLAIM(list_is_sorted_with_duplicates),
		CLAIM(refused_lock_gives_back_those_before),
		CLAIM(too_small_a_copy_takes_none),
		CLAIM(change_during_sleep_starts_over),
		CLAIM(unregistered_lock_is_left_alone),
		CLAIM(node_registers_once),
		CLAIM(up_needs_no_list),
	};

	return cmocka_run_group_tests_name("module_rwsem", claims,
					   start_watchdog, NULL);
}
