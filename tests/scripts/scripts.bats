#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The scripts themselves: clean shell, and a set-up that touches nothing when
# all is there, says what is missing, and stops clearly where there is no apt.
bats_require_minimum_version 1.5.0

SOURCE_DIR=${SOURCE_DIR:-$BATS_TEST_DIRNAME/../..}

# A PATH of its own: the shell's everyday tools, and stubs that keep a log.
setup() {
	bin=$BATS_TEST_TMPDIR/bin
	called=$BATS_TEST_TMPDIR/called
	mkdir "$bin"
	: >"$called"
	for tool in sh env sed id cat; do
		ln -s "$(command -v $tool)" "$bin/$tool"
	done
}

# stub NAME BODY: a program that logs its call, then runs BODY
stub() {
	printf '#!/bin/sh\necho "%s $*" >>"%s"\n%s\n' "$1" "$called" "$2" \
		>"$bin/$1"
	chmod +x "$bin/$1"
}

# lacks PACKAGE...: a dpkg-query that knows every package but these
lacks() {
	# shellcheck disable=SC2016 # for the stub's own shell
	stub dpkg-query 'for p; do :; done
case " '"$*"' " in *" $p "*) exit 1 ;; esac
echo installed'
}

set_up() {
	PATH=$bin "$SOURCE_DIR/scripts/setup" "$@"
}

called() {
	grep -v '^dpkg-query' "$called" || true
}

# shell_scripts TREE: all that starts as a script of sh, bash or bats
shell_scripts() {
	grep -rlE --exclude-dir='build*' --exclude-dir=results \
		--exclude-dir=.git '^#!/(bin/(ba)?sh|usr/bin/env bats)$' "$1"
}

@test "every script passes shellcheck" {
	command -v shellcheck || skip "no shellcheck"
	[ "$(shell_scripts "$SOURCE_DIR" | wc -l)" -ge 8 ]
	shell_scripts "$SOURCE_DIR" | grep -v '[.]bats$' | xargs shellcheck
	# It knows neither that bats and its load set variables, nor that each
	# test is meant to be a subshell.
	shell_scripts "$SOURCE_DIR" | grep '[.]bats$' |
		xargs shellcheck -S warning -e SC2154,SC2030,SC2031
}

@test "shellcheck sees a script that is wrong" {
	command -v shellcheck || skip "no shellcheck"
	# shellcheck disable=SC2016 # wrong on purpose
	printf '#!/bin/sh\nrm $1/*\n' >"$BATS_TEST_TMPDIR/wrong"
	run -123 eval "shell_scripts $BATS_TEST_TMPDIR | xargs shellcheck"
}

@test "setup with all there calls no apt and says nothing" {
	lacks
	stub apt-get 'exit 1'
	stub sudo 'exit 1'
	for group in bench test all; do
		run -0 set_up $group
		[ -z "$output" ]
		run -0 set_up --no-install $group
		[ -z "$output" ]
	done
	run called
	[ -z "$output" ]
}

@test "setup with all there needs no apt at all" {
	lacks
	run -0 set_up all
}

@test "setup --no-install names what is missing and installs nothing" {
	lacks liburcu-dev bats
	stub apt-get 'exit 1'
	run -1 set_up --no-install test
	[[ $output = *missing:*liburcu-dev*bats* ]]
	run -1 set_up --no-install bench
	[[ $output = *liburcu-dev* && $output != *bats* ]]
	run called
	[ -z "$output" ]
}

@test "setup --no-install goes on without what is optional" {
	lacks gnuplot-nox
	run -0 set_up --no-install bench
	[[ $output = *optional*gnuplot-nox* ]]
}

@test "setup without apt stops with two lines" {
	lacks cmake
	run -1 set_up
	[[ $output = *"no apt-get"*cmake* ]]
	[ "${#lines[@]}" -le 2 ]
}

@test "setup installs only what is missing, and says so first" {
	lacks cmake bats
	stub apt-get 'exit 0'
	# shellcheck disable=SC2016 # for the stub's own shell
	stub sudo '[ "$1" = -n ] && shift; exec "$@"'
	run -0 set_up test
	[[ ${lines[0]} = *"installs from Debian packages: cmake bats"* ]]
	run called
	[[ $output = *"apt-get"*"--no-install-recommends install cmake bats" ]]
	[[ $output != *update* && $output != *add-architecture* ]]
}

@test "setup fetches package lists only after a failure, and passes it on" {
	lacks cmake
	stub apt-get 'exit 100'
	stub sudo 'exit 100'
	run -100 set_up
	run called
	[[ $output = *install*update* ]]
}

@test "scripts refuse what they do not know" {
	run -2 set_up --frobnicate
	run -2 "$SOURCE_DIR/scripts/test" --frobnicate
	run -2 "$SOURCE_DIR/scripts/test" --build
	run -2 "$SOURCE_DIR/scripts/disasm" --frobnicate
	run -2 "$SOURCE_DIR/scripts/aarch64-sysroot"
}

@test "every script tells its use" {
	for script in bench test setup disasm; do
		run -0 "$SOURCE_DIR/scripts/$script" --help
		[[ ${lines[0]} = "$script "* || ${lines[0]} = "$script: "* ]]
	done
}
