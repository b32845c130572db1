"""Rows of entities in time: their sequences, and the metrics of the case ``events``."""
