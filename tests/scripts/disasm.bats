#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a scheme's header says of its get and put is what the compiler made:
#  * Count.  SYMBOL: N locked, M fences
# and the `none` loop, the floor of every figure, stays small.
bats_require_minimum_version 1.5.0

SOURCE_DIR=${SOURCE_DIR:-$BATS_TEST_DIRNAME/../..}
BINARY_DIR=${BINARY_DIR:-$SOURCE_DIR/build}
disasm=$SOURCE_DIR/scripts/disasm

setup() {
	local cache=$BINARY_DIR/CMakeCache.txt

	[ "$(uname -m)" = x86_64 ] || skip "the counts are those of x86-64"
	command -v objdump || skip "no objdump"
	grep -qxE 'CMAKE_BUILD_TYPE:[A-Z]*=(Release)?' "$cache" ||
		skip "not a release build: $BINARY_DIR"
	grep -qx 'UNLOADBENCH_SANITIZE:[A-Z]*=' "$cache" ||
		skip "a sanitizer's build: $BINARY_DIR"
}

# claims SCHEMES: "SYMBOL: N locked, M fences" of every header in the directory
claims() {
	sed -n 's/^ \* Count\.  *//p' "$1"/*.c "$1"/*/*.c
}

# compare SCHEMES: says every claim that the binary does not bear out
compare() {
	claims "$1" | while IFS=: read -r symbol count; do
		real=$("$disasm" --build "$BINARY_DIR" --count "$symbol" 2>&1)
		[ "$real" = "${count# }" ] ||
			echo "$symbol: header says$count, binary $real"
	done
}

# unclaimed SCHEMES: registered schemes whose header lacks a count for get or
# put, or holds one where claims() does not find it
unclaimed() {
	grep -l SCHEME_REGISTER "$1"/*.c | while read -r file; do
		claimed=$(grep -cE '^ \* Count\.  [a-z_0-9]+: [0-9]+ locked, [0-9]+ fences$' "$file")
		words=$(grep -o 'Count\.' "$file" | wc -l)
		[ "$claimed" -ge 2 ] && [ "$claimed" -eq "$words" ] || echo "$file"
	done
}

# built C: a build tree that holds one object, made from the text C
built() {
	local objects=$BATS_TEST_TMPDIR/CMakeFiles/schemes_plain.dir/schemes
	mkdir -p "$objects"
	cc -O2 -x c -c - -o "$objects/text.c.o" <<<"$1"
	echo "$BATS_TEST_TMPDIR"
}

@test "every count in a header is what the binary holds" {
	run unclaimed "$SOURCE_DIR/schemes"
	echo "no count for get and put, or not on a line of its own: $output"
	[ -z "$output" ]
	run compare "$SOURCE_DIR/schemes"
	echo "$output"
	[ -z "$output" ]
}

@test "a count in a header that is wrong or astray is seen" {
	local copy=$BATS_TEST_TMPDIR/schemes
	cp -r "$SOURCE_DIR/schemes" "$copy"
	sed -i 's/\(Count\.  none_put: \)0 locked/\11 locked/' "$copy/none.c"
	run compare "$copy"
	[[ $output = *"none_put: header says 1 locked, 0 fences, binary 0"* ]]
	sed -i 's/ \* Count\.  none_put/ * Then Count. none_put/' "$copy/none.c"
	run unclaimed "$copy"
	[[ $output = *none.c* ]]
}

@test "locked operations and fences are told apart" {
	# shellcheck disable=SC2016 # assembly
	run -0 "$disasm" --build "$(built '
		void f(long *p, long v) {
			__asm__ volatile("lock incq %0\n\txchg %1,%0" : "+m"(*p) : "r"(v));
			__asm__ volatile("xchg %%ax,%%ax\n\tincq (%0)" : : "r"(p));
			__asm__ volatile("mfence\n\tlock addl $0,-4(%rsp)");
		}')" --count f
	echo "$output"
	[ "$output" = "2 locked, 2 fences" ]
}

@test "the loop of none has at most 20 instructions, its call included" {
	run -0 "$disasm" --build "$BINARY_DIR" --loop none_lookup_none
	echo "$output"
	[ "$output" -le 20 ]
	"$disasm" --build "$BINARY_DIR" none none_lookup_none | grep -q 'call'
}

@test "the loop of none is the loop one would write by hand" {
	run -0 "$disasm" --build "$BINARY_DIR" --loop hand_lookup
	byhand=$output
	run -0 "$disasm" --build "$BINARY_DIR" --loop none_lookup_none
	[ "$output" -eq "$byhand" ]
}

@test "a loop that has grown is seen" {
	run -0 "$disasm" --build "$(built '
		void f(long n) {
			for (; n; n--)
				__asm__ volatile(".rept 20; incq %0; .endr" : "+r"(n));
		}')" --loop f
	echo "$output"
	[ "$output" -gt 20 ]
}

@test "no build and no such symbol are said, not passed over" {
	run -1 "$disasm" --build "$BATS_TEST_TMPDIR" none
	[[ $output = *"build first"* ]]
	run -1 "$disasm" --build "$BINARY_DIR" --count no_such_symbol
	[[ $output = *"no symbol no_such_symbol"* ]]
	run -2 "$disasm" --count
}
