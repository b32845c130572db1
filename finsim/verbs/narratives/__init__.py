"""Verbs on stories: check one, show one scheme, and weigh stories by what a detector misses."""
