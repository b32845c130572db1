"""The bundled Federal Reserve history by quarters, and the moves of a resolved scenario on the same grid."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import numpy as np

from finsim import documents
from finsim.errors import ScenarioError
from finsim.notation import Float1D
from finsim.records.calendar import Clock
from finsim.scenarios import compile as compiling
from finsim.scenarios.flat_scenario import FlatScenario
from finsim.scenarios.variables import EQUITY_COLUMN, HISTORY_FILE, VARIABLES

EQUITY = "equity"
_START = date(2025, 12, 31)


@lru_cache(maxsize=1)
def history() -> Mapping[str, Float1D]:
    """Return the history by variable: levels by quarter, logarithms for prices, NaN where unknown."""
    with gzip.open(documents.shipped("data") / HISTORY_FILE, "rt", encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["Scenario Name"] == "Actual"]

    def column(name: str) -> Float1D:
        return np.array([float(row[name]) if row[name] else math.nan for row in rows])

    found = {EQUITY: np.log(column(EQUITY_COLUMN))}
    for name, variable in VARIABLES.items():
        if variable.columns:
            levels = column(variable.columns[0])
            for other in variable.columns[1:]:
                levels = levels - column(other)
            found[name] = np.log(levels) if variable.kind == "cum_return" else levels
    return found


@lru_cache(maxsize=512)
def spread(name: str, quarters: int) -> float:
    """Return the s.d. of moves over so many quarters in the bundled history; 0 when it has none."""
    series = history().get(name)
    if series is None or quarters >= len(series) // 3:
        return 0.0
    moves = series[quarters:] - series[:-quarters]
    moves = moves[np.isfinite(moves)]
    return float(moves.std()) if len(moves) >= 40 else 0.0


@dataclass(frozen=True)
class Resolved:
    """A scenario at quarter ends: ``moves[variable]`` [quarters + 1] from the jump-off, 0 first.

    Rates in percentage points, prices and ``equity`` in logarithms, as in ``history``; ``jump_off`` holds the
    levels before, where they are known.
    """

    moves: Mapping[str, Float1D]
    jump_off: Mapping[str, float] = field(default_factory=dict)


def by_quarter(scenario: FlatScenario) -> Resolved:
    """Return the resolved moves of a scenario, overlays and severity included; none for a file in minutes."""
    clock = Clock(_START, 2, 1, 12)
    try:
        long = compiling.whole_clock(scenario, clock)
        months = -(-long.months // 3) * 3
        found = compiling.drivers(scenario, Clock(_START, long.sessions, 1, months))
    except ScenarioError:
        return Resolved({})
    moves = {}
    for name, values in found.macro.items():
        quarterly = values[2::3] if name not in found.macro_averages else values.reshape(-1, 3).mean(axis=1)
        price = found.macro_units[name] == "pct"
        moves[name] = np.r_[0.0, np.log1p(quarterly / 100.0) if price else quarterly]
    if found.anchors:
        at = [0, *(anchor.session for anchor in found.anchors)]
        level = [0.0, *(math.log1p(anchor.move) for anchor in found.anchors)]
        ends = found.clock.sessions_at(found.clock.month_dates()[2::3])
        moves[EQUITY] = np.r_[0.0, np.interp(ends, at, level)]
    return Resolved(moves, found.jump_off)
