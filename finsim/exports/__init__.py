"""Exports in the formats of other tools."""
