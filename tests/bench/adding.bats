#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# docs/ADDING-A-SCHEME.md holds: a new scheme is one new file.  A copy of the
# skeleton is dropped into a copy of the sources; nothing else is touched.
bats_require_minimum_version 1.5.0

SOURCE_DIR=${SOURCE_DIR:-$BATS_TEST_DIRNAME/../..}
BINARY_DIR=${BINARY_DIR:-$SOURCE_DIR/build}

# new_scheme NAME WORD: the skeleton under another name, CAP_TEMPLATE as WORD
new_scheme() {
	sed "s/skeleton/$1/g; s/CAP_TEMPLATE/$2/" \
		"$SOURCE_DIR/schemes/skeleton.c" >"$tree/schemes/$1.c"
}

# One build for all: a scheme of one's own, and a sound one called broken.
setup_file() {
	command -v jq >/dev/null || skip "jq is not installed"
	# Not where the compiler is the slow part.
	grep -qx 'UNLOADBENCH_SANITIZE:[A-Z]*=' "$BINARY_DIR/CMakeCache.txt" ||
		skip "the build without sanitizers does this"
	tree=$BATS_FILE_TMPDIR/tree
	export built=$BATS_FILE_TMPDIR/build
	mkdir "$tree"
	(cd "$SOURCE_DIR" &&
		cp -r CMakeLists.txt bench harness schemes scripts plots "$tree")
	new_scheme my_rwlock 0
	new_scheme not_broken CAP_BROKEN
	cmake -S "$tree" -B "$built" -G Ninja -DBUILD_TESTING=OFF \
		-DCMAKE_C_FLAGS_RELEASE=-O1 -DUNLOADBENCH_WERROR=ON
	cmake --build "$built" --target unloadbench
}

@test "a new file is a new scheme in list" {
	"$built/unloadbench" list --json >"$BATS_TEST_TMPDIR/list.json"
	jq -e '.schemes[] | select(.name == "my_rwlock") | .caps |
		index("holder_sleeps") and (index("template") | not)' \
		"$BATS_TEST_TMPDIR/list.json"
}

@test "a new scheme is measured, by name and as one of all" {
	"$built/unloadbench" run --schemes my_rwlock --workloads lookup,unload \
		--cpus 1 --rounds 1 --window 2ms --unloads 3 \
		--out "$BATS_TEST_TMPDIR/out"
	jq -e '[.benchmarks[].name | select(test("scheme:my_rwlock"))] |
		length > 0' "$BATS_TEST_TMPDIR/out/run.json"
	"$built/unloadbench" run --schemes all --dry-run | grep -q my_rwlock
}

@test "a new scheme is tortured" {
	run -0 "$built/unloadbench" torture --schemes my_rwlock --seconds 1
	echo "$output"
	[[ $output = *"my_rwlock "*" clean "* ]]
	[ "${lines[-1]}" = "torture: SUCCESS" ]
}

# What torture says when it has become blunt: a control that it cannot catch.
@test "a control that survives makes torture fail, and is named" {
	run -1 "$built/unloadbench" torture --schemes not_broken
	echo "$output"
	[[ ${lines[0]} = "!!! not_broken "*" missed "* ]]
	[ "${lines[-1]}" = "torture: FAILURE (not_broken missed)" ]
}
