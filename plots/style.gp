# SPDX-License-Identifier: MIT
# What all figures share: colours of Okabe and Ito without the pale yellow, and
# for each scheme a shape and a dash of its own, so that print without colour
# tells them apart. The script that loads this has set title_text and caption.
set encoding utf8
set datafile separator "\t"
set title title_text noenhanced font ",13"
set border 3 lw 1 lc rgb "#444444"
set tics nomirror out
set grid back lt 1 lw 1 lc rgb "#dddddd"
set bars 0.6
set pointsize 1.1

array colours[7] = ["#000000", "#E69F00", "#0072B2", "#D55E00", "#009E73", \
	"#CC79A7", "#56B4E9"]
array shapes[10] = [5, 7, 9, 11, 13, 4, 6, 8, 10, 12]
do for [i = 1:70] {
	set style line i lw 1.6 pt shapes[(i - 1) % 10 + 1] \
		lc rgb colours[(i - 1) % 7 + 1] dt 1 + (i - 1) % 5
}
set style line 100 lw 1.4 ps 0 lc rgb "#777777" dt (8, 6)

do for [i = 1:|caption|] {
	set label caption[i] at screen 0.012, 0.026 * (|caption| - i) + 0.022 \
		left noenhanced font ",9" tc rgb "#444444"
}

terminal(format) = format eq "svg" ? \
	"svg size 1000,600 noenhanced font 'sans-serif,11' background 'white'" : \
	"pngcairo size 1000,600 noenhanced font 'sans,11' background 'white'"
