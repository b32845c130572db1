"""Sections of the page, each from the folder of a run to page elements."""
