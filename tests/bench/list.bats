#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# list: every scheme there is, and what it says of itself.
bats_require_minimum_version 1.5.0
load cli.bash

# files: those that hold a scheme each
files() {
	find "$SOURCE_DIR/schemes" -maxdepth 1 -name '*.c' ! -name registry.c
	find "$SOURCE_DIR/schemes/broken" -name '*.c'
}

@test "list --json gives each scheme its seven fields" {
	run --separate-stderr "$unloadbench" list --json
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	jq -e '.schemes | length > 5 and all(
		(.name, .summary, .source | type == "string" and length > 0)
		and (.caps, .params | type == "array")
		and (.footprint | type == "object")
		and (.caps | all(type == "string")))' <<<"$output"
	jq -e '[.schemes[].params[]] | length > 0 and all(
		(.name, .summary | type == "string") and has("default")
		and (has("choices") or (has("min") and has("max"))))' \
		<<<"$output"
}

@test "list shows as many schemes as there are files, in order of names" {
	names=$("$unloadbench" list --json | jq -r '.schemes[].name')
	[ "$(wc -l <<<"$names")" -eq "$(files | wc -l)" ]
	[ "$names" = "$(LC_ALL=C sort -u <<<"$names")" ]
	for name in $names; do
		grep -rq "\"$name\"" "$SOURCE_DIR/schemes"
	done
}

@test "schemes under broken/, and no others, carry the word broken" {
	listed=$("$unloadbench" list --json | jq -r \
		'.schemes[] | select(.caps | index("broken")) | .name' | sort)
	there=$(find "$SOURCE_DIR/schemes/broken" -name '*.c' \
		-exec basename {} .c \; | sort)
	[ "$listed" = "$there" ]
}

@test "list says what of a scheme's memory grows with the CPUs" {
	run --separate-stderr "$unloadbench" list --json
	jq -e '.schemes[] | select(.name == "stop_machine") |
		.footprint.bytes_per_module_at_cpus |
		.["1024"] > .["64"] and .["64"] > .["2"]' <<<"$output"
	jq -e '.schemes[] | select(.name == "try_module_get") |
		.footprint.bytes_per_module_at_cpus | .["1024"] == .["2"]' \
		<<<"$output"
}

@test "list in words names every scheme, and refuses what it does not know" {
	words=$("$unloadbench" list)
	for name in $("$unloadbench" list --json | jq -r '.schemes[].name'); do
		grep -q "^$name: " <<<"$words"
	done
	run --separate-stderr "$unloadbench" list --nosuch
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -le 2 ]
	run --separate-stderr "$unloadbench" list stray
	[ "$status" -eq 2 ]
}

@test "a full stdout fails" {
	run bash -c '"$1" list --json >/dev/full' - "$unloadbench"
	[ "$status" -eq 1 ]
	run bash -c '"$1" list >/dev/full' - "$unloadbench"
	[ "$status" -eq 1 ]
}

@test "machine --json is JSON, and a made-up machine is no machine" {
	run --separate-stderr "$unloadbench" machine --json
	[ "$status" -eq 0 ]
	jq -e '.warnings | type == "array"' <<<"$output"
	HWLOC_SYNTHETIC='no such thing' run --separate-stderr \
		"$unloadbench" machine
	[ "$status" -eq 2 ]
}

@test "the program itself: help, version, and an unknown command" {
	run "$unloadbench" --help
	[ "$status" -eq 0 ]
	[[ "$output" == *torture* ]]
	run "$unloadbench" --version
	[ "$status" -eq 0 ]
	run --separate-stderr "$unloadbench" nosuch
	[ "$status" -eq 2 ]
	[ "${#stderr_lines[@]}" -le 2 ]
	run --separate-stderr "$unloadbench"
	[ "$status" -eq 2 ]
	[ -z "$output" ]
}
