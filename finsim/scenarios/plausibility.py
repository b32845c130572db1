"""Remarks on a file that is valid but may not say what its author means; none of them stops the work."""

from __future__ import annotations

import csv
import difflib
import gzip
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from finsim import documents
from finsim.documents import Loc
from finsim.notation import Float1D
from finsim.scenarios.check_curves import is_number
from finsim.scenarios.flat_scenario import Curve, FlatScenario, Series
from finsim.scenarios.merge import Merged
from finsim.scenarios.values.meeting import every_curve
from finsim.scenarios.variables import (
    EQUITY_COLUMN,
    HISTORY_FILE,
    LAUNDERING,
    TYPOLOGIES,
    VARIABLES,
)

LIMIT = 6.0
_QUARTERS = {"year": 4.0, "quarter": 1.0, "month": 1 / 3, "week": 1 / 13, "day": 1 / 91}
_UNIT_QUARTERS = {"quarter": 1.0, "month": 1 / 3, "week": 1 / 13, "day": 1 / 63}
_BLOCKS = ("macro", "market", "liquidity", "credit", "behaviour", "fraud", "aml")
_NOT_NUMBERS = {"source", "assumption"}


def remarks(file: Merged, scenario: FlatScenario) -> tuple[str, ...]:
    """Return every remark, most with ``file:line:col``: fractions, extremes, contradictions, no source."""
    return (
        *_fractions(file),
        *_typologies(file),
        *_unsourced(file),
        *_extremes(file, scenario),
        *_contradictions(file, scenario),
    )


def _fractions(file: Merged) -> Iterator[str]:
    macro = file.get("macro")
    found: list[tuple[Loc, Any]] = [(("macro", name), curve) for name, curve in (macro or {}).items()]
    found.append((("market", "equity"), file.get("market", "equity")))
    for loc, curve in found:
        if not isinstance(curve, dict) or curve.get("unit") not in ("pp", "pct", "pct_annualised"):
            continue
        knots = [*(curve.get("knots") or ()), *([curve["trough"]] if "trough" in curve else [])]
        values = [*(curve.get("path") or ()), *(knot["value"] for knot in knots)]
        largest = max((abs(v) for v in values if is_number(v)), default=0.0)
        if 0.0 < largest <= (0.2 if curve["unit"] == "pp" else 1.0):
            yield (
                f"{file.place(loc)}: {'.'.join(map(str, loc))}: no value is above {largest:g} "
                f"{curve['unit']}; are these fractions? 5 percent is written 5, not 0.05"
            )


def _typologies(file: Merged) -> Iterator[str]:
    for block, known in (("fraud", TYPOLOGIES), ("aml", LAUNDERING)):
        named: list[tuple[Loc, str]] = [
            ((block, "intensity_mult", name), name) for name in file.get(block, "intensity_mult") or ()
        ]
        waves = file.get(block, "waves") or ()
        named += [((block, "waves", i, "typology"), wave["typology"]) for i, wave in enumerate(waves)]
        for loc, name in named:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            if near and name not in known:
                yield f"{file.place(loc)}: no shipped typology is called {name!r} (did you mean {near[0]!r}?)"


def _unsourced(file: Merged) -> Iterator[str]:
    lines = file.get("source") or ()
    named = {line["what"].partition(".")[0] for line in lines}
    for name in _BLOCKS:
        block = file.get(name)
        if not block or name in named or "all" in named:
            continue
        if not _says(block):
            yield f"{file.place((name,))}: {name} has neither `source:` nor `assumption:`"


def _says(block: Any) -> bool:
    """Tell whether a block says where its numbers come from, itself or in each of its parts."""
    if not isinstance(block, dict):
        return False
    if _NOT_NUMBERS & set(block):
        return True
    return bool(block) and all(_says(inner) for inner in block.values())


def _extremes(file: Merged, scenario: FlatScenario) -> Iterator[str]:
    checked = [(("macro", name), name, series) for name, series in scenario.macro.items()]
    if "equity" in scenario.market:
        checked.append((("market", "equity"), "equity", scenario.market["equity"]))
    for loc, name, series in checked:
        worst, move, quarters = 0.0, 0.0, 0.0
        for when, value in _points(series):
            spread = _spread(name, max(1, math.ceil(when - 1e-9)))
            size = abs(math.log1p(value / 100.0) if series.kind == "cum_return" else value)
            if spread > 0.0 and size / spread > worst:
                worst, move, quarters = size / spread, value, when
        if worst > LIMIT:
            yield (
                f"{file.place(loc)}: {'.'.join(loc)}: a move of {move:g} {series.unit} in {quarters:.3g} "
                f"quarters is {worst:.1f} standard deviations of its own history (1976-2024)"
            )


def _points(series: Series) -> Iterator[tuple[float, float]]:
    """Yield (quarters after the start, value) of a series of one curve; a sum of curves is not judged."""
    if len(series.curves) == 1:
        curve: Curve = series.curves[0]
        size = _QUARTERS.get(curve.step, 0.0)
        yield from ((size * (i + 1), value) for i, value in enumerate(curve.path) if size)
        yield from (
            (knot.at * _UNIT_QUARTERS[knot.unit], knot.value)
            for knot in curve.knots
            if knot.unit in _UNIT_QUARTERS
        )


@lru_cache(maxsize=512)
def _spread(name: str, quarters: int) -> float:
    """Return the s.d. of moves over so many quarters in the bundled history; 0 when it has none."""
    series = _history().get(name)
    if series is None or quarters >= len(series) // 3:
        return 0.0
    moves = series[quarters:] - series[:-quarters]
    moves = moves[np.isfinite(moves)]
    return float(moves.std()) if len(moves) >= 40 else 0.0


@lru_cache(maxsize=1)
def _history() -> dict[str, Float1D]:
    """Return the Federal Reserve history by variable: quarterly levels, logarithms for prices."""
    with gzip.open(documents.shipped("data") / HISTORY_FILE, "rt", encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["Scenario Name"] == "Actual"]

    def column(name: str) -> Float1D:
        return np.array([float(row[name]) if row[name] else math.nan for row in rows])

    found = {"equity": np.log(column(EQUITY_COLUMN))}
    for name, variable in VARIABLES.items():
        if variable.columns:
            levels = column(variable.columns[0])
            for other in variable.columns[1:]:
                levels = levels - column(other)
            found[name] = np.log(levels) if variable.kind == "cum_return" else levels
    return found


def _contradictions(file: Merged, scenario: FlatScenario) -> Iterator[str]:
    equity, spread = _largest(scenario.market.get("equity")), _largest(scenario.macro.get("bbb_spread"))
    vol = _largest(scenario.market.get("vol_mult"))
    place = file.place(("market",))
    if equity and spread and min(equity) >= 0.0 and max(spread) >= 3.0:
        yield f"{place}: equity never falls while the BBB spread widens by {max(spread):g} pp"
    if equity and vol and min(equity) <= -20.0 and max(vol) < 1.0:
        yield f"{place}: equity falls by {-min(equity):g} pct while volatility drops"
    unemployment = scenario.macro.get("unemployment")
    start = scenario.calibration.jump_off.get("unemployment")
    if unemployment and start is not None:
        lowest, highest = (start + pick(_largest(unemployment)) for pick in (min, max))
        if lowest < 0.0 or highest > 100.0:
            where = file.place(("macro", "unemployment"))
            yield f"{where}: unemployment reaches {lowest:g} to {highest:g} percent"


def _largest(series: Series | None) -> list[float]:
    if series is None:
        return []
    return [
        value
        for curve in every_curve(series)
        for value in (*curve.path, *(knot.value for knot in curve.knots), *_single(curve))
    ]


def _single(curve: Curve) -> list[float]:
    return [curve.pulse.peak] if curve.pulse else [] if curve.constant is None else [curve.constant]
