/* SPDX-License-Identifier: MIT */
/*
 * thrower.cc: what C cannot do, for test_gbench.c: throw.
 *
 * Idea.  A benchmark and a reporter written in C++ by a user of the C API.
 */
#include "harness/gbench.h"

#include <new>
#include <stdexcept>

extern "C" {
void throw_in_loop(struct gbench_state *s, void *user);
void throw_int(struct gbench_state *s, void *user);
int throw_in_row(void *user, const struct gbench_row *row);
}

void throw_in_loop(struct gbench_state *s, void *)
{
	while (gbench_keep_running(s))
		throw std::runtime_error("thrown on purpose");
}

void throw_int(struct gbench_state *, void *)
{
	throw 42;
}

int throw_in_row(void *, const struct gbench_row *)
{
	throw std::bad_alloc();
}
