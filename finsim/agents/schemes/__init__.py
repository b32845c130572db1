"""Schemes of fraud and money laundering: from narratives to planned payments with labels.

Others import ``scheme_generation``, ``scheme_plan``, ``scheme_outcomes`` and ``scheme_intensity``.
"""
