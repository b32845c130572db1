"""Verbs that hand a run over to others."""
