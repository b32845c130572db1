"""Texts of added rows that are made of other cells of their row."""
