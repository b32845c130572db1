"""``drivers``: the arrays of a scenario that every world reads."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from finsim.call_errors import public
from finsim.errors import StudyError
from finsim.records.calendar import Clock
from finsim.records.drivers import Drivers
from finsim.scenarios import compile as compiling
from finsim.scenarios.scenario import Scenario
from finsim.scenarios.scenario import load as load_scenario

__all__ = ["drivers"]


@public
def drivers(
    scenario: str | Path | Scenario,
    *,
    severity: float = 1.0,
    start: date | str = "2025-12-31",
    sessions: int = 2520,
    days: int = 365,
    months: int = 60,
) -> Drivers:
    """Return what a scenario says, day by day, as the worlds read it.

    Args:
        scenario: scenario file, shipped name or a Scenario.
        severity: 0 is the identity, 1 is as written.
        start: jump-off day.
        sessions: exchange sessions of the market series.
        days: calendar days of the behaviour, fraud and laundering series.
        months: months of the macro series.

    Returns:
        Drivers: arrays of [sessions], [days] and [months], anchors of the index, credit links.

    Raises:
        ScenarioError: for a wrong file or a severity below 0. StudyError: for a date that is none.

    Example:
        >>> import finsim
        >>> arrays = finsim.drivers("covid-2020", months=24)
        >>> len(arrays.macro["unemployment"])
        24

    """
    if isinstance(start, str):
        try:
            start = date.fromisoformat(start)
        except ValueError:
            raise StudyError(f"{start!r} is no date", place="start", expected="YYYY-MM-DD") from None
    found = scenario if isinstance(scenario, Scenario) else load_scenario(str(scenario))
    return compiling.drivers(found, Clock(start, sessions, days, months), severity)
