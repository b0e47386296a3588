/* SPDX-License-Identifier: MIT */
/*
 * fields.h: reads one field of a run file that may be absent or null.
 *
 * Idea.  Absent, null and of the wrong type are one thing to a report: not
 * known. A number not known is NaN, which no arithmetic turns into a result.
 */
#ifndef REPORT_FIELDS_H
#define REPORT_FIELDS_H

#include <jansson.h>
#include <math.h>
#include <stdbool.h>

/** field_number() - @key of @object as a number; NaN if it is none */
static inline double field_number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

/** field_int() - @key of @object, integer; @fallback if it is none */
static inline json_int_t field_int(const json_t *object, const char *key,
				   json_int_t fallback)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

/** field_string() - @key of @object, borrowed; @fallback if it is no string */
static inline const char *field_string(const json_t *object, const char *key,
				       const char *fallback)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : fallback;
}

/** field_or_null() - JSON of @x, a new reference; null unless it is finite */
static inline json_t *field_or_null(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

#endif
