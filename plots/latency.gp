# SPDX-License-Identifier: MIT
# latency.gp: unload latency by quantile. Columns: 1/(1-q), us; one block a
# scheme. The axis gives each further nine the same room.
load 'style.gp'

data = name.'.tsv'
set logscale x 10
set logscale y 10
set xlabel "share of unloads that took no longer"
set ylabel y_text." (log scale)" noenhanced
set xtics ("0 %%" 1, "50 %%" 2, "90 %%" 10, "99 %%" 100, "99.9 %%" 1000, \
	"99.99 %%" 10000, "99.999 %%" 100000)
set bmargin at screen 0.19
set key outside right center Left reverse samplen 4 spacing 1.25 noenhanced

do for [format in "svg png"] {
	eval "set terminal ".terminal(format)
	set output name.'.'.format
	plot for [i = 1:|labels|] data index i - 1 using 1:2 \
		with linespoints ls styles[i] pointinterval 5 title labels[i]
	unset output
}
