/* SPDX-License-Identifier: MIT */
/*
 * paths.c: looks beside the executable, then where cmake --install puts files.
 */
#include "bench/paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "build_info.h"

int paths_self_dir(char ret[PATH_MAX])
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (n < 0)
		return -errno;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	strcpy(ret, exe);
	return 0;
}

int paths_find(const char *kind, const char *name, char ret[PATH_MAX])
{
	static const char *const places[] = {
		"",
		"../" BUILD_LIBDIR "/unloadbench/",
		"../" BUILD_DATADIR "/unloadbench/",
	};
	char dir[PATH_MAX], path[PATH_MAX];
	int err = paths_self_dir(dir);

	for (size_t i = 0; !err && i < sizeof(places) / sizeof(*places); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s%s/%s", dir,
				 places[i], kind, name);

		if (n > 0 && n < (int)sizeof(path) && !access(path, R_OK)) {
			strcpy(ret, path);
			return 0;
		}
	}
	return err ? err : -ENOENT;
}
