/* SPDX-License-Identifier: MIT */
/*
 * test_interrupts.c: recorded texts of two architectures, and broken ones.
 */
#include "harness/interrupts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char x86_text[] =
	"           CPU0       CPU1       \n"
	" 24:          1          0  IO-APIC   5-edge      ACPI:Ged\n"
	" 36:          0      35551 PCI-MSIX-0000:00:02.0   1-edge      "
	"virtio1-req.0\n"
	"NMI:          0          0   Non-maskable interrupts\n"
	"LOC:      22281      19477   Local timer interrupts\n"
	"RES:       4746       5709   Rescheduling interrupts\n"
	"CAL:      14009      29536   Function call interrupts\n"
	"TLB:          3          4   TLB shootdowns\n"
	"ERR:          0\n"
	"MIS:          0\n";

/* CPU 1 is off line, so it has no column. */
static const char arm64_text[] =
	"           CPU0       CPU2       CPU3       \n"
	" 11:    7312345    6312345    5312345     GICv3  30 Level     "
	"arch_timer\n"
	"IPI0:     10101      20202      30303       Rescheduling interrupts\n"
	"IPI1:       100        200        300       Function call interrupts\n"
	"IPI2:         0          0          0       CPU stop interrupts\n"
	"IPI5:         7          8          9       IRQ work interrupts\n"
	"Err:          0\n";

static void test_interrupts_x86_text_is_understood(void **state)
{
	uint64_t per_cpu[2][INTERRUPT_KINDS] = { { 0 } };
	struct interrupts now = { .n_cpus = 2, .per_cpu = per_cpu };

	(void)state;
	assert_int_equal(interrupts_parse(x86_text, &now), 0);
	assert_int_equal(now.sum[INTERRUPT_CALL], 43545);
	assert_int_equal(now.sum[INTERRUPT_RESCHEDULE], 10455);
	assert_int_equal(now.sum[INTERRUPT_TLB], 7);
	assert_int_equal(per_cpu[1][INTERRUPT_CALL], 29536);
	assert_int_equal(per_cpu[0][INTERRUPT_TLB], 3);
}

static void test_interrupts_arm64_text_has_no_tlb_row(void **state)
{
	uint64_t per_cpu[4][INTERRUPT_KINDS] = { { 0 } };
	struct interrupts now = { .n_cpus = 4, .per_cpu = per_cpu };

	(void)state;
	assert_int_equal(interrupts_parse(arm64_text, &now), 0);
	assert_int_equal(now.sum[INTERRUPT_CALL], 600);
	assert_int_equal(now.sum[INTERRUPT_RESCHEDULE], 60606);
	assert_false(now.known[INTERRUPT_TLB]);
	assert_true(now.known[INTERRUPT_CALL]);
	assert_int_equal(per_cpu[1][INTERRUPT_CALL], 0);
	assert_int_equal(per_cpu[3][INTERRUPT_CALL], 300);
}

static void test_interrupts_more_cpus_than_room_still_sum(void **state)
{
	uint64_t per_cpu[1][INTERRUPT_KINDS] = { { 0 } };
	struct interrupts now = { .n_cpus = 1, .per_cpu = per_cpu };

	(void)state;
	assert_int_equal(interrupts_parse(arm64_text, &now), 0);
	assert_int_equal(now.sum[INTERRUPT_CALL], 600);
	assert_int_equal(per_cpu[0][INTERRUPT_CALL], 100);
}

static void test_interrupts_garbage_is_refused(void **state)
{
	static const struct {
		const char *text;
		int expected;
	} cases[] = {
		{ "", -EINVAL },
		{ "\n", -EINVAL },
		{ "garbage\nCAL: 1 Function call interrupts\n", -EINVAL },
		{ "CPU\nCAL: 1 Function call interrupts\n", -EINVAL },
		{ "CPU0\n", -ENOENT },
		{ "CPU0", -ENOENT },
		{ "CPU0\n 7: 5 Function call interrupts\n", -ENOENT },
		{ "CPU0 CPU1\nCAL: 1 Function call interrupts\n", -EINVAL },
		{ "CPU0\nCAL: x Function call interrupts\n", -EINVAL },
		{ "CPU0\nCAL Function call interrupts\n", -EINVAL },
		{ "CPU0\nCAL: -1 Function call interrupts\n", -EINVAL },
	};
	struct interrupts now = { .sum = { 77 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(interrupts_parse(cases[i].text, &now),
				 cases[i].expected);
		assert_int_equal(now.sum[0], 77);
	}
}

static void test_interrupts_since_survives_a_wrap(void **state)
{
	struct interrupts before = { .sum = { 4294967290u } };
	struct interrupts after = { .sum = { 4 } };

	(void)state;
	assert_int_equal(interrupts_since(&before, &after, INTERRUPT_CALL), 10);
}

static void test_interrupts_absent_file_says_why(void **state)
{
	struct interrupts_file f = { .fd = 77 };
	const char *why = NULL;

	(void)state;
	assert_int_equal(interrupts_open("/nowhere/interrupts", &f, &why),
			 -ENOENT);
	assert_non_null(why);
	assert_int_equal(f.fd, 77);
}

/* A file larger than the first buffer, read twice, changed in between. */
static void test_interrupts_file_is_read_again_from_its_start(void **state)
{
	char path[] = "/tmp/test_interrupts.XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	struct interrupts_file f;
	struct interrupts now = { 0 };
	const char *why = NULL;

	(void)state;
	assert_non_null(file);
	fputs("CPU0\n", file);
	for (int i = 0; i < 4000; i++)
		fprintf(file, "%4d: 1 a device\n", i);
	fputs("CAL: 5 Function call interrupts\n", file);
	fflush(file);
	assert_int_equal(interrupts_open(path, &f, &why), 0);
	assert_int_equal(interrupts_read(&f, &now), 0);
	assert_int_equal(now.sum[INTERRUPT_CALL], 5);
	fputs("RES: 6 Rescheduling interrupts\n", file);
	fclose(file);
	assert_int_equal(interrupts_read(&f, &now), 0);
	assert_int_equal(now.sum[INTERRUPT_CALL], 5);
	assert_int_equal(now.sum[INTERRUPT_RESCHEDULE], 6);
	interrupts_close(&f);
	unlink(path);
}

static void test_interrupts_of_this_machine_do_not_go_back(void **state)
{
	struct interrupts_file f;
	struct interrupts before = { 0 };
	struct interrupts after = { 0 };
	const char *why = NULL;

	(void)state;
	if (interrupts_open(NULL, &f, &why)) {
		print_message("skipped: %s\n", why);
		skip();
	}
	assert_int_equal(interrupts_read(&f, &before), 0);
	assert_int_equal(interrupts_read(&f, &after), 0);
	for (int kind = 0; kind < INTERRUPT_KINDS; kind++)
		assert_true(interrupts_since(&before, &after,
					     (enum interrupt_kind)kind) <
			    1u << 31);
	interrupts_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interrupts_x86_text_is_understood),
		cmocka_unit_test(test_interrupts_arm64_text_has_no_tlb_row),
		cmocka_unit_test(test_interrupts_more_cpus_than_room_still_sum),
		cmocka_unit_test(test_interrupts_garbage_is_refused),
		cmocka_unit_test(test_interrupts_since_survives_a_wrap),
		cmocka_unit_test(test_interrupts_absent_file_says_why),
		cmocka_unit_test(
			test_interrupts_file_is_read_again_from_its_start),
		cmocka_unit_test(
			test_interrupts_of_this_machine_do_not_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
