/* SPDX-License-Identifier: MIT */
/*
 * text.h: plain text that survives mail: narrow, ASCII, indented.
 *
 * Idea.  Every line begins with two blanks, so that git neither takes a rule
 * for the end of a message nor a '#' for a comment; no tabs, no trailing
 * blanks. Tables set their columns by what is in them.
 * Never. Prints a byte that is not ASCII: a name may hold one, mail may not.
 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TEXT_NUMBER_BYTES   16
#define TEXT_INTERVAL_BYTES 40

/**
 * struct text - where to print
 * @out:   the stream
 * @width: columns a line may have, 60 or more, indent included
 */
struct text {
	FILE *out;
	size_t width;
};

/** text_line() - one line as it is; the caller keeps it narrow */
void text_line(const struct text *text, const char *line);

/**
 * text_wrap() - words over as many lines as they need
 * @text:  where to
 * @label: what the first line begins with, "" for none; the others are indented
 *         as far
 * @words: separated by blanks; one too long for a line is cut
 */
void text_wrap(const struct text *text, const char *label, const char *words);

/**
 * struct column - one column of a table
 * @head: its title
 * @left: aligned to the left; default is right, as figures are
 */
struct column {
	const char *head;
	bool left;
};

/**
 * text_table() - print rows under heads
 * @text:    where to
 * @columns: [n], in order; one whose cells are all empty is left out
 * @n:       number of columns
 * @rows:    array of arrays of n strings; an empty array is a blank line
 */
void text_table(const struct text *text, const struct column *columns, size_t n,
		const json_t *rows);

/** text_number() - @x in three or four digits; "-" if it is not finite */
const char *text_number(double x, char ret[TEXT_NUMBER_BYTES]);

/** text_bounds() - "[0.98, 1.02]", or "" if a bound is not finite */
const char *text_bounds(double lo, double hi, char ret[TEXT_INTERVAL_BYTES]);

/**
 * struct notes - the reasons behind what a table cannot show
 * @reasons: array of strings, in the order they came up
 */
struct notes {
	json_t *reasons;
};

/** notes_mark() - "-a", "-b", ...: the mark for @reason, the same for equals */
const char *notes_mark(struct notes *notes, const char *reason,
		       char ret[TEXT_NUMBER_BYTES]);

/** notes_print() - what the marks stand for; forgets them */
void notes_print(const struct text *text, struct notes *notes);

#endif
