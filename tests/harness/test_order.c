/* SPDX-License-Identifier: MIT */
/*
 * test_order.c: the random order is reproducible, unbiased and balanced.
 *
 * Idea.  Generator against published outputs; balance by counting all pairs;
 * chance by counts whose slack is four standard deviations or more, with
 * fixed seeds, so that nothing here fails by luck.
 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <errno.h>
#include <string.h>

#include "harness/order.h"

#define MAX_N	 9
#define MAX_ROWS (2 * MAX_N)

/* What a design shows when its rows are counted. */
struct counts {
	size_t at[MAX_N][MAX_N];      /* [treatment][place] */
	size_t follows[MAX_N][MAX_N]; /* [first][second], directly */
};

static void count_row(struct counts *c, const size_t *row, size_t n)
{
	for (size_t place = 0; place < n; place++) {
		assert_in_range(row[place], 0, n - 1);
		c->at[row[place]][place]++;
		if (place)
			c->follows[row[place - 1]][row[place]]++;
	}
}

static void assert_balanced(const struct counts *c, size_t n, size_t times)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			assert_int_equal(c->at[i][j], times);
			assert_int_equal(c->follows[i][j], i == j ? 0 : times);
		}
	}
}

static void test_rng_seed_1234567_gives_published_outputs(void **state)
{
	/* Rosetta Code, "Pseudo-random numbers/Splitmix64". */
	static const uint64_t published[] = {
		UINT64_C(6457827717110365317),	UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423),	UINT64_C(4593380528125082431),
		UINT64_C(16408922859458223821),
	};
	struct rng rng = { .state = 1234567 };

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_true(rng_next(&rng) == published[i]);
}

static void test_rng_below_draws_every_value_equally_often(void **state)
{
	/* Under 3 * 2^62 a bare remainder puts half, not a third, of all draws
	 * below 2^62. Standard deviation of 30000 draws: 82. */
	const uint64_t bound = UINT64_C(3) << 62;
	struct rng rng = { .state = 1 };
	int low = 0;

	(void)state;
	for (int i = 0; i < 30000; i++) {
		uint64_t x = rng_below(&rng, bound);

		assert_true(x < bound);
		low += x < bound / 3;
	}
	assert_in_range(low, 10000 - 400, 10000 + 400);
}

static void test_rng_below_one_and_zero_are_zero(void **state)
{
	struct rng rng = { .state = 7 };

	(void)state;
	assert_true(rng_below(&rng, 1) == 0);
	assert_true(rng_below(&rng, 0) == 0);
}

static void test_rng_derive_tells_seeds_and_streams_apart(void **state)
{
	uint64_t seen[16][16];

	(void)state;
	for (uint64_t seed = 0; seed < 16; seed++) {
		for (uint64_t stream = 0; stream < 16; stream++)
			seen[seed][stream] = rng_derive(seed, stream);
	}
	for (size_t i = 0; i < 256; i++) {
		for (size_t j = i + 1; j < 256; j++)
			assert_true(seen[i / 16][i % 16] !=
				    seen[j / 16][j % 16]);
	}
	assert_true(rng_derive(3, 5) == seen[3][5]);
}

static void test_shuffle_gives_all_orders_of_three_equally_often(void **state)
{
	/* 60000 shuffles, 10000 each expected, standard deviation 91. Swapping
	 * with any place instead of those left gives 8889 or 11111. */
	struct rng rng = { .state = 2 };
	int seen[27] = { 0 };

	(void)state;
	for (int i = 0; i < 60000; i++) {
		size_t x[3] = { 0, 1, 2 };

		order_shuffle(&rng, x, 3);
		seen[9 * x[0] + 3 * x[1] + x[2]]++;
	}
	/* The six permutations, written as numbers of base three. */
	static const int orders[] = { 5, 7, 11, 15, 19, 21 };
	for (size_t i = 0; i < 6; i++)
		assert_in_range(seen[orders[i]], 10000 - 400, 10000 + 400);
}

static void test_shuffle_nothing_or_one_leaves_it(void **state)
{
	struct rng rng = { .state = 3 };
	size_t x[2] = { 4, 5 };

	(void)state;
	order_shuffle(&rng, x, 0);
	order_shuffle(&rng, x, 1);
	assert_int_equal(x[0], 4);
	assert_int_equal(x[1], 5);
}

static void test_williams_rows_are_n_when_even_and_2n_when_odd(void **state)
{
	(void)state;
	assert_int_equal(order_williams_rows(0), 0);
	assert_int_equal(order_williams_rows(1), 1);
	assert_int_equal(order_williams_rows(2), 2);
	assert_int_equal(order_williams_rows(3), 6);
	assert_int_equal(order_williams_rows(4), 4);
	assert_int_equal(order_williams_rows(5), 10);
}

static void test_williams_of_four_is_the_textbook_square(void **state)
{
	/* By hand: 0 1 n-1 2, and the same plus the row's number. */
	static const size_t base[4] = { 0, 1, 2, 3 };
	static const size_t square[4][4] = {
		{ 0, 1, 3, 2 },
		{ 1, 2, 0, 3 },
		{ 2, 3, 1, 0 },
		{ 3, 0, 2, 1 },
	};
	size_t row[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(order_williams(4, i, base, row), 0);
		assert_memory_equal(row, square[i], sizeof(row));
	}
}

static void test_williams_each_follows_each_equally_often(void **state)
{
	(void)state;
	for (size_t n = 2; n <= MAX_N; n++) {
		struct counts counts = { 0 };
		size_t base[MAX_N], row[MAX_N];

		for (size_t i = 0; i < n; i++)
			base[i] = n - 1 - i;
		for (size_t i = 0; i < order_williams_rows(n); i++) {
			assert_int_equal(order_williams(n, i, base, row), 0);
			count_row(&counts, row, n);
		}
		assert_balanced(&counts, n, n % 2 ? 2 : 1);
	}
}

static void test_williams_row_past_the_last_is_refused(void **state)
{
	static const size_t base[5] = { 0, 1, 2, 3, 4 };
	size_t row[5] = { 77, 77, 77, 77, 77 };

	(void)state;
	assert_int_equal(order_williams(4, 4, base, row), -EINVAL);
	assert_int_equal(order_williams(5, 10, base, row), -EINVAL);
	assert_int_equal(order_williams(1, 1, base, row), -EINVAL);
	assert_int_equal(order_williams(0, 0, base, row), -EINVAL);
	assert_int_equal(row[0], 77);
	assert_int_equal(order_williams(5, 9, base, row), 0);
}

static void draw(uint64_t seed, size_t n, size_t round, size_t *ret)
{
	size_t scratch[MAX_N + MAX_ROWS];

	assert_true(order_row_scratch(n) <= MAX_N + MAX_ROWS);
	assert_int_equal(order_row(seed, n, round, scratch, ret), 0);
}

static void test_order_row_every_block_is_balanced(void **state)
{
	(void)state;
	for (size_t n = 2; n <= MAX_N; n++) {
		size_t n_rows = order_williams_rows(n), row[MAX_N];

		for (size_t block = 0; block < 3; block++) {
			struct counts counts = { 0 };

			for (size_t i = 0; i < n_rows; i++) {
				draw(42, n, block * n_rows + i, row);
				count_row(&counts, row, n);
			}
			assert_balanced(&counts, n, n % 2 ? 2 : 1);
		}
	}
}

static void test_order_row_of_two_is_abba(void **state)
{
	(void)state;
	for (size_t round = 0; round < 40; round += 2) {
		size_t first[2], second[2];

		draw(5, 2, round, first);
		draw(5, 2, round + 1, second);
		assert_int_equal(first[0], second[1]);
		assert_int_equal(first[1], second[0]);
		assert_int_not_equal(first[0], first[1]);
	}
}

static void test_order_row_of_one_is_that_one(void **state)
{
	(void)state;
	for (size_t round = 0; round < 3; round++) {
		size_t row[1] = { 77 };

		draw(5, 1, round, row);
		assert_int_equal(row[0], 0);
	}
}

static void test_order_row_of_none_is_refused(void **state)
{
	size_t scratch[1], row[1] = { 77 };

	(void)state;
	assert_int_equal(order_row(5, 0, 0, scratch, row), -EINVAL);
	assert_int_equal(row[0], 77);
}

static void test_order_row_same_seed_same_order(void **state)
{
	size_t later[5], again[5];

	(void)state;
	for (size_t round = 0; round < 30; round++) {
		/* Asked out of turn on purpose: no state is carried. */
		draw(9, 5, 29 - round, later);
		draw(9, 5, 29 - round, again);
		assert_memory_equal(later, again, sizeof(later));
	}
}

static void test_order_row_seed_2026_gives_stored_orders(void **state)
{
	/* From a second implementation in arbitrary-precision Perl. A change
	 * here makes the orders of old runs irreproducible. */
	static const struct {
		size_t n, round, row[5];
	} stored[] = {
		{ 4, 0, { 3, 1, 0, 2 } },    { 4, 1, { 1, 2, 3, 0 } },
		{ 4, 7, { 2, 1, 3, 0 } },    { 4, 23, { 2, 0, 1, 3 } },
		{ 5, 0, { 4, 2, 0, 3, 1 } }, { 5, 1, { 3, 1, 2, 0, 4 } },
		{ 5, 7, { 2, 3, 4, 1, 0 } }, { 5, 23, { 1, 3, 2, 0, 4 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
		size_t row[5], n = stored[i].n;

		draw(2026, n, stored[i].round, row);
		assert_memory_equal(row, stored[i].row, n * sizeof(row[0]));
	}
}

static void test_order_row_seed_and_block_change_the_order(void **state)
{
	size_t here[5], other[5];
	int same_seed = 0, same_block = 0;

	(void)state;
	for (size_t round = 0; round < 50; round++) {
		draw(9, 5, round, here);
		draw(10, 5, round, other);
		same_seed += !memcmp(here, other, sizeof(here));
		draw(9, 5, round + 10, other);
		same_block += !memcmp(here, other, sizeof(here));
	}
	/* One in 120 agrees by chance. */
	assert_in_range(same_seed, 0, 5);
	assert_in_range(same_block, 0, 5);
}

static void test_order_row_first_treatment_is_any_equally_often(void **state)
{
	/* Of 400 blocks' first rounds 100 should start with each of four;
	 * standard deviation 8.7. */
	int first[4] = { 0 };
	size_t row[4];

	(void)state;
	for (size_t block = 0; block < 400; block++) {
		draw(11, 4, 4 * block, row);
		first[row[0]]++;
	}
	for (size_t i = 0; i < 4; i++)
		assert_in_range(first[i], 65, 135);
}

static void test_order_row_rows_are_shuffled_in_the_block(void **state)
{
	/* Unshuffled, row i + 1 is row i with the base moved on by one: round
	 * 1 starts with what round 0 has second. Shuffled, one in three. */
	int moved_on = 0;
	size_t row[4], next[4];

	(void)state;
	for (size_t block = 0; block < 300; block++) {
		draw(12, 4, 4 * block, row);
		draw(12, 4, 4 * block + 1, next);
		moved_on += next[0] == row[1];
	}
	assert_in_range(moved_on, 60, 140);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rng_seed_1234567_gives_published_outputs),
		cmocka_unit_test(
			test_rng_below_draws_every_value_equally_often),
		cmocka_unit_test(test_rng_below_one_and_zero_are_zero),
		cmocka_unit_test(test_rng_derive_tells_seeds_and_streams_apart),
		cmocka_unit_test(
			test_shuffle_gives_all_orders_of_three_equally_often),
		cmocka_unit_test(test_shuffle_nothing_or_one_leaves_it),
		cmocka_unit_test(
			test_williams_rows_are_n_when_even_and_2n_when_odd),
		cmocka_unit_test(test_williams_of_four_is_the_textbook_square),
		cmocka_unit_test(test_williams_each_follows_each_equally_often),
		cmocka_unit_test(test_williams_row_past_the_last_is_refused),
		cmocka_unit_test(test_order_row_every_block_is_balanced),
		cmocka_unit_test(test_order_row_of_two_is_abba),
		cmocka_unit_test(test_order_row_of_one_is_that_one),
		cmocka_unit_test(test_order_row_of_none_is_refused),
		cmocka_unit_test(test_order_row_same_seed_same_order),
		cmocka_unit_test(test_order_row_seed_2026_gives_stored_orders),
		cmocka_unit_test(
			test_order_row_seed_and_block_change_the_order),
		cmocka_unit_test(
			test_order_row_first_treatment_is_any_equally_often),
		cmocka_unit_test(test_order_row_rows_are_shuffled_in_the_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
