"""Remarks on a file that is valid but may not say what its author means; none of them stops the work."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterator
from typing import Any

from finsim.documents import Loc
from finsim.scenarios.check_curves import is_number
from finsim.scenarios.flat_scenario import Curve, FlatScenario, Series
from finsim.scenarios.merge import Merged
from finsim.scenarios.plausible.bundled_history import EQUITY, by_quarter, spread
from finsim.scenarios.plausible.coherence import coherence
from finsim.scenarios.severity_and_overlays import scaled
from finsim.scenarios.values.meeting import every_curve
from finsim.scenarios.variables import LAUNDERING, TYPOLOGIES, VARIABLES

LIMIT = 6.0
Place = Callable[[Loc], str]
_BLOCKS = ("macro", "market", "liquidity", "credit", "behaviour", "fraud", "aml")
_NOT_NUMBERS = {"source", "assumption"}


def remarks(file: Merged, scenario: FlatScenario) -> tuple[str, ...]:
    """Return every remark, most with ``file:line:col``: fractions, extremes, contradictions, no source."""
    return (
        *_fractions(file),
        *_typologies(file),
        *_unsourced(file),
        *_kept(file),
        *remarks_on(scenario, file.place),
    )


def remarks_on(scenario: FlatScenario, place: Place | None = None) -> tuple[str, ...]:
    """Return the remarks on what a scenario resolves to, overlays and severity included.

    ``place`` turns the location of a block into words; without it the scenario's id stands there.
    """
    where = place or (lambda _: scenario.id)
    return (
        *_extremes(scenario, where),
        *_contradictions(scenario, where),
        *_incoherent(scenario, where),
    )


def remarks_at(scenario: FlatScenario, severity: float) -> tuple[str, ...]:
    """Return the remarks on a scenario at a severity: those of its file at 1, else of what it resolves to."""
    return scenario.warnings if severity == 1.0 else remarks_on(scaled(scenario, severity))


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


def _kept(file: Merged) -> Iterator[str]:
    names = list(file.get("other") or ())
    if names:
        yield f"{file.place(('other',))}: no world reads {', '.join(names)}; they are kept as published"


def _says(block: Any) -> bool:
    """Tell whether a block says where its numbers come from, itself or in each of its parts."""
    if not isinstance(block, dict):
        return False
    if _NOT_NUMBERS & set(block):
        return True
    return bool(block) and all(_says(inner) for inner in block.values())


def _extremes(scenario: FlatScenario, place: Place) -> Iterator[str]:
    for name, moves in by_quarter(scenario).moves.items():
        loc: Loc = ("market", "equity") if name == EQUITY else ("macro", name)
        worst, when = 0.0, 0
        for quarter, move in enumerate(moves[1:], 1):
            size = spread(name, quarter)
            away = float(abs(move)) / size if size > 0.0 else 0.0
            if away > worst:
                worst, when = away, quarter
        if worst > LIMIT:
            price = name == EQUITY or VARIABLES[name].kind == "cum_return"
            move = 100.0 * math.expm1(moves[when]) if price else moves[when]
            yield (
                f"{place(loc)}: {'.'.join(map(str, loc))}: a move of {move:.4g} {'pct' if price else 'pp'} "
                f"in {when} quarters is {worst:.1f} standard deviations of its own history (1976-2024)"
            )


def _incoherent(scenario: FlatScenario, place: Place) -> Iterator[str]:
    for found in coherence(scenario).disagreements:
        loc: Loc = ("market", EQUITY) if found.variable == EQUITY else ("macro", found.variable)
        yield f"{place(loc)}: {found}"


def _contradictions(scenario: FlatScenario, place: Place) -> Iterator[str]:
    equity, widening = _largest(scenario.market.get("equity")), _largest(scenario.macro.get("bbb_spread"))
    vol = _largest(scenario.market.get("vol_mult"))
    market = place(("market",))
    if equity and widening and min(equity) >= 0.0 and max(widening) >= 3.0:
        yield f"{market}: equity never falls while the BBB spread widens by {max(widening):g} pp"
    if equity and vol and min(equity) <= -20.0 and max(vol) < 1.0:
        yield f"{market}: equity falls by {-min(equity):g} pct while volatility drops"
    moves = by_quarter(scenario).moves.get("unemployment")
    start = scenario.calibration.jump_off.get("unemployment")
    if moves is not None and start is not None:
        lowest, highest = start + float(moves.min()), start + float(moves.max())
        if lowest < 0.0 or highest > 100.0:
            where = place(("macro", "unemployment"))
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
