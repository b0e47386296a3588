/* SPDX-License-Identifier: MIT */
/*
 * order.c: random order that a seed brings back; see order.h.
 *
 * Idea.  A generator of one word, an unbiased shuffle, and the design that
 * spreads carry-over evenly.
 * Owns.  Nothing.
 * Never. Allocates.
 */
#include "harness/order.h"

#include <errno.h>

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t rng_next(struct rng *rng)
{
	rng->state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(rng->state);
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
	uint64_t surplus, x;

	if (!bound)
		return 0;
	/* 2^64 mod bound: so many of the lowest values would make the
	 * first remainders likelier than the rest, and are drawn again. */
	surplus = -bound % bound;
	do {
		x = rng_next(rng);
	} while (x < surplus);
	return x % bound;
}

uint64_t rng_derive(uint64_t seed, uint64_t stream)
{
	struct rng outer = { .state = seed };
	struct rng inner = { .state = rng_next(&outer) ^ stream };

	/* Neighbouring seeds and streams differ in few bits; two rounds of
	 * mixing leave no trace of that. */
	return rng_next(&inner);
}

static void identity(size_t *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = i;
}

void order_shuffle(struct rng *rng, size_t *x, size_t n)
{
	for (size_t left = n; left > 1; left--) {
		size_t pick = rng_below(rng, left);
		size_t last = x[left - 1];

		x[left - 1] = x[pick];
		x[pick] = last;
	}
}

size_t order_williams_rows(size_t n)
{
	if (n <= 1)
		return n;
	return n % 2 ? 2 * n : n;
}

int order_williams(size_t n, size_t row, const size_t *base, size_t *ret)
{
	if (row >= order_williams_rows(n))
		return -EINVAL;
	/*
	 * The first row zigzags 0, 1, n-1, 2, n-2, ...: its steps from place to
	 * place are all different modulo n. Adding the row's number keeps the
	 * steps, so n rows hold each step from each start once. With n odd
	 * only half the steps occur; the rows read backwards hold the others.
	 */
	for (size_t place = 0; place < n; place++) {
		size_t half = (place + 1) / 2;
		size_t zigzag = place % 2 ? half : (n - half) % n;
		size_t to = row < n ? place : n - 1 - place;

		ret[to] = base[(zigzag + row) % n];
	}
	return 0;
}

size_t order_row_scratch(size_t n)
{
	return n + order_williams_rows(n);
}

int order_row(uint64_t seed, size_t n, size_t round, size_t *scratch,
	      size_t *ret)
{
	size_t n_rows = order_williams_rows(n);
	size_t *base = scratch, *rows = scratch + n;
	struct rng rng;

	if (!n)
		return -EINVAL;
	rng.state = rng_derive(seed, round / n_rows);
	identity(base, n);
	order_shuffle(&rng, base, n);
	identity(rows, n_rows);
	order_shuffle(&rng, rows, n_rows);
	return order_williams(n, rows[round % n_rows], base, ret);
}
