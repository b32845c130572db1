"""A breach as the text of a scenario file that can be run and claims what it does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from finsim.scenarios.flat_scenario import FlatScenario, Series
from finsim.scenarios.plausible.bundled_history import EQUITY
from finsim.scenarios.reverse.prior_law import FRAUD
from finsim.scenarios.variables import VARIABLES

QUARTERS = 4


@dataclass(frozen=True)
class BreachText:
    """What a breach file says: its id, title, narrative, moves by driver, law, probability and claim.

    ``typologies`` are the frauds that a move of ``fraud_intensity`` multiplies.
    """

    id: str
    title: str
    narrative: str
    moves: Mapping[str, float]
    law: str
    probability: float
    metric: str
    limit: float
    typologies: tuple[str, ...] = ()


def breach_text(breach: BreachText) -> str:
    """Return the YAML text of a breach; moves are in points or percent and reached after four quarters."""
    lines = [
        "finsim: scenario/1",
        f"id: {breach.id}",
        f"title: {json.dumps(breach.title)}",
        "kind: reverse",
        "extends: base",
        f"narrative: {json.dumps(breach.narrative)}",
        f"horizon: {{length: {QUARTERS}, step: quarter}}",
        f"probability: {{weight: {breach.probability:.6g}, basis: form}}",
        f"source: [{{what: all, ref: {json.dumps(breach.law)}}}]",
    ]
    macro = {name: move for name, move in breach.moves.items() if name not in (EQUITY, FRAUD)}
    if macro:
        lines.append("macro:")
    for name, move in macro.items():
        way, unit = next(iter(VARIABLES[name].units.items()))
        lines.append(f"  {name}: {{unit: {unit}, as: {way}, path: {path_text(move)}}}")
    if EQUITY in breach.moves:
        path = path_text(breach.moves[EQUITY])
        lines += ["market:", f"  equity: {{unit: pct, as: cum_return, path: {path}}}"]
    if FRAUD in breach.moves:
        times = f"{multiple_of(breach.moves[FRAUD]):.8g}"
        lines += ["fraud:", "  intensity_mult:", *(f"    {name}: {times}" for name in breach.typologies)]
    lines += ["expect:", f"  - {{metric: {breach.metric}, at_least: {breach.limit!r}}}"]
    return "\n".join(lines) + "\n"


def path_text(move: float) -> str:
    """Return the path of a move that is reached in even steps."""
    return "[" + ", ".join(f"{value:.8g}" for value in path_of(move)) + "]"


def path_of(move: float) -> tuple[float, ...]:
    """Return the same as numbers, to the digits that a file has."""
    return tuple(float(f"{move * quarter / QUARTERS:.8g}") for quarter in range(1, QUARTERS + 1))


def multiple_of(move: float) -> float:
    """Return the multiple of a move in percent, to the digits that a file has."""
    return float(f"{1.0 + move / 100.0:.8g}")


def with_moves(scenario: FlatScenario, moves: Mapping[str, float]) -> FlatScenario:
    """Return the scenario of a breach with other moves of the same drivers, as its file would have them."""
    blocks = {"macro": dict(scenario.macro), "market": dict(scenario.market)}
    fraud = scenario.fraud
    for name, move in moves.items():
        if name == FRAUD:
            fraud = replace(
                fraud, intensity={k: _at(one, multiple_of(move)) for k, one in fraud.intensity.items()}
            )
            continue
        block = blocks["market" if name == EQUITY else "macro"]
        (curve,) = block[name].curves
        block[name] = replace(block[name], curves=(replace(curve, path=path_of(move)),))
    return replace(scenario, macro=blocks["macro"], market=blocks["market"], fraud=fraud)


def _at(series: Series, multiple: float) -> Series:
    (curve,) = series.curves
    return replace(series, curves=(replace(curve, constant=multiple),))
