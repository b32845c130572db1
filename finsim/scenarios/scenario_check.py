"""Every problem of meaning in one merged scenario file, found before anything is built."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from finsim.documents import Loc
from finsim.errors import Problem, did_you_mean
from finsim.scenarios import check_curves
from finsim.scenarios.check_curves import is_number
from finsim.scenarios.claims.metric_names import is_measurable, nearest
from finsim.scenarios.file_models import VERSION
from finsim.scenarios.merge import Merged
from finsim.scenarios.variables import CREDIT_CLASSES, PRICE, VARIABLES

# Which words, which names and which numbers may stand where; `*` is any key or item. Editors read them too.

KINDS = ("baseline", "historical", "supervisory", "hypothetical", "behavioural", "compound", "reverse")
STEPS = ("year", "quarter", "month", "week", "day", "minute")
BASES = ("judgement", "fitted", "form", "residual", "frequency")
WORLDS = ("macro", "equity", "driver", "credit", "fraud", "liquidity", "aml", "behaviour")
LGD_MODELS = ("frye_jacobs", "constant")
COMBINE = ("max", "min", "last", "add")
MAX_SEVERITY = 10.0
START = re.compile(r"(\d+)(d|w|m|q|y)\Z")
BOUNDS = ("between", "at_least", "at_most", "equals")
WORDS: Mapping[Loc, Sequence[str]] = {
    ("finsim",): (VERSION,),
    ("kind",): KINDS,
    ("probability", "basis"): BASES,
    ("horizon", "step"): STEPS,
    ("credit", "link"): ("macro_probit",),
    ("credit", "lgd", "model"): LGD_MODELS,
    ("overlay", "*", "combine"): COMBINE,
}
VARIABLE_NAMES = tuple(VARIABLES)
PRICES = tuple(name for name, variable in VARIABLES.items() if variable.units is PRICE)
JUMP_OFF, INDICES = (*VARIABLES, "equity", "vix"), (*PRICES, "equity", "vix")
KEYS: Mapping[Loc, tuple[Sequence[str], str]] = {
    ("credit", "betas"): (CREDIT_CLASSES, "loan class"),
    ("credit", "betas", "*"): (VARIABLE_NAMES, "variable"),
    ("credit", "lgd", "collateral"): (CREDIT_CLASSES, "loan class"),
}
NAMES: Mapping[Loc, tuple[Sequence[str], str]] = {
    ("credit", "lgd", "collateral", "*"): (PRICES, "price index")
}
_SEVERITY = (0.0, MAX_SEVERITY, f"0 (nothing) to {MAX_SEVERITY:g}")
_MULTIPLIER, _WEEKS = (1e-9, 1e6, "a multiplier above 0"), (0.0, 5218.0, "0 to 5218 weeks")
RANGES: Mapping[Loc, tuple[float, float, str]] = {
    ("severity",): _SEVERITY,
    ("overlay", "*", "severity"): _SEVERITY,
    ("probability", "weight"): (0.0, 1.0, "a probability in [0, 1]"),
    ("horizon", "length"): (1, math.inf, "1 step or more"),
    ("credit", "prepayment_mult"): (1e-9, 1e9, "a multiplier above 0"),
    ("credit", "forbearance", "share"): (0.0, 0.999999, "a share in [0, 1)"),
    ("credit", "forbearance", "quarters"): (0, 400, "0 or more quarters"),
    ("fraud", "self_excitation", "half_life_hours"): (1e-3, 1e6, "more than 0 hours"),
    ("fraud", "mules", "recruit_mult"): _MULTIPLIER,
    ("expect", "*", "tol"): (0.0, 1e9, "0 or more"),
    **{
        (block, "waves", "*", key): limits
        for block in ("fraud", "aml")
        for key, limits in {
            **dict.fromkeys(("start_week", "ramp_weeks", "plateau_weeks"), _WEEKS),
            "decay_half_life_weeks": (1e-3, 5218.0, "more than 0 weeks"),
            "intensity_mult": _MULTIPLIER,
        }.items()
    },
}
PAIRS: Mapping[Loc, float] = {
    ("fraud", "mules", "hops"): 1,
    ("fraud", "mules", "dwell_hours"): 0,
    ("expect", "*", "between"): -math.inf,
}
"""Lists [low, high] and the least that low may be."""
OWN_NAMES: Sequence[Loc] = (
    ("fraud", "intensity_mult"),
    ("aml", "intensity_mult"),
    ("behaviour", "spend_mult"),
    ("behaviour", "channel_shift"),
)
"""Blocks whose keys are names of the user, which a claim may use again."""


def problems(file: Merged, laid: Collection[str] = ()) -> Iterator[Problem]:
    """Yield every problem of meaning, in no particular order; wrong types are left to the models.

    ``laid`` are the typologies, categories and channels that the overlays of the file name.
    """
    checks: Sequence[Callable[[Merged], Iterator[Problem]]] = (
        _head, _horizon, check_curves.macro, check_curves.market, check_curves.plain_curves,
        _words, _ranges, _names, _pairs, _jump_off, _excitation, _overlays, _other,
    )  # fmt: skip
    for check in checks:
        yield from check(file)
    yield from _expect(file, {*laid, *_names_of_the_file(file)})


def _wrong(file: Merged, loc: Loc, expected: str, remedy: str = "correct this value") -> Problem:
    dotted = ".".join(str(part) for part in loc)
    return Problem(file.place(loc), f"{dotted}: {file.get(*loc)!r}", expected, remedy)


def _words(file: Merged) -> Iterator[Problem]:
    for pattern, known in WORDS.items():
        for loc in file.matching(pattern):
            value = file.get(*loc)
            if isinstance(value, str) and value not in known:
                yield _wrong(file, loc, " or ".join(known[:6]), did_you_mean(value, known))


def _ranges(file: Merged) -> Iterator[Problem]:
    for pattern, (low, high, expected) in RANGES.items():
        for loc in file.matching(pattern):
            value = file.get(*loc)
            if is_number(value) and not low <= value <= high:
                yield _wrong(file, loc, expected)


def _names(file: Merged) -> Iterator[Problem]:
    for pattern, (known, kind) in KEYS.items():
        for loc in file.matching(pattern):
            value = file.get(*loc)
            for name in value if isinstance(value, dict) else ():
                yield from _name(file, (*loc, name), name, known, kind)
    for pattern, (known, kind) in NAMES.items():
        for loc in file.matching(pattern):
            value = file.get(*loc)
            if isinstance(value, str):
                yield from _name(file, loc, value, known, kind)


def _head(file: Merged) -> Iterator[Problem]:
    stem = Path(file.path).stem
    if isinstance(file.get("id"), str) and file.get("id") != stem:
        yield _wrong(file, ("id",), f"{stem!r}, the name of the file", "rename the file or the scenario")


def _horizon(file: Merged) -> Iterator[Problem]:
    for key in ("length", "step"):
        if file.get("horizon", key) is None:
            yield Problem(file.place(("horizon",)), f"horizon.{key}: missing", "", f"add `{key}:`")
    loc: Loc = ("horizon", "length")
    length, step = file.get(*loc), file.get("horizon", "step")
    if is_number(length) and step in STEPS:
        yield from check_curves.in_reach(file, loc, length, step)


def _jump_off(file: Merged) -> Iterator[Problem]:
    block = file.get("calibration", "jump_off")
    known = JUMP_OFF
    for name, level in block.items() if isinstance(block, dict) else ():
        loc: Loc = ("calibration", "jump_off", name)
        if name not in known:
            found = f"calibration.jump_off: no variable is called {name!r}"
            yield Problem(file.place(loc), found, "", did_you_mean(name, known))
        elif is_number(level) and level <= 0 and name in INDICES:
            yield _wrong(file, loc, "an index level above 0")


def _name(file: Merged, loc: Loc, name: str, known: Sequence[str], kind: str) -> Iterator[Problem]:
    if name not in known:
        yield Problem(file.place(loc), f"no {kind} is called {name!r}", "", did_you_mean(name, known))


def _other(file: Merged) -> Iterator[Problem]:
    length, step = file.get("horizon", "length"), file.get("horizon", "step")
    for loc in file.matching(("other", "*")):
        path = file.get(*loc)
        if isinstance(path, list) and is_number(length) and len(path) != length:
            found = f"other.{loc[1]}: has {len(path)} values but horizon.length is {length:g} {step}s"
            yield Problem(file.place(loc), found, f"{length:g} values", "add or remove values")


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


def _pairs(file: Merged) -> Iterator[Problem]:
    for pattern, low in PAIRS.items():
        for loc in file.matching(pattern):
            pair = file.get(*loc)
            if isinstance(pair, list) and not _is_pair(pair, low):
                least = "" if low == -math.inf else f"{low} <= "
                yield _wrong(file, loc, f"[low, high] with {least}low <= high")


def _is_pair(pair: list[Any], low: float) -> bool:
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


def _expect(file: Merged, own: Collection[str]) -> Iterator[Problem]:
    listed = file.get("expect")
    for i, claim in enumerate(listed) if isinstance(listed, list) else ():
        if isinstance(claim, dict):
            yield from _claim(file, ("expect", i), claim, own)


def _metric(file: Merged, loc: Loc, metric: str, own: Collection[str]) -> Iterator[Problem]:
    world, _, rest = metric.partition(".")
    if world not in WORLDS or not rest:
        remedy = did_you_mean(world, WORLDS) if world not in WORLDS else "write `world.what.measure`"
        yield _wrong(file, loc, "a metric such as macro.unemployment.peak", remedy)
        return
    if not is_measurable(metric, own):
        yield _wrong(file, loc, "a number that some world measures", nearest(metric, own))


def _names_of_the_file(file: Merged) -> set[str]:
    """Return the typologies, categories and channels that a file names itself."""
    blocks = [file.get(*loc) for loc in OWN_NAMES]
    found = {str(name) for block in blocks if isinstance(block, dict) for name in block}
    for loc in [place for world in ("fraud", "aml") for place in file.matching((world, "waves", "*"))]:
        found.add(str(file.get(*loc, "typology")))
    return found


def _claim(file: Merged, loc: Loc, claim: dict[str, Any], own: Collection[str]) -> Iterator[Problem]:
    metric = claim.get("metric")
    if isinstance(metric, str):
        yield from _metric(file, (*loc, "metric"), metric, own)
    used = [bound for bound in BOUNDS if bound in claim]
    if len(used) != 1:
        found = f"an expectation with {' and '.join(used) or 'no bound'}"
        yield Problem(file.place(loc), found, "one of " + ", ".join(BOUNDS), "")
    if "tol" in claim and "equals" not in claim:
        yield Problem(
            file.place((*loc, "tol")), "`tol` without `equals`", "", "remove it, or write `equals:`"
        )
