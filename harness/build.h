/* SPDX-License-Identifier: MIT */
/*
 * build.h: which source, compiler and flags this executable came from.
 *
 * Idea.  What the build knew is generated into a header; what the linker made
 *	  of it is read back from the running executable.
 * Owns.  Nothing.
 * Never. Gives a commit that it is not sure of: unknown is null.
 */
#ifndef HARNESS_BUILD_H
#define HARNESS_BUILD_H

#include <jansson.h>
#include <stddef.h>

#define BUILD_ID_CHARS 41

/**
 * build_id() - the GNU build-id of the running executable
 * @out: lower-case hex, at most 40 digits and a zero; written on success only
 *
 * Return: @out; NULL if the linker wrote none.
 */
const char *build_id(char out[BUILD_ID_CHARS]);

/**
 * build_id_in_notes() - the GNU build-id among ELF notes
 * @notes:      contents of a PT_NOTE segment, aligned to 4
 * @size_bytes: its size
 * @out:        as for build_id()
 *
 * Return: @out; NULL if there is none, or the notes are damaged before it.
 */
const char *build_id_in_notes(const void *notes, size_t size_bytes,
			      char out[BUILD_ID_CHARS]);

/**
 * build_json() - the build as a record's block
 *
 * Return: a new object {version, commit, dirty, compiler, flags, type,
 * libraries, build_id, why}: what is unknown is null and has a reason under
 * why.  NULL without memory.
 */
json_t *build_json(void);

#endif
