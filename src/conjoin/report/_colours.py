"""Colours that the colour-blind tell apart too: Okabe & Ito's, in the order in which arms get them."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
