"""Where entities pay: payees of a place, the place an entity lives at, and its visits to others.

Others import ``home_places`` and ``visits``.
"""
