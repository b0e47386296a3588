/* SPDX-License-Identifier: MIT */
/*
 * worker.h: the exec'd child that runs the cells of one round, and how the
 * parent talks to it.
 *
 * Idea.  A round is a fresh process, so that its address-space layout is fresh:
 * the round is the unit of replication.  The request is one JSON document on
 * the worker's stdin; answers are JSON, a line a cell, on its stdout.
 */
#ifndef WORKER_H
#define WORKER_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* Exit status of a worker with a thread that does not come back. */
#define WORKER_HUNG 124

/**
 * struct worker - a running child
 * @pid: its process
 * @out: read end of its answers
 */
struct worker {
	pid_t pid;
	int out;
	char *buffer;
	size_t used, size;
};

/**
 * worker_start() - exec ourselves as a worker and hand it @request
 * Return: 0; -errno.
 */
int worker_start(const json_t *request, struct worker *ret);

/**
 * worker_answer() - the next answer
 * @timeout_ms: how long the worker may be silent
 * @ret:        a new reference
 * Return: 1 and an answer; 0 at the end; -ETIMEDOUT; -EINTR on a signal;
 * -EPROTO for what is no JSON.  No signal is blocked while it waits.
 */
int worker_answer(struct worker *w, int timeout_ms, json_t **ret);

/**
 * worker_end() - reap it
 * @kill_it: first end it
 * @why:     how it ended, "" for well
 */
void worker_end(struct worker *w, bool kill_it, char why[96]);

#endif
