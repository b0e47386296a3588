/* SPDX-License-Identifier: MIT */
/*
 * labels.c: what a scheme is called, which cells are alike; see labels.h.
 */
#include "bench/report/labels.h"

#include <stdio.h>
#include <string.h>

#include "bench/report/fields.h"

#define SHORT_MAX 16

const char *label_full(const json_t *cell, char ret[LABEL_BYTES])
{
	json_t *params = json_object_get(cell, "params"), *value;
	int n = snprintf(ret, LABEL_BYTES, "%.80s",
			 field_string(cell, "scheme", "?"));
	const char *key;

	json_object_foreach (params, key, value) {
		if (n < LABEL_BYTES && json_is_string(value))
			n += snprintf(ret + n, (size_t)(LABEL_BYTES - n),
				      " %s=%s", key, json_string_value(value));
	}
	return ret;
}

json_t *labels_short(const json_t *cells)
{
	json_t *labels = json_object();
	const json_t *cell;
	int n_cut = 0;
	size_t i;

	json_array_foreach (cells, i, cell) {
		const char *scheme = field_string(cell, "scheme", "?");
		char full[LABEL_BYTES], tag[16], label[SHORT_MAX + 1];

		label_full(cell, full);
		if (json_object_get(labels, full))
			continue;
		if (strlen(full) <= SHORT_MAX && !strchr(full, ' ')) {
			json_object_set_new(labels, full, json_string(full));
			continue;
		}
		snprintf(tag, sizeof(tag), "+%d", ++n_cut);
		snprintf(label, sizeof(label), "%.*s%s",
			 SHORT_MAX - (int)strlen(tag), scheme, tag);
		json_object_set_new(labels, full, json_string(label));
	}
	return labels;
}

static bool same_scheme_and_axes(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {
		"scheme", "aa",	     "params", "hold_ns",	"think_ns",
		"table",  "modules", "tables", "oversubscribe",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		json_t *left = json_object_get(a, keys[i]);
		json_t *right = json_object_get(b, keys[i]);

		if (left != right && !json_equal(left, right))
			return false;
	}
	return true;
}

const json_t *cell_like(const json_t *cells, const json_t *model,
			const char *workload, json_int_t cpus)
{
	const json_t *cell, *found = NULL;
	json_int_t fewest = 0;
	size_t i;

	json_array_foreach (cells, i, cell) {
		json_int_t n = field_int(cell, "cpus", 0);

		if (strcmp(field_string(cell, "workload", ""), workload) ||
		    !same_scheme_and_axes(cell, model))
			continue;
		if (cpus ? n == cpus : !found || n < fewest) {
			found = cell;
			fewest = n;
		}
	}
	return found;
}

json_t *entries_by_name(const json_t *array)
{
	json_t *ret = json_object(), *entry;
	size_t i;

	json_array_foreach (array, i, entry)
		json_object_set(ret, field_string(entry, "name", ""), entry);
	return ret;
}

const char *label_setting(const json_t *cell, char *ret, size_t bytes)
{
	static const char *const counts[] = { "modules", "tables",
					      "oversubscribe" };
	const char *mode = field_string(cell, "mode", NULL);
	const char *grace = field_string(cell, "grace", "none");
	int n = snprintf(
		ret, bytes, "%s%stable %s, hold %.15g ns, think %.15g ns",
		mode ? mode : "", mode ? " mode, " : "",
		field_string(cell, "table", "none"),
		field_number(cell, "hold_ns"), field_number(cell, "think_ns"));

	if (strcmp(grace, "none") && n < (int)bytes)
		n += snprintf(ret + n, bytes - (size_t)n, ", grace %s", grace);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		json_int_t count = field_int(cell, counts[i], 1);

		if (count != 1 && n < (int)bytes)
			n += snprintf(ret + n, bytes - (size_t)n, ", %s %lld",
				      counts[i], (long long)count);
	}
	return ret;
}

bool label_has(const json_t *result, const char *word)
{
	const json_t *label;
	size_t i;

	json_array_foreach (json_object_get(result, "labels"), i, label)
		if (strstr(json_string_value(label), word))
			return true;
	return false;
}
