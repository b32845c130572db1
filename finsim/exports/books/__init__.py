"""Limit order books in the layouts of other tools."""
