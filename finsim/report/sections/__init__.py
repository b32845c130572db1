"""Sections of the page, each from the folder of a run to page elements.

Only the page imports this room: ``summary_section``, ``scorecard_section``, ``world_sections``,
``scenario_section``, ``rules_section`` and ``provenance_section``.
"""
