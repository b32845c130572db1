"""Narratives: the names that programs outside of finsim import."""

from finsim.agents.narratives.narrative import Narrative, load_narratives

__all__ = ["Narrative", "load_narratives"]
