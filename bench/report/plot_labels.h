/* SPDX-License-Identifier: MIT */
/*
 * plot_labels.h: puts names beside points so that none covers another.
 *
 * Idea.  gnuplot cannot: it knows no text's size before it draws. Here every
 * text is a rectangle of pixels, a little larger than it will be.
 */
#ifndef REPORT_PLOT_LABELS_H
#define REPORT_PLOT_LABELS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct mark - a point in a figure and its name
 * @x:      pixels from the left of the axes
 * @y:      pixels from their bottom
 * @text:   its name; NULL: a point to be kept free only
 * @wanted: the name must be shown; others are left out if there is no room
 * @placed: a place was found
 * @text_x: left end of the name, pixels
 * @text_y: its middle, pixels
 * @text_right: its right end, pixels
 * @radius: of the point in pixels; 0: as gnuplot draws points
 */
struct mark {
	double x;
	double y;
	const char *text;
	bool wanted;
	bool placed;
	double text_x;
	double text_y;
	double text_right;
	double radius;
};

/**
 * labels_place() - find a place for each name, nearest first
 * @marks:  [n], wanted ones first
 * @n:      number of marks
 * @width:  of the axes, pixels
 * @height: of the axes, pixels
 */
void labels_place(struct mark *marks, size_t n, double width, double height);

#endif
