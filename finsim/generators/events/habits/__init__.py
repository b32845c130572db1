"""``Habits``: profiles of entities, silences, payees by a restaurant law, amounts with memory; no torch."""

from finsim.generators.events.habits.habits import Habits

__all__ = ["Habits"]
