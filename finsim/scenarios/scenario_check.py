"""Every problem of meaning in one merged scenario file, found before anything is built."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from finsim.documents import Loc
from finsim.errors import Problem, did_you_mean
from finsim.scenarios import check_curves
from finsim.scenarios.check_curves import is_number
from finsim.scenarios.file_models import VERSION
from finsim.scenarios.merge import Merged
from finsim.scenarios.variables import CREDIT_CLASSES, PRICE, VARIABLES

KINDS = ("baseline", "historical", "supervisory", "hypothetical", "behavioural", "compound")
STEPS = ("year", "quarter", "month", "week", "day", "minute")
BASES = ("judgement", "fitted", "form", "residual", "frequency")
WORLDS = ("macro", "equity", "driver", "credit", "fraud", "aml", "behaviour")
LGD_MODELS = ("frye_jacobs", "constant")
COMBINE = ("max", "min", "last")
MAX_SEVERITY = 10.0
START = re.compile(r"(\d+)(d|w|m|q|y)\Z")
_BOUNDS = ("between", "at_least", "at_most", "equals")


def problems(file: Merged) -> Iterator[Problem]:
    """Yield every problem of meaning, in no particular order; wrong types are left to the models."""
    checks: Sequence[Callable[[Merged], Iterator[Problem]]] = (
        _head, _horizon, check_curves.macro, check_curves.market, check_curves.multipliers,
        _jump_off, _credit, _illicit, _excitation, _overlays, _expect,
    )  # fmt: skip
    for check in checks:
        yield from check(file)


def _wrong(file: Merged, loc: Loc, expected: str, remedy: str = "correct this value") -> Problem:
    dotted = ".".join(str(part) for part in loc)
    return Problem(file.place(loc), f"{dotted}: {file.get(*loc)!r}", expected, remedy)


def _choice(file: Merged, loc: Loc, known: Sequence[str]) -> Iterator[Problem]:
    value = file.get(*loc)
    if isinstance(value, str) and value not in known:
        yield _wrong(file, loc, " or ".join(known[:6]), did_you_mean(value, known))


def _number(file: Merged, loc: Loc, low: float, high: float, expected: str) -> Iterator[Problem]:
    value = file.get(*loc)
    if is_number(value) and not low <= value <= high:
        yield _wrong(file, loc, expected)


def _head(file: Merged) -> Iterator[Problem]:
    yield from _choice(file, ("finsim",), (VERSION,))
    yield from _choice(file, ("kind",), KINDS)
    stem = Path(file.path).stem
    if isinstance(file.get("id"), str) and file.get("id") != stem:
        yield _wrong(file, ("id",), f"{stem!r}, the name of the file", "rename the file or the scenario")
    yield from _number(file, ("severity",), 0.0, MAX_SEVERITY, f"0 (nothing) to {MAX_SEVERITY:g}")
    yield from _number(file, ("probability", "weight"), 0.0, 1.0, "a probability in [0, 1]")
    yield from _choice(file, ("probability", "basis"), BASES)


def _horizon(file: Merged) -> Iterator[Problem]:
    for key in ("length", "step"):
        if file.get("horizon", key) is None:
            yield Problem(file.place(("horizon",)), f"horizon.{key}: missing", "", f"add `{key}:`")
    yield from _choice(file, ("horizon", "step"), STEPS)
    loc: Loc = ("horizon", "length")
    length, step = file.get(*loc), file.get("horizon", "step")
    if is_number(length) and step in STEPS:
        yield from check_curves.in_reach(file, loc, length, step)
    yield from _number(file, loc, 1, math.inf, "1 step or more")


def _jump_off(file: Merged) -> Iterator[Problem]:
    block = file.get("calibration", "jump_off")
    known = (*VARIABLES, "vix")
    for name, level in block.items() if isinstance(block, dict) else ():
        loc: Loc = ("calibration", "jump_off", name)
        if name not in known:
            found = f"calibration.jump_off: no variable is called {name!r}"
            yield Problem(file.place(loc), found, "", did_you_mean(name, known))
        elif is_number(level) and level <= 0 and (name == "vix" or VARIABLES[name].units is PRICE):
            yield _wrong(file, loc, "an index level above 0")


def _credit(file: Merged) -> Iterator[Problem]:
    yield from _choice(file, ("credit", "link"), ("macro_probit",))
    yield from _choice(file, ("credit", "lgd", "model"), LGD_MODELS)
    yield from _number(file, ("credit", "prepayment_mult"), 1e-9, 1e9, "a multiplier above 0")
    yield from _number(file, ("credit", "forbearance", "share"), 0.0, 0.999999, "a share in [0, 1)")
    yield from _number(file, ("credit", "forbearance", "quarters"), 0, 400, "0 or more quarters")
    betas = file.get("credit", "betas")
    for name, row in betas.items() if isinstance(betas, dict) else ():
        yield from _name(file, ("credit", "betas", name), name, CREDIT_CLASSES, "loan class")
        for variable in row if isinstance(row, dict) else ():
            yield from _name(
                file, ("credit", "betas", name, variable), variable, tuple(VARIABLES), "variable"
            )
    prices = tuple(name for name, variable in VARIABLES.items() if variable.units is PRICE)
    collateral = file.get("credit", "lgd", "collateral")
    for name, index in collateral.items() if isinstance(collateral, dict) else ():
        loc: Loc = ("credit", "lgd", "collateral", name)
        yield from _name(file, loc, name, CREDIT_CLASSES, "loan class")
        if isinstance(index, str):
            yield from _name(file, loc, index, prices, "price index")


def _name(file: Merged, loc: Loc, name: str, known: tuple[str, ...], kind: str) -> Iterator[Problem]:
    if name not in known:
        yield Problem(file.place(loc), f"no {kind} is called {name!r}", "", did_you_mean(name, known))


def _illicit(file: Merged) -> Iterator[Problem]:
    for block in ("fraud", "aml"):
        waves = file.get(block, "waves")
        for i in range(len(waves)) if isinstance(waves, list) else ():
            loc: Loc = (block, "waves", i)
            for key in ("start_week", "ramp_weeks", "plateau_weeks"):
                yield from _number(file, (*loc, key), 0.0, 5218.0, "0 to 5218 weeks")
            yield from _number(file, (*loc, "decay_half_life_weeks"), 1e-3, 5218.0, "more than 0 weeks")
            yield from _number(file, (*loc, "intensity_mult"), 1e-9, 1e6, "a multiplier above 0")


def _excitation(file: Merged) -> Iterator[Problem]:
    loc: Loc = ("fraud", "self_excitation")
    ratio = file.get(*loc, "branching_ratio")
    if is_number(ratio) and not 0.0 <= ratio < 1.0:
        yield Problem(
            file.place((*loc, "branching_ratio")),
            f"fraud.self_excitation.branching_ratio: {ratio} must be in [0,1)",
            "",
            "at 1 every attack causes another one and the process explodes",
        )
    yield from _number(file, (*loc, "half_life_hours"), 1e-3, 1e6, "more than 0 hours")
    mules: Loc = ("fraud", "mules")
    yield from _number(file, (*mules, "recruit_mult"), 1e-9, 1e6, "a multiplier above 0")
    for key, low in (("hops", 1), ("dwell_hours", 0)):
        pair = file.get(*mules, key)
        if isinstance(pair, list) and not _is_pair(pair, low):
            yield _wrong(file, (*mules, key), f"[low, high] with {low} <= low <= high")


def _is_pair(pair: list[Any], low: float = -math.inf) -> bool:
    """Tell whether a list is [low, high] in order; items that are no numbers are left to the models."""
    if not all(is_number(item) for item in pair):
        return True
    return len(pair) == 2 and bool(low <= pair[0] <= pair[1])


def _overlays(file: Merged) -> Iterator[Problem]:
    listed = file.get("overlay")
    for i in range(len(listed)) if isinstance(listed, list) else ():
        loc: Loc = ("overlay", i)
        start = file.get(*loc, "start")
        if isinstance(start, str) and not START.match(start):
            expected = "a number and d, w, m, q or y"
            yield _wrong(file, (*loc, "start"), expected, "write `13w` for 13 weeks")
        elif isinstance(start, str):
            unit = {"d": "day", "w": "week", "m": "month", "q": "quarter", "y": "year"}[start[-1]]
            yield from check_curves.in_reach(file, (*loc, "start"), float(start[:-1]), unit)
        yield from _number(file, (*loc, "severity"), 0.0, MAX_SEVERITY, f"0 (nothing) to {MAX_SEVERITY:g}")
        yield from _choice(file, (*loc, "combine"), COMBINE)


def _expect(file: Merged) -> Iterator[Problem]:
    listed = file.get("expect")
    for i, claim in enumerate(listed) if isinstance(listed, list) else ():
        if isinstance(claim, dict):
            yield from _claim(file, ("expect", i), claim)


def _claim(file: Merged, loc: Loc, claim: dict[str, Any]) -> Iterator[Problem]:
    metric = claim.get("metric")
    if isinstance(metric, str):
        world, _, rest = metric.partition(".")
        if world not in WORLDS or not rest:
            remedy = did_you_mean(world, WORLDS) if world not in WORLDS else "write `world.what.measure`"
            yield _wrong(file, (*loc, "metric"), "a metric such as macro.unemployment.peak", remedy)
        elif world == "macro":
            variable = rest.partition(".")[0]
            yield from _name(file, (*loc, "metric"), variable, tuple(VARIABLES), "variable")
    used = [bound for bound in _BOUNDS if bound in claim]
    if len(used) != 1:
        found = f"an expectation with {' and '.join(used) or 'no bound'}"
        yield Problem(file.place(loc), found, "one of " + ", ".join(_BOUNDS), "")
    between = claim.get("between")
    if isinstance(between, list) and not _is_pair(between):
        yield _wrong(file, (*loc, "between"), "[low, high] with low <= high")
    if "tol" in claim and "equals" not in claim:
        yield Problem(
            file.place((*loc, "tol")), "`tol` without `equals`", "", "remove it, or write `equals:`"
        )
    yield from _number(file, (*loc, "tol"), 0.0, 1e9, "0 or more")
