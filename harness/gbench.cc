/* SPDX-License-Identifier: MIT */
/*
 * gbench.cc: life of the library, and its registry.
 *
 * Idea.  A registered function and its settings are owned by the closure the
 *        library keeps, so clearing the registry frees them.
 * Owns.  Each thread's last error.
 * Never. Hands the library an argument vector of the user's: its parser exits.
 */
#include "gbench_impl.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#ifndef GBENCH_LIBRARY_VERSION
#define GBENCH_LIBRARY_VERSION "unknown"
#endif

using benchmark::BenchmarkReporter;
using gbench::busy;
using gbench::fail;
using gbench::guarded;
using gbench::printable;

namespace
{
thread_local char last_error[512];

/* All or nothing: a flag that is not ours leaves everything as it was. */
int take_flags(int *argc, char **argv)
{
	const std::string own = "--benchmark_", filter = own + "filter=";
	std::vector<char *> kept;
	const char *spec = nullptr;
	for (int i = 0; i < *argc; i++) {
		std::string arg = argv[i];
		if (i && !arg.compare(0, filter.size(), filter))
			spec = argv[i] + filter.size();
		else if (i && !arg.compare(0, own.size(), own))
			return fail(-ENOTSUP, arg + " is set by a call");
		else
			kept.push_back(argv[i]);
	}
	const char *&program = BenchmarkReporter::Context::executable_name;
	if (!program || std::strcmp(program, argv[0])) {
		/* Never freed: the library keeps the pointer for good. */
		char *copy = strdup(argv[0]);
		if (!copy)
			throw std::bad_alloc();
		program = copy;
	}
	if (spec)
		benchmark::SetBenchmarkFilter(spec);
	if (spec)
		argv[kept.size()] = nullptr;
	std::copy(kept.begin(), kept.end(), argv);
	*argc = static_cast<int>(kept.size());
	return 0;
}

} /* namespace */

int gbench::fail(int err, const char *why) noexcept
{
	std::snprintf(last_error, sizeof(last_error), "%s", why);
	return err;
}

int gbench::fail(int err, const std::string &why) noexcept
{
	return fail(err, why.c_str());
}

bool gbench::printable(const char *text)
{
	for (; *text; text++)
		if (static_cast<unsigned char>(*text) < ' ' || *text == 127)
			return false;
	return true;
}

int gbench::add(const char *name, void (*fn)(gbench_state *, void *),
		void *user, gbench_benchmark **ret)
{
	auto b = std::make_shared<gbench_benchmark>();
	b->name = name;
	b->fn = fn;
	b->user = user;
	b->lib = benchmark::RegisterBenchmark(
		name, [b](benchmark::State &lib) { enter(lib, *b); });
	*ret = b.get();
	return 0;
}

int gbench_init(int *argc, char **argv)
{
	return guarded([&] {
		if (busy())
			return -EBUSY;
		if (!argc || !argv || *argc < 1 || !argv[0])
			return fail(-EINVAL, "no argument vector");
		return take_flags(argc, argv);
	});
}

int gbench_shutdown(void)
{
	return guarded([] {
		if (gbench_clear())
			return -EBUSY;
		benchmark::Shutdown();
		/* The library leaves it dangling. */
		benchmark::internal::GetGlobalContext() = nullptr;
		return 0;
	});
}

const char *gbench_version(void)
{
	return "0.1.0";
}

const char *gbench_library_version(void)
{
	return GBENCH_LIBRARY_VERSION;
}

const char *gbench_last_error(void)
{
	return last_error;
}

int gbench_register(const char *name,
		    void (*fn)(struct gbench_state *state, void *user),
		    void *user, struct gbench_benchmark **ret)
{
	return guarded([&] {
		if (!name || !*name || !printable(name))
			return fail(-EINVAL, "name empty or not printable");
		if (!std::strncmp(name, gbench::disabled,
				  sizeof(gbench::disabled) - 1))
			return fail(-EINVAL, "the library hides DISABLED_");
		if (gbench::strip(name) != name)
			return fail(-EINVAL, "name ends like the library's");
		if (!fn || !ret)
			return fail(-EINVAL, "no function or no result");
		return gbench::add(name, fn, user, ret);
	});
}

int gbench_add_args(struct gbench_benchmark *b, const int64_t *args, size_t n)
{
	return guarded([&] {
		if (!b || !args || !n)
			return fail(-EINVAL, "no benchmark or no arguments");
		if (b->nargs && b->nargs != n)
			return fail(-EINVAL, "number of arguments differs");
		b->lib->Args(std::vector<int64_t>(args, args + n));
		b->nargs = n;
		return 0;
	});
}

int gbench_set_iterations(struct gbench_benchmark *b, int64_t n)
{
	return guarded([&] {
		if (!b || n < 1)
			return fail(-EINVAL, "iterations must be 1 or more");
		b->lib->Iterations(n);
		b->fixed = true;
		return 0;
	});
}

int gbench_set_repetitions(struct gbench_benchmark *b, int n)
{
	return guarded([&] {
		if (!b || n < 1)
			return fail(-EINVAL, "repetitions must be 1 or more");
		b->lib->Repetitions(n);
		return 0;
	});
}

int gbench_use_real_time(struct gbench_benchmark *b)
{
	return guarded([&] {
		if (!b || b->manual)
			return fail(-EINVAL, "real excludes manual time");
		b->lib->UseRealTime();
		b->real = true;
		return 0;
	});
}

int gbench_use_manual_time(struct gbench_benchmark *b)
{
	return guarded([&] {
		if (!b || b->real)
			return fail(-EINVAL, "manual excludes real time");
		b->lib->UseManualTime();
		b->manual = true;
		return b->fixed ? 0 : gbench_set_iterations(b, 1);
	});
}

int gbench_set_unit(struct gbench_benchmark *b, int unit)
{
	return guarded([&] {
		if (!b || unit < GBENCH_NS || unit > GBENCH_S)
			return fail(-EINVAL, "unknown unit");
		b->lib->Unit(static_cast<benchmark::TimeUnit>(unit));
		return 0;
	});
}

int gbench_clear(void)
{
	return guarded([] {
		if (busy())
			return -EBUSY;
		benchmark::ClearRegisteredBenchmarks();
		return 0;
	});
}
