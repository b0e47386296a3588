/* SPDX-License-Identifier: MIT */
/*
 * steady.c: whether a series of rates shows a trend.
 */
#include "harness/steady.h"

#include <math.h>

bool steady_rates(const double *rates, size_t n)
{
	double mean = 0, middle = (double)(n - 1) / 2, sxy = 0, sxx = 0;
	double slope, scatter = 0, trend;

	for (size_t i = 0; i < n; i++)
		mean += rates[i] / (double)n;
	if (n < 3 || mean <= 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		sxy += ((double)i - middle) * (rates[i] - mean);
		sxx += ((double)i - middle) * ((double)i - middle);
	}
	slope = sxy / sxx;
	for (size_t i = 0; i < n; i++) {
		double off = rates[i] - mean - slope * ((double)i - middle);

		scatter += off * off / (double)(n - 2);
	}
	trend = fabs(slope) * (double)(n - 1);
	return trend <= 2 * sqrt(scatter) || trend <= 0.01 * mean;
}
