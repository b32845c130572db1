"""``regime=crisis,vol=0.4,AAPL=120`` -> conditions; every mistake at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from finsim.engine.market_model.given.conditions import (
    LEVELS,
    REGIMES,
    WIDTH,
    Condition,
    EndPoint,
    Regime,
    Volatility,
)
from finsim.errors import Problem, StudyError, did_you_mean
from finsim.markets.encoding import Encoding
from finsim.records.paths import DIFFERENCE, RETURN

_PART = re.compile(r'(?:[^,"]|"[^"]*"|")+')
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_AMOUNT = re.compile(rf"({_NUMBER})(%?)")
_BAND = re.compile(rf"({_NUMBER})(%?)\.\.({_NUMBER})(%?)")
FORM = "regime=NAME, vol=NUMBER, ASSET.vol=NUMBER or ASSET=PRICE"


def conditions_of(text: str, encoding: Encoding) -> tuple[Condition, ...]:
    """Return the conditions that ``text`` writes for paths of an encoding.

    Parts stand between commas; a name with a comma or an equals sign stands in double quotes. ``regime`` is
    calm, normal or crisis; ``vol`` and ``ASSET.vol`` a number per year (40% or 0.4), a band (0.3..0.5) or
    low, mid, high; ``ASSET`` or ``ASSET.end`` the last price, or with a percent sign the return up to it.
    Raises StudyError for all that cannot be read, is unknown or is said twice.
    """
    found: list[Condition] = []
    problems: list[Problem] = []
    seen: set[tuple[str, int | None]] = set()
    for name, value in _parts(text):
        place = f"sample: given {name}" if name else "sample: given"
        if value is None:
            problems.append(Problem(place, "has no value", FORM, f"write {name or 'regime'}=..."))
            continue
        target = _target(name, encoding.assets)
        if target is None:
            known = ["regime", "vol", *encoding.assets, *(f"{asset}.vol" for asset in encoding.assets)]
            problems.append(Problem(place, "is neither a condition nor an asset of the model", FORM,
                                    did_you_mean(name, known)))  # fmt: skip
            continue
        if target in seen:
            problems.append(Problem(place, "is given twice", "one value of a condition", "leave one out"))
            continue
        seen.add(target)
        one = _condition(place, f"{name}={value}", value, target, encoding)
        if isinstance(one, Problem):
            problems.append(one)
        else:
            found.append(one)
    if problems:
        raise StudyError.of(problems)
    return tuple(found)


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield name and value of every part; None for a part without an equals sign."""
    for part in _PART.findall(text) or [""]:
        quoted = re.fullmatch(r'\s*"([^"]*)"\s*(?:=(.*))?', part)
        if quoted:
            yield quoted[1], None if quoted[2] is None else quoted[2].strip()
            continue
        name, equals, value = part.partition("=")
        yield name.strip(), value.strip() if equals else None


def _target(name: str, assets: tuple[str, ...]) -> tuple[str, int | None] | None:
    """Return what a name asks about, and of which asset; words of conditions go before names of assets."""
    if name in ("regime", "vol"):
        return name, None
    for ending, kind in (("", "end"), (".end", "end"), (".vol", "vol")):
        bare = name.removesuffix(ending)
        if name.endswith(ending) and bare in assets:
            return kind, assets.index(bare)
    return None


def _condition(
    place: str, written: str, value: str, target: tuple[str, int | None], encoding: Encoding
) -> Condition | Problem:
    kind, asset = target
    if kind == "regime":
        if value in REGIMES:
            return Regime(written, value)
        return Problem(place, repr(value), f"one of {', '.join(REGIMES)}", did_you_mean(value, REGIMES))
    if kind == "vol":
        return _volatility(place, written, value, asset)
    assert asset is not None
    return _end_point(place, written, value, asset, encoding)


def _volatility(place: str, written: str, value: str, asset: int | None) -> Volatility | Problem:
    if value in LEVELS:
        return Volatility(written, asset, level=value)
    band, amount = _BAND.fullmatch(value), _AMOUNT.fullmatch(value)
    if band:
        low, high = _number(band[1], band[2]), _number(band[3], band[4])
    elif amount:
        level = _number(amount[1], amount[2])
        low, high = (1.0 - WIDTH) * level, (1.0 + WIDTH) * level
    else:
        remedy = did_you_mean(value, LEVELS) if value.isalpha() else "write 0.4, 40% or 0.3..0.5"
        return Problem(place, repr(value), f"a number per year, a band or {', '.join(LEVELS)}", remedy)
    if not (np.isfinite(high) and 0.0 <= low < high):
        return Problem(place, repr(value), "a volatility above 0, the lower end of a band first",
                       "write 0.4, 40% or 0.3..0.5")  # fmt: skip
    return Volatility(written, asset, low, high)


def _end_point(place: str, written: str, value: str, asset: int, encoding: Encoding) -> EndPoint | Problem:
    kind = "price"
    for word in (DIFFERENCE, RETURN):
        kind = word if asset in encoding.where(word) else kind
    words = {DIFFERENCE: "a level such as 3.5", RETURN: "a return up to the last step such as -20%"}
    expected = words.get(kind, "a price above 0 such as 120, or a return such as -20%")
    amount = _AMOUNT.fullmatch(value)
    if amount is None or not np.isfinite(float(amount[1])):
        return Problem(place, repr(value), expected, "write the number")
    number, is_share = float(amount[1]), amount[2] == "%"
    last = encoding.last_close[asset]
    if kind == DIFFERENCE:
        return Problem(place, repr(value), expected, "leave the percent sign out") if is_share else EndPoint(
            written, asset, number - last)  # fmt: skip
    if kind == RETURN and not is_share:
        return Problem(place, repr(value), expected, f"write {100 * number:g}% or another share")
    ratio = 1.0 + number / 100.0 if is_share else number / last
    if not (np.isfinite(ratio) and ratio > 0.0):
        return Problem(place, repr(value), expected, "a price never falls to 0 or below")
    return EndPoint(written, asset, float(np.log(ratio)))


def _number(text: str, percent: str) -> float:
    return float(text) / (100.0 if percent else 1.0)
