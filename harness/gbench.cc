/* SPDX-License-Identifier: MIT */
/*
 * gbench.cc: Google Benchmark behind gbench.h.
 *
 * Idea.  Each entry checks what the library would abort or exit over, then
 *        calls it inside guarded(), which turns any exception into an errno.
 *        A registered function and its settings are owned by the closure the
 *        library keeps, so clearing the registry frees them.  A run lists what
 *        its filter matches first, so that "nothing" is an error and not a
 *        silent success, and reports through one reporter of ours, which
 *        counts, strips names and passes rows on.
 * Owns.  Each thread's last error and current run; the state of a benchmark,
 *        which lives on the stack of enter().
 * Never. Hands the library an argument vector of the user's: its parser exits;
 *        nor leaves a flag of it to its environment variable.
 *
 * In order: errors, handles, names, a benchmark while it runs, the registry,
 * the reporter, runs, the semantics probe, flags and life of the library.
 *
 * Works with libraries from 1.7.1 on: what changed since is told apart by
 * overloads (row_error) and decltype, not by version numbers.
 */
#include "gbench.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <regex.h>

#ifndef GBENCH_LIBRARY_VERSION
#define GBENCH_LIBRARY_VERSION "unknown"
#endif

using benchmark::BenchmarkReporter;

/* ---- errors -------------------------------------------------------------- */

namespace
{
thread_local char last_error[512];

/* Keeps @why for gbench_last_error(); returns @err. */
int fail(int err, const char *why) noexcept
{
	std::snprintf(last_error, sizeof(last_error), "%s", why);
	return err;
}

int fail(int err, const std::string &why) noexcept
{
	return fail(err, why.c_str());
}

template <class F> int guarded(F body) noexcept
{
	try {
		return body();
	} catch (const std::bad_alloc &) {
		return fail(-ENOMEM, "out of memory");
	} catch (const std::exception &e) {
		/* No string: to make one might throw, too. */
		std::snprintf(last_error, sizeof(last_error), "exception: %s",
			      e.what());
		return -EPROTO;
	} catch (...) {
		return fail(-EPROTO, "exception of unknown type");
	}
}

/* Status of this thread's run, negative once a callback has asked to stop. */
thread_local const int *run_status;

int busy()
{
	return run_status ? fail(-EBUSY, "not allowed inside a run") : 0;
}

} /* namespace */

const char *gbench_last_error(void)
{
	return last_error;
}

/* ---- handles ------------------------------------------------------------- */

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

/* ---- names --------------------------------------------------------------- */

namespace
{
/* The library hides names that begin so. */
constexpr char disabled[] = "DISABLED_";

/* What the library appends to a name; a pattern of its own dialect. */
constexpr char suffix[] =
	"(/iterations:[0-9]+)?(/repeats:[0-9]+)?(/(manual|real)_time)?$";

/* No control characters: the library's JSON does not escape them all. */
bool printable(const char *text)
{
	for (; *text; text++)
		if (static_cast<unsigned char>(*text) < ' ' || *text == 127)
			return false;
	return true;
}

/* Takes the library's endings off a full name. */
std::string strip(const std::string &name)
{
	regex_t own;
	regmatch_t end;

	if (regcomp(&own, suffix, REG_EXTENDED))
		throw std::bad_alloc();
	int missing = regexec(&own, name.c_str(), 1, &end, 0);
	regfree(&own);
	return missing ? name : name.substr(0, end.rm_so);
}

/* A final $ means the end of the name as registered. */
std::string library_filter(const char *filter)
{
	std::string spec = filter ? filter : benchmark::GetBenchmarkFilter();
	size_t n = spec.size();
	if (n && spec[n - 1] == '$' && (n == 1 || spec[n - 2] != '\\'))
		spec.replace(n - 1, 1, suffix);
	return spec;
}

} /* namespace */

/* ---- a benchmark while it runs ------------------------------------------- */

/*
 * The library trusts the function it calls and aborts when it leaves early,
 * pauses twice or fails while paused; enter() and the flags of gbench_state see
 * to it that it never finds out.
 */
namespace
{
/* The library would abort over a function that did not end its loop. */
const char *unfinished(const gbench_state &s)
{
	if (s.lib.error_occurred())
		return nullptr;
	if (!s.started)
		return "it never ran its loop";
	if (!s.finished)
		return "it left its loop early";
	return s.of.manual && !s.timed ? "it never set its manual time"
				       : nullptr;
}

bool step(gbench_state *s, int64_t n)
{
	if (s->finished)
		return false;
	if (s->paused)
		gbench_resume(s);
	s->started = true;
	return guarded([&] {
		       s->finished = !(n == 1 ? s->lib.KeepRunning()
					      : s->lib.KeepRunningBatch(n));
		       return !s->finished;
	       }) > 0;
}

bool in_loop(const gbench_state *s)
{
	return s && s->started && !s->finished && !s->lib.error_occurred();
}

/* Rates are per CPU second otherwise: 80 times too fast for a sleeper. */
bool has_wall_time(const gbench_state *s)
{
	return s->of.real || s->of.manual;
}

benchmark::Counter::Flags library_flags(unsigned int flags)
{
	using C = benchmark::Counter;
	C::Flags out = C::kDefaults;
	if (flags & GBENCH_RATE)
		out = out | C::kIsRate;
	if (flags & GBENCH_AVG_THREADS)
		out = out | C::kAvgThreads;
	if (flags & GBENCH_AVG_ITERATIONS)
		out = out | C::kAvgIterations;
	if (flags & GBENCH_PER_ITERATION)
		out = out | C::kIsIterationInvariant;
	if (flags & GBENCH_INVERT)
		out = out | C::kInvert;
	return out;
}

int set_amount(gbench_state *s, int64_t n,
	       void (benchmark::State::*set)(int64_t))
{
	return guarded([&] {
		if (!s || n < 0)
			return fail(-EINVAL, "no state, or a negative amount");
		if (!has_wall_time(s))
			return fail(-EINVAL, "rates need real or manual time");
		(s->lib.*set)(n);
		return 0;
	});
}

/* What the library calls: the user's function, with every exit checked. */
void enter(benchmark::State &lib, const gbench_benchmark &b)
{
	gbench_state s = { lib, b, false, false, false, false };
	if (run_status && *run_status)
		return lib.SkipWithError("the run was stopped");
	int err = guarded([&] { return b.fn(&s, b.user), 0; });
	const char *why = err ? gbench_last_error() : unfinished(s);
	if (why)
		lib.SkipWithError(why);
}

} /* namespace */

bool gbench_keep_running(struct gbench_state *s)
{
	return s && step(s, 1);
}

int64_t gbench_keep_running_batch(struct gbench_state *s, int64_t max)
{
	if (!s)
		return 0;
	if (max < 1)
		gbench_skip_with_error(s, "batch must be 1 or more");
	int64_t left = s->lib.max_iterations - s->lib.iterations();
	int64_t n = std::max<int64_t>(1, std::min(left, max));
	return step(s, n) ? n : 0;
}

int gbench_pause(struct gbench_state *s)
{
	return guarded([&] {
		if (!in_loop(s) || s->paused)
			return fail(-EINVAL, "not in its loop, or paused");
		s->lib.PauseTiming();
		s->paused = true;
		return 0;
	});
}

int gbench_resume(struct gbench_state *s)
{
	return guarded([&] {
		if (!in_loop(s) || !s->paused)
			return fail(-EINVAL, "not in its loop, or not paused");
		s->lib.ResumeTiming();
		s->paused = false;
		return 0;
	});
}

int gbench_skip_with_error(struct gbench_state *s, const char *why)
{
	return guarded([&] {
		if (!s)
			return fail(-EINVAL, "no state");
		s->lib.SkipWithError(why ? why : "no reason given");
		s->paused = false;
		return 0;
	});
}

int gbench_set_iteration_time(struct gbench_state *s, double seconds)
{
	return guarded([&] {
		if (!s || !s->of.manual)
			return fail(-EINVAL, "needs manual time");
		if (!std::isfinite(seconds) || seconds < 0)
			return fail(-EINVAL, "time must be finite, 0 or more");
		s->lib.SetIterationTime(seconds);
		s->timed = true;
		return 0;
	});
}

int gbench_set_counter(struct gbench_state *s, const char *name, double value,
		       unsigned int flags)
{
	return guarded([&] {
		if (!s || !name || !*name || !printable(name))
			return fail(-EINVAL, "name empty or not printable");
		if (flags >= GBENCH_INVERT << 1)
			return fail(-EINVAL, "unknown counter flags");
		if (flags & GBENCH_RATE && !has_wall_time(s))
			return fail(-EINVAL, "rates need real or manual time");
		s->lib.counters[name] =
			benchmark::Counter(value, library_flags(flags));
		return 0;
	});
}

int gbench_set_items(struct gbench_state *s, int64_t n)
{
	return set_amount(s, n, &benchmark::State::SetItemsProcessed);
}

int gbench_set_bytes(struct gbench_state *s, int64_t n)
{
	return set_amount(s, n, &benchmark::State::SetBytesProcessed);
}

int gbench_set_label(struct gbench_state *s, const char *label)
{
	return guarded([&] {
		if (!s || !label || !printable(label))
			return fail(-EINVAL, "no label, or not printable");
		s->lib.SetLabel(label);
		return 0;
	});
}

int gbench_range(const struct gbench_state *s, size_t i, int64_t *ret)
{
	return guarded([&] {
		if (!s || !ret)
			return fail(-EINVAL, "no state or no result");
		if (i >= s->of.nargs)
			return fail(-ERANGE, "there are not so many arguments");
		*ret = s->lib.range(i);
		return 0;
	});
}

int64_t gbench_iterations(const struct gbench_state *s)
{
	return s->lib.iterations();
}

const char *gbench_name(const struct gbench_state *s)
{
	return s->of.name.c_str();
}

int gbench_thread_index(const struct gbench_state *s)
{
	return s->lib.thread_index();
}

/* ---- the registry -------------------------------------------------------- */

namespace
{
/* gbench_register() without its checks. */
gbench_benchmark *add(const char *name, void (*fn)(gbench_state *, void *),
		      void *user)
{
	auto b = std::make_shared<gbench_benchmark>();
	b->name = name;
	b->fn = fn;
	b->user = user;
	b->lib = benchmark::RegisterBenchmark(
		name, [b](benchmark::State &lib) { enter(lib, *b); });
	return b.get();
}

} /* namespace */

int gbench_register(const char *name,
		    void (*fn)(struct gbench_state *state, void *user),
		    void *user, struct gbench_benchmark **ret)
{
	return guarded([&] {
		if (!name || !*name || !printable(name))
			return fail(-EINVAL, "name empty or not printable");
		if (!std::strncmp(name, disabled, sizeof(disabled) - 1))
			return fail(-EINVAL, "the library hides DISABLED_");
		if (strip(name) != name)
			return fail(-EINVAL, "name ends like the library's");
		if (!fn || !ret)
			return fail(-EINVAL, "no function or no result");
		*ret = add(name, fn, user);
		return 0;
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

/* ---- the reporter -------------------------------------------------------- */

namespace
{
const gbench_reporter console_reporter = {};
const gbench_reporter null_reporter = {};

/* 1.7.1 has error_occurred and error_message, later ones these. */
template <class R>
auto row_error(const R &run, int)
	-> decltype(run.error_occurred, static_cast<const char *>(nullptr))
{
	return run.error_occurred ? run.error_message.c_str() : nullptr;
}

template <class R> const char *row_error(const R &run, long)
{
	return run.skipped ? run.skip_message.c_str() : nullptr;
}

/* The reporter the library sees: counts, strips names, passes rows on. */
class session : public BenchmarkReporter
{
      public:
	gbench_tally tally = {};
	int status = 0;

	session(const gbench_reporter *display_) : display(display_)
	{
	}

	bool ReportContext(const Context &context) override
	{
		if (display == gbench_console())
			return console.ReportContext(context);
		if (display->begin)
			call([&] { return display->begin(display->user); });
		return status == 0;
	}

	void ReportRuns(const std::vector<Run> &runs) override
	{
		std::vector<Run> shown = runs;
		for (Run &run : shown) {
			benchmark::BenchmarkName name;
			name.function_name = strip(run.run_name.str());
			run.run_name = name;
			if (run.run_type == Run::RT_Iteration)
				row(run);
		}
		if (display == gbench_console())
			console.ReportRuns(shown);
	}

	void Finalize() override
	{
		if (display->end)
			guarded([&] { return display->end(display->user), 0; });
	}

      private:
	const gbench_reporter *display;
	benchmark::ConsoleReporter console{
		benchmark::ConsoleReporter::OO_None
	};

	template <class F> void call(F callback)
	{
		int err = guarded(callback);
		if (err < 0 && !status)
			status = err;
	}

	void row(const Run &run)
	{
		if (status)
			return;
		std::string name = run.run_name.str();
		std::vector<gbench_value> counters;
		for (const auto &c : run.counters)
			counters.push_back({ c.first.c_str(), c.second.value });
		gbench_row r = {};
		r.name = name.c_str();
		r.error = row_error(run, 0);
		r.label = run.report_label.c_str();
		r.iterations = run.iterations;
		r.real_time = run.GetAdjustedRealTime();
		r.cpu_time = run.GetAdjustedCPUTime();
		r.unit = static_cast<enum gbench_unit>(run.time_unit);
		r.repetition = run.repetition_index;
		r.repetitions = run.repetitions;
		r.threads = run.threads;
		r.ncounters = counters.size();
		r.counters = counters.data();
		tally.rows++;
		tally.failed += r.error != nullptr;
		if (display->row)
			call([&] { return display->row(display->user, &r); });
	}
};

} /* namespace */

const struct gbench_reporter *gbench_console(void)
{
	return &console_reporter;
}

const struct gbench_reporter *gbench_null(void)
{
	return &null_reporter;
}

/* ---- runs ---------------------------------------------------------------- */

namespace
{
[[noreturn]] void refuse_to_exit()
{
	throw std::invalid_argument("the library refused its own flags");
}

/* Flags that are set here cannot come in by BENCHMARK_* of the environment. */
void set_flags(std::vector<std::string> flags)
{
	const char *&program = BenchmarkReporter::Context::executable_name;
	const char *name = program ? program : "gbench";
	for (const char *flag :
	     { "out=", "out_format=console", "format=console", "color=false",
	       "repetitions=1", "min_warmup_time=0", "time_unit=ns",
	       "perf_counters=", "enable_random_interleaving=false",
	       "report_aggregates_only=false",
	       "display_aggregates_only=false" })
		flags.push_back(std::string("--benchmark_") + flag);
	std::vector<char *> argv(1, const_cast<char *>(name));
	for (std::string &flag : flags)
		argv.push_back(&flag[0]);
	int argc = static_cast<int>(argv.size());
	argv.push_back(nullptr);
	benchmark::Initialize(&argc, argv.data(), refuse_to_exit);
	program = name;
}

int matched(const std::string &spec, std::vector<std::string> *ret)
{
	std::stringstream out, err;
	session lister(gbench_null());
	lister.SetOutputStream(&out);
	lister.SetErrorStream(&err);
	set_flags({ "--benchmark_list_tests=true" });
	size_t n = benchmark::RunSpecifiedBenchmarks(&lister, spec);
	set_flags({ "--benchmark_list_tests=false" });
	if (!n && err.str().rfind("Could not compile", 0) == 0)
		return fail(-EINVAL, "bad filter " + spec + ": " + err.str());
	if (!n)
		return fail(-ENOENT, "no benchmark matches " + spec);
	for (std::string name; std::getline(out, name);)
		ret->push_back(strip(name));
	return 0;
}

int run(const gbench_reporter *display, const std::string &spec,
	gbench_tally *ret)
{
	std::vector<std::string> names;
	int err = matched(spec, &names);
	if (err)
		return err;
	session now(display);
	run_status = &now.status;
	err = guarded([&] {
		benchmark::RunSpecifiedBenchmarks(&now, spec);
		return now.status;
	});
	run_status = nullptr;
	now.tally.benchmarks = names.size();
	if (!err && ret)
		*ret = now.tally;
	return err;
}

} /* namespace */

int gbench_list(const char *filter, int (*each)(void *user, const char *name),
		void *user, size_t *ret)
{
	return guarded([&] {
		if (busy())
			return -EBUSY;
		std::vector<std::string> names;
		int err = matched(library_filter(filter), &names);
		for (size_t i = 0; each && err >= 0 && i < names.size(); i++)
			err = each(user, names[i].c_str());
		if (err < 0)
			return err;
		if (ret)
			*ret = names.size();
		return 0;
	});
}

int gbench_run(const struct gbench_reporter *display, const char *filter,
	       struct gbench_tally *ret)
{
	return guarded([&] {
		if (busy())
			return -EBUSY;
		if (!display)
			return fail(-EINVAL, "no reporter");
		return run(display, library_filter(filter), ret);
	});
}

/* ---- what threaded times and rates mean ---------------------------------- */

namespace
{
constexpr char probe_name[] = "gbench_semantics_probe";

void probe(gbench_state *s, void *)
{
	while (gbench_keep_running(s))
		gbench_set_iteration_time(s, 1);
	gbench_set_counter(s, "items", 1, GBENCH_RATE);
}

int classify(void *user, const gbench_row *row)
{
	auto near = [](double a, double b) { return std::fabs(a - b) < 1e-6; };
	auto *ret = static_cast<gbench_semantics *>(user);
	double rate = row->ncounters ? row->counters[0].value : 0;
	if (near(row->real_time, 0.5) && near(rate, 2))
		*ret = GBENCH_TIME_DIVIDED_RATE_TOTAL;
	else if (near(row->real_time, 1) && near(rate, 1))
		*ret = GBENCH_TIME_WHOLE_RATE_PER_THREAD;
	else if (near(row->real_time, 1) && near(rate, 2))
		*ret = GBENCH_TIME_WHOLE_RATE_TOTAL;
	return 0;
}

} /* namespace */

int gbench_probe_semantics(gbench_semantics *ret)
{
	return guarded([&] {
		if (!ret)
			return fail(-EINVAL, "nowhere to return it");
		if (busy())
			return -EBUSY;
		gbench_semantics found = GBENCH_SEMANTICS_UNKNOWN;
		gbench_reporter into = {};
		into.user = &found;
		into.row = classify;
		gbench_benchmark *b = add(probe_name, probe, nullptr);
		b->lib->UseManualTime()->Iterations(1)->Threads(2)->Unit(
			benchmark::kSecond);
		b->manual = true;
		int err = run(&into, std::string("^") + probe_name + "/",
			      nullptr);
		/* The library can't drop just one, but it can hide it. */
		b->lib->Name(std::string(disabled) + probe_name);
		if (!err)
			*ret = found;
		return err;
	});
}

/* ---- flags and life of the library --------------------------------------- */

namespace
{
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
	if (spec) {
		benchmark::SetBenchmarkFilter(spec);
		argv[kept.size()] = nullptr;
	}
	std::copy(kept.begin(), kept.end(), argv);
	*argc = static_cast<int>(kept.size());
	return 0;
}

} /* namespace */

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
