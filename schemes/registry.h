/* SPDX-License-Identifier: MIT */
/*
 * registry.h: the schemes that linked in, by name and in name order.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "scheme.h"

/**
 * registry_count() - how many schemes there are
 * @build: plain or delayed; both hold the same names
 */
size_t registry_count(enum scheme_build build);

/**
 * registry_at() - the @i-th scheme in order of names
 * @i: 0..registry_count()-1
 */
const struct scheme_ops *registry_at(enum scheme_build build, size_t i);

/**
 * registry_find() - a scheme by its name
 * Return: NULL if there is none.
 */
const struct scheme_ops *registry_find(enum scheme_build build,
				       const char *name);

/**
 * registry_cap_word() - the JSON word of the @bit-th capability
 * @bit: 0..31
 * Return: NULL past the last one.
 */
const char *registry_cap_word(unsigned int bit);

/**
 * registry_set_param() - parse one tunable of a scheme
 * @ops:   the scheme
 * @name:  the tunable's name
 * @value: a choice's word, or a number in range
 * @p:     in and out: the values
 * Return: 0; -ENOENT no such tunable, -EINVAL no such value.
 */
int registry_set_param(const struct scheme_ops *ops, const char *name,
		       const char *value, struct params *p);

/** registry_default_params() - every tunable at its default */
struct params registry_default_params(const struct scheme_ops *ops);

#endif
