"""Figures of the page and the numbers they show.

Others may import every file here.
"""
