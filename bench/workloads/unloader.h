/* SPDX-License-Identifier: MIT */
/*
 * unloader.h: the thread that unloads modules while the crew looks them up.
 *
 * Idea.  Closed loop: dwell for a random time, remove, insert the next copy.  A
 * fixed dwell would phase-lock with the readers.  Every attempt is kept.
 */
#ifndef UNLOADER_H
#define UNLOADER_H

#include "bench/workloads/readers.h"

/**
 * struct unload_sample - one attempt
 * @start:     requested, ticks
 * @end:       decided, ticks; 0: still going at the cap
 * @phase:     ticks from requested; 0: the scheme has no such phase
 * @exit:      the driver's exit, ticks
 * @returned:  ticks from requested until remove() was over
 * @freeable:  ticks from requested; 0: no grace period was waited for
 * @insert:    bringing the next copy in, ticks
 * @retries:   failed attempts inside a waiting remove
 * @succeeded: the module went
 */
struct unload_sample {
	uint64_t start, end;
	uint64_t phase[N_PHASES];
	uint64_t exit, insert, returned, freeable;
	uint64_t retries;
	bool succeeded;
};

/**
 * struct unloader - its orders and what it did
 * @most:      stop after this many samples
 * @sleeps:    dwell asleep: a reader wants the same CPU
 * @samples:   [n], room for @most
 * @irqs:      interrupt counts before and after
 * @bystander: NULL: none
 * @bystander_lost: it died or hung, and what it kept means nothing
 */
struct unloader {
	struct site *site;
	struct crew *crew;
	enum remove_mode mode;
	size_t most;
	bool sleeps;
	struct rng rng;
	struct unload_sample *samples;
	size_t n;
	struct interrupts irqs[2];
	bool has_irqs;
	struct bystander *bystander;
	bool bystander_lost;
	int err;
};

/** unloader_open() - make room, and take the crew's free role; 0 or -errno */
int unloader_open(struct site *site, struct crew *crew,
		  const struct orders *orders, size_t most,
		  struct unloader *ret);

/** unloader_close() */
void unloader_close(struct unloader *u);

/** unloader_figures() - latency, phases, attempts, interrupts, samples */
void unloader_figures(const struct unloader *u, struct result *ret);

/** bystander_figures() - its gaps during unloads and during quiet intervals */
void bystander_figures(const struct unloader *u, struct result *ret);

#endif
