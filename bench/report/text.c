/* SPDX-License-Identifier: MIT */
/*
 * text.c: plain text that survives mail; see text.h.
 */
#include "bench/report/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define INDENT	    2
#define MAX_COLUMNS 16
#define MAX_LINE    512

static void put_ascii(FILE *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fputc(s[i] >= ' ' && s[i] <= '~' ? s[i] : '?', out);
}

void text_line(const struct text *text, const char *line)
{
	size_t n = strlen(line);

	while (n && line[n - 1] == ' ')
		n--;
	if (n)
		fprintf(text->out, "%*s", INDENT, "");
	put_ascii(text->out, line, n);
	fputc('\n', text->out);
}

void text_wrap(const struct text *text, const char *label, const char *words)
{
	size_t room = text->width - INDENT, used = strlen(label);
	size_t hang = used;
	char line[MAX_LINE];
	bool fresh = true;

	snprintf(line, sizeof(line), "%s", label);
	while (*(words += strspn(words, " "))) {
		size_t n = strcspn(words, " ");

		if (!fresh && used + 1 + n > room) {
			text_line(text, line);
			snprintf(line, sizeof(line), "%*s", (int)hang, "");
			used = hang;
			fresh = true;
		}
		if (used + n > room)
			n = room - used;
		used += (size_t)sprintf(line + used, "%s%.*s", fresh ? "" : " ",
					(int)n, words);
		fresh = false;
		words += n;
	}
	text_line(text, line);
}

static const char *cell_text(const json_t *row, size_t column)
{
	const char *s = json_string_value(json_array_get(row, column));

	return s ? s : "";
}

/* Widths by content; 0 for a column that is empty in all rows. */
static void measure(const struct column *columns, size_t n, const json_t *rows,
		    size_t ret_widths[MAX_COLUMNS])
{
	const json_t *row;
	size_t i;

	for (size_t k = 0; k < n; k++) {
		size_t widest = 0;

		json_array_foreach (rows, i, row) {
			size_t length = strlen(cell_text(row, k));

			widest = length > widest ? length : widest;
		}
		if (widest && strlen(columns[k].head) > widest)
			widest = strlen(columns[k].head);
		ret_widths[k] = widest;
	}
}

/* Two blanks between columns where the line allows it, one where not. */
static size_t choose_gap(const struct text *text, const size_t *widths,
			 size_t n)
{
	size_t total = INDENT;

	for (size_t k = 0; k < n; k++)
		total += widths[k] ? widths[k] + 2 : 0;
	return total - 2 <= text->width ? 2 : 1;
}

struct layout {
	const struct column *columns;
	size_t n;
	size_t gap;
	size_t widths[MAX_COLUMNS];
};

static size_t add_cell(char *line, size_t at, const struct layout *layout,
		       size_t k, const char *s)
{
	int width = (int)layout->widths[k];
	bool left = layout->columns[k].left;

	if (!width)
		return at;
	if (at)
		at += (size_t)sprintf(line + at, "%*s", (int)layout->gap, "");
	if (at + (size_t)width >= MAX_LINE)
		return at;
	return at + (size_t)sprintf(line + at, "%*s", left ? -width : width, s);
}

static void print_heads(const struct text *text, const struct layout *layout)
{
	char heads[MAX_LINE] = "", rule[MAX_LINE] = "", dashes[MAX_LINE];
	size_t at = 0, rule_at = 0;

	memset(dashes, '-', sizeof(dashes));
	for (size_t k = 0; k < layout->n; k++) {
		dashes[layout->widths[k]] = '\0';
		at = add_cell(heads, at, layout, k, layout->columns[k].head);
		rule_at = add_cell(rule, rule_at, layout, k, dashes);
		dashes[layout->widths[k]] = '-';
	}
	text_line(text, heads);
	text_line(text, rule);
}

void text_table(const struct text *text, const struct column *columns, size_t n,
		const json_t *rows)
{
	struct layout layout = { .columns = columns, .n = n };
	const json_t *row;
	size_t i;

	measure(columns, n, rows, layout.widths);
	layout.gap = choose_gap(text, layout.widths, n);
	print_heads(text, &layout);
	json_array_foreach (rows, i, row) {
		char line[MAX_LINE] = "";
		size_t at = 0;

		for (size_t k = 0; k < n && json_array_size(row); k++)
			at = add_cell(line, at, &layout, k, cell_text(row, k));
		text_line(text, line);
	}
}

const char *text_number(double x, char ret[TEXT_NUMBER_BYTES])
{
	double size = fabs(x);
	int digits = size < 0.0995  ? 4
		     : size < 0.995 ? 3
		     : size < 99.95 ? 2
				    : 1;

	if (!isfinite(x))
		return strcpy(ret, "-");
	if (x == 0)
		return strcpy(ret, "0");
	if (size >= 1e6 || size < 0.0005)
		snprintf(ret, TEXT_NUMBER_BYTES, "%.1e", x);
	else
		snprintf(ret, TEXT_NUMBER_BYTES, "%.*f",
			 size >= 999.5 ? 0 : digits, x);
	return ret;
}

const char *text_bounds(double lo, double hi, char ret[TEXT_INTERVAL_BYTES])
{
	char low[TEXT_NUMBER_BYTES], high[TEXT_NUMBER_BYTES];

	if (!isfinite(lo) || !isfinite(hi))
		return strcpy(ret, "");
	snprintf(ret, TEXT_INTERVAL_BYTES, "[%s, %s]", text_number(lo, low),
		 text_number(hi, high));
	return ret;
}

const char *notes_mark(struct notes *notes, const char *reason,
		       char ret[TEXT_NUMBER_BYTES])
{
	size_t i, n;

	if (!notes->reasons)
		notes->reasons = json_array();
	n = json_array_size(notes->reasons);
	for (i = 0; i < n; i++)
		if (!strcmp(cell_text(notes->reasons, i), reason))
			break;
	if (i == n)
		json_array_append_new(notes->reasons, json_string(reason));
	if (i < 26)
		snprintf(ret, TEXT_NUMBER_BYTES, "-%c", (char)('a' + i));
	else
		snprintf(ret, TEXT_NUMBER_BYTES, "-z%u", (unsigned int)i - 24);
	return ret;
}

void notes_print(const struct text *text, struct notes *notes)
{
	for (size_t i = 0; i < json_array_size(notes->reasons); i++) {
		const char *reason = cell_text(notes->reasons, i);
		char mark[TEXT_NUMBER_BYTES], label[TEXT_NUMBER_BYTES + 2];

		snprintf(label, sizeof(label),
			 "%s: ", notes_mark(notes, reason, mark));
		text_wrap(text, label, reason);
	}
	json_decref(notes->reasons);
	notes->reasons = NULL;
}
