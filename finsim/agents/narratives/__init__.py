"""Narrative files: their typed form, and every error at its place.

Others import ``narrative`` and, for the parts of a file, ``narrative_blocks``.
"""
