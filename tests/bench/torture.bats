#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Torture: every negative control is caught and named, whatever the seed, and
# the delay points are where they should be.
bats_require_minimum_version 1.5.0

SOURCE_DIR=${SOURCE_DIR:-$BATS_TEST_DIRNAME/../..}
BINARY_DIR=${BINARY_DIR:-$SOURCE_DIR/build}

setup() {
	command -v jq >/dev/null || skip "jq is not installed"
	cd "$BINARY_DIR" || return
}

torture() {
	./unloadbench torture "$@" --json >"$BATS_TEST_TMPDIR/out.json"
}

# judge FILTER: holds of what torture printed
judge() {
	jq -e "$1" "$BATS_TEST_TMPDIR/out.json" >/dev/null || {
		cat "$BATS_TEST_TMPDIR/out.json"
		return 1
	}
}

all_caught='.status == "passed" and (.schemes | length >= 5 and
	all(.expected == "fail" and .verdict == "caught" and .seconds <= 20 and
		.seen != ""))'

@test "every broken scheme, and none, is caught and named: seed 1" {
	torture --schemes broken,none --seed 1
	judge "$all_caught"
}

@test "every broken scheme, and none, is caught and named: seed 2" {
	torture --schemes broken,none --seed 2
	judge "$all_caught"
}

@test "every broken scheme, and none, is caught and named: seed 3" {
	torture --schemes broken,none --seed 3
	judge "$all_caught"
}

sound() {
	./unloadbench list --json | jq -r '[.schemes[] |
		select(.caps | any(. == "broken" or . == "no_unload") | not) |
		.name] | join(",")'
}

@test "every sound scheme is clean, and held up at its delay points" {
	torture --schemes "$(sound)" --seconds 3
	judge '.schemes | length >= 3 and
		all(.expected == "pass" and
			(.verdict == "clean" or .verdict == "skipped"))'
	judge '.schemes | all(.verdict == "skipped" or
		(.delays > 0 and .delays == (.delay_points | add) and
		.unloads > 0 and .gets > 0))'
}

@test "every delay point holds somebody up" {
	grep -qx 'UNLOADBENCH_SANITIZE:[A-Z]*=' CMakeCache.txt ||
		skip "too slow under a sanitizer"
	torture --schemes "$(sound)" --seconds 3
	judge '.schemes | all(.verdict != "skipped")' ||
		skip "a scheme cannot run here"
	judge '[.schemes[].delay_points] | transpose | map(add) |
		all(. > 0)'
}

@test "a module that is used after it was unmapped is named as such" {
	grep -qx 'UNLOADBENCH_SANITIZE:[A-Z]*=' CMakeCache.txt ||
		skip "a sanitizer sees it first and names it its own way"
	for seed in 1 2 3; do
		torture --schemes put_touches_module --only unmapped \
			--seed $seed
		judge '.schemes[0].seen |
			test("^an unmapped module was used.* build, unmapped")'
	done
}

@test "none is caught by unmapped bouts alone, and by poisoned ones alone" {
	for kind in unmapped poisoned; do
		torture --schemes none --only $kind --seed 1
		judge ".schemes[0] | .verdict == \"caught\" and
			(.seen | test(\" build, $kind\"))"
	done
}

@test "lines with !!! are failures, and the last line is the outcome" {
	run -0 ./unloadbench torture --schemes try_module_get,broken \
		--seconds 1 --seed 1
	echo "$output"
	[[ $output != *"!!!"* ]]
	[ "${lines[-1]}" = "torture: SUCCESS" ]
}

@test "a bad kind of bout is refused" {
	run -2 ./unloadbench torture --only sometimes
	[[ $output = *sometimes* ]]
}

# calls_delay OBJECT...: those that call the hook
calls_delay() {
	for object; do
		! nm "$object" | grep -q ' U delay_hit$' || echo "$object"
	done
}

@test "plain schemes call no delay point, delayed ones do" {
	[ -z "$(calls_delay CMakeFiles/schemes_plain.dir/schemes/*.o \
		CMakeFiles/schemes_plain.dir/schemes/*/*.o)" ]
	delayed=$(calls_delay CMakeFiles/schemes_delayed_parts.dir/schemes/*.o \
		CMakeFiles/schemes_delayed_parts.dir/schemes/broken/*.o)
	for source in "$SOURCE_DIR"/schemes/*.c "$SOURCE_DIR"/schemes/broken/*.c
	do
		grep -q SCHEME_REGISTER "$source" || continue
		[[ $delayed = *"/$(basename "$source").o"* ]]
	done
}
