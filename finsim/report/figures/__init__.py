"""Figures of the page and the numbers they show."""
