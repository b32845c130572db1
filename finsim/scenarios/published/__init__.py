"""Scenario tables as supervisors publish them: read (``published_table.py``), written as a scenario file."""
