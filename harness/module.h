/* SPDX-License-Identifier: MIT */
/*
 * module.h: real modules: private copies of a built shared object.
 *
 * Idea.  dlopen hands out one mapping per file, so every module is a copy of
 * its own.  Unloading is proven: the range must be gone from the process's map.
 * Owns.  dlopen and dlclose.
 * Never. Happens inside a timed window: both take some 300 us and interrupt
 * every reader of the process.
 */
#ifndef HARNESS_MODULE_H
#define HARNESS_MODULE_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct module - one loaded copy
 * @dl:    dlopen's handle; NULL: not loaded
 * @start: first address of its mapping
 * @bytes: how long that is
 */
struct module {
	void *dl;
	uintptr_t start;
	size_t bytes;
};

/**
 * module_load() - load a private copy
 * @path: of the built shared object
 * @why:  128 bytes; the reason on failure
 * Return: 0; -errno, -ENOEXEC when the copy could not be loaded.
 */
int module_load(const char *path, struct module *ret, char why[128]);

/** module_symbol() - address of a symbol of a loaded module; NULL: none */
void *module_symbol(const struct module *m, const char *name);

enum module_after {
	MODULE_REUSE,	   /* the addresses may be used again */
	MODULE_QUARANTINE, /* nothing is ever mapped there: late calls fault */
};

/**
 * module_unload() - unmap it, and make sure that it is unmapped
 * Return: 0; -EBUSY when the mapping is still there; -EEXIST when another thread
 * took the addresses before they were in quarantine; -errno.
 */
int module_unload(struct module *m, enum module_after after);

#endif
