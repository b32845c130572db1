"""Rates of a label by the words of other columns."""
