"""Checks of what a verb is given: every wrong argument at once, with what was found and an example."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from finsim.document_days import day_words
from finsim.errors import Problem, StudyError
from finsim.verbs.calling.local_places import refuse_remote, remote_url

__all__ = [
    "DATA",
    "NUMBERS",
    "PRICES",
    "RATE",
    "SCHEMES",
    "Arguments",
    "Number",
    "as_day",
    "found",
    "number_of",
]

PATH = (str, Path)
COLUMNS = ("Series", "Index", "ChunkedArray", "Array")
"""Types of one column: streams of Arrow, but no tables."""
PRICES = "prices: a file, a DataFrame, an Arrow or polars table, or Paths"
DATA = "prices, payments or any table: a file, a DataFrame, an Arrow or polars table, or Paths"
SHOWN = 1e15  # a greater limit is that of the machine, and not told


@dataclass(frozen=True)
class Number:
    """Which numbers an argument takes: an example, the least, the greatest; whole, or above the least."""

    example: float
    low: float
    high: float = math.inf
    whole: bool = True
    above: bool = False

    @property
    def range(self) -> str:
        """The range in words."""
        least = f"above {self.low:g}" if self.above else f"{self.low:g}"
        if self.high < SHOWN:
            return f"{least}{', up' if self.above else ''} to {self.high:,g}"
        return least if self.above else f"{least} or more"

    @property
    def words(self) -> str:
        """What is expected, in words."""
        return f"a {'whole ' if self.whole else ''}number, {self.range}"

    def takes(self, value: Any) -> bool:
        """Tell whether a value is such a number; True and False are none."""
        if isinstance(value, bool) or not isinstance(value, Integral if self.whole else Real):
            return False
        number: Any = value
        inside = self.low <= number <= self.high and number != math.inf  # false for what is no number (NaN)
        return bool(inside and not (self.above and number == self.low))


NUMBERS = {
    "accounts": Number(2_000, 200),
    "blocking": Number(0.9, 0, 1, whole=False),
    "budget": Number(0.005, 0, 0.5, whole=False, above=True),
    "cpu_price": Number(0.05, 0, 1e9, whole=False, above=True),
    "cpu_seconds": Number(60, 1, whole=False),
    "days": Number(30, 1),
    "delta": Number(1e-5, 1e-10, 0.01, whole=False),
    "entities": Number(1_000, 1, 1_000_000_000),
    "epsilon": Number(8, 0, 100, whole=False, above=True),
    "evade": Number(0.5, 0, 1, whole=False),
    "export.bank": Number(1, 1),
    "export.instance": Number(1, 0),
    "export.path": Number(0, 0),
    "export.prevalence": Number(0.01, 0, 1, whole=False),
    "paths": Number(100, 1, 100_000_000),
    "points": Number(3, 1, 20),
    "rate": Number(0.002, 0, 0.5, whole=False, above=True),
    "record_price": Number(1.5, 0, 1e9, whole=False, above=True),
    "row": Number(37, 0),
    "rows": Number(10_000, 1, 10_000_000_000),
    "sample.steps": Number(252, 2, 10_000_000),
    "scale": Number(0.1, 0, 10_000, whole=False, above=True),
    "seed": Number(7, 0, 2**63 - 1),
    "severity": Number(0.5, 0, 3, whole=False),
    "simulate_book.events": Number(200_000, 100, 100_000_000),
    "simulate_book.levels": Number(10, 1, 10),
    "simulate_book.path": Number(0, 0),
    "simulate_book.tick": Number(0.01, 0, 1_000, whole=False, above=True),
    "steps": Number(800, 1),
    "threads": Number(4, 1),
    "workers": Number(2, 1),
}
"""Argument (or ``verb.argument`` where a verb has its own range) -> the numbers that it takes."""

RATE, SCHEMES = Number(0.02, 0, 999_999, whole=False), Number(50, 0)
"""The rate of one narrative in the unit of its file (schemes a person and year, ...); numbers of schemes."""

_HINTS = {
    "LazyFrame": "collect it first: data.collect()",
    "Body": "{example}; a fitted model goes into finsim.sample(model)",
    "Run": "{example}; the data of a run are run.paths, run.transactions, run.portfolio",
    "Transactions": "{example}; transactions go into finsim.check(transactions.to_pandas(), 'retail-tx')",
}
"""Type of a value that stands in the wrong place -> what to do, with the example of the place."""


def number_of(verb: str, name: str) -> Number:
    """Return the numbers that an argument of a verb takes."""
    return NUMBERS.get(f"{verb}.{name}") or NUMBERS[name]


def found(value: Any) -> str:
    """Return how messages name a value: numbers and short text as they are, others by their type."""
    if value is None or isinstance(value, bool | int | float):
        return str(value).removesuffix(".0")
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else f"{value[:57]}...")
    if isinstance(value, type):
        return f"the class {value.__name__}"
    kind = type(value).__name__
    name = {"dict": "mapping (dict)", "Body": "fitted model", "ndarray": "NumPy array"}.get(kind, kind)
    size = f" of {len(value)}" if isinstance(value, list | tuple | set) else ""
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}{size}"


class Arguments:
    """The arguments of one call of a verb: check each, then ``settle`` raises every problem at once."""

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._problems: list[Problem] = []

    def numbers(self, values: Mapping[str, Any], *optional: str) -> Arguments:
        """Check numbers by name; those that are ``optional`` may be None."""
        for name, value in values.items():
            known = number_of(self._verb, name)
            if not (value is None and name in optional) and not known.takes(value):
                self._refuse(name, value, known.words, f"write {name}={known.example:g}")
        return self

    def kinds(self, name: str, value: Any, kinds: tuple[type, ...], expected: str, example: str) -> Arguments:
        """Check that a value is of one of some types."""
        if isinstance(value, str) and not value and str in kinds:
            self._problems.append(Problem(f"{self._verb}: {name}", "an empty text", expected, example))
        elif not isinstance(value, kinds):
            hint = _HINTS.get(type(value).__name__, "{example}")
            self._refuse(name, value, expected, hint.format(example=example))
        return self

    def table(self, name: str, value: Any, kinds: tuple[type, ...], expected: str, example: str) -> Arguments:
        """Check that a value is a path, of one of some types, or a table in memory."""
        is_table = hasattr(value, "__arrow_c_stream__") or hasattr(value, "__dataframe__")
        if is_table and type(value).__name__ not in COLUMNS:
            return self
        loose = type(value).__name__ in (*COLUMNS, "list", "tuple", "ndarray")
        hint = "; make a table of it: pandas.DataFrame(...)" if loose else ""
        return self.kinds(name, value, (*PATH, *kinds), expected, example + hint)

    def one_of(self, values: Mapping[str, Any]) -> Arguments:
        """Check that at most one of some arguments is given."""
        given = [name for name, value in values.items() if value is not None]
        if len(given) > 1:
            place = f"{self._verb}: {', '.join(given)}"
            self._problems.append(Problem(place, "both are given", "one of them", "leave one out"))
        return self

    def needed(self, wanted: str, value: Any, values: Mapping[str, Any]) -> Arguments:
        """Check that arguments that say something of another one are not given without it."""
        for name, given in values.items():
            if value is None and given is not None:
                self._problems.append(Problem(f"{self._verb}: {name}", f"given without {wanted}", wanted,
                                              f"add {wanted}, or leave {name} out"))  # fmt: skip
        return self

    def files(self, values: Mapping[str, Any], *, remote: bool = False) -> Arguments:
        """Check arguments that name a file or folder, or are None; on another machine only if ``remote``."""
        for name, value in values.items():
            example = {"output": "out", "schema": "prices.schema.yaml"}.get(name, name)
            self.kinds(name, value, (*PATH, type(None)), "a path", f"write {name}='{example}'")
            if isinstance(value, PATH) and not (remote and remote_url(value)):
                try:
                    refuse_remote(value, f"{self._verb}: {name}")
                except StudyError as remote:
                    self._problems += remote.problems
        return self

    def workers_or_cluster(self, workers: Any, cluster: Any) -> Arguments:
        """Check the address of a cluster, and that it is not given beside local workers."""
        self.kinds(
            "cluster", cluster, (str, type(None)), "the address of a Dask scheduler, or local:N",
            "write cluster='local:2'",
        )  # fmt: skip
        return self.one_of({"workers": None if workers == 1 else workers, "cluster": cluster})

    def changing(self, name: str, run: Any) -> Arguments:
        """Check a run that the verb writes to: one in a store is not changed there."""
        url = getattr(run, "url", "") or (remote_url(run) if isinstance(run, PATH) else "")
        if url:
            self._problems.append(
                Problem(
                    f"{self._verb}: {name}", f"{url!r}: a run in a store is not changed",
                    "a run in a folder of this machine",
                    f"for its copy here: finsim.{self._verb}(finsim.open_run({url!r}).path)",
                )
            )  # fmt: skip
        return self

    def reading(self, schema: Any, csv: Any) -> Arguments:
        """Check how a table is read."""
        if not hasattr(schema, "fields"):
            self.kinds(
                "schema", schema, (*PATH, type(None)), "a schema file or a Schema",
                "write schema='prices.schema.yaml'",
            )  # fmt: skip
        return self.kinds("csv", csv, (str, type(None)), "KEY=VALUE,... as text", "write csv='sep=;'")

    def day(self, name: str, value: Any) -> Arguments:
        """Check a day: a date, or text such as 2026-01-31; None is none."""
        if value is None or isinstance(value, date):
            return self
        try:
            date.fromisoformat(value)
        except (TypeError, ValueError):
            expected, meant = day_words(value)
            self._refuse(name, value, expected, f"write {name}={meant}")
        return self

    def progress(self, value: Any) -> Arguments:
        """Check how progress is shown."""
        if not isinstance(value, bool) and not callable(value):
            words = "True, False, or a function (stage, done, total)"
            self._refuse("progress", value, words, "write progress=False")
        return self

    def settle(self) -> None:
        """Raise StudyError with every problem that was found."""
        if self._problems:
            raise StudyError.of(self._problems)

    def _refuse(self, name: str, value: Any, expected: str, remedy: str) -> None:
        self._problems.append(Problem(f"{self._verb}: {name}", found(value), expected, remedy))


def as_day(value: date | str | None) -> date | None:
    """Return a day that ``Arguments.day`` has checked as a date."""
    return date.fromisoformat(value) if isinstance(value, str) else value
