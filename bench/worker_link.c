/* SPDX-License-Identifier: MIT */
/*
 * worker_link.c: the parent's end of a worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/worker.h"

/* A session of its own: nice is void across sessions under autogroup, and a
 * terminal's SIGINT is for the parent to act on. */
static void become_worker(int in, int out)
{
	static char name[] = "unloadbench", command[] = "worker";
	char *argv[] = { name, command, NULL };

	sigset_t none;

	setsid();
	/* What the parent holds back for itself. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The plan has been filtered; Google Benchmark is not to do it again. */
	unsetenv("BENCHMARK_FILTER");
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	execv("/proc/self/exe", argv);
	_exit(127);
}

static int write_all(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t done = write(fd, text, n);

		if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			text += done;
			n -= (size_t)done;
		}
	}
	return 0;
}

int worker_start(const json_t *request, struct worker *ret)
{
	int in[2], out[2], err = 0;
	char *text = json_dumps(request, JSON_COMPACT);
	pid_t pid;

	if (!text || pipe2(in, O_CLOEXEC)) {
		free(text);
		return -ENOMEM;
	}
	if (pipe2(out, O_CLOEXEC)) {
		err = -errno;
		close(in[0]);
		close(in[1]);
		free(text);
		return err;
	}
	pid = fork();
	if (!pid)
		become_worker(in[0], out[1]);
	if (pid < 0)
		err = -errno;
	close(in[0]);
	close(out[1]);
	if (!err)
		err = write_all(in[1], text, strlen(text));
	close(in[1]);
	free(text);
	/* A worker that died before it read shows when it is asked. */
	if (err && err != -EPIPE) {
		close(out[0]);
		return err;
	}
	*ret = (struct worker){ .pid = pid, .out = out[0] };
	return 0;
}

/* Take one line out of the buffer; NULL when there is none yet. */
static json_t *take_line(struct worker *w, bool *ret_bad)
{
	char *end = w->used ? memchr(w->buffer, '\n', w->used) : NULL;
	size_t length;
	json_t *json;

	if (!end)
		return NULL;
	length = (size_t)(end - w->buffer) + 1;
	json = json_loadb(w->buffer, length - 1, 0, NULL);
	*ret_bad = !json;
	w->used -= length;
	memmove(w->buffer, w->buffer + length, w->used);
	return json;
}

/* Signals that are held back elsewhere end the wait. */
static int read_more(struct worker *w, int timeout_ms)
{
	struct timespec timeout = { .tv_sec = timeout_ms / 1000,
				    .tv_nsec = timeout_ms % 1000 * 1000000L };
	struct pollfd fd = { .fd = w->out, .events = POLLIN };
	sigset_t none;
	ssize_t n;
	int ready;

	sigemptyset(&none);
	ready = ppoll(&fd, 1, &timeout, &none);

	if (ready < 0)
		return -errno;
	if (!ready)
		return -ETIMEDOUT;
	if (w->size - w->used < 65536) {
		char *more = realloc(w->buffer, w->size + 131072);

		if (!more)
			return -ENOMEM;
		w->buffer = more;
		w->size += 131072;
	}
	n = read(w->out, w->buffer + w->used, w->size - w->used);
	if (n < 0)
		return -errno;
	w->used += (size_t)n;
	return n > 0;
}

int worker_answer(struct worker *w, int timeout_ms, json_t **ret)
{
	bool bad = false;

	for (;;) {
		json_t *json = take_line(w, &bad);
		int more;

		if (bad)
			return -EPROTO;
		if (json) {
			*ret = json;
			return 1;
		}
		more = read_more(w, timeout_ms);
		if (more <= 0)
			return more;
	}
}

void worker_end(struct worker *w, bool kill_it, char why[96])
{
	int status = 0;

	if (kill_it)
		kill(w->pid, SIGKILL);
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(w->out);
	free(w->buffer);
	*why = '\0';
	if (WIFSIGNALED(status))
		snprintf(why, 96, "worker killed by signal %d (SIG%s)",
			 WTERMSIG(status), sigabbrev_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == WORKER_HUNG)
		snprintf(why, 96, "a thread hung in its window");
	else if (WEXITSTATUS(status))
		snprintf(why, 96, "worker exited with status %d",
			 WEXITSTATUS(status));
}
