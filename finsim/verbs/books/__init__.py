"""Verbs of limit order books."""
