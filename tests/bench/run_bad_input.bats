#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# run: what is wrong with the command line is said in two lines, exits 2 and
# leaves nothing behind.
bats_require_minimum_version 1.5.0
load cli.bash

# refuses FLAG...: exit 2, one or two lines, nothing on stdout, nothing made
refuses() {
	run --separate-stderr tiny "$@"
	echo "$*: $status: $stderr"
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -ge 1 ]
	[ "${#stderr_lines[@]}" -le 2 ]
	[[ "${stderr_lines[0]}" == unloadbench* ]]
	[ -z "$output" ]
	[ ! -e "$out" ]
}

@test "flags that do not exist, and stray words" {
	refuses --nosuch
	refuses stray
	refuses --rounds
	refuses --quick=1
	refuses --quick --publish
}

@test "CPU counts that are none" {
	for counts in 0 3-1 x '' 1,,2 '1,' ,1 -1 1-2-3 1.5 0x1 all,0 \
		99999999999999999999 1-9999999; do
		refuses --cpus "$counts"
	done
}

@test "more CPUs than there are: how many there are is said" {
	refuses --cpus 9999
	[[ "$stderr" == *"only $(nproc) CPUs"* ]]
}

@test "an unknown scheme: the known ones are said" {
	refuses --schemes nosuch
	[[ "$stderr" == *module_rwsem*none*stop_machine*try_module_get* ]]
	refuses --schemes try_module_get,nosuch
	refuses --schemes ''
	refuses --schemes none,,try_module_get
}

@test "a broken scheme is not timed" {
	refuses --schemes use_count_inside
	[[ "$stderr" == *broken* ]]
}

@test "durations without a unit, negative, or longer than makes sense" {
	for hold in 5 -1ns x '' 1h 1e 1nsns 200ms 0,5 inf nan; do
		refuses --hold "$hold"
		refuses --think "$hold"
	done
	refuses --hold 1ms --window 5ms
	for window in 0 0ms 5 -5ms 999us 2000000s x ''; do
		refuses --window "$window"
	done
}

@test "counts out of range" {
	for value in 0 -1 x '' 1.5 99999999999999999999; do
		refuses --rounds "$value"
		refuses --unloads "$value"
		refuses --modules "$value"
		refuses --tables "$value"
		refuses --oversubscribe "$value"
	done
	for value in -1 x '' 99999999999999999999; do
		refuses --seed "$value"
	done
}

@test "orders that are none, and CPUs that are not ours" {
	for order in zigzag '' 0,0 0,,1 1-0 -1; do
		refuses --order "$order"
	done
	refuses --order 0,4095
	[[ "$stderr" == *"not allowed here"* ]]
}

@test "filters that are no expression, or match no cell" {
	refuses --filter '['
	refuses --filter nothing_matches
	[[ "$stderr" == *"2 cells"* ]]
}

@test "parameters that are none" {
	for param in x none none.x none.x=1 .=1 = '' nosuch.x=1 \
		module_rwsem.put=unlocked try_module_get.x=1; do
		refuses --param "$param"
	done
	refuses --schemes stop_machine --param stop_machine.mechanism=foo
	refuses --schemes stop_machine --param stop_machine.mechanism=
	refuses --schemes stop_machine --param stop_machine=stopper
}

@test "modes, tables and workloads that are none" {
	for word in foo '' 'try,,' Try; do
		refuses --mode "$word"
		refuses --table "$word"
		refuses --workloads "$word"
	done
}

@test "an existing run.json stays, byte for byte" {
	mkdir "$out"
	echo precious >"$out/run.json"
	run --separate-stderr tiny
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -le 2 ]
	[ "$(cat "$out/run.json")" = precious ]
	[ "$(ls -A "$out")" = run.json ]
}

@test "an --out below a file, or longer than a path may be" {
	echo >"$BATS_TEST_TMPDIR/file"
	run --separate-stderr tiny --out "$BATS_TEST_TMPDIR/file/out"
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -le 2 ]
	run --separate-stderr tiny --out "$(printf '%05000d' 0)"
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -le 2 ]
}

@test "an --out that may not be written" {
	[ "$(id -u)" -eq 0 ] || skip "only root can become another user"
	setpriv --reuid=65534 --regid=65534 --clear-groups true ||
		skip "setpriv cannot change the user here"
	place=$(mktemp -d /tmp/unloadbench.XXXXXX)
	cp -r "$unloadbench" "$BINARY_DIR/drivers" "$place"
	chmod 755 "$place"
	run --separate-stderr setpriv --reuid=65534 --regid=65534 \
		--clear-groups "$place/unloadbench" run --schemes none \
		--workloads ref --cpus 1 --rounds 1 --window 2ms \
		--out "$place/out"
	ls "$place"
	made=$(find "$place" -mindepth 1 -maxdepth 1 | wc -l)
	rm -r "$place"
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -le 2 ]
	[[ "$stderr" == *"Permission denied"* ]]
	[ "$made" -eq 2 ]
}
