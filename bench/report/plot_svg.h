/* SPDX-License-Identifier: MIT */
/*
 * plot_svg.h: tells those who cannot see a figure what it is.
 */
#ifndef REPORT_PLOT_SVG_H
#define REPORT_PLOT_SVG_H

/**
 * plot_svg_describe() - set title and desc of an SVG that gnuplot wrote
 * @path:  the file
 * @title: one line
 * @desc:  some sentences
 *
 * gnuplot writes its own name and version there and has no option for it.
 * Return: 0; -errno, -EBADMSG if the file has no such elements.
 */
int plot_svg_describe(const char *path, const char *title, const char *desc);

#endif
