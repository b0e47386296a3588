# SPDX-License-Identifier: MIT
# tradeoff.gp: look-ups/s against unload latency. Columns: both values, then
# bounds of x, bounds of y, CPUs; one block a scheme. The last block has the
# names: position, text, line from the point (start and length). The positions
# were chosen for axes of this size with these margins.
load 'style.gp'

data = name.'.tsv'
set logscale xy 10
set xlabel "million look-ups/s, all readers (log scale)"
set ylabel y_text." (log scale)" noenhanced
set lmargin at screen 0.09
set rmargin at screen 0.97
set bmargin at screen 0.19
set tmargin at screen 0.92
unset key

do for [format in "svg png"] {
	eval "set terminal ".terminal(format)
	set output name.'.'.format
	plot for [i = 1:|labels|] data index i - 1 using 1:2 with lines \
		ls styles[i], \
		data index |labels| using 4:5:6:7 \
		with vectors nohead lw 0.8 lc rgb "#888888", \
		for [i = 1:|labels|] data index i - 1 using 1:2:3:4:5:6 \
		with xyerrorbars ls styles[i] dt solid, \
		data index |labels| using 1:2:3 with labels left noenhanced \
		font ",10" tc rgb "#222222"
	unset output
}
