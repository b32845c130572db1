"""A what-if in words: the scenario file, the lines of the screen and the facts of ``--json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from finsim.scenarios.macro_engine.autoregression import MacroSettings
from finsim.scenarios.macro_engine.macro_history import is_price
from finsim.scenarios.macro_engine.what_if import WhatIf
from finsim.scenarios.published.scenario_text import scenario_text

ENGINE = (
    "Bayesian vector autoregression of {quarters} quarters to {as_of} of {file} ({lags} lags, Minnesota "
    "prior of tightness {tightness:g}, t surprises with {freedom:g} degrees of freedom); the likeliest "
    "course given what is given"
)
DISTANCE = "what is given lies {distance:.1f} standard deviations from the course expected without it"


def what_if_text(found: WhatIf, given: Sequence[str], name: str) -> str:
    """Return the YAML text of a scenario file with the answer, its bands as comments."""
    said = f"What if {'; '.join(given)}? {DISTANCE.format(distance=found.distance).capitalize()}."
    text = scenario_text(found.table, name, "hypothetical", said, engine(found))
    bands = ["# one standard deviation around the course, by quarter (what is given has no width):"]
    for j, variable in enumerate(found.names):
        if found.free[:, j].any():
            pairs = ", ".join(
                f"{_level(low)} to {_level(high)}"
                for low, high in zip(found.low[:, j], found.high[:, j], strict=True)
            )
            bands.append(f"#   {variable}: {pairs}")
    return text + "\n".join(bands) + "\n"


def engine(found: WhatIf) -> str:
    """Return in one sentence what made the numbers."""
    return ENGINE.format(
        quarters=found.learned, as_of=found.table.as_of, file=found.table.file, **asdict(MacroSettings())
    )


def lines_of(found: WhatIf) -> list[str]:
    """Return what the screen says: each variable at its furthest from the start, and the distance."""
    lines = [DISTANCE.format(distance=found.distance)]
    for j, name in enumerate(found.names):
        start = found.table.before[name]
        away = found.path[:, j] / start - 1.0 if is_price(name) else found.path[:, j] - start
        at = int(np.abs(away).argmax())
        move = f"{100.0 * away[at]:+.0f} %" if is_price(name) else f"{away[at]:+.1f} points"
        mark = "" if found.free[at, j] else " (given)"
        lines.append(
            f"{name}: {_level(start)} to {_level(found.path[at, j])} in quarter {at + 1}, {move}{mark}"
        )
    if found.floored:
        lines.append(f"held at 0, where the engine goes below: {', '.join(found.floored)}")
    return lines


def _level(value: float) -> str:
    return (
        f"{value:.0f}" if abs(value) >= 1_000.0 else f"{value:.1f}" if abs(value) >= 20.0 else f"{value:.2f}"
    )


def facts_of(found: WhatIf) -> dict[str, Any]:
    """Return the answer as plain data: levels by variable, with bands."""
    return {
        "distance": found.distance,
        "given": [name for j, name in enumerate(found.names) if not found.free[:, j].all()],
        "floored": list(found.floored),
        "quarters_learned": found.learned,
        "variables": {
            name: {
                "start": found.table.before[name],
                "path": found.path[:, j].tolist(),
                "low": found.low[:, j].tolist(),
                "high": found.high[:, j].tolist(),
            }
            for j, name in enumerate(found.names)
        },
    }
