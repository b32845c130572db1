"""``Scenario``: one resolved, flat scenario, read from a file."""

from __future__ import annotations

from dataclasses import dataclass

from finsim.scenarios.flat_scenario import FlatScenario
from finsim.scenarios.resolve import flat_scenario


@dataclass(frozen=True)
class Scenario(FlatScenario):
    """One flat scenario; its fields are those of ``FlatScenario``."""

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
