/* SPDX-License-Identifier: MIT */
/*
 * labels.c: what a cell's scheme is called in tables and figures; see labels.h.
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
