/* SPDX-License-Identifier: MIT */
/*
 * list.h: a scheme as JSON, for `list` and for the record.
 */
#ifndef LIST_H
#define LIST_H

#include <jansson.h>

#include "schemes/scheme.h"

/**
 * list_scheme() - name, summary, source, caps, params and footprint
 *
 * Asks the scheme's probe whether it runs here.  Return: a new object.
 */
json_t *list_scheme(const struct scheme_ops *ops);

#endif
