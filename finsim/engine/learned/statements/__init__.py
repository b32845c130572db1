"""Columns of statements that follow from others, so that no body has to learn them."""
