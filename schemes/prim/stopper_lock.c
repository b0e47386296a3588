/* SPDX-License-Identifier: MIT */
/*
 * stopper_lock.c: a bound name is the lock.
 */
#include "prim/stopper_lock.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 10

/* A leading zero byte: not a file.  Its end is where the length says. */
static const struct sockaddr_un address = {
	.sun_family = AF_UNIX,
	.sun_path = "\0unloadbench-stopper",
};

static int bind_name(int fd)
{
	const socklen_t bytes = offsetof(struct sockaddr_un, sun_path) +
				sizeof("\0unloadbench-stopper") - 1;

	return bind(fd, (const struct sockaddr *)&address, bytes) ? -errno : 0;
}

int stopper_lock_take(int *ret_lock)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = bind_name(fd);
	for (int ms = 0; err == -EADDRINUSE && ms < STOPPER_LOCK_WAIT_MS;
	     ms += STEP_MS) {
		nanosleep(&step, NULL);
		err = bind_name(fd);
	}
	if (!err)
		*ret_lock = fd;
	else
		close(fd);
	return err == -EADDRINUSE ? -EBUSY : err;
}

void stopper_lock_give(int lock)
{
	close(lock);
}
