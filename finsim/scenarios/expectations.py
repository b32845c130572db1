"""What the drivers say, as named numbers, and the claims of a file about its own effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.notation import Float1D
from finsim.records.calendar import Clock
from finsim.records.drivers import Drivers
from finsim.scenarios.claims.metric_names import ENDS, OF_BEHAVIOUR, OF_DRIVER
from finsim.scenarios.compile import drivers, whole_clock
from finsim.scenarios.flat_scenario import FlatScenario
from finsim.scenarios.variables import LAUNDERING, TYPOLOGIES

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


def measure(of: Drivers) -> dict[str, float]:
    """Return the numbers that the drivers alone decide, over the whole clock: what the worlds read.

    * ``macro.<variable>.peak`` / ``.trough``: levels (percent, index) where the jump-off is known, else
      moves (pp, or percent cumulative), over all months; the jump-off itself counts.
    * ``driver.equity.trough`` / ``.end``: lowest and last anchored move, simple returns;
      ``driver.<series>.peak`` / ``.trough`` over all sessions.
    * ``behaviour.<name>.peak`` / ``.trough``; ``fraud.<typology>.peak_over_base``,
      ``aml.<typology>.peak_over_base``: multipliers over the clock's days; ``fraud.branching_ratio``.
    """
    found: dict[str, float] = {}
    for name, moves in of.macro.items():
        levels = _levels(of, name, np.r_[0.0, moves])
        found[f"macro.{name}.peak"], found[f"macro.{name}.trough"] = float(levels.max()), float(levels.min())
    equity = [0.0, *(anchor.move for anchor in of.anchors)]
    found["driver.equity.trough"] = float(min(equity))
    found["driver.equity.end"] = float(equity[-1])
    for prefix, block in (("driver", of.market), ("behaviour", of.behaviour)):
        for name, values in block.items():
            dotted = f"{prefix}.{name.replace(':', '.')}"
            found[f"{dotted}.peak"], found[f"{dotted}.trough"] = float(values.max()), float(values.min())
    for name, values in of.intensity.items():
        found[f"{name.replace(':', '.')}.peak_over_base"] = float(values.max())
    found["fraud.branching_ratio"] = float(of.mules.get("branching_ratio", 0.0))
    return found


def unmoved(of: Drivers) -> dict[str, float]:
    """Return the numbers of closed names that ``measure`` leaves out, for what the drivers leave alone.

    Multipliers are 1, blends and jumps 0, so a claim that something stays as it is can be judged.
    """
    ended = {f"behaviour.{name}": 1.0 for name in OF_BEHAVIOUR if name not in of.behaviour}
    ended |= {
        f"driver.{name}": float(of.market_series(name)[0]) for name in OF_DRIVER if name not in of.market
    }
    found = {f"{name}.{end}": value for name, value in ended.items() for end in ENDS}
    for kind, shipped in (("fraud", TYPOLOGIES), ("aml", LAUNDERING)):
        still = [name for name in shipped if f"{kind}:{name}" not in of.intensity]
        found |= {f"{kind}.{name}.peak_over_base": 1.0 for name in still}
    return found


def _levels(of: Drivers, name: str, moves: Float1D) -> Float1D:
    start = of.jump_off.get(name)
    if start is None:
        return moves
    return start * (1.0 + moves / 100.0) if of.macro_units[name] == "pct" else start + moves


def check_expectations(
    scenario: FlatScenario, measured: Mapping[str, float], clock: Clock | None = None
) -> tuple[Outcome, ...]:
    """Return one outcome for each expectation of the scenario, in the order of the file.

    ``measured`` holds the numbers of all worlds by metric name, ``clock`` is that of their run. A metric that
    is not there, not a number, or cut off by the end of the clock is reported with ``met`` None: the data
    do not show what the file claims. Bounds are inclusive, to one part in 10^9.
    """
    cut = {} if clock is None or not scenario.expect else _cut_off(scenario, clock)
    outcomes = []
    for claim in scenario.expect:
        reason = cut.get(claim.metric) or cut.get(claim.metric.partition(".")[0] + ".")
        if reason:
            outcomes.append(Outcome(claim.metric, None, claim.text, None, reason))
            continue
        value = measured.get(claim.metric)
        if value is None or not np.isfinite(value):
            outcomes.append(Outcome(claim.metric, None, claim.text, None, NOT_MEASURED))
            continue
        slack = 1e-9 * max(1.0, abs(float(value)))
        met = claim.low - slack <= float(value) <= claim.high + slack
        outcomes.append(Outcome(claim.metric, float(value), claim.text, met))
    return tuple(outcomes)


def _cut_off(scenario: FlatScenario, clock: Clock) -> dict[str, str]:
    """Return what a clock is too short for: metrics, or a world with its dot, and why.

    A metric is cut off where a clock that holds the whole composition gives another number.
    """
    long = whole_clock(scenario, clock)
    seen, whole = drivers(scenario, clock), drivers(scenario, long)
    short, full = measure(seen), measure(whole)
    worlds = {"macro": "months", "driver": "sessions", "behaviour": "days", "fraud": "days", "aml": "days"}
    found = {}
    for name, value in full.items():
        unit = worlds[name.partition(".")[0]]
        if abs(value - short.get(name, np.nan)) <= 1e-12 * max(1.0, abs(value)):
            continue
        found[name] = f"the run ends after {getattr(clock, unit)} {unit}, the scenario goes on"
    if len(seen.anchors) < len(whole.anchors):
        found["equity."] = f"the run ends after {clock.sessions} sessions, the scenario goes on"
    return found
