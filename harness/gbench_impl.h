/* SPDX-License-Identifier: MIT */
/*
 * gbench_impl.h: what the C++ files of gbench share; not for users.
 *
 * Idea.  Each entry checks what the library would abort over, then calls it
 *        inside guarded(), which turns any exception into an errno.
 * Owns.  Nothing; the handles are the library registry's and the run's.
 * Never. Is included outside gbench*.cc.
 */
#ifndef GBENCH_IMPL_H
#define GBENCH_IMPL_H

#include "gbench.h"

#include <benchmark/benchmark.h>

#include <cerrno>
#include <exception>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

/* RegisterBenchmark() returns a class that later releases have renamed. */
using gbench_family =
	std::remove_pointer_t<decltype(benchmark::RegisterBenchmark(
		"", std::declval<void (*)(benchmark::State &)>()))>;

struct gbench_benchmark {
	std::string name;
	void (*fn)(struct gbench_state *state, void *user);
	void *user;
	gbench_family *lib;
	size_t nargs;
	bool real;
	bool manual;
	bool fixed;
};

struct gbench_state {
	benchmark::State &lib;
	const gbench_benchmark &of;
	bool started;
	bool paused;
	bool finished;
	bool timed;
};

namespace gbench
{

/* The library hides names that begin so; see gbench_probe_semantics(). */
constexpr char disabled[] = "DISABLED_";

/* Keeps @why for gbench_last_error(); returns @err. */
int fail(int err, const char *why) noexcept;
int fail(int err, const std::string &why) noexcept;

template <class F> int guarded(F body) noexcept
{
	try {
		return body();
	} catch (const std::bad_alloc &) {
		return fail(-ENOMEM, "out of memory");
	} catch (const std::exception &e) {
		return fail(-EPROTO, std::string("exception: ") + e.what());
	} catch (...) {
		return fail(-EPROTO, "exception of unknown type");
	}
}

/* No control characters: the library's JSON does not escape them all. */
bool printable(const char *text);

/* Takes the library's endings off a full name. */
std::string strip(const std::string &name);

/* 0, or -EBUSY inside a run. */
int busy();

/* Negative once a callback has asked to stop. */
int run_status();

/* What the library calls: the user's function, with every exit checked. */
void enter(benchmark::State &lib, const gbench_benchmark &b);

/* gbench_register() without its checks. */
int add(const char *name, void (*fn)(gbench_state *, void *), void *user,
	gbench_benchmark **ret);

} /* namespace gbench */

#endif
