"""The law of one column: numbers with atoms and a grid, words, and their missing cells."""
