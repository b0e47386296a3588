/* SPDX-License-Identifier: MIT */
/*
 * delay.c: the hook behind the delay points.
 *
 * Owns.  One pointer, the only mutable file-scope state of schemes/: a delay
 * point has no argument to find anything else by.
 */
#include "prim/delay.h"

#include <stdatomic.h>
#include <stddef.h>

static _Atomic(delay_hook_fn *) hook;

void delay_set_hook(delay_hook_fn *new_hook)
{
	atomic_store(&hook, new_hook);
}

void delay_hit(enum delay_point point)
{
	/* Relaxed: set while no scheme runs; thread creation orders it. */
	delay_hook_fn *fn = atomic_load_explicit(&hook, memory_order_relaxed);

	if (fn)
		fn(point);
}
