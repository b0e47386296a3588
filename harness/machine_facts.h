/* SPDX-License-Identifier: MIT */
/*
 * machine_facts.h: what the files of the machine block share.  For them alone.
 *
 * Idea.  A fact is set, or it is absent with a reason; there is no third way.
 * Owns.  Nothing.
 * Never. Leaves a key out.
 */
#ifndef HARNESS_MACHINE_FACTS_H
#define HARNESS_MACHINE_FACTS_H

#include <jansson.h>

struct facts {
	const char *root;
	json_t *values;
	json_t *why;
};

static inline void fact_absent(struct facts *f, const char *key,
			       const char *reason)
{
	json_object_set_new(f->values, key, json_null());
	json_object_set_new(f->why, key, json_string(reason));
}

/* Takes over @value; Jansson gives NULL for text that is not UTF-8. */
static inline void fact_set(struct facts *f, const char *key, json_t *value)
{
	if (value)
		json_object_set_new(f->values, key, value);
	else
		fact_absent(f, key, "not UTF-8, or no memory");
}

/* A string if there is one, else absent. */
static inline void fact_string(struct facts *f, const char *key,
			       const char *value, const char *reason)
{
	if (value && *value)
		fact_set(f, key, json_string(value));
	else
		fact_absent(f, key, reason);
}

/* Whole numbers stay whole. */
static inline void fact_number(struct facts *f, const char *key, double number)
{
	json_int_t whole = (json_int_t)number;

	fact_set(f, key,
		 (double)whole == number ? json_integer(whole)
					 : json_real(number));
}

/* Each fills its keys, all of them. */
void facts_of_processor(struct facts *f);
void facts_of_kernel(struct facts *f);
void facts_of_load(struct facts *f);
void facts_of_cgroup(struct facts *f);

#endif
