/* SPDX-License-Identifier: MIT */
/*
 * test_module_rwsem_unload.c: an unload by module_rwsem leaves every lock and
 * every count as it should be, whichever way it ends.
 *
 * Idea.  A domain of three tables and a module that stands in all of them, one
 * of them twice.  The test holds a lock or a reference and looks at the locks'
 * words.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "module_rwsem.h"
#include "registry.h"

#define WATCHDOG_S 60
#define N_TABLES   3

static int start_watchdog(void **state)
{
	(void)state;
	alarm(WATCHDOG_S);
	return 0;
}

static const uint32_t keys[] = { 2 << 16, 0, 2 << 16, 1 << 16 };

/* Also the caller's half of its unloads; u comes first. */
struct scene {
	struct unload u;
	const struct scheme_ops *ops;
	const struct reader_ops *readers;
	struct domain dom;
	struct table tables[N_TABLES];
	_Atomic(struct handle *) slots[N_TABLES];
	struct handle *mod;
	struct ref *held; /* put at retry number put_at */
	int put_at;
	uint64_t word_at_exit[N_TABLES], word_at_going;
	int exits, retries, cancel_after;
	unsigned int stamps; /* a bit a phase */
};

static uint64_t word_of(struct scene *s, int table)
{
	return atomic_load(&mrw_domain_of(&s->dom)->locks[table].kernel.count);
}

static void scene_stamp(struct unload *u, enum phase phase)
{
	struct scene *s = (struct scene *)u;

	s->stamps |= 1u << phase;
	if (phase == PHASE_GOING)
		s->word_at_going = word_of(s, 0);
}

static void scene_exit(struct unload *u)
{
	struct scene *s = (struct scene *)u;

	for (int i = 0; i < N_TABLES; i++) {
		s->word_at_exit[i] = word_of(s, i);
		assert_null(atomic_load(&s->slots[i]));
	}
	s->exits++;
}

static bool scene_cancelled(struct unload *u)
{
	struct scene *s = (struct scene *)u;

	if (s->cancel_after > 0)
		s->cancel_after--;
	return !s->cancel_after;
}

static void scene_retried(struct unload *u)
{
	struct scene *s = (struct scene *)u;

	if (++s->retries == s->put_at)
		s->readers->put(&s->dom, NULL, s->held);
}

static void *zeroed(size_t bytes)
{
	size_t round = (bytes + SCHEME_ALIGN - 1) / SCHEME_ALIGN * SCHEME_ALIGN;
	void *p = aligned_alloc(SCHEME_ALIGN, round ? round : SCHEME_ALIGN);

	assert_non_null(p);
	return memset(p, 0, round);
}

static void scene_open(struct scene *s, const char *scheme, const char *put,
		       const char *rwsem)
{
	struct sizes sizes;

	memset(s, 0, sizeof(*s));
	s->u = (struct unload){ scene_stamp, scene_exit, scene_cancelled,
				scene_retried };
	s->cancel_after = -1;
	s->ops = registry_find(SCHEMES_PLAIN, scheme);
	assert_non_null(s->ops);
	s->dom.params = registry_default_params(s->ops);
	if (put)
		registry_set_param(s->ops, "put", put, &s->dom.params);
	if (rwsem)
		registry_set_param(s->ops, "rwsem", rwsem, &s->dom.params);
	s->dom.cfg = (struct config){ .n_modules = 1, .n_tables = N_TABLES };
	s->dom.tables = s->tables;
	for (int i = 0; i < N_TABLES; i++)
		s->tables[i].slots = &s->slots[i];
	s->ops->sizes(&s->dom.cfg, &s->dom.params, &sizes);
	s->dom.priv = zeroed(sizes.domain);
	s->mod = zeroed(sizeof(*s->mod) + sizes.handle);
	s->mod->n_reg = 4;
	s->mod->reg = keys;
	s->readers = s->ops->readers(&s->dom.params);
	assert_int_equal(s->ops->init(&s->dom), 0);
	assert_int_equal(s->ops->insert(&s->dom, s->mod), 0);
}

static void scene_close(struct scene *s)
{
	s->ops->fini(&s->dom);
	free(s->dom.priv);
	free(s->mod);
}

static int try_unload(struct scene *s)
{
	return s->ops->remove(&s->dom, s->mod, REMOVE_TRY, &s->u);
}

static int wait_unload(struct scene *s)
{
	return s->ops->remove(&s->dom, s->mod, REMOVE_WAIT, &s->u);
}

static bool get(struct scene *s, int key, struct ref *ret)
{
	return s->readers->get(&s->dom, NULL, keys[key], ret);
}

/* No lock is held, the module can be looked up in every table, @refs hold it.
 */
static void assert_live(struct scene *s, long refs)
{
	for (int i = 0; i < N_TABLES; i++)
		assert_int_equal(word_of(s, i), 0);
	assert_int_equal(atomic_load(&mrw_of(s->mod)->refs), refs);
	assert_int_equal(s->exits, 0);
	for (int i = 0; i < 4; i++) {
		struct ref ref;

		assert_true(get(s, i, &ref));
		assert_ptr_equal(ref.mod, s->mod);
		s->readers->put(&s->dom, NULL, &ref);
	}
	assert_int_equal(atomic_load(&mrw_of(s->mod)->refs), refs);
}

static void test_module_rwsem_unload_refuses_held_module(void **state)
{
	struct scene s;
	struct ref ref, twin;

	(void)state;
	scene_open(&s, "module_rwsem", NULL, NULL);
	assert_true(get(&s, 1, &ref));
	assert_int_equal(try_unload(&s), -EWOULDBLOCK);
	assert_live(&s, 1);
	s.readers->dup(&s.dom, NULL, &ref, &twin);
	s.readers->put(&s.dom, NULL, &ref);
	assert_int_equal(try_unload(&s), -EWOULDBLOCK);
	assert_live(&s, 1);
	s.readers->put(&s.dom, NULL, &twin);
	assert_int_equal(try_unload(&s), 0);
	scene_close(&s);
}

static void test_module_rwsem_unload_runs_exit_under_all_locks(void **state)
{
	struct scene s;
	struct ref ref;

	(void)state;
	scene_open(&s, "module_rwsem", NULL, NULL);
	assert_int_equal(try_unload(&s), 0);
	assert_int_equal(s.exits, 1);
	for (int i = 0; i < N_TABLES; i++) {
		assert_int_equal(s.word_at_exit[i], RWSEM_WRITER);
		assert_int_equal(word_of(&s, i), 0);
		assert_false(get(&s, i, &ref));
	}
	assert_false(s.readers->get_known(&s.dom, NULL, s.mod, &ref));
	assert_int_equal(s.stamps, 1u << PHASE_GOING | 1u << PHASE_QUIESCED |
					   1u << PHASE_DRAINED |
					   1u << PHASE_DECIDED);
	scene_close(&s);
}

/* Refused before any lock: a lock the test holds would make it hang. */
static void test_module_rwsem_unload_of_gone_module_takes_no_lock(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "module_rwsem", NULL, NULL);
	assert_int_equal(try_unload(&s), 0);
	for (int i = 0; i < N_TABLES; i++)
		rwsem_down_write(&mrw_domain_of(&s.dom)->locks[i].kernel);
	assert_int_equal(try_unload(&s), -EBUSY);
	assert_int_equal(s.exits, 1);
	scene_close(&s);
}

static void test_module_rwsem_unload_cancelled_at_any_lock(void **state)
{
	(void)state;
	for (int at = 0; at < N_TABLES; at++) {
		for (int polls = 0; polls < 7; polls += 3) {
			struct scene s;
			struct rwsem *busy;
			struct ref ref;

			scene_open(&s, "module_rwsem", NULL, NULL);
			assert_true(get(&s, 0, &ref));
			busy = &mrw_domain_of(&s.dom)->locks[at].kernel;
			rwsem_down_read(busy);
			s.cancel_after = polls;
			assert_int_equal(wait_unload(&s), -EINTR);
			rwsem_up_read(busy);
			assert_live(&s, 1);
			s.readers->put(&s.dom, NULL, &ref);
			assert_int_equal(try_unload(&s), 0);
			scene_close(&s);
		}
	}
}

/*
 * The put needs a read lock: none may be held in a wait.  Before retries 2 and
 * 3 the count is not seen to fall, as after a put and a get between two looks.
 */
static void test_module_rwsem_wait_holds_no_lock_and_ends(void **state)
{
	(void)state;
	for (int retry = 1; retry <= 3; retry += 2) {
		struct scene s;
		struct ref ref;

		scene_open(&s, "module_rwsem", NULL, NULL);
		assert_true(get(&s, 1, &ref));
		s.held = &ref;
		s.put_at = retry;
		assert_int_equal(wait_unload(&s), 0);
		assert_int_equal(s.retries, retry);
		assert_int_equal(s.exits, 1);
		scene_close(&s);
	}
}

/* A get waits from the first lock on, so that is the moment of the stamp. */
static void test_module_rwsem_going_is_when_first_lock_is_held(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "module_rwsem", NULL, NULL);
	rwsem_down_read(&mrw_domain_of(&s.dom)->locks[2].kernel);
	s.cancel_after = 1;
	assert_int_equal(wait_unload(&s), -EINTR);
	assert_int_equal(s.word_at_going, RWSEM_WRITER);
	rwsem_up_read(&mrw_domain_of(&s.dom)->locks[2].kernel);
	/* Cancelled before any lock was had: no get ever had to wait for it. */
	s.stamps = 0;
	rwsem_down_read(&mrw_domain_of(&s.dom)->locks[0].kernel);
	assert_int_equal(wait_unload(&s), -EINTR);
	assert_int_equal(s.stamps, 1u << PHASE_DECIDED);
	scene_close(&s);
}

static void test_module_rwsem_wait_cancelled_leaves_module_live(void **state)
{
	struct scene s;
	struct ref ref;

	(void)state;
	scene_open(&s, "module_rwsem", NULL, NULL);
	assert_true(get(&s, 1, &ref));
	s.cancel_after = 1000;
	assert_int_equal(wait_unload(&s), -EINTR);
	assert_live(&s, 1);
	scene_close(&s);
}

static void test_module_rwsem_every_variant_loads_and_unloads(void **state)
{
	static const char *const put[] = { "locked", "unlocked" };
	static const char *const rwsem[] = { "kernel", "pthread" };
	const struct reader_ops *seen[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct scene s;
		struct ref ref, nested;

		scene_open(&s, "module_rwsem", put[i & 1], rwsem[i / 2]);
		seen[i] = s.readers;
		for (int j = 0; j < i; j++)
			assert_ptr_not_equal(seen[j], s.readers);
		assert_true(get(&s, 1, &ref));
		assert_true(s.readers->get_known(&s.dom, NULL, s.mod, &nested));
		s.readers->put(&s.dom, NULL, &ref);
		assert_int_equal(try_unload(&s), -EWOULDBLOCK);
		s.readers->put(&s.dom, NULL, &nested);
		assert_int_equal(try_unload(&s), 0);
		assert_int_equal(try_unload(&s), -EBUSY);
		assert_int_equal(s.ops->insert(&s.dom, s.mod), 0);
		assert_true(get(&s, 3, &ref));
		s.readers->put(&s.dom, NULL, &ref);
		assert_int_equal(try_unload(&s), 0);
		assert_int_equal(s.exits, 2);
		scene_close(&s);
	}
}

/* In a child: what the posting does on its first successful unload. */
static int unload_in_child(const char *scheme)
{
	struct scene s;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		static const struct rlimit no_core = { 0, 0 };

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGSEGV, SIG_DFL);
		close(STDERR_FILENO);
		alarm(10);
		scene_open(&s, scheme, NULL, NULL);
		_exit(try_unload(&s) ? 2 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
test_module_rwsem_free_early_dies_where_the_sound_one_lives(void **state)
{
	(void)state;
	assert_int_equal(unload_in_child("module_rwsem"), 0);
	assert_int_not_equal(unload_in_child("module_rwsem_free_early"), 0);
}

#define CLAIM(name) cmocka_unit_test(test_module_rwsem_##name)

int main(void)
{
	static const struct CMUnitTest claims[] = {
		CLAIM(unload_refuses_held_module),
		CLAIM(unload_runs_exit_under_all_locks),
		CLAIM(unload_of_gone_module_takes_no_lock),
		CLAIM(unload_cancelled_at_any_lock),
		CLAIM(wait_holds_no_lock_and_ends),
		CLAIM(going_is_when_first_lock_is_held),
		CLAIM(wait_cancelled_leaves_module_live),
		CLAIM(every_variant_loads_and_unloads),
		CLAIM(free_early_dies_where_the_sound_one_lives),
	};

	return cmocka_run_group_tests_name("module_rwsem_unload", claims,
					   start_watchdog, NULL);
}
