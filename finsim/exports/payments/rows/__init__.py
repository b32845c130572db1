"""One stream of payment rows for every format: chosen, in order, in the words of other layouts."""
