#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# scripts/bench: what it runs, in which order, and what it passes on; with a
# cmake and an unloadbench that only keep a log.
bats_require_minimum_version 1.5.0

SOURCE_DIR=${SOURCE_DIR:-$BATS_TEST_DIRNAME/../..}

setup() {
	tree=$BATS_TEST_TMPDIR/tree
	bin=$BATS_TEST_TMPDIR/bin
	export LOG=$BATS_TEST_TMPDIR/log RUN_STATUS=0 MEASURED=1
	mkdir -p "$tree/scripts" "$tree/build" "$bin"
	cp "$SOURCE_DIR/scripts/bench" "$tree/scripts"
	# shellcheck disable=SC2016 # for the stubs' own shell
	stub='#!/bin/sh
echo "${0##*/} $*" >>"$LOG"
'
	for name in "$tree/scripts/setup" "$bin/cmake"; do
		printf '%s' "$stub" >"$name"
		chmod +x "$name"
	done
	{
		printf '%s' "$stub"
		cat <<'END'
case $1 in
run)
	while [ "$1" != --out ]; do shift; done
	[ $MEASURED = 0 ] || { mkdir -p "$2" && : >"$2/run.json" &&
		echo "the report of $2"; }
	exit "$RUN_STATUS"
	;;
report) echo "the report of $2" ;;
torture) exit "${TORTURE_STATUS:-0}" ;;
esac
END
	} >"$tree/build/unloadbench"
	chmod +x "$tree/build/unloadbench"
	PATH=$bin:$PATH
}

@test "bench sets up, builds, tortures, runs, reports and plots, in that order" {
	run -0 "$tree/scripts/bench"
	run cut -d' ' -f1,2 "$LOG"
	echo "$output"
	[ "${lines[0]}" = "setup bench" ]
	[[ ${lines[1]} = "cmake -S" && ${lines[2]} = "cmake --build" ]]
	[ "${lines[3]}" = "unloadbench torture" ]
	[ "${lines[4]}" = "unloadbench run" ]
	[ "${lines[5]}" = "unloadbench report" ]
	[ "${lines[6]}" = "unloadbench plot" ]
}

@test "bench prints the report and where everything is" {
	run -0 "$tree/scripts/bench"
	[[ $output = *"the report of $tree/results/"* ]]
	[[ $output = *"$tree/results/"*"/run.json"* ]]
	grep -q 'the report of' "$tree"/results/*/report.txt
}

@test "bench takes the quick plan unless another is named" {
	run -0 "$tree/scripts/bench" --seed 7
	grep -q '^unloadbench run .*--quick' "$LOG"
	for plan in --publish '--rounds 3' --rounds=3; do
		: >"$LOG"
		# shellcheck disable=SC2086 # a flag and its value
		run -0 "$tree/scripts/bench" $plan --seed 7
		grep -q "^unloadbench run .*$plan --seed 7" "$LOG"
		run ! grep -q '^unloadbench run .*--quick' "$LOG"
	done
}

@test "bench keeps --no-install and spaces in a flag's value apart" {
	cd "$BATS_TEST_TMPDIR"
	run -0 "$tree/scripts/bench" --no-install --out 'my results' --filter 'a b'
	grep -qx 'setup --no-install bench' "$LOG"
	run ! grep -q '^unloadbench.*--no-install' "$LOG"
	# From the directory of the caller, not of the repository.
	[ -f 'my results/report.txt' ]
	[ ! -e "$tree/results" ]
}

@test "bench reports what an interrupted run measured, and passes 130 on" {
	RUN_STATUS=130 run -130 "$tree/scripts/bench"
	[[ $output = *"the report of"* ]]
}

@test "bench passes on a run that measured nothing" {
	MEASURED=0 RUN_STATUS=4 run -4 "$tree/scripts/bench"
	run ! grep -q '^unloadbench report' "$LOG"
}

@test "bench measures nothing after a torture that failed" {
	TORTURE_STATUS=1 run -1 "$tree/scripts/bench"
	run ! grep -q '^unloadbench run' "$LOG"
}
