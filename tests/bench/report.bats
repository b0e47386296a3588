#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# report and plot as commands: what is no run is refused with exit 2 in at most
# two lines.

setup() {
	unloadbench="$BINARY_DIR/unloadbench"
	[ -x "$unloadbench" ] || skip "unloadbench is not built"
}

refused_in_two_lines() {
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -le 2 ]
	[ "${#lines[@]}" -ge 1 ]
}

@test "report and plot without a RUN are bad usage" {
	run "$unloadbench" report
	[ "$status" -eq 2 ]
	run "$unloadbench" plot
	[ "$status" -eq 2 ]
}

@test "report and plot of a file that is not there say so" {
	for command in report plot; do
		run "$unloadbench" "$command" /nonexistent/run.json
		refused_in_two_lines
		[[ "$output" == *"No such file"* ]]
	done
}

@test "a directory without run.json is refused" {
	run "$unloadbench" report "$BATS_TEST_TMPDIR"
	refused_in_two_lines
	[[ "$output" == *"no run.json in this directory"* ]]
}

@test "what is not JSON, or not a run, is refused" {
	echo '{ nothing' > "$BATS_TEST_TMPDIR/a.json"
	run "$unloadbench" report "$BATS_TEST_TMPDIR/a.json"
	refused_in_two_lines
	[[ "$output" == *"not JSON"* ]]
	echo '{}' > "$BATS_TEST_TMPDIR/b.json"
	run "$unloadbench" plot "$BATS_TEST_TMPDIR/b.json"
	refused_in_two_lines
	[[ "$output" == *"unloadbench"* ]]
}

@test "a width under 72 is refused" {
	run "$unloadbench" report --width 40 /nonexistent
	[ "$status" -eq 2 ]
	[[ "$output" == *"--width"* ]]
}
