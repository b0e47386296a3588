# SPDX-License-Identifier: MIT
# scaling.gp: look-ups/s against CPUs. Columns: CPUs, median, lower and upper
# bound; one block a scheme; a block of style 0 is the linear reference.
load 'style.gp'

data = name.'.tsv'
set logscale x 2
set logscale y 10
set xlabel "CPUs (log scale)"
set ylabel y_text." (log scale)" noenhanced
set bmargin at screen 0.19
set key outside right center Left reverse samplen 3 spacing 1.25 noenhanced

style_of(i) = styles[i] ? styles[i] : 100
schemes = |labels| - (styles[|labels|] == 0)

do for [format in "svg png"] {
	eval "set terminal ".terminal(format)
	set output name.'.'.format
	plot for [i = 1:|labels|] data index i - 1 using 1:2 with lines \
		ls style_of(i) notitle, \
		for [i = 1:schemes] data index i - 1 using 1:2:3:4 \
		with yerrorbars ls styles[i] dt solid notitle, \
		for [i = 1:|labels|] keyentry with linespoints \
		ls style_of(i) title labels[i]
	unset output
}
