#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What must not be in the tree: each thing has one owner, and arrows between
# the rooms point one way.  Every check is run once more on a made-up tree that
# breaks the rule, so that a check which sees nothing is not taken for peace.
bats_require_minimum_version 1.5.0

SOURCE_DIR=${SOURCE_DIR:-$BATS_TEST_DIRNAME/../..}

# found TREE REGEX ALLOWED DIR...: files in DIRs that match REGEX, but for those
# whose path in the tree matches ALLOWED
found() {
	local tree=$1 regex=$2 allowed=$3
	shift 3
	cd "$tree" || return
	grep -rlE --include='*.[ch]' --include='*.cc' -e "$regex" "$@" |
		grep -vE "$allowed" || true
}

hwloc() {
	found "$1" '#include [<"]hwloc' '^harness/topology' \
		harness schemes bench
}

perf() {
	found "$1" '(SYS|NR)_perf_event_open|linux/perf_event\.h' \
		'^harness/perf' harness schemes bench
}

clock() {
	found "$1" 'clock_gettime(64)? *\(|gettimeofday *\(|__rdtsc|cntvct' \
		'^harness/clock' harness schemes bench
}

dlopen() {
	found "$1" '\<dlm?open *\(' '^harness/module' harness schemes bench
}

pthread_create() {
	found "$1" '\<pthread_create *\(' \
		'^(harness/team|schemes/prim/stopper)[^/]*\.c$' \
		harness schemes bench
}

google_benchmark() {
	found "$1" '#include [<"]benchmark/' '^harness/gbench' \
		harness schemes bench
}

# harness knows no scheme, and neither room knows bench.
arrows() {
	found "$1" '#include ".*(schemes/|scheme[._]|bench/|prim/)' '^$' harness
	found "$1" '#include ".*(harness/|bench/)' '^$' schemes
}

scheme_names() {
	found "$1" '"(try_module_get|stop_machine|module_rwsem)"' '^$' \
		harness
}

architectures() {
	found "$1" '^# *(el)?if.*__(x86_64|aarch64|i386|arm|amd64)__' \
		'^schemes/prim/(arch|rseq)|^harness/clock' \
		harness schemes bench
}

exits() {
	found "$1" '(^|[^>.[:alnum:]_])_?[eE]xit *\([^)]|\<f?printf *\(|\<f?puts *\(' \
		'^harness/bystander' harness schemes
}

# files TREE: what belongs to the project, with or without git
files() {
	cd "$1" || return
	git ls-files -co --exclude-standard 2>/dev/null ||
		find . -type f -not -path './build*' -not -path './results/*' \
			-not -path './.git/*' | sed 's|^\./||'
}

without_licence() {
	cd "$1" || return
	files . | while read -r file; do
		case $file in
		LICENSE | *.md | *.png | *.svg | *.cff | tests/*/data/*) continue ;;
		esac
		[ ! -f "$file" ] ||
			head -n 4 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
			echo "$file"
	done
}

# The words are split, or this file would be found too.
unfinished() {
	cd "$1" || return
	files . | while read -r file; do
		[ ! -f "$file" ] || grep -lE '\<(TO''DO|FIX''ME|X''XX)\>' "$file" || true
	done
}

# Each check, the file that breaks it, and the line in it that does.
breaches() {
	cat <<'END'
hwloc|harness/team.c|#include <hwloc.h>
perf|bench/run.c|#include <linux/perf_event.h>
clock|schemes/none.c|	clock_gettime(CLOCK_MONOTONIC, &now);
dlopen|bench/stage.c|	h = dlopen(path, RTLD_NOW);
pthread_create|harness/module.c|	pthread_create(&t, NULL, f, NULL);
google_benchmark|bench/run.cc|#include <benchmark/benchmark.h>
arrows|harness/team.c|#include "schemes/scheme.h"
arrows|schemes/none.c|#include "harness/clock.h"
scheme_names|harness/machine.c|	if (!strcmp(name, "stop_machine"))
architectures|harness/team.c|#ifdef __x86_64__
exits|harness/team.c|	exit(1);
exits|schemes/none.c|	fprintf(stderr, "no\n");
without_licence|scripts/new|#!/bin/sh
unfinished|docs/METHOD.md|TO DO: say why
END
}

@test "the tree holds to every rule of the house" {
	local broken=0
	for check in $(breaches | cut -d'|' -f1 | sort -u); do
		run "$check" "$SOURCE_DIR"
		[ -z "$output" ] && continue
		echo "$check: $output"
		broken=1
	done
	[ $broken -eq 0 ]
}

@test "every check sees the breach it is there for" {
	while IFS='|' read -r check file line; do
		tree=$BATS_TEST_TMPDIR/$check
		mkdir -p "$tree"/{harness,schemes,bench} "$tree/$(dirname "$file")"
		echo "${line/O D/OD}" >"$tree/$file"
		run "$check" "$tree"
		echo "$check: $output"
		[[ $output = *"$file"* ]]
	done < <(breaches)
}

@test "an owner may hold what nobody else may" {
	local tree=$BATS_TEST_TMPDIR/owners
	mkdir -p "$tree"/{harness,schemes/prim,bench}
	echo '#include <hwloc.h>' >"$tree/harness/topology.c"
	echo '	pthread_create(&t, 0, f, 0);' >"$tree/schemes/prim/stopper.c"
	run hwloc "$tree"
	[ -z "$output" ]
	run pthread_create "$tree"
	[ -z "$output" ]
}
