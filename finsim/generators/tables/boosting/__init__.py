"""Boosted trees over levels: the law of an outcome, and a critic of whole rows."""
