#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# run: plans, and what cannot run here, brought about by real means.
bats_require_minimum_version 1.5.0
load cli.bash

two_cpus() {
	HWLOC_SYNTHETIC='core:2 pu:1' plan "$@"
}

# cells: the names of a plan's cells, sorted
cells() {
	jq -r '.cells[].name' | LC_ALL=C sort
}

runnable() {
	"$unloadbench" list --json |
		jq -e --arg name "$1" '.schemes[] | select(.name == $name) |
			.runs_here' >/dev/null
}

# Under the thread sanitizer rseq's place is taken by a lock.
needs_rseq() {
	! grep -q '^UNLOADBENCH_SANITIZE:.*thread' \
		"$BINARY_DIR/CMakeCache.txt" ||
		skip "this build has no rseq to do without"
}

@test "the same seed makes the same plan, another one another order" {
	[ "$(plan --quick)" = "$(plan --quick)" ]
	[ "$(plan --quick | jq -c .rounds_order)" != \
		"$(plan --quick --seed 2 | jq -c .rounds_order)" ]
	[ "$(plan --quick | cells)" = "$(plan --quick --seed 2 | cells)" ]
}

@test "every round has every cell once" {
	plan --quick | jq -e '(.cells | length) as $n | .rounds_order |
		length == 9 and all(sort == [range($n)])'
}

@test "a dry run states its time and makes nothing" {
	run --separate-stderr tiny --dry-run
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ "${lines[0]}" == *"about "*" s" ]]
	[ ! -e "$out" ]
	plan --publish | jq -e '.expected_seconds > 1800'
	plan --quick | jq -e '.expected_seconds < 180'
}

@test "--quick on two CPUs has the cells of the table" {
	runnable stop_machine || skip "stop_machine cannot run here"
	all='module_rwsem none stop_machine try_module_get'
	sound='module_rwsem stop_machine try_module_get'
	end=hold_ns:0/think_ns:0
	aa=scheme:try_module_get
	for cpus in 1 2; do
		for s in $all; do
			echo "lookup/scheme:$s/cpus:$cpus/$end"
			echo "ref/scheme:$s/cpus:$cpus/$end"
			[ "$s" = module_rwsem ] || # it owns its table
				echo "lookup/scheme:$s/cpus:$cpus/$end/table:rcu"
		done
		for s in $sound; do
			echo "unload/scheme:$s/cpus:$cpus/$end/mode:try"
			echo "unload/scheme:$s/cpus:$cpus/$end/mode:wait"
			echo "storm/scheme:$s/cpus:$cpus/$end/mode:wait"
		done
		echo "lookup/$aa/cpus:$cpus/$end/aa:2"
		echo "lookup/$aa/cpus:$cpus/$end/table:rcu/aa:2"
		echo "ref/$aa/cpus:$cpus/$end/aa:2"
		echo "unload/$aa/cpus:$cpus/$end/mode:try/aa:2"
		echo "unload/$aa/cpus:$cpus/$end/mode:wait/aa:2"
		echo "storm/$aa/cpus:$cpus/$end/mode:wait/aa:2"
	done >"$BATS_TEST_TMPDIR/wanted"
	echo "loader/scheme:none/cpus:2/$end" >>"$BATS_TEST_TMPDIR/wanted"
	diff <(LC_ALL=C sort "$BATS_TEST_TMPDIR/wanted") \
		<(two_cpus --quick | cells)
	two_cpus --quick | jq -e '.name == "quick" and .rounds == 9 and
		.window_ns == 60e6 and .counts == [1, 2] and .unloads == 600'
	two_cpus --quick | jq -e '[.cells[] |
		select(.scheme == "module_rwsem" and .workload == "lookup") |
		.table] == ["own", "own"]'
}

@test "the default adds a hold, a table and counts; --publish adds rounds" {
	two_cpus | jq -e '.name == "default" and .rounds == 12 and
		.window_ns == 200e6 and ([.cells[].hold_ns] | unique) == [0, 500]
		and ([.cells[].table] | unique) ==
			["none", "own", "rcu", "rwlock"]'
	two_cpus --publish | jq -e '.name == "publish" and .rounds == 30 and
		.window_ns == 1e9'
	diff <(two_cpus | cells) <(two_cpus --publish | cells)
	[ "$(HWLOC_SYNTHETIC='core:24 pu:1' plan | jq -c .counts)" = \
		'[1,2,3,4,5,6,7,8,9,12,15,16,18,21,24]' ]
}

@test "a flag beside a named plan changes only what it says" {
	two_cpus --quick --rounds 2 --schemes none | jq -e '.name == "quick" and
		.rounds == 2 and .window_ns == 60e6 and
		([.cells[].scheme] | unique) == ["none"] and
		([.cells[].table] | unique) == ["none", "rcu"]'
}

@test "a made-up machine is planned for, in order of cores, but not run on" {
	made_up='node:2 core:4 pu:2'
	# Ids of the threads alternate within a core: 0,1 share one.
	HWLOC_SYNTHETIC=$made_up plan --quick | jq -e '
		.counts == [1, 2, 4, 8, 16] and
		.cpu_ids == [0, 2, 4, 6, 8, 10, 12, 14,
			     1, 3, 5, 7, 9, 11, 13, 15]'
	HWLOC_SYNTHETIC=$made_up plan --quick --order compact |
		jq -e '.cpu_ids == [range(16)]'
	HWLOC_SYNTHETIC=$made_up run --separate-stderr tiny
	[ "$status" -eq 4 ]
	[ "${#stderr_lines[@]}" -le 2 ]
	[ ! -e "$out" ]
	HWLOC_SYNTHETIC='no such thing' run --separate-stderr tiny
	[ "$status" -eq 2 ]
}

@test "without rseq: stop_machine is skipped, by name, the others run" {
	needs_rseq
	export GLIBC_TUNABLES=glibc.pthread.rseq=0
	tiny --schemes stop_machine,try_module_get
	record '[.unloadbench.skipped[] | select(.name == "stop_machine") |
		.why | test("rseq")] == [true]'
	record '.benchmarks | length == 2'
	out=$out.alone
	run --separate-stderr tiny --schemes stop_machine
	[ "$status" -eq 4 ]
	[[ "$stderr" == *rseq* ]]
	[ ! -e "$out" ]
}

@test "only the setting that cannot run here is skipped" {
	needs_rseq
	GLIBC_TUNABLES=glibc.pthread.rseq=0 run plan --schemes stop_machine,none \
		--param stop_machine.mechanism=stopper,membarrier
	jq -e '[.skipped[] | select(.name | test("^stop_machine")) | .name] ==
		["stop_machine", "stop_machine/stop_machine.mechanism:membarrier"]' \
		<<<"$output"
}

@test "without privilege: stop_machine is skipped and says so" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to give privilege up"
	nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups
		--inh-caps=-all --bounding-set=-all)
	"${nobody[@]}" true || skip "setpriv cannot do that here"
	place=$(mktemp -d /tmp/unloadbench.XXXXXX)
	cp -r "$unloadbench" "$BINARY_DIR/drivers" "$place"
	mkdir "$place/results"
	chmod 755 "$place"
	chown 65534 "$place/results"
	run --separate-stderr "${nobody[@]}" "$place/unloadbench" run \
		--schemes all --workloads ref,unload --cpus 1 --rounds 1 \
		--window 2ms --unloads 5 --out "$place/results/x"
	echo "$status: $stderr"
	out=$BATS_TEST_TMPDIR/out
	cp -r "$place/results/x" "$out"
	rm -r "$place"
	[ "$status" -eq 0 ]
	record '[.unloadbench.skipped[] | select(.name == "stop_machine") |
		.why | test("privilege|CAP_SYS_NICE|RLIMIT_RTPRIO")] == [true]'
	record '[.unloadbench.plan.cells[].scheme] | unique ==
		["module_rwsem", "none", "try_module_get"]'
	record '.unloadbench.failed == []'
}

@test "bound to one CPU: that is all there is, and unloads share it" {
	run --separate-stderr taskset -c 0 "$unloadbench" run \
		--schemes try_module_get --workloads unload --mode try \
		--rounds 1 --window 2ms --unloads 5 --out "$out"
	[ "$status" -eq 0 ]
	record '.unloadbench.plan | .counts == [1] and .cpu_ids == [0]'
	record 'all(.benchmarks[]; (.label | test("shared_cpu")) and
		.overlap == null and (.why.overlap | length > 0))'
	run taskset -c 0 "$unloadbench" run --cpus 2 --dry-run
	[ "$status" -eq 2 ]
}

@test "--strict refuses a build that was not tortured" {
	cp -r "$unloadbench" "$BINARY_DIR/drivers" "$BATS_TEST_TMPDIR"
	unloadbench=$BATS_TEST_TMPDIR/unloadbench
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	run --separate-stderr tiny --strict
	[ "$status" -eq 3 ]
	[ "${#stderr_lines[@]}" -le 2 ]
	[[ "$stderr" == *torture* ]]
	[ ! -e "$out" ]
	run --separate-stderr tiny --publish
	[ "$status" -eq 3 ]
	[ ! -e "$out" ]
	# A torture of one scheme says nothing of the build.
	"$unloadbench" torture --schemes none --seconds 1
	run --separate-stderr tiny --strict
	[ "$status" -eq 3 ]
}

@test "torture: sound ones stand it, the control is caught, unknown ones: 2" {
	run --separate-stderr "$unloadbench" torture \
		--schemes try_module_get,none --seconds 1 --seed 1 --json
	[ "$status" -eq 0 ]
	jq -e '.status == "passed" and (.build_id | length >= 16) and
		.seed == 1 and .seconds == 1 and
		([.schemes[] | [.name, .expected, .verdict]] ==
		 [["none", "fail", "caught"], ["try_module_get", "pass", "clean"]])
		and all(.schemes[]; .gets > 0 and .unloads > 0 and .bouts > 0)' \
		<<<"$output"
	run "$unloadbench" torture --schemes try_module_get --seconds 1
	[ "$status" -eq 0 ]
	[[ "$output" == *"torture: SUCCESS"* ]]
	for wrong in --schemes=nosuch --schemes= --seconds=0 --seconds=x \
		--seed=-1 stray --nosuch; do
		run --separate-stderr "$unloadbench" torture "$wrong"
		[ "$status" -eq 2 ]
		[ "${#stderr_lines[@]}" -le 2 ]
	done
}

@test "torture of what cannot run here: 4" {
	needs_rseq
	GLIBC_TUNABLES=glibc.pthread.rseq=0 run "$unloadbench" torture \
		--schemes stop_machine --seconds 1
	[ "$status" -eq 4 ]
}

@test "installed, and from any directory" {
	cmake --install "$BINARY_DIR" --prefix "$BATS_TEST_TMPDIR/usr" \
		>"$BATS_TEST_TMPDIR/log" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/log"
		skip "not everything is built"
	}
	unloadbench=$BATS_TEST_TMPDIR/usr/bin/unloadbench
	cd /
	"$unloadbench" list >/dev/null
	tiny >/dev/null
	record '.benchmarks | length == 2'
	"$unloadbench" report "$out" >/dev/null
	command -v gnuplot >/dev/null || return 0
	"$unloadbench" plot "$out"
	[ -n "$(find "$out" -name '*.svg')" ]
}
