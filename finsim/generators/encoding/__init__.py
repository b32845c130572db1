"""Invertible maps from series to numbers that a network learns easily, and back.

Others may import every file here; ``series_encoding`` puts them together.
"""
