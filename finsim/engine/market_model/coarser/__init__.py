"""Bars of a longer step out of those that a model makes.

Others import ``step_words`` and ``longer_steps``.
"""
