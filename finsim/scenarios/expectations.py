"""What the drivers say, as named numbers, and the claims of a file about its own effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.notation import Float1D
from finsim.records.drivers import Drivers
from finsim.scenarios.flat_scenario import FlatScenario

NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Outcome:
    """One expectation held against what was found; ``met`` is None when nothing was measured."""

    metric: str
    found: float | None
    expected: str
    met: bool | None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        return {
            "metric": self.metric,
            "found": self.found,
            "expected": self.expected,
            "met": self.met,
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Outcome:
        """Return the outcome that ``to_dict`` wrote."""
        return cls(data["metric"], data["found"], data["expected"], data["met"], data["reason"])

    def __str__(self) -> str:
        """Return the outcome as one line."""
        word = {True: "met", False: "NOT MET", None: "not judged"}[self.met]
        found = self.reason if self.found is None else f"{self.found:.4g}"
        return f"{word}: {self.metric} = {found} (expected {self.expected})"


def measure(drivers: Drivers) -> dict[str, float]:
    """Return the numbers that the drivers alone decide, over the scenario's own horizon.

    * ``macro.<variable>.peak`` / ``.trough``: levels (percent, index) where the jump-off is known, else
      moves (pp, or percent cumulative); the jump-off itself counts.
    * ``driver.equity.trough`` / ``.end``: simple returns; ``driver.<series>.peak`` / ``.trough``.
    * ``behaviour.<name>.peak`` / ``.trough``; ``fraud.<typology>.peak_over_base``,
      ``aml.<typology>.peak_over_base``: multipliers over the clock's days; ``fraud.branching_ratio``.
    """
    found: dict[str, float] = {}
    for name, moves in drivers.macro_steps.items():
        levels = _levels(drivers, name, np.r_[0.0, moves])
        found[f"macro.{name}.peak"], found[f"macro.{name}.trough"] = float(levels.max()), float(levels.min())
    equity = [0.0, *(anchor.move for anchor in drivers.anchors), *drivers.equity_steps.tolist()]
    found["driver.equity.trough"] = float(min(equity))
    found["driver.equity.end"] = float(equity[-1])
    for prefix, block in (("driver", drivers.market), ("behaviour", drivers.behaviour)):
        for name, values in block.items():
            dotted = f"{prefix}.{name.replace(':', '.')}"
            found[f"{dotted}.peak"], found[f"{dotted}.trough"] = float(values.max()), float(values.min())
    for name, values in drivers.intensity.items():
        found[f"{name.replace(':', '.')}.peak_over_base"] = float(values.max())
    found["fraud.branching_ratio"] = float(drivers.mules.get("branching_ratio", 0.0))
    return found


def _levels(drivers: Drivers, name: str, moves: Float1D) -> Float1D:
    start = drivers.jump_off.get(name)
    if start is None:
        return moves
    return start * (1.0 + moves / 100.0) if drivers.macro_units[name] == "pct" else start + moves


def check_expectations(scenario: FlatScenario, measured: Mapping[str, float]) -> tuple[Outcome, ...]:
    """Return one outcome for each expectation of the scenario, in the order of the file.

    ``measured`` holds the numbers of all worlds by metric name. A metric that is not there, or not a
    number, is reported with ``met`` None. Bounds are inclusive, to one part in 10^9.
    """
    outcomes = []
    for claim in scenario.expect:
        value = measured.get(claim.metric)
        if value is None or not np.isfinite(value):
            outcomes.append(Outcome(claim.metric, None, claim.text, None, NOT_MEASURED))
            continue
        slack = 1e-9 * max(1.0, abs(float(value)))
        met = claim.low - slack <= float(value) <= claim.high + slack
        outcomes.append(Outcome(claim.metric, float(value), claim.text, met))
    return tuple(outcomes)
