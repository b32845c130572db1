"""What a user gives to the macro engine: ``unemployment+=1.5 2.7 4`` as values by variable and quarter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.errors import Problem, ScenarioError, did_you_mean
from finsim.scenarios.macro_engine.macro_history import KNOWN, MacroHistory, is_price

MOST_QUARTERS = 60
_ITEM = re.compile(r"\s*([A-Za-z_0-9]+)\s*(?:@\s*(\d{1,4})\s*)?(\+?=)\s*(.+?)\s*\Z")
_VALUE = re.compile(r"([+-]?(?:\d{1,12}(?:\.\d*)?|\.\d+))(%?)\Z", re.ASCII)
_FREE = "."
_PLACE = "--given"
_FORM = (
    "VARIABLE=LEVEL LEVEL ..., VARIABLE+=MOVE MOVE ... or VARIABLE@QUARTER=..., such as "
    "`unemployment+=1.5 2.7 4`, `gdp_growth=-3 -1` or `equity@4=-40%`"
)


@dataclass(frozen=True)
class Given:
    """One given value: a level, or a ``move`` from the last known quarter, in ``percent`` or in points."""

    name: str
    quarter: int
    value: float
    move: bool
    percent: bool


def read_given(items: Sequence[str]) -> tuple[Given, ...]:
    """Return the values that texts give, quarters counted from 1; raises ScenarioError naming each fault.

    After ``=`` stand levels, after ``+=`` moves from the last known quarter in points; a price moves in
    percent (``-40%``, either way); a dot leaves a quarter free.
    """
    found: list[Given] = []
    for text in items:
        match = _ITEM.match(text)
        if match is None:
            raise ScenarioError(f"{text!r}", place=_PLACE, expected=_FORM, remedy=_remedy(text))
        name, at, values = match[1], match[2], match[4].split()
        if name not in KNOWN:
            raise ScenarioError(
                f"no variable is called {name!r}",
                place=_PLACE,
                expected=", ".join(KNOWN),
                remedy=did_you_mean(name, KNOWN),
            )
        first = int(at) if at else 1
        if first < 1 or first + len(values) - 1 > MOST_QUARTERS:
            raise ScenarioError(
                f"{text!r} reaches quarter {first + len(values) - 1}",
                place=_PLACE,
                expected=f"quarters from 1 to {MOST_QUARTERS}",
                remedy=f"write {name}@4=... for the fourth quarter after the last known one",
            )
        found += [
            _one(name, first + k, value, match[3] == "+=", text)
            for k, value in enumerate(values)
            if value != _FREE
        ]
    twice = [
        one
        for k, one in enumerate(found)
        if any((o.name, o.quarter) == (one.name, one.quarter) for o in found[:k])
    ]
    if twice:
        raise ScenarioError(
            f"{twice[0].name} is given twice for quarter {twice[0].quarter}",
            place=_PLACE,
            expected="one value",
            remedy=f"remove one; the courses of {twice[0].name} begin in quarter 1 unless @QUARTER is said",
        )
    if not found:
        raise ScenarioError(
            "nothing is given",
            place=_PLACE,
            expected=_FORM,
            remedy="put a number for at least one quarter; a dot leaves its quarter free",
        )
    return tuple(found)


def _remedy(text: str) -> str:
    """Return how to write a text that has no form."""
    name = text.split("=")[0].split("@")[0].strip(" +")
    known = name if name in KNOWN else "unemployment"
    value = "-40%" if is_price(known) else "8.1"
    return f"write {known}={value}, with a value for each quarter"


def _one(name: str, quarter: int, value: str, move: bool, text: str) -> Given:
    match = _VALUE.match(value)
    if match is None:
        raise ScenarioError(
            f"{value!r} in {text!r}",
            place=_PLACE,
            expected=f"a number such as 8.1; {_FORM}",
            remedy=f"write {name}{'+=' if move else '='}2.5",
        )
    percent = bool(match[2])
    price = is_price(name)
    if price and move and not percent:
        raise ScenarioError(
            f"{value!r} in {text!r}",
            place=_PLACE,
            expected=f"percent, as a price moves: {value}%",
            remedy=f"write {name}+={value}%, or {name}=LEVEL for a level of the index",
        )
    if percent and not price:
        raise ScenarioError(
            f"{value!r} in {text!r}",
            place=_PLACE,
            expected="a number without %: a rate is written in percent or points",
            remedy=f"write {name}{'+=' if move else '='}{match[1]}",
        )
    return Given(name, quarter, float(match[1]), move or percent, percent)


def conditions(given: Sequence[Given], history: MacroHistory) -> Mapping[tuple[int, int], float]:
    """Return given values in the units of a history: (quarter from 0, variable) -> value.

    Raises ScenarioError for a price that would not stay above 0.
    """
    found = {}
    for one in given:
        j = history.names.index(one.name)
        last = float(history.values[-1, j])
        if not is_price(one.name):
            found[one.quarter - 1, j] = last + one.value if one.move else one.value
            continue
        size = 1.0 + one.value / 100.0 if one.percent else one.value
        if size <= 0.0:
            raise ScenarioError.of(
                [
                    Problem(
                        _PLACE,
                        f"{one.name} at {one.value:g} {'percent' if one.percent else ''}".rstrip(),
                        "a price above 0",
                        "a price cannot lose all of its value",
                    )
                ]
            )
        found[one.quarter - 1, j] = 100.0 * np.log(size) + (last if one.percent else 0.0)
    return found
