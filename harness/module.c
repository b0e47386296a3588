/* SPDX-License-Identifier: MIT */
/*
 * module.c: copies, loads, unloads and proves it.
 */
#include "harness/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* A private copy under a name of its own; the caller unlinks it. */
static int copy_file(const char *from, char ret_path[64])
{
	const char *tmp = getenv("TMPDIR");
	int in = open(from, O_RDONLY | O_CLOEXEC), out, err = 0;
	struct stat st;

	if (in < 0)
		return -errno;
	if (!tmp || strlen(tmp) > 32)
		tmp = "/tmp";
	snprintf(ret_path, 64, "%s/unloadbench-XXXXXX.so", tmp);
	out = mkostemps(ret_path, 3, O_CLOEXEC);
	if (out < 0 || fstat(in, &st)) {
		err = -errno;
		st.st_size = 0;
	}
	for (off_t done = 0; !err && done < st.st_size;) {
		ssize_t n =
			sendfile(out, in, &done, (size_t)(st.st_size - done));

		if (n <= 0)
			err = n ? -errno : -EIO;
	}
	if (out >= 0 && (fchmod(out, 0700) || close(out)) && !err)
		err = -errno;
	close(in);
	if (err && out >= 0)
		unlink(ret_path);
	return err;
}

/* The span of the module's segments, from its own program headers. */
static void find_range(struct module *m)
{
	struct link_map *map;
	const ElfW(Ehdr) * header;
	const ElfW(Phdr) * segment;

	dlinfo(m->dl, RTLD_DI_LINKMAP, &map);
	m->start = (uintptr_t)map->l_addr;
	header = (const void *)m->start;
	segment = (const void *)(m->start + header->e_phoff);
	m->bytes = 0;
	for (int i = 0; i < header->e_phnum; i++, segment++) {
		size_t end = segment->p_vaddr + segment->p_memsz;

		if (segment->p_type == PT_LOAD && end > m->bytes)
			m->bytes = end;
	}
}

int module_load(const char *path, struct module *ret, char why[128])
{
	struct module m = { 0 };
	char copy[64];
	int err = copy_file(path, copy);

	if (err) {
		snprintf(why, 128, "cannot copy %.80s: %s", path,
			 strerror(-err));
		return err;
	}
	m.dl = dlopen(copy, RTLD_NOW | RTLD_LOCAL);
	if (!m.dl)
		snprintf(why, 128, "%.127s", dlerror());
	unlink(copy);
	if (!m.dl)
		return -ENOEXEC;
	find_range(&m);
	*ret = m;
	return 0;
}

void *module_symbol(const struct module *m, const char *name)
{
	return dlsym(m->dl, name);
}

/* Whether the file called @name is still mapped in the module's range. */
static int still_mapped(const struct module *m, const char *name)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	char line[512];
	bool found = false;

	if (!maps)
		return -errno;
	while (!found && fgets(line, sizeof(line), maps))
		found = strstr(line, name) &&
			sscanf(line, "%lx-%lx", &from, &to) == 2 &&
			from < m->start + m->bytes && to > m->start;
	fclose(maps);
	return found;
}

/* Its copy's name, without directories: the kernel shows them resolved. */
static int copy_name(const struct module *m, char ret_name[64])
{
	const struct link_map *map;

	if (dlinfo(m->dl, RTLD_DI_LINKMAP, &map))
		return -EINVAL;
	snprintf(ret_name, 64, "%s", strrchr(map->l_name, '/') + 1);
	return 0;
}

/* At once: another thread may map something of its own there. */
static int keep_out(const struct module *m)
{
	void *p =
		mmap((void *)m->start, m->bytes, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return p == MAP_FAILED ? -errno : 0;
}

int module_unload(struct module *m, enum module_after after)
{
	int err = 0, mapped;
	char name[64];

	if (copy_name(m, name) || dlclose(m->dl))
		return -EINVAL;
	m->dl = NULL;
	if (after == MODULE_QUARANTINE)
		err = keep_out(m);
	/* By name: what another thread has mapped there since is no failure. */
	mapped = still_mapped(m, name);
	if (mapped)
		return mapped > 0 ? -EBUSY : mapped;
	return err;
}
