/* SPDX-License-Identifier: MIT */
/*
 * session.h: a session of one's own, with its CPU share raised.
 *
 * Idea.  Under sched_autogroup, nice means nothing between sessions: on a busy
 * machine a measuring thread gets what every other session gets.  The share of
 * a session can be raised, but only of one that holds nobody else.
 */
#ifndef SESSION_H
#define SESSION_H

/**
 * session_raise() - raise the autogroup of the caller's session
 *
 * Only if the caller leads it (after setsid()); otherwise, and without
 * privilege or autogroup, nothing happens.
 */
void session_raise(void);

#endif
