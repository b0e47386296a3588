#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What takes minutes: the suite's own ratios, and torture for as long as a
# subtle bug may need.  Figures are printed, not judged.

setup() {
	PATH="$BINARY_DIR:$PATH"
}

@test "selfbench gives every ratio an interval, or says why not" {
	run selfbench --rounds 9
	echo "$output" >&3
	[ "$status" -eq 0 ]
	[ "$(echo "$output" | grep -c ' / ')" -ge 13 ]
	[[ $output != *"needs 6 rounds"* ]]
}

@test "every scheme stands a minute of torture, every control is caught" {
	run unloadbench torture --all --seconds 60
	echo "$output" >&3
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "torture: SUCCESS" ]
}
