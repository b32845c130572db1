"""``Scenario``: one resolved, flat scenario, read from a file."""

from __future__ import annotations

from dataclasses import dataclass

from finsim.records.display.card import Card, Value
from finsim.records.display.fact_words import counted
from finsim.records.display.shown_record import ShownRecord
from finsim.scenarios.flat_scenario import FlatScenario
from finsim.scenarios.resolve import flat_scenario


@dataclass(frozen=True, repr=False)
class Scenario(ShownRecord, FlatScenario):
    """One flat scenario; its fields are those of ``FlatScenario``."""

    def card(self) -> Card:
        """Return kind, horizon, severity, what it moves, what it claims, and where its numbers come from."""
        moved = {name: getattr(self, name) for name in ("macro", "market", "liquidity", "behaviour", "aml")}
        facts: list[tuple[str, Value]] = [
            ("title", self.title),
            ("kind", self.kind),
            ("horizon", counted(self.horizon.length, self.horizon.step)),
            ("severity", f"{self.severity:g}"),
            *((name, tuple(series)) for name, series in moved.items()),
            ("fraud", tuple(self.fraud.intensity)),
            ("expects", tuple(one.metric for one in self.expect)),
            ("sources", tuple(one.what for one in self.source)),
        ]
        return Card(f"Scenario: {self.id}", tuple(facts))

    @classmethod
    def load(cls, name_or_path: str) -> Scenario:
        """Read a shipped scenario by name, or a file by path; raises ScenarioError with all its problems.

        Example:
            >>> import finsim
            >>> finsim.Scenario.load("covid-2020").id
            'covid-2020'

        """
        return cls(**vars(flat_scenario(name_or_path)))


load = Scenario.load
