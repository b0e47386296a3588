/* SPDX-License-Identifier: MIT */
/*
 * torture_record.h: what torture said of this very build.
 *
 * Idea.  Kept beside the build under its build id, so that every record can say
 * whether what it timed had been tortured before.
 */
#ifndef TORTURE_RECORD_H
#define TORTURE_RECORD_H

#include <jansson.h>

/**
 * torture_record_read() - {"status": "passed" | "failed" | "none", ...}
 *
 * "none" when this build was never tortured as a whole.
 */
json_t *torture_record_read(void);

/**
 * torture_record_write() - keep @record for this build
 * Return: 0; -errno where there is no place to write.
 */
int torture_record_write(const json_t *record);

#endif
