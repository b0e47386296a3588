/* SPDX-License-Identifier: MIT */
/*
 * topology.h: which CPUs there are for us, and in which order to take them.
 *
 * Idea.  hwloc is asked once; then an order is a sort of one small array.
 * Owns.  Every use of hwloc.
 * Never. Shows a CPU that this process may not use; changes after load.
 */
#ifndef HARNESS_TOPOLOGY_H
#define HARNESS_TOPOLOGY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct topology;

/**
 * topology_load() - look at the machine
 * @ret: the topology; topology_free() it
 *
 * Honours HWLOC_SYNTHETIC and HWLOC_XMLFILE.  On this machine only CPUs in the
 * cgroup's set and in the calling thread's affinity mask count, so load before
 * pinning anything.
 *
 * Return: 0; -EINVAL if HWLOC_SYNTHETIC or HWLOC_XMLFILE is set and unusable;
 * -ENODEV if no CPU is left; another -errno.
 */
int topology_load(struct topology **ret);

/**
 * topology_free() - let go of a topology
 * @t: the topology, or NULL
 */
void topology_free(struct topology *t);

/**
 * topology_is_this_machine() - whether threads may be pinned by it
 * @t: the topology
 *
 * Return: false when it is synthetic or from a file.
 */
bool topology_is_this_machine(const struct topology *t);

/**
 * topology_n_cpus() - how many CPUs this process may use
 * @t: the topology
 *
 * Return: at least 1.
 */
size_t topology_n_cpus(const struct topology *t);

/**
 * topology_n_possible() - size of an array indexed by the system's CPU ids
 * @t: the topology
 *
 * Return: highest possible id + 1, plugged in, allowed or not.
 */
size_t topology_n_possible(const struct topology *t);

/**
 * topology_order() - the CPUs in the order in which a run takes them
 * @t:        the topology
 * @order:    "compact": a core's siblings, then the next core;
 *            "scatter": packages and nodes in turn, then cores, siblings last;
 *            "cores": one CPU a core, fast kinds first, siblings last;
 *            "nodes": one node's cores, then its siblings, then the next node;
 *            or ids as "0-3,8", taken as written
 * @ret_cpus: the system's CPU ids, room for topology_n_cpus()
 * @ret_n:    how many were written
 *
 * Return: 0; -EINVAL for an unknown order, a bad list or an id named twice;
 * -ENODEV if the list names a CPU that is not allowed; -ENOMEM.
 */
int topology_order(const struct topology *t, const char *order,
		   unsigned int *ret_cpus, size_t *ret_n);

/**
 * topology_node_of() - the NUMA node nearest to a CPU
 * @t:   the topology
 * @cpu: the system's id
 *
 * Return: the system's id of the node; -1 if unknown.
 */
int topology_node_of(const struct topology *t, unsigned int cpu);

/**
 * topology_shares_core() - whether two CPUs are siblings of one core
 * @t: the topology
 * @a: the system's id
 * @b: the system's id; may be @a
 *
 * Return: false if one of them is unknown.
 */
bool topology_shares_core(const struct topology *t, unsigned int a,
			  unsigned int b);

/**
 * topology_bind_memory() - keep memory on a CPU's node
 * @t:         the topology
 * @p:         start; the whole pages around the range are bound
 * @len_bytes: length of the range
 * @cpu:       the system's id
 *
 * Pages already touched are moved.  Nothing to do on a single node.
 *
 * Return: 0; -EINVAL if the CPU's node is unknown; -ENOSYS if this is not the
 * machine we run on or it cannot bind; another -errno.
 */
int topology_bind_memory(const struct topology *t, void *p, size_t len_bytes,
			 unsigned int cpu);

/**
 * topology_json() - the topology as a record's block
 * @t: the topology
 *
 * Counts are of what this process may use.  `caches` has an entry for each
 * distinct (type, level, size_bytes, shared_cpus) with the count of such.
 *
 * Return: a new object; NULL without memory.
 */
json_t *topology_json(const struct topology *t);

#endif
