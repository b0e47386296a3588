/* SPDX-License-Identifier: MIT */
/*
 * build.c: the build block, and the build-id of the running executable.
 *
 * Idea.  The program headers are in memory already: no file is opened.
 * Owns.  Nothing.
 * Never. Reads past a note that claims to be longer than its segment.
 */
#include "harness/build.h"

#include "build_info.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ID_BYTES_MAX ((BUILD_ID_CHARS - 1) / 2)

static size_t padded(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

static const char *hex(const unsigned char *bytes, size_t n,
		       char out[BUILD_ID_CHARS])
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return out;
}

const char *build_id_in_notes(const void *notes, size_t size_bytes,
			      char out[BUILD_ID_CHARS])
{
	const unsigned char *at = notes;
	size_t left = size_bytes;
	ElfW(Nhdr) note;

	while (left >= sizeof(note)) {
		const unsigned char *name = at + sizeof(note);
		size_t length;

		memcpy(&note, at, sizeof(note));
		length = sizeof(note) + padded(note.n_namesz) +
			 padded(note.n_descsz);
		if (length > left)
			return NULL;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    !memcmp(name, "GNU", 4) && note.n_descsz > 0 &&
		    note.n_descsz <= ID_BYTES_MAX)
			return hex(name + 4, note.n_descsz, out);
		at += length;
		left -= length;
	}
	return NULL;
}

/* The executable comes first; returning non-zero ends the walk behind it. */
static int look_at_first(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		const void *notes =
			(const void *)(info->dlpi_addr + segment->p_vaddr);

		if (segment->p_type == PT_NOTE &&
		    build_id_in_notes(notes, segment->p_memsz, arg))
			return 1;
	}
	return 2;
}

const char *build_id(char out[BUILD_ID_CHARS])
{
	return dl_iterate_phdr(look_at_first, out) == 1 ? out : NULL;
}

/* A string; null with a reason if it is empty or "unknown". */
static void set_or_why(json_t *block, json_t *why, const char *key,
		       const char *value, const char *reason)
{
	if (value && *value && strcmp(value, "unknown")) {
		json_object_set_new(block, key, json_string(value));
		return;
	}
	json_object_set_new(block, key, json_null());
	json_object_set_new(why, key, json_string(reason));
}

static json_t *libraries_json(json_t *why)
{
	const char *reason = "the build did not say";
	json_t *libraries = json_object();

	set_or_why(libraries, why, "benchmark", BUILD_BENCHMARK, reason);
	set_or_why(libraries, why, "hwloc", BUILD_HWLOC, reason);
	set_or_why(libraries, why, "jansson", BUILD_JANSSON, reason);
	set_or_why(libraries, why, "urcu", BUILD_URCU, reason);
	return libraries;
}

json_t *build_json(void)
{
	const char *no_git = "built outside a git work tree";
	json_t *block = json_object();
	json_t *why = json_object();
	char id[BUILD_ID_CHARS];

	set_or_why(block, why, "version", BUILD_VERSION, "the build has none");
	set_or_why(block, why, "commit", BUILD_COMMIT, no_git);
	if (BUILD_DIRTY >= 0) {
		json_object_set_new(block, "dirty", json_boolean(BUILD_DIRTY));
	} else {
		json_object_set_new(block, "dirty", json_null());
		json_object_set_new(why, "dirty", json_string(no_git));
	}
	set_or_why(block, why, "compiler", BUILD_COMPILER, "not known");
	set_or_why(block, why, "flags", BUILD_FLAGS, "none");
	set_or_why(block, why, "type", BUILD_TYPE, "none");
	json_object_set_new(block, "libraries", libraries_json(why));
	set_or_why(block, why, "build_id", build_id(id),
		   "the linker wrote no build-id");
	json_object_set_new(block, "why", why);
	return block;
}
