"""Scenario files: read, combine, scale and turn into drivers."""
