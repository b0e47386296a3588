#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# run: interrupted, out of disk, its worker killed or its modules gone: the
# record is whole, and the exit status says what it was.
bats_require_minimum_version 1.5.0
load cli.bash

teardown() {
	[ -z "${pid-}" ] || kill -KILL "$pid" 2>/dev/null || true
}

# begin FLAG...: a long run in the background, once it has measured something
# shellcheck disable=SC2120 # flags are for those who want them
begin() {
	"$unloadbench" run --schemes try_module_get --workloads lookup,storm \
		--cpus 1 --rounds 1000 --window 5ms --seed 1 --out "$out" "$@" \
		>"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	pid=$!
	within 30 measured
}

measured() {
	jq -e '.benchmarks | length > 3' "$out/run.json" >/dev/null 2>&1
}

no_worker() {
	[ -z "$(workers)" ]
}

has_worker() {
	[ -n "$(workers)" ]
}

# ended STATUS: the run ended so, in two lines at most
ended() {
	local status=0
	wait "$pid" || status=$?
	cat "$BATS_TEST_TMPDIR/stderr"
	[ "$status" -eq "$1" ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/stderr")" -le 2 ]
}

interrupted_by() {
	begin
	# The look for leftovers must be able to see something.
	within 30 has_worker
	kill -"$1" "$pid"
	ended 130
	within 30 no_worker
	record '.unloadbench.partial and (.benchmarks | length > 3) and
		.unloadbench.failed == []'
	[ "$(ls -A "$out")" = run.json ]
	"$unloadbench" report "$out" >/dev/null
}

@test "SIGINT: 130, what was measured is kept, no worker stays" {
	interrupted_by INT
}

@test "SIGTERM: 130, what was measured is kept, no worker stays" {
	interrupted_by TERM
}

@test "SIGINT in a long window does not wait for its end" {
	"$unloadbench" run --schemes none --workloads ref --cpus 1 --rounds 1 \
		--window 50s --out "$out" >"$BATS_TEST_TMPDIR/stdout" \
		2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	pid=$!
	within 30 has_worker
	sleep 0.5
	before=$SECONDS
	kill -INT "$pid"
	ended 130
	[ $((SECONDS - before)) -lt 10 ]
	within 30 no_worker
}

@test "the parent killed: its worker goes too, and the record is whole" {
	begin
	kill -KILL "$pid"
	wait "$pid" || true
	within 30 no_worker
	record '.unloadbench.partial'
}

@test "a worker killed costs its cell, by name, and the run goes on" {
	"$unloadbench" run --schemes try_module_get --workloads lookup \
		--cpus 1 --rounds 3 --window 1s --seed 1 --out "$out" \
		>"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	pid=$!
	# The second round's, so that calibration is over.
	within 30 eval 'jq -e ".benchmarks | length == 2" "$out/run.json" \
		>/dev/null 2>&1'
	within 30 has_worker
	# shellcheck disable=SC2046 # one pid
	kill -KILL $(workers)
	ended 1
	record '.unloadbench | .partial == false and (.failed | length == 1)
		and .failed[0].round == 1
		and (.failed[0].why | test("signal 9 .SIGKILL"))
		and (.failed[0].name | test("^lookup/scheme:try_module_get/"))'
	# Two cells, three rounds, one lost.
	record '.benchmarks | length == 5'
	grep -q SIGKILL "$BATS_TEST_TMPDIR/stderr"
}

@test "modules that are gone: exit 1 in two lines, and a partial record" {
	mkdir "$BATS_TEST_TMPDIR/bare"
	cp "$unloadbench" "$BATS_TEST_TMPDIR/bare"
	unloadbench=$BATS_TEST_TMPDIR/bare/unloadbench
	run --separate-stderr tiny
	echo "$stderr"
	[ "$status" -eq 1 ]
	[ "${#stderr_lines[@]}" -le 2 ]
	record '.unloadbench.partial'
}

# on_disk SIZE COMMAND...: with a tmpfs of its own on $BATS_TEST_TMPDIR/disk
on_disk() {
	local size=$1
	shift
	unshare -m sh -c 'mount -t tmpfs -o size="$1" none "$2" || exit 99
		shift; disk=$1; shift
		"$@"; status=$?
		ls -A "$disk/out" >"$disk.ls"
		cp "$disk/out/run.json" "$disk.json" 2>/dev/null
		exit $status' - "$size" "$BATS_TEST_TMPDIR/disk" "$@"
}

@test "a disk that fills up: the record that was whole stays so" {
	mkdir "$BATS_TEST_TMPDIR/disk"
	on_disk 64k true && unshared=0 || unshared=$?
	[ "$unshared" -eq 0 ] || skip "no mount namespace here"
	out=$BATS_TEST_TMPDIR/disk/out
	# Room for the first record; samples of some rounds do not fit.
	run --separate-stderr on_disk 64k "$unloadbench" run \
		--schemes try_module_get --workloads unload --cpus 1 \
		--rounds 6 --window 5ms --seed 1 --out "$out"
	echo "$status: $stderr"
	[ "$status" -eq 1 ]
	[ "${#stderr_lines[@]}" -le 2 ]
	[[ "$stderr" == *"No space left"* ]]
	[ "$(cat "$BATS_TEST_TMPDIR/disk.ls")" = run.json ]
	jq -e '.unloadbench.partial' "$BATS_TEST_TMPDIR/disk.json"
}

@test "a disk that is full from the start: nothing is left on it" {
	mkdir "$BATS_TEST_TMPDIR/disk"
	on_disk 64k true && unshared=0 || unshared=$?
	[ "$unshared" -eq 0 ] || skip "no mount namespace here"
	out=$BATS_TEST_TMPDIR/disk/out
	run --separate-stderr on_disk 4k "$unloadbench" run --schemes none \
		--workloads ref --cpus 1 --rounds 1 --window 2ms --out "$out"
	echo "$status: $stderr"
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -le 2 ]
	[ -z "$(cat "$BATS_TEST_TMPDIR/disk.ls")" ]
}
