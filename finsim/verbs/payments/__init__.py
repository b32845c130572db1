"""Verbs on payments that the user brings."""
