"""Invertible maps from series to numbers that a network learns easily, and back.

Others import ``series_encoding``, ``scaling`` and the parts that are fitted one by one.
"""
