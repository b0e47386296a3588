/* SPDX-License-Identifier: MIT */
/*
 * gbench_state.cc: what a benchmark may do while it runs.
 *
 * Idea.  The library trusts the function it calls and aborts when it leaves
 *        early, pauses twice or fails while paused; enter() and the flags of
 *        gbench_state see to it that it never finds out.
 * Owns.  The state, which lives on the stack of enter().
 * Never. Touches the registry.
 */
#include "gbench_impl.h"

#include <algorithm>
#include <cmath>

using gbench::fail;
using gbench::guarded;
using gbench::printable;

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

} /* namespace */

void gbench::enter(benchmark::State &lib, const gbench_benchmark &b)
{
	gbench_state s = { lib, b, false, false, false, false };
	if (run_status())
		return lib.SkipWithError("the run was stopped");
	int err = guarded([&] { return b.fn(&s, b.user), 0; });
	const char *why = err ? gbench_last_error() : unfinished(s);
	if (why)
		lib.SkipWithError(why);
}

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
