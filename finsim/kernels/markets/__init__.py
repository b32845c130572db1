"""Recursions of market paths: volatility states that days update and that scale the next day."""
