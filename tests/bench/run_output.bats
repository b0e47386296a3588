#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # jq's variables, not the shell's
# run: what stands in DIR/run.json, under which names.
bats_require_minimum_version 1.5.0
load cli.bash

# Two rounds of everything on one CPU.
setup_file() {
	command -v jq >/dev/null && [ -x "$BINARY_DIR/unloadbench" ] || return 0
	"$BINARY_DIR/unloadbench" run --schemes none,try_module_get \
		--workloads lookup,ref,unload,storm,loader --cpus 1 --rounds 2 \
		--unloads 20 --window 5ms --seed 7 \
		--out "$BATS_FILE_TMPDIR/out" \
		>"$BATS_FILE_TMPDIR/stdout" 2>"$BATS_FILE_TMPDIR/stderr"
}

made_once() {
	out=$BATS_FILE_TMPDIR/out
}

# names: distinct names of rows, sorted
names() {
	jq -r '[.benchmarks[].name] | unique[]' "$out/run.json"
}

@test "the record has the keys of the format" {
	made_once
	record 'keys == ["benchmarks", "context", "unloadbench"]'
	for key in date host_name executable num_cpus mhz_per_cpu \
		cpu_scaling_enabled caches load_avg library_build_type \
		library_version json_schema_version; do
		record ".context | has(\"$key\")"
	done
	for key in schema method partial command_line seed plan machine \
		machine_after warnings build torture skipped failed \
		repeated_windows unload_samples summary; do
		record ".unloadbench | has(\"$key\")"
	done
	for key in name rounds window_ns order cpu_ids counts unloads base aa \
		cells rounds_order; do
		record ".unloadbench.plan | has(\"$key\")"
	done
	record '.unloadbench | .schema == 1 and .method == 1 and .seed == 7 and
		.partial == false and .failed == []'
	record '.unloadbench.command_line[0:4] ==
		["unloadbench", "run", "--schemes", "none,try_module_get"]'
}

@test "rows are named as promised" {
	made_once
	tail='cpus:1/hold_ns:0/think_ns:0'
	diff <(names) - <<-END
		loader/scheme:none/$tail
		lookup/scheme:none/$tail
		lookup/scheme:try_module_get/$tail
		lookup/scheme:try_module_get/$tail/aa:2
		ref/scheme:none/$tail
		ref/scheme:try_module_get/$tail
		ref/scheme:try_module_get/$tail/aa:2
		storm/scheme:try_module_get/$tail/mode:wait
		storm/scheme:try_module_get/$tail/mode:wait/aa:2
		unload/scheme:try_module_get/$tail/mode:try
		unload/scheme:try_module_get/$tail/mode:try/aa:2
		unload/scheme:try_module_get/$tail/mode:wait
		unload/scheme:try_module_get/$tail/mode:wait/aa:2
	END
	record 'all(.benchmarks[]; .name == .run_name)'
}

@test "each cell has one row a round, in the order of the plan" {
	made_once
	record '[.benchmarks | group_by(.name)[] |
		[.[].repetition_index]] | all(. == [0, 1])'
	record '. as $doc | .unloadbench.plan as $p | all(range(2); . as $r |
		[$p.rounds_order[$r][] | $p.cells[.].name] ==
		[$doc.benchmarks[] | select(.repetition_index == $r) | .name])'
}

@test "every row says what it is, and every null says why" {
	made_once
	record 'all(.benchmarks[]; .run_type == "iteration" and .threads == 1
		and .repetitions == 2 and .time_unit == "ns" and .cpus == 1
		and (.iterations | type == "number")
		and (.label | type == "string"))'
	record 'all(.benchmarks[]; . as $row | [to_entries[] |
		select(.value == null) | .key] | all($row.why[.] | type ==
		"string" and length > 0))'
	# The other way round: no reason without its null.
	record 'all(.benchmarks[]; . as $row | (.why // {} | keys) |
		all(. as $k | $row | has($k) and .[$k] == null))'
}

@test "real_time is a number or left out" {
	made_once
	record 'all(.benchmarks[]; (has("real_time") | not) or
		(.real_time | type == "number" and . > 0))'
	record 'all(.benchmarks[]; (has("cpu_time") | not) or
		(.cpu_time | type == "number"))'
}

@test "reader rows have their figures, and readers were granted look-ups" {
	made_once
	record '[.benchmarks[] | select(.name | test("^(lookup|ref)/"))] |
		length == 12 and all(.real_time > 0 and
		.items_per_second > 0 and .refused == 0 and
		has("overlap") and has("jain") and has("nivcsw"))'
	# One reader: its time and its throughput are each other's inverse.
	record '[.benchmarks[] | select(.name | test("^(lookup|ref)/"))] |
		all(.real_time * .items_per_second / 1e9 |
		. > 0.999 and . < 1.001)'
}

@test "unload rows have their figures, and their samples are kept" {
	made_once
	for key in p50_ns p90_ns p99_ns max_ns samples success phase_going_ns \
		phase_drained_ns phase_quiesced_ns phase_decided_ns exit_ns \
		ipis items_per_second refused; do
		record "[.benchmarks[] | select(.name | test(\"^unload/\"))] |
			length == 8 and all(has(\"$key\"))"
	done
	record 'all(.benchmarks[] | select(.name | test("mode:wait"));
		has("attempts"))'
	record '. as $doc | all(.benchmarks[] | select(.name | test("^unload/"));
		. as $row | $doc.unloadbench.unload_samples[.name] |
		map(select(.round == $row.repetition_index)) |
		length == 1 and (.[0].ns | length) == $row.samples and
		(.[0].succeeded | length) == $row.samples)'
	record 'all(.benchmarks[] | select(.name | test("^unload/"));
		.p50_ns == null or (.real_time / .p50_ns |
		. > 0.999999 and . < 1.000001))'
}

@test "p99 of twenty attempts is null: they do not support it" {
	made_once
	record 'all(.benchmarks[] | select(.name | test("^unload/"));
		.p99_ns == null and (.why.p99_ns | test("500 samples")))'
}

@test "storm rows have look-ups, unloads, stalls and bystanders" {
	made_once
	for key in items_per_second refused p50_ns unloads stall_max_ns \
		bystander_p50_ns bystander_p90_ns bystander_max_ns; do
		record "[.benchmarks[] | select(.name | test(\"^storm/\"))] |
			length == 4 and all(has(\"$key\"))"
	done
}

@test "unloads on one CPU are labelled and have no overlap" {
	made_once
	record 'all(.benchmarks[] | select(.name | test("^(unload|storm)/"));
		(.label | test("shared_cpu")) and .overlap == null and
		(.why.overlap | test("share")))'
}

@test "the run says where its record is, and nothing else, on stderr" {
	made_once
	[ "$(cat "$BATS_FILE_TMPDIR/stderr")" = "$out/run.json" ]
	grep -q 'Rerun: *unloadbench run --schemes' "$BATS_FILE_TMPDIR/stdout"
	[ "$(ls -A "$out")" = run.json ]
}

# Its 1.7.1 fails over any row without real_time: here all rows have theirs.
@test "Google Benchmark's compare.py reads the record" {
	compare=$(find /usr/bin /usr/lib /usr/share -name compare.py \
		-path '*benchmark*' -print -quit 2>/dev/null)
	[ -n "$compare" ] ||
		skip "no compare.py; Debian has it in libbenchmark-tools"
	python3 -c 'import scipy, numpy' || skip "no scipy or no numpy"
	tiny --schemes none,try_module_get --workloads lookup,ref
	run python3 "$compare" benchmarks "$out/run.json" "$out/run.json"
	[ "$status" -eq 0 ]
	[[ "$output" == *"lookup/scheme:try_module_get"* ]]
}

@test "--json prints the summary, and only JSON" {
	run --separate-stderr tiny --json
	[ "$status" -eq 0 ]
	jq -e 'type == "object" and length > 0' <<<"$output"
	[ "$(jq -S . <<<"$output")" = \
		"$(jq -S .unloadbench.summary "$out/run.json")" ]
}

@test "several values of a parameter are variants of one run" {
	tiny --schemes module_rwsem --param module_rwsem.put=locked,unlocked \
		--param module_rwsem.rwsem=kernel,pthread
	tail='lookup/scheme:module_rwsem/cpus:1/hold_ns:0/think_ns:0'
	diff <(names) - <<-END
		$tail
		$tail/aa:2
		$tail/module_rwsem.put:unlocked
		$tail/module_rwsem.put:unlocked/module_rwsem.rwsem:pthread
		$tail/module_rwsem.rwsem:pthread
	END
	record '[.unloadbench.plan.cells[] | select(.params == {}) | .aa]
		== [1, 2]'
}

@test "stop_machine by membarrier has its mechanism in its name" {
	run "$unloadbench" run --schemes stop_machine --workloads ref --cpus 1 \
		--param stop_machine.mechanism=membarrier --dry-run
	[ "$status" -ne 4 ] || skip "$output"
	[[ "$output" == *ref/scheme:stop_machine/*think_ns:0/stop_machine.mechanism:membarrier* ]]
}

@test "modules, tables, a table and threads to spare are in the name" {
	tiny --modules 4 --tables 2 --table rcu --oversubscribe 2 --think 100ns
	tail='hold_ns:0/think_ns:100/table:rcu/modules:4/tables:2/oversubscribe:2'
	diff <(names) - <<-END
		lookup/scheme:try_module_get/cpus:1/$tail
		lookup/scheme:try_module_get/cpus:1/$tail/aa:2
	END
	record 'all(.benchmarks[]; (.label | test("oversubscribed")) and
		.overlap == null and .items_per_second > 0)'
}

@test "a filter keeps only what it matches, and still calibrates" {
	tiny --schemes none,try_module_get --workloads lookup,ref \
		--filter '^ref/.*aa:2$'
	diff <(names) - <<-END
		ref/scheme:try_module_get/cpus:1/hold_ns:0/think_ns:0/aa:2
	END
	record '.unloadbench.plan.calibration.batches |
		length == 1 and .[0].batch_ops > 1'
}

@test "an axis value given twice is one value" {
	[ "$(plan --schemes none --workloads ref --cpus 1,1 --hold 0,0ns,0 |
		jq '[.cells[].name] | length == (unique | length)')" = true ]
}

@test "Google Benchmark's own environment changes nothing" {
	BENCHMARK_FILTER=nothing BENCHMARK_REPETITIONS=3 \
		BENCHMARK_FORMAT=csv BENCHMARK_OUT="$BATS_TEST_TMPDIR/x" tiny
	record '.benchmarks | length == 2'
	[ ! -e "$BATS_TEST_TMPDIR/x" ]
}
