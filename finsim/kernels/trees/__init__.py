"""Kernels of conditional trees: the best question of a node."""
