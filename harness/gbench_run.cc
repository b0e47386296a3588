/* SPDX-License-Identifier: MIT */
/*
 * gbench_run.cc: filters, reporters, the run itself and the semantics probe.
 *
 * Idea.  What a filter matches is listed first, so that "nothing" is an error
 *        and not a silent success; the run then reports through one reporter
 *        of ours, which counts, strips names and passes rows on.
 * Owns.  The thread's current run.
 * Never. Leaves a flag of the library to its environment variable.
 *
 * Works with libraries from 1.7.1 on: what changed since is told apart by
 * overloads (row_error), not by version numbers.
 */
#include "gbench_impl.h"

#include <cmath>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <regex.h>

using benchmark::BenchmarkReporter;
using gbench::busy;
using gbench::fail;
using gbench::guarded;
using gbench::strip;

namespace
{
/* What the library appends to a name; a pattern of its own dialect. */
constexpr char suffix[] =
	"(/iterations:[0-9]+)?(/repeats:[0-9]+)?(/(manual|real)_time)?$";
constexpr char probe_name[] = "gbench_semantics_probe";

class session;
thread_local session *current_run;

/* A final $ means the end of the name as registered. */
std::string library_filter(const char *filter)
{
	std::string spec = filter ? filter : benchmark::GetBenchmarkFilter();
	size_t n = spec.size();
	if (n && spec[n - 1] == '$' && (n == 1 || spec[n - 2] != '\\'))
		spec.replace(n - 1, 1, suffix);
	return spec;
}

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
	current_run = &now;
	err = guarded([&] {
		benchmark::RunSpecifiedBenchmarks(&now, spec);
		return now.status;
	});
	current_run = nullptr;
	now.tally.benchmarks = names.size();
	if (!err && ret)
		*ret = now.tally;
	return err;
}

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

const gbench_reporter console_reporter = {};
const gbench_reporter null_reporter = {};

} /* namespace */

std::string gbench::strip(const std::string &name)
{
	regex_t own;
	regmatch_t end;

	if (regcomp(&own, suffix, REG_EXTENDED))
		throw std::bad_alloc();
	int missing = regexec(&own, name.c_str(), 1, &end, 0);
	regfree(&own);
	return missing ? name : name.substr(0, end.rm_so);
}

int gbench::busy()
{
	return current_run ? fail(-EBUSY, "not allowed inside a run") : 0;
}

int gbench::run_status()
{
	return current_run ? current_run->status : 0;
}

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
		gbench_benchmark *b;
		gbench::add(probe_name, probe, nullptr, &b);
		b->lib->UseManualTime()->Iterations(1)->Threads(2)->Unit(
			benchmark::kSecond);
		b->manual = true;
		int err = run(&into, std::string("^") + probe_name + "/",
			      nullptr);
		/* The library can't drop just one, but it can hide it. */
		b->lib->Name(std::string(gbench::disabled) + probe_name);
		if (!err)
			*ret = found;
		return err;
	});
}

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

const struct gbench_reporter *gbench_console(void)
{
	return &console_reporter;
}

const struct gbench_reporter *gbench_null(void)
{
	return &null_reporter;
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
