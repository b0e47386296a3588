/* SPDX-License-Identifier: MIT */
/*
 * result.c: figures, and the reasons where there are none.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/workloads/workload.h"

void result_set(struct result *r, const char *name, double value)
{
	if (isfinite(value))
		json_object_set_new(r->figures, name, json_real(value));
	else
		result_null(r, name, "no data");
}

void result_null(struct result *r, const char *name, const char *why)
{
	json_object_set_new(r->figures, name, json_null());
	json_object_set_new(r->why, name, json_string(why));
}

void result_label(struct result *r, const char *word)
{
	size_t used = strlen(r->label);

	snprintf(r->label + used, sizeof(r->label) - used, "%s%s",
		 used ? " " : "", word);
}
