# SPDX-License-Identifier: MIT
# What the command-line tests share: tiny runs and questions to their record.
# shellcheck shell=bash disable=SC2154 # bats sets output, stderr, status

setup() {
	unloadbench=${BINARY_DIR:-build}/unloadbench
	[ -x "$unloadbench" ] || skip "unloadbench is not built"
	command -v jq >/dev/null || skip "jq is not installed"
	out=$BATS_TEST_TMPDIR/out
	# Marks the processes of this test, whose parents may be gone.
	export UNLOADBENCH_TEST_MARK=$BATS_TEST_TMPDIR
}

# tiny FLAG...: the shortest run there is, into $out; later flags win
tiny() {
	"$unloadbench" run --schemes try_module_get --workloads lookup \
		--cpus 1 --rounds 1 --window 2ms --seed 1 --out "$out" "$@"
}

# plan FLAG...: a plan as JSON
plan() {
	"$unloadbench" run --seed 1 --dry-run --json "$@"
}

# record FILTER: holds of the record in $out
record() {
	jq -e "$1" "$out/run.json" >/dev/null || {
		echo "does not hold of $out/run.json: $1"
		return 1
	}
}

# workers: this test's, whether or not their parent lives
workers() {
	local environ
	for environ in $(grep -lzxF "UNLOADBENCH_TEST_MARK=$BATS_TEST_TMPDIR" \
		/proc/[0-9]*/environ 2>/dev/null); do
		environ=${environ%/environ}
		! grep -qzxF worker "$environ/cmdline" 2>/dev/null ||
			basename "$environ"
	done
}

# within SECONDS COMMAND...: becomes true before the time is up
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -le $end ] || return 1
		sleep 0.05
	done
}
