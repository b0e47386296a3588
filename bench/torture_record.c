/* SPDX-License-Identifier: MIT */
/*
 * torture_record.c: beside the executable, or in the user's state directory
 * where that cannot be written.
 */
#include "bench/torture_record.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/paths.h"
#include "harness/build.h"
#include "harness/record.h"

static int state_dir(char ret[PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (state)
		snprintf(ret, PATH_MAX, "%s/unloadbench", state);
	else if (home)
		snprintf(ret, PATH_MAX, "%s/.local/state/unloadbench", home);
	else
		return -ENOENT;
	return 0;
}

static int file_name(char ret[64])
{
	char id[BUILD_ID_CHARS];

	if (!build_id(id))
		return -ENOTSUP;
	snprintf(ret, 64, "torture-%s.json", id);
	return 0;
}

static json_t *read_in(const char *dir, const char *name)
{
	char path[PATH_MAX + 80];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return json_load_file(path, 0, NULL);
}

json_t *torture_record_read(void)
{
	char dir[PATH_MAX], name[64];
	json_t *record = NULL;

	if (file_name(name))
		return json_pack("{s:s}", "status", "none");
	if (!paths_self_dir(dir))
		record = read_in(dir, name);
	if (!record && !state_dir(dir))
		record = read_in(dir, name);
	return record ? record : json_pack("{s:s}", "status", "none");
}

/* record_create() makes the directory; an older record is replaced. */
static int write_in(const char *dir, const char *name, const json_t *record)
{
	int err = record_create(dir, name, record);

	return err == -EEXIST ? record_write(dir, name, record) : err;
}

int torture_record_write(const json_t *record)
{
	char dir[PATH_MAX], name[64];
	int err = file_name(name);

	if (err)
		return err;
	err = paths_self_dir(dir);
	if (!err)
		err = write_in(dir, name, record);
	if (err && !state_dir(dir))
		err = write_in(dir, name, record);
	return err;
}
