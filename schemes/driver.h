/* SPDX-License-Identifier: MIT */
/*
 * driver.h: what a real, unloadable module exports.
 *
 * Idea.  A module is a shared object with one symbol, `driver`.  Its code and
 * its data go away together at dlclose; a call into either afterwards faults.
 * The stamp lets a reader see an unload that did not unmap anything.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdatomic.h>
#include <stdint.h>

/* What exit() leaves in the module's data. */
#define DRIVER_POISON 0x6b6b6b6b6b6b6b6bull

/**
 * struct driver_ops - the table of functions a driver registers
 * @call:  the one function a look-up calls; @arg xor the module's stamp,
 *         which is DRIVER_POISON xor-ed in after exit()
 * @open:  counts a user from inside the module's text, as MOD_INC_USE_COUNT
 *         did up to 2.4; only schemes that model that time call it
 * @close: the opposite, also from inside
 */
struct driver_ops {
	uint64_t (*call)(uint64_t arg);
	void (*open)(atomic_long *users);
	void (*close)(atomic_long *users);
};

/**
 * struct driver - the symbol `driver` of every module
 * @ops:  lives in the module: gone with it
 * @init: makes the data live with @stamp; 0 or -errno
 * @exit: poisons the data
 */
struct driver {
	const struct driver_ops *ops;
	int (*init)(uint64_t stamp);
	void (*exit)(void);
};

#endif
