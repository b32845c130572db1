"""Arithmetic between numbers of a row: level payments, rules with factors of their own, learned ratios."""
