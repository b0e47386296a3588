/* SPDX-License-Identifier: MIT */
/*
 * grace.c: sources of grace periods.
 */
#include "bench/grace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <urcu/urcu-memb.h>

#include "bench/cli.h"
#include "harness/clock.h"
#include "schemes/prim/membarrier.h"

#define MOST_DELAY_MS 10000
#define MS_NS	      1000000u

static const char *const words[] = { "none", "membarrier", "rcu" };

int grace_parse(const char *text, struct grace *ret)
{
	static const char delay[] = "delay:";
	unsigned long ms;

	for (int i = 0; i < GRACE_DELAY; i++)
		if (!strcmp(text, words[i])) {
			*ret = (struct grace){ .source = (enum grace_source)i };
			return 0;
		}
	if (strncmp(text, delay, strlen(delay)) ||
	    cli_number(text + strlen(delay), 1, MOST_DELAY_MS, &ms))
		return -EINVAL;
	*ret = (struct grace){ GRACE_DELAY, (unsigned int)ms };
	return 0;
}

void grace_text(const struct grace *grace, char ret[24])
{
	if (grace->source == GRACE_DELAY)
		snprintf(ret, 24, "delay:%u", grace->delay_ms);
	else
		snprintf(ret, 24, "%s", words[grace->source]);
}

void grace_wait(const struct grace *grace)
{
	switch (grace->source) {
	case GRACE_MEMBARRIER:
		membarrier(MEMBARRIER_CMD_GLOBAL);
		return;
	case GRACE_RCU:
		urcu_memb_synchronize_rcu();
		return;
	case GRACE_DELAY:
		clock_nap((uint64_t)grace->delay_ms * MS_NS);
		return;
	default:
		return;
	}
}
