/* SPDX-License-Identifier: MIT */
/*
 * rseq.c: whether restartable sequences can be had here, and why not.
 */
#include "prim/rseq.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef PRIM_TSAN
int rseq_available(char *ret_why, size_t len)
{
	(void)ret_why, (void)len;
	return 0;
}
#else
int rseq_available(char *ret_why, size_t len)
{
	const char *why = "glibc has not registered rseq; "
			  "GLIBC_TUNABLES=glibc.pthread.rseq=0 tells it not to";

	if (__rseq_size)
		return 0;
	/* No arguments are good; a kernel that knows the call says EINVAL. */
	if (syscall(SYS_rseq, NULL, 0, 0, 0) && errno == ENOSYS)
		why = "the kernel has no rseq (Linux 4.18, CONFIG_RSEQ)";
	snprintf(ret_why, len, "%s", why);
	return -ENOSYS;
}
#endif
