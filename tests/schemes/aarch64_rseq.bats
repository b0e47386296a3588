#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The AArch64 sequences of prim/rseq assemble, and run under qemu-user.

setup() {
	root=${SOURCE_DIR:-$BATS_TEST_DIRNAME/../..}
	for tool in aarch64-linux-gnu-gcc qemu-aarch64; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

# Both as the suite is built and without optimization, where the compiler keeps
# nothing in registers for the sequences.
@test "aarch64 sequences count, restart and commit as described" {
	for level in -O2 -O0; do
		aarch64-linux-gnu-gcc -static -std=gnu11 -D_GNU_SOURCE "$level" \
			-Wall -Wextra -Werror -I"$root" -I"$root/schemes" \
			"$root/tests/schemes/aarch64_rseq.c" \
			"$root/schemes/prim/rseq.c" -o "$BATS_TEST_TMPDIR/prog"
		run qemu-aarch64 "$BATS_TEST_TMPDIR/prog"
		echo "$output"
		[ "$status" -eq 0 ]
	done
}
