/* SPDX-License-Identifier: MIT */
/*
 * steady.h: when a load counts as warm.
 */
#ifndef HARNESS_STEADY_H
#define HARNESS_STEADY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * steady_rates() - whether the last rates show no trend
 * @rates: [n], in order of time, any unit; n >= 3
 *
 * The least-squares line over the span moves by no more than twice the scatter
 * about it, or by no more than 1 % of the mean.  Pure.
 */
bool steady_rates(const double *rates, size_t n);

#endif
