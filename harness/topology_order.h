/* SPDX-License-Identifier: MIT */
/*
 * topology_order.h: orders of CPUs as sorts, apart from where they come from.
 *
 * Idea.  Each CPU knows its place by a few small ranks; an order is which of
 *	  them counts first.
 * Owns.  Nothing.
 * Never. Asks hwloc.  For topology.c alone.
 */
#ifndef HARNESS_TOPOLOGY_ORDER_H
#define HARNESS_TOPOLOGY_ORDER_H

#include <stddef.h>

/* One allowed CPU; the array is in hwloc's logical order, depth first. */
struct place {
	unsigned int cpu;	   /* the system's id */
	int node;		   /* the system's id; -1: unknown */
	unsigned int package;	   /* logical */
	unsigned int core;	   /* logical, over the machine */
	unsigned int kind;	   /* 0: the fastest cores */
	unsigned int sibling;	   /* rank within the core */
	unsigned int core_rank;	   /* of the core in its node and package */
	unsigned int node_rank;	   /* of the node in its package */
	unsigned int package_rank; /* of the package in its node */
};

/* Fills the ranks from node, package and core; @places: [n], n >= 1. */
void places_rank(struct place *places, size_t n);

/* As topology_order(); @ret_cpus: [n], written on success only. */
int places_order(const struct place *places, size_t n, const char *order,
		 unsigned int *ret_cpus, size_t *ret_n);

/* The place of a CPU, or NULL. */
const struct place *places_find(const struct place *places, size_t n,
				unsigned int cpu);

#endif
