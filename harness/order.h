/* SPDX-License-Identifier: MIT */
/*
 * order.h: random order that a seed brings back, on every platform.
 *
 * Idea.  All is integer arithmetic on 64 bits, and a block of rounds is drawn
 * from (seed, block number) alone: no state is carried from round to round,
 * so a fresh process finds the order of its own round without replaying the
 * rounds before it.
 * Owns.  Nothing; the caller carries the generator and gives the memory.
 * Never. Uses floating point or the C library's generators, which differ.
 */
#ifndef HARNESS_ORDER_H
#define HARNESS_ORDER_H

#include <stddef.h>
#include <stdint.h>

/** struct rng - a splitmix64 generator; @state: any value is a good seed */
struct rng {
	uint64_t state;
};

/**
 * rng_next() - 64 random bits
 * @rng: the generator; moved on by one step
 *
 * Not for secrets. Not thread-safe: one generator a thread.
 *
 * Return: uniform in 0..2^64-1.
 * Source: splitmix64, Steele, Lea and Flood, OOPSLA 2014.
 */
uint64_t rng_next(struct rng *rng);

/**
 * rng_below() - a random number under a bound, every one equally likely
 * @rng:   the generator; moved on by one step or, rarely, more
 * @bound: 1..2^64-1
 *
 * Return: uniform in 0..@bound-1; 0 if @bound is 0.
 */
uint64_t rng_below(struct rng *rng, uint64_t bound);

/**
 * rng_derive() - the seed of one of many independent streams
 * @seed:   the run's seed
 * @stream: number of the stream, such as a block or a group of cells
 *
 * Return: a seed; the same for the same two numbers.
 */
uint64_t rng_derive(uint64_t seed, uint64_t stream);

/**
 * order_shuffle() - put an array in random order
 * @rng: the generator
 * @x:   [n], permuted in place; each of the n! orders is equally likely
 * @n:   number of elements, any
 *
 * Source: Fisher and Yates; Knuth, TAOCP 2, 3.4.2, algorithm P.
 */
void order_shuffle(struct rng *rng, size_t *x, size_t n);

/**
 * order_williams_rows() - rows of the carry-over balanced design
 * @n: number of treatments
 *
 * Return: n if @n is even, 2n if it is odd; 1 for one treatment, 0 for none.
 */
size_t order_williams_rows(size_t n);

/**
 * order_williams() - one row of a Williams design
 * @n:    number of treatments, at least 1
 * @row:  0..order_williams_rows(@n)-1
 * @base: [n], names of the treatments in any order; read only
 * @ret:  [n], @base's values in the row's order; must not overlap @base
 *
 * Over all rows every treatment stands equally often in each place, and
 * follows directly after each other treatment equally often (once if @n is
 * even, twice if odd): what one leaves behind in caches, in frequency or in
 * the allocator falls on all others alike.
 *
 * Return: 0; -EINVAL if there is no such row.
 * Source: Williams, Aust. J. Sci. Res. A 2 (1949) 149-168.
 */
int order_williams(size_t n, size_t row, const size_t *base, size_t *ret);

/** order_row_scratch() - how many size_t order_row() needs for @n treatments */
size_t order_row_scratch(size_t n);

/**
 * order_row() - the order of n treatments in one round
 * @seed:    the run's seed, or one derived from it for a group of cells
 * @n:       number of treatments, at least 1
 * @round:   number of the round, from 0
 * @scratch: [order_row_scratch(@n)], overwritten
 * @ret:     [n], a permutation of 0..@n-1
 *
 * Rounds come in blocks of order_williams_rows(@n). A block is one whole
 * design over its own random base permutation, its rows shuffled; a run that
 * ends inside a block is balanced up to that block. Two treatments give AB BA
 * or BA AB. Any thread, any round first.
 *
 * Return: 0; -EINVAL if @n is 0.
 */
int order_row(uint64_t seed, size_t n, size_t round, size_t *scratch,
	      size_t *ret);

#endif
