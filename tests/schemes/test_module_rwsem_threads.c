/* SPDX-License-Identifier: MIT */
/*
 * test_module_rwsem_threads.c: unloads and registrations that run at once.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "prim/module_rwsem.h"
#include "prim/rwsem.h"

#define WATCHDOG_S 60

static int start_watchdog(void **state)
{
	(void)state;
	alarm(WATCHDOG_S);
	return 0;
}

struct pair {
	struct rwsem sem[3];
	struct module_rwsems mod[2];
	pthread_barrier_t start;
	atomic_int next;
};

static int real_down(void *rwsem, bool (*cancelled)(void *arg), void *arg)
{
	(void)cancelled, (void)arg;
	rwsem_down_write(rwsem);
	return 0;
}

static void real_up(void *rwsem)
{
	rwsem_up_write(rwsem);
}

static const struct lock_kind real_kind = { real_down, real_up };

static void *take_all_often(void *arg)
{
	struct pair *p = arg;
	int me = atomic_fetch_add(&p->next, 1);
	void *room[3];
	struct rwsems_held held = { .kind = &real_kind,
				    .rwsem = room,
				    .max = 3 };

	pthread_barrier_wait(&p->start);
	for (int i = 0; i < 5000; i++) {
		module_rwsems_down(&p->mod[me], &held, NULL, NULL);
		module_rwsems_up(&held);
	}
	return NULL;
}

static void *register_often(void *arg)
{
	struct pair *p = arg;
	struct module_rwsem node = { 0 };
	int me = atomic_fetch_add(&p->next, 1);

	pthread_barrier_wait(&p->start);
	for (int i = 0; i < 5000; i++) {
		module_rwsem_register(&node, &p->mod[0], &p->sem[me]);
		module_rwsem_unregister(&node);
	}
	return NULL;
}

static void run_two(struct pair *p, void *(*body)(void *))
{
	pthread_t thread[2];

	pthread_barrier_init(&p->start, NULL, 2);
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, body, p);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&p->start);
	for (int i = 0; i < 3; i++)
		assert_int_equal(atomic_load(&p->sem[i].count), 0);
}

static void test_module_rwsem_two_modules_in_opposite_order(void **state)
{
	struct module_rwsem node[2][3] = { 0 };
	struct pair p = { 0 };

	(void)state;
	for (int m = 0; m < 2; m++)
		module_rwsems_init(&p.mod[m]);
	for (int i = 0; i < 3; i++) {
		rwsem_init(&p.sem[i]);
		module_rwsem_register(&node[0][i], &p.mod[0], &p.sem[i]);
	}
	for (int i = 0; i < 3; i++)
		module_rwsem_register(&node[1][i], &p.mod[1], &p.sem[2 - i]);
	run_two(&p, take_all_often);
}

static void test_module_rwsem_two_threads_register_one_module(void **state)
{
	struct pair p = { 0 };

	(void)state;
	module_rwsems_init(&p.mod[0]);
	for (int i = 0; i < 3; i++)
		rwsem_init(&p.sem[i]);
	run_two(&p, register_often);
	assert_true(TAILQ_EMPTY(&p.mod[0].list));
	assert_int_equal(p.mod[0].changes, 20000);
}

#define CLAIM(name) cmocka_unit_test(test_module_rwsem_##name)

int main(void)
{
	static const struct CMUnitTest claims[] = {
		CLAIM(two_modules_in_opposite_order),
		CLAIM(two_threads_register_one_module),
	};

	return cmocka_run_group_tests_name("module_rwsem_threads", claims,
					   start_watchdog, NULL);
}
