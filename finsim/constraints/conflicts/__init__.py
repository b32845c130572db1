"""Conflicts of a pack before any data: rules that cannot hold together, redundant rules.

Others import ``lint`` (everything that can be said of a pack) and ``conflict_check``.
"""
