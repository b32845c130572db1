"""One story looked at by itself: what the loader and the planner say of it, what gives it away, one scheme.

Others import ``story_check``, ``story_preview`` and ``detector_misses``.
"""
