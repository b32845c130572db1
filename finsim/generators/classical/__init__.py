"""Classical bodies: honest models without a network, to be compared with.

Others import ``garch``, ``regime`` and ``var``.
"""
