/* SPDX-License-Identifier: MIT */
/*
 * driver.c: the real module that is loaded and unloaded.
 *
 * Idea.  A few instructions of text and one word of data, so that what is
 * measured is the guard around the call and not the call.
 */
#include "driver.h"

static _Atomic uint64_t stamp = DRIVER_POISON;

/* Relaxed: the scheme orders the stamp against init and exit, or it is wrong.
 */
static uint64_t driver_call(uint64_t arg)
{
	return arg ^ atomic_load_explicit(&stamp, memory_order_relaxed);
}

static void driver_open(atomic_long *users)
{
	atomic_fetch_add_explicit(users, 1, memory_order_relaxed);
}

static void driver_close(atomic_long *users)
{
	atomic_fetch_sub_explicit(users, 1, memory_order_release);
}

static int driver_init(uint64_t new_stamp)
{
	atomic_store_explicit(&stamp, new_stamp, memory_order_relaxed);
	return 0;
}

static void driver_exit(void)
{
	atomic_store_explicit(&stamp, DRIVER_POISON, memory_order_relaxed);
}

static const struct driver_ops ops = {
	.call = driver_call,
	.open = driver_open,
	.close = driver_close,
};

extern const struct driver driver;
const struct driver driver = {
	.ops = &ops,
	.init = driver_init,
	.exit = driver_exit,
};
