/* SPDX-License-Identifier: MIT */
/*
 * test_stop_machine.c: the states of a module under both mechanisms.
 *
 * Idea.  One thread is reader and unloader in turn, and puts from within a
 * wait by way of its cancelled().  Only a get that meets TESTING needs a second
 * thread, and a delay point to make TESTING last.
 */
#include "prim/delay.h"
#include "prim/percpu_count.h"
#include "prim/rseq.h"
#include "prim/table.h"
#include "registry.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY	 0u /* slot 0 of table 0 */
#define MAX_WHY	 200
#define MAX_CPUS CPU_SETSIZE

static const uint32_t keys[] = { KEY };

struct scene {
	const struct scheme_ops *ops;
	const struct reader_ops *readers;
	struct domain dom;
	struct table table;
	_Atomic(struct handle *) entry;
	unsigned int cpus[MAX_CPUS];
	struct handle *mod;
	struct handle *other; /* in no table */
	void *slot;
};

/* An unload, and what its cancelled() shall do. */
struct recorded {
	struct unload u;
	unsigned int phases; /* bit by phase */
	enum phase last;
	unsigned int exits;
	unsigned int asked;
	bool cancel;
	struct scene *scene;
	struct ref *put;      /* put when asked; NULL: nothing */
	bool granted;	      /* by a get when asked */
	unsigned int stopped; /* bit by phase: stamped by a stopper */
};

static void stamp(struct unload *u, enum phase phase)
{
	struct recorded *r = (struct recorded *)u;

	r->phases |= 1u << phase;
	r->last = phase;
	if (sched_getscheduler(0) == SCHED_FIFO)
		r->stopped |= 1u << phase;
}

static void run_exit(struct unload *u)
{
	((struct recorded *)u)->exits++;
}

static bool cancelled(struct unload *u)
{
	struct recorded *r = (struct recorded *)u;
	struct ref ref;

	r->asked++;
	r->granted |= r->scene->readers->get_known(
		&r->scene->dom, r->scene->slot, r->scene->mod, &ref);
	if (r->put)
		r->scene->readers->put(&r->scene->dom, r->scene->slot, r->put);
	r->put = NULL;
	return r->cancel;
}

static struct recorded unload_of(struct scene *s)
{
	return (struct recorded){
		.u = { .stamp = stamp,
		       .exit = run_exit,
		       .cancelled = cancelled },
		.scene = s,
	};
}

static size_t allowed_cpus(unsigned int *ret)
{
	cpu_set_t set;
	size_t n = 0;

	sched_getaffinity(0, sizeof(set), &set);
	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++)
		if (CPU_ISSET(cpu, &set))
			ret[n++] = cpu;
	return n;
}

static void *zeroed(size_t bytes)
{
	size_t rounded = (bytes + SCHEME_ALIGN) & ~(size_t)(SCHEME_ALIGN - 1);
	void *p = aligned_alloc(SCHEME_ALIGN, rounded);

	assert_non_null(p);
	return memset(p, 0, rounded);
}

/* As the suite's: zeros without pages. */
static char *untouched_percpu(const struct config *cfg)
{
	void *p = mmap(NULL, (size_t)cfg->n_possible << PERCPU_SHIFT,
		       PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

static int open_scene(enum scheme_build build, const char *mechanism,
		      struct scene **ret)
{
	struct scene *s = zeroed(sizeof(*s));
	struct config *cfg = &s->dom.cfg;
	struct sizes sizes;
	char why[MAX_WHY];

	s->ops = registry_find(build, "stop_machine");
	assert_non_null(s->ops);
	s->dom.params = registry_default_params(s->ops);
	assert_int_equal(registry_set_param(s->ops, "mechanism", mechanism,
					    &s->dom.params),
			 0);
	if (s->ops->probe(&s->dom.params, why, sizeof(why))) {
		print_message("skipped: %s\n", why);
		return 77;
	}
	s->readers = s->ops->readers(&s->dom.params);
	*cfg = (struct config){ .n_modules = 2,
				.n_tables = 1,
				.cpus = s->cpus };
	cfg->n_possible = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
	cfg->n_cpus = allowed_cpus(s->cpus);
	s->ops->sizes(cfg, &s->dom.params, &sizes);
	s->dom.priv = zeroed(sizes.domain);
	s->dom.percpu = untouched_percpu(cfg);
	s->dom.tables = &s->table;
	s->table.slots = &s->entry;
	s->slot = zeroed(sizes.slot);
	s->mod = zeroed(sizeof(struct handle) + sizes.handle);
	s->mod->n_reg = 1;
	s->mod->reg = keys;
	s->other = zeroed(sizeof(struct handle) + sizes.handle);
	s->other->id = 1;
	assert_int_equal(s->ops->init(&s->dom), 0);
	*ret = s;
	return 0;
}

static void close_scene(struct scene *s)
{
	s->ops->detach(&s->dom, s->slot);
	s->ops->fini(&s->dom);
	free(s->mod);
	free(s->other);
	free(s->slot);
	munmap(s->dom.percpu, (size_t)s->dom.cfg.n_possible << PERCPU_SHIFT);
	free(s->dom.priv);
	free(s);
}

static int remove_in(struct scene *s, enum remove_mode mode, struct recorded *r)
{
	return s->ops->remove(&s->dom, s->mod, mode, &r->u);
}

static void put(struct scene *s, struct ref *ref)
{
	s->readers->put(&s->dom, s->slot, ref);
}

static bool get(struct scene *s, struct ref *ret)
{
	return s->readers->get(&s->dom, s->slot, KEY, ret);
}

/* Every scene test runs under all four. */
static void in_every_scene(void (*test)(struct scene *s))
{
	static const char *const mechanisms[] = { "stopper", "membarrier" };
	unsigned int ran = 0;

	for (int build = SCHEMES_PLAIN; build <= SCHEMES_DELAYED; build++) {
		for (size_t i = 0; i < 2; i++) {
			struct scene *s;

			if (open_scene((enum scheme_build)build, mechanisms[i],
				       &s))
				continue;
			test(s);
			close_scene(s);
			ran++;
		}
	}
	if (!ran)
		skip();
}

static void held_is_busy(struct scene *s)
{
	struct recorded r = unload_of(s);
	struct ref ref, other;

	s->ops->insert(&s->dom, s->mod);
	assert_true(get(s, &ref));
	assert_ptr_equal(ref.mod, s->mod);
	assert_int_equal(remove_in(s, REMOVE_TRY, &r), -EWOULDBLOCK);
	assert_int_equal(r.exits, 0);
	assert_int_equal(r.last, PHASE_DECIDED);
	assert_true(get(s, &other));
	put(s, &ref);
	assert_int_equal(remove_in(s, REMOVE_TRY, &r), -EWOULDBLOCK);
	put(s, &other);
	assert_int_equal(remove_in(s, REMOVE_TRY, &r), 0);
	assert_int_equal(r.exits, 1);
}

static void test_stop_machine_held_module_stays_live(void **state)
{
	(void)state;
	in_every_scene(held_is_busy);
}

static void gone_refuses(struct scene *s)
{
	struct recorded r = unload_of(s);
	struct ref ref;

	assert_int_equal(remove_in(s, REMOVE_TRY, &r), -EBUSY);
	assert_int_equal(remove_in(s, REMOVE_WAIT, &r), -EBUSY);
	assert_false(s->readers->get_known(&s->dom, s->slot, s->mod, &ref));
	for (unsigned int i = 1; i <= 3; i++) {
		s->ops->insert(&s->dom, s->mod);
		assert_true(get(s, &ref));
		put(s, &ref);
		assert_int_equal(remove_in(s, REMOVE_TRY, &r), 0);
		assert_int_equal(r.exits, i);
		assert_int_equal(remove_in(s, REMOVE_TRY, &r), -EBUSY);
		assert_int_equal(remove_in(s, REMOVE_WAIT, &r), -EBUSY);
		assert_false(get(s, &ref));
		assert_false(
			s->readers->get_known(&s->dom, s->slot, s->mod, &ref));
		assert_null(table_find(&s->dom, KEY));
	}
}

static void
test_stop_machine_gone_module_is_refused_until_inserted(void **state)
{
	(void)state;
	in_every_scene(gone_refuses);
}

static void dup_holds(struct scene *s)
{
	struct recorded r = unload_of(s);
	struct ref ref, twin;

	s->ops->insert(&s->dom, s->mod);
	assert_true(get(s, &ref));
	s->readers->dup(&s->dom, s->slot, &ref, &twin);
	put(s, &ref);
	assert_int_equal(remove_in(s, REMOVE_TRY, &r), -EWOULDBLOCK);
	put(s, &twin);
	assert_int_equal(remove_in(s, REMOVE_TRY, &r), 0);
}

static void test_stop_machine_second_reference_holds(void **state)
{
	(void)state;
	in_every_scene(dup_holds);
}

static void wait_drains(struct scene *s)
{
	struct recorded r = unload_of(s);
	struct ref ref;

	s->ops->insert(&s->dom, s->mod);
	assert_true(get(s, &ref));
	r.put = &ref;
	assert_int_equal(remove_in(s, REMOVE_WAIT, &r), 0);
	assert_int_equal(r.exits, 1);
	assert_int_equal(r.asked, 1);
	assert_false(r.granted);
	assert_int_equal(r.phases, 1u << PHASE_GOING | 1u << PHASE_QUIESCED |
					   1u << PHASE_DRAINED |
					   1u << PHASE_DECIDED);
}

static void test_stop_machine_wait_closes_the_door_and_drains(void **state)
{
	(void)state;
	in_every_scene(wait_drains);
}

static void cancel_reopens(struct scene *s)
{
	struct recorded r = unload_of(s);
	struct ref ref, other;

	s->ops->insert(&s->dom, s->mod);
	assert_true(get(s, &ref));
	r.cancel = true;
	assert_int_equal(remove_in(s, REMOVE_WAIT, &r), -EINTR);
	assert_int_equal(r.exits, 0);
	assert_false(r.granted);
	assert_true(get(s, &other));
	put(s, &ref);
	put(s, &other);
	assert_int_equal(remove_in(s, REMOVE_WAIT, &r), 0);
}

static void test_stop_machine_cancelled_wait_opens_the_door_again(void **state)
{
	(void)state;
	in_every_scene(cancel_reopens);
}

static void counters_count(struct scene *s)
{
	struct counter figures[8];
	struct recorded r = unload_of(s);
	struct ref ref;

	s->ops->insert(&s->dom, s->mod);
	assert_true(get(s, &ref));
	remove_in(s, REMOVE_TRY, &r);
	put(s, &ref);
	remove_in(s, REMOVE_TRY, &r);
	assert_int_equal(s->ops->counters(&s->dom, figures, 8), 3);
	assert_string_equal(figures[0].name, "stops");
	assert_int_equal((int)figures[0].value, 2);
	assert_string_equal(figures[1].name, "stops_failed");
	assert_int_equal((int)figures[1].value, 1);
	assert_int_equal(s->ops->counters(&s->dom, figures, 1), 1);
}

static void test_stop_machine_counters_tell_failed_stops_apart(void **state)
{
	(void)state;
	in_every_scene(counters_count);
}

/* ---- where a phase is stamped -------------------------------------------- */

static void stamped_inside(struct scene *s)
{
	const unsigned int decided = 1u << PHASE_DECIDED;
	const unsigned int quiesced = 1u << PHASE_QUIESCED;
	bool stops = s->dom.params.value[0] == 0;
	struct recorded held = unload_of(s), wait = unload_of(s);
	struct recorded idle = unload_of(s);
	struct ref ref;

	s->ops->insert(&s->dom, s->mod);
	assert_true(get(s, &ref));
	assert_int_equal(remove_in(s, REMOVE_TRY, &held), -EWOULDBLOCK);
	assert_int_equal(held.phases, quiesced | decided);
	assert_int_equal(held.stopped, stops ? quiesced | decided : 0);
	put(s, &ref);
	assert_int_equal(remove_in(s, REMOVE_TRY, &idle), 0);
	assert_int_equal(idle.stopped, stops ? quiesced | decided : 0);
	s->ops->insert(&s->dom, s->mod);
	assert_int_equal(remove_in(s, REMOVE_WAIT, &wait), 0);
	assert_int_equal(wait.stopped, stops ? quiesced : 0);
}

static void test_stop_machine_quiesced_is_stamped_inside_the_stop(void **state)
{
	(void)state;
	in_every_scene(stamped_inside);
}

/* ---- a wait without an end ----------------------------------------------- */

struct waiting {
	struct recorded r; /* first: is its unload */
	atomic_bool asked;
	atomic_bool cancel;
	int err;
};

static bool cancelled_by_flag(struct unload *u)
{
	struct waiting *w = (struct waiting *)u;

	atomic_store(&w->asked, true);
	return atomic_load(&w->cancel);
}

static void *waiter_main(void *arg)
{
	struct waiting *w = arg;

	w->err = remove_in(w->r.scene, REMOVE_WAIT, &w->r);
	return NULL;
}

/* Should a call never return, main's alarm() is the watchdog. */
static void drain_blocks_nobody(struct scene *s)
{
	struct waiting w = { .r = unload_of(s) };
	struct recorded r = unload_of(s);
	pthread_t waiter;
	struct ref ref;

	w.r.u.cancelled = cancelled_by_flag;
	s->other->n_reg = 0;
	s->ops->insert(&s->dom, s->mod);
	s->ops->insert(&s->dom, s->other);
	assert_true(get(s, &ref));
	assert_int_equal(pthread_create(&waiter, NULL, waiter_main, &w), 0);
	while (!atomic_load(&w.asked))
		sched_yield();
	assert_int_equal(s->ops->remove(&s->dom, s->other, REMOVE_TRY, &r.u),
			 0);
	assert_int_equal(remove_in(s, REMOVE_TRY, &r), -EBUSY);
	assert_int_equal(remove_in(s, REMOVE_WAIT, &r), -EBUSY);
	atomic_store(&w.cancel, true);
	pthread_join(waiter, NULL);
	assert_int_equal(w.err, -EINTR);
	put(s, &ref);
	assert_int_equal(remove_in(s, REMOVE_TRY, &r), 0);
	assert_int_equal(r.exits, 2);
}

static void
test_stop_machine_endless_holder_blocks_no_other_unload(void **state)
{
	(void)state;
	in_every_scene(drain_blocks_nobody);
}

/* ---- page faults --------------------------------------------------------- */

static long faults_of_a_sum(const struct domain *dom, const struct handle *mod)
{
	struct rusage before, after;

	getrusage(RUSAGE_THREAD, &before);
	assert_true(percpu_count_idle(dom, mod, DELAY_SUM));
	getrusage(RUSAGE_THREAD, &after);
	return after.ru_minflt - before.ru_minflt;
}

static void sum_faults_not(struct scene *s)
{
	struct domain fresh = s->dom;

	/* Once for the code itself, and for a sanitizer's memory. */
	fresh.percpu = untouched_percpu(&fresh.cfg);
	faults_of_a_sum(&fresh, s->mod);
	munmap(fresh.percpu, (size_t)fresh.cfg.n_possible << PERCPU_SHIFT);
	assert_int_equal(faults_of_a_sum(&s->dom, s->mod), 0);
	fresh.percpu = untouched_percpu(&fresh.cfg);
	assert_true(faults_of_a_sum(&fresh, s->mod) > 0);
	munmap(fresh.percpu, (size_t)fresh.cfg.n_possible << PERCPU_SHIFT);
}

static void test_stop_machine_first_sum_faults_no_page_in(void **state)
{
	(void)state;
#ifdef PRIM_TSAN
	skip();
#endif
	in_every_scene(sum_faults_not);
}

/* ---- a get that meets TESTING -------------------------------------------- */

/* The hook has no argument to find this by. */
static struct meeting {
	struct scene *scene;
	void *slot;
	atomic_bool testing;  /* the sum is under way */
	atomic_bool trying;   /* the getter is about to get */
	atomic_bool over;     /* the hook lets the unload go on */
	atomic_bool returned; /* the get has returned */
	bool early;	      /* ... while the sum was under way */
	bool granted;
} meeting;

static void nap_ms(long ms)
{
	const struct timespec t = { .tv_nsec = ms * 1000000 };

	nanosleep(&t, NULL);
}

/* On the unloader, in the first gap of its sum. */
static void hold_the_sum(enum delay_point point)
{
	if (point != DELAY_SUM || atomic_exchange(&meeting.testing, true))
		return;
	while (!atomic_load(&meeting.trying))
		nap_ms(1);
	nap_ms(30);
	meeting.early = atomic_load(&meeting.returned);
	atomic_store(&meeting.over, true);
}

static void *getter_main(void *arg)
{
	struct scene *s = meeting.scene;
	struct ref ref;

	(void)arg;
	while (!atomic_load(&meeting.testing))
		nap_ms(1);
	atomic_store(&meeting.trying, true);
	meeting.granted = s->readers->get(&s->dom, meeting.slot, KEY, &ref);
	atomic_store(&meeting.returned, true);
	if (meeting.granted)
		s->readers->put(&s->dom, meeting.slot, &ref);
	return NULL;
}

/* Returns what remove() did while another thread got. */
static int remove_met_by_get(struct scene *s)
{
	struct recorded r = unload_of(s);
	pthread_t getter;
	int err;

	memset(&meeting, 0, sizeof(meeting));
	meeting.scene = s;
	meeting.slot = zeroed(SCHEME_ALIGN);
	assert_int_equal(pthread_create(&getter, NULL, getter_main, NULL), 0);
	delay_set_hook(hold_the_sum);
	err = remove_in(s, REMOVE_TRY, &r);
	delay_set_hook(NULL);
	pthread_join(getter, NULL);
	free(meeting.slot);
	assert_true(atomic_load(&meeting.over));
	assert_false(meeting.early);
	return err;
}

static void test_stop_machine_get_waits_while_testing(void **state)
{
	struct scene *s;
	struct ref ref;

	(void)state;
	if (open_scene(SCHEMES_DELAYED, "membarrier", &s))
		skip();
	s->ops->insert(&s->dom, s->mod);
	assert_true(get(s, &ref));
	assert_int_equal(remove_met_by_get(s), -EWOULDBLOCK);
	assert_true(meeting.granted);
	put(s, &ref);
	assert_int_equal(remove_met_by_get(s), 0);
	assert_false(meeting.granted);
	close_scene(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stop_machine_held_module_stays_live),
		cmocka_unit_test(
			test_stop_machine_gone_module_is_refused_until_inserted),
		cmocka_unit_test(test_stop_machine_second_reference_holds),
		cmocka_unit_test(
			test_stop_machine_wait_closes_the_door_and_drains),
		cmocka_unit_test(
			test_stop_machine_cancelled_wait_opens_the_door_again),
		cmocka_unit_test(
			test_stop_machine_counters_tell_failed_stops_apart),
		cmocka_unit_test(
			test_stop_machine_quiesced_is_stamped_inside_the_stop),
		cmocka_unit_test(
			test_stop_machine_endless_holder_blocks_no_other_unload),
		cmocka_unit_test(test_stop_machine_first_sum_faults_no_page_in),
		cmocka_unit_test(test_stop_machine_get_waits_while_testing),
	};
	const struct rlimit limit = { .rlim_cur = 800000, .rlim_max = 900000 };
	char why[MAX_WHY];

	if (rseq_available(why, sizeof(why))) {
		printf("skipped: %s\n", why);
		return 77;
	}
	/* Before the first FIFO thread. */
	alarm(90);
	setrlimit(RLIMIT_RTTIME, &limit);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
