/* SPDX-License-Identifier: MIT */
/*
 * readers.h: reader threads of a cell, as roles for the team.
 */
#ifndef READERS_H
#define READERS_H

#include "bench/workloads/workload.h"

/**
 * struct reader - one reader thread
 * @stage: where it reads
 * @slot:  its slot there
 * @loop:  one batch
 * @tally: totals; mix keeps the driver's results alive
 * @fn:    the scheme's own timed loop
 */
struct reader {
	_Alignas(TEAM_LINE) struct stage *stage;
	size_t slot;
	struct loop loop;
	struct tally tally;
	void (*fn)(struct domain *dom, void *slot, const struct loop *l,
		   struct tally *t);
};

/**
 * struct crew - the threads of one cell
 * @readers: [n_readers]
 * @roles:   [n_readers + 1], the last is free for an unloader
 * @parts:   ditto, what each did
 * @abandoned: a thread hangs in there: nothing may be freed, the process ends
 * @shared:  readers and unloader share a CPU, or more threads than CPUs
 */
struct crew {
	struct stage stage;
	struct reader *readers;
	struct team_role *roles;
	struct team_part *parts;
	size_t n_readers;
	bool shared;
	bool abandoned;
	struct team_report report;
};

/** crew_threads() - how many threads a cell needs, unloader included */
size_t crew_threads(const struct cell *cell);

/**
 * crew_open() - stage and readers of a cell
 * @unloader: leave the last CPU to an unloader (the only one is shared)
 * Return: 0; -errno with why.
 */
int crew_open(struct site *site, const struct cell *cell,
	      const struct orders *orders, bool unloader, struct crew *ret,
	      char why[STAGE_WHY_BYTES]);

/** crew_close() - also after a failed crew_open() */
void crew_close(struct crew *c);

/**
 * crew_run() - one window
 * @extra: 1 when roles[n_readers] is filled in, else 0
 */
int crew_run(struct site *site, struct crew *c, const struct orders *orders,
	     double length_ns, size_t extra);

/** crew_figures() - throughput, refusals, overlap, fairness, switches */
void crew_figures(const struct site *site, const struct crew *c,
		  struct result *ret);

#endif
