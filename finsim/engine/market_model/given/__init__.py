"""Conditions on sampled paths: regime, level of volatility, end points.

Others import ``condition_parsing`` and ``conditioned_paths``.
"""
