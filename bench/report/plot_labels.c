/* SPDX-License-Identifier: MIT */
/*
 * plot_labels.c: puts names beside points; see plot_labels.h.
 */
#include "bench/report/plot_labels.h"

#include <math.h>
#include <string.h>

#define GLYPH_WIDTH  8.0 /* pixels; names are mostly narrower */
#define LINE_HEIGHT  17.0
#define POINT_RADIUS 8.0
#define N_RADII	     7
#define N_DIRECTIONS 12

struct box {
	double left;
	double right;
	double bottom;
	double top;
};

static bool overlap(const struct box *a, const struct box *b)
{
	return a->left < b->right && b->left < a->right && a->bottom < b->top &&
	       b->bottom < a->top;
}

static struct box box_of_text(const struct mark *mark)
{
	return (struct box){
		.left = mark->text_x,
		.right =
			mark->text_x + GLYPH_WIDTH * (double)strlen(mark->text),
		.bottom = mark->text_y - LINE_HEIGHT / 2,
		.top = mark->text_y + LINE_HEIGHT / 2,
	};
}

static struct box box_of_point(const struct mark *mark)
{
	double radius = mark->radius > 0 ? mark->radius : POINT_RADIUS;

	return (struct box){
		.left = mark->x - radius,
		.right = mark->x + radius,
		.bottom = mark->y - radius,
		.top = mark->y + radius,
	};
}

/* Whether the text of marks[i] is inside @axes and covers nothing. */
static bool is_free(const struct mark *marks, size_t n, size_t i,
		    const struct box *axes)
{
	struct box text = box_of_text(&marks[i]);

	if (text.left < axes->left || text.right > axes->right ||
	    text.bottom < axes->bottom || text.top > axes->top)
		return false;
	for (size_t k = 0; k < n; k++) {
		struct box point = box_of_point(&marks[k]);
		struct box other;

		if (overlap(&text, &point))
			return false;
		if (k == i || !marks[k].placed)
			continue;
		other = box_of_text(&marks[k]);
		if (overlap(&text, &other))
			return false;
	}
	return true;
}

/* Moves the text to a place around its point; direction 0 is to the right. */
static void try_place(struct mark *mark, double radius, int direction)
{
	double angle = 2 * M_PI * direction / N_DIRECTIONS;
	double width = GLYPH_WIDTH * (double)strlen(mark->text);
	double shift = (1 - cos(angle)) / 2; /* 0 on the right, 1 on the left */

	mark->text_x = mark->x + radius * cos(angle) - shift * width;
	mark->text_y = mark->y + radius * sin(angle);
	mark->text_right = mark->text_x + width;
}

static void place(struct mark *marks, size_t n, size_t i,
		  const struct box *axes)
{
	static const double radii[N_RADII] = { 12, 18, 26, 36, 50, 70, 100 };
	static const int order[N_DIRECTIONS] = { 0, 6, 1, 11, 3, 9,
						 5, 7, 2, 10, 4, 8 };
	int n_radii = marks[i].wanted ? N_RADII : 2;

	for (int r = 0; r < n_radii; r++) {
		for (int d = 0; d < N_DIRECTIONS; d++) {
			try_place(&marks[i], radii[r], order[d]);
			if (is_free(marks, n, i, axes)) {
				marks[i].placed = true;
				return;
			}
		}
	}
	if (marks[i].wanted)
		try_place(&marks[i], radii[0], 0);
	marks[i].placed = marks[i].wanted;
}

void labels_place(struct mark *marks, size_t n, double width, double height)
{
	struct box axes = { 0, width, 0, height };

	for (size_t i = 0; i < n; i++)
		if (marks[i].text)
			place(marks, n, i, &axes);
}
