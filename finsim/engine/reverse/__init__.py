"""Reverse stress: from a limit of a study to the most plausible scenarios that break it.

``question.py`` reads the limit, ``book_surface.py`` tabulates what a book loses, ``breach_model.py`` ties
drivers to the metric, ``reverse_stress.py`` does the search, ``breaches.py`` is what it found.
"""
