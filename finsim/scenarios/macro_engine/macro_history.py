"""Quarters of an economy for the macro engine: the bundled Federal Reserve history, or a table like it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from finsim import documents
from finsim.errors import ScenarioError, did_you_mean
from finsim.notation import Float2D
from finsim.scenarios.plausible.bundled_history import EQUITY
from finsim.scenarios.published.published_table import homes
from finsim.scenarios.published.table_cells import (
    HISTORY,
    WHEN,
    WHO,
    cell_fault,
    column_of,
    number_of,
    quarter_of,
    table_rows,
)
from finsim.scenarios.reverse.prior_law import is_price as moves_in_percent
from finsim.scenarios.variables import GROWTH, HISTORY_FILE, VARIABLES

LEAST_QUARTERS = 40
FARTHEST = 1e9
"""No rate or index is beyond it."""
USUAL = (
    "unemployment", "gdp_growth", "inflation", "treasury_3m", "treasury_10y", "mortgage_rate", "bbb_spread",
    "house_prices", "cre_prices", "equity", "vix",
)  # fmt: skip
"""What the engine learns where it is known: few enough for the quarters there are."""
VIX = "vix"
KNOWN = (*VARIABLES, EQUITY, VIX)
_DAY = re.compile(r"(\d{4})-(\d{2})-\d{2}\Z")


@dataclass(frozen=True)
class MacroHistory:
    """Consecutive quarters: ``values`` float64 [quarters, variables], rates in percent, prices 100 log level.

    ``last`` is the number of the last quarter (4 x year + quarter - 1), ``file`` where the table stands.
    """

    names: tuple[str, ...]
    values: Float2D
    last: int
    file: str

    def levels(self, values: Float2D) -> Float2D:
        """Return rows of ``values`` as levels: percent for rates, the index itself for prices."""
        prices = np.array([is_price(name) for name in self.names])
        found: Float2D = np.where(prices, np.exp(np.minimum(values / 100.0, 700.0)), values)
        return found


def is_price(name: str) -> bool:
    """Tell whether a variable is a price or an index, which moves in percent of its level."""
    return name == VIX or moves_in_percent(name)


def is_growth(name: str) -> bool:
    """Tell whether a variable is a rate of growth."""
    return name in VARIABLES and VARIABLES[name].units is GROWTH


def returns_to_mean(name: str) -> bool:
    """Tell whether a variable is expected near its mean, whatever it was: growth and the volatility index."""
    return name == VIX or is_growth(name)


def read_history(path: Path | None = None, named: Sequence[str] = ()) -> MacroHistory:
    """Return the quarters of a table, the bundled one when no path is given, with ``named`` variables too.

    Columns bear the names of finsim's variables or those of the Federal Reserve; a column of scenarios is
    read for its historical rows. Learned are the usual variables that the table knows and the named ones,
    from the first quarter on in which all are known. Raises ScenarioError for a table without such columns,
    with a gap, with fewer than 40 quarters, or that does not know a named variable.
    """
    place = documents.shipped("data") / HISTORY_FILE if path is None else path
    rows = table_rows(place)
    head = [column.strip() for column in rows[0]]
    twice = [column for k, column in enumerate(head) if column and column in head[:k]]
    if twice:
        raise ScenarioError(
            f"two columns are called {twice[0]!r}",
            place=f"{place}:1",
            expected="one column of each name",
            remedy="rename one of them",
        )
    lines = _lines(place, rows, head)
    known = homes(head)
    for name in named:
        if name not in known:
            raise ScenarioError(
                f"{name!r} is not known to the table",
                place=str(place),
                expected=", ".join(home for home in known if home in KNOWN),
                remedy=did_you_mean(name, list(known))
                or "give a table of quarters that has this column: `--from TABLE.csv`",
            )
    names = tuple(
        n for n in dict.fromkeys((*USUAL, *named)) if n in known and _full(rows, lines, head, known[n])
    )
    if not names:
        raise ScenarioError(
            "no column is a variable of finsim",
            place=f"{place}:1",
            expected=", ".join(USUAL),
            remedy="name the columns so, or as the Federal Reserve does",
        )
    columns = [_column(place, rows, lines, head, known[name], name) for name in names]
    return _whole(place, np.column_stack(columns), names, _quarter(place, lines[-1], rows, head), named)


def _lines(place: Path, rows: list[list[str]], head: list[str]) -> list[int]:
    """Return the historical rows in order of time; refuse gaps and quarters that stand twice."""
    who = next((k for k, column in enumerate(head) if column.lower() in WHO), None)
    lines = []
    for i, row in enumerate(rows[1:], 1):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(head):
            raise cell_fault(place, i, f"{len(row)} cells", f"{len(head)}, as in the first row")
        if who is None or row[who].strip().lower() in HISTORY:
            lines.append(i)
    if not lines:
        raise ScenarioError("no row of the history", place=str(place), expected="rows called Actual")
    times = {i: _quarter(place, i, rows, head) for i in lines}
    lines.sort(key=times.__getitem__)
    for before, line in pairwise(lines):
        if times[line] == times[before]:
            raise cell_fault(
                place, line, "a second row of the quarter", "one row a quarter: average the months"
            )
        if times[line] != times[before] + 1:
            raise cell_fault(place, line, "a gap before this quarter", "consecutive quarters")
    return lines


def _quarter(place: Path, line: int, rows: list[list[str]], head: list[str]) -> int:
    cell = rows[line][column_of(place, head, WHEN)].strip()
    day = _DAY.match(cell)
    if day is not None and 1 <= int(day[2]) <= 12 and 1678 <= int(day[1]) <= 2261:
        return 4 * int(day[1]) + (int(day[2]) - 1) // 3
    return quarter_of(place, line, cell)


def _full(rows: list[list[str]], lines: list[int], head: list[str], columns: tuple[str, ...]) -> bool:
    """Tell whether the last 40 quarters of a variable are known; an older start alone is no fault."""
    places = [head.index(column) for column in columns]
    return all(rows[i][k].strip() for i in lines[-LEAST_QUARTERS:] for k in places)


def _column(
    place: Path, rows: list[list[str]], lines: list[int], head: list[str], columns: tuple[str, ...], name: str
) -> Float2D:
    def cells(column: str) -> Float2D:
        k = head.index(column)
        found = [number_of(place, i, column, rows[i][k]) for i in lines]
        return np.array([math.nan if cell is None else cell for cell in found])

    values = cells(columns[0])
    far = np.flatnonzero(np.abs(values) > FARTHEST)
    if len(far):
        raise cell_fault(
            place, lines[int(far[0])], f"{name}: {values[far[0]]:g}", f"a level within {FARTHEST:g}"
        )
    for other in columns[1:]:
        values = values - cells(other)
    if not is_price(name):
        return values
    low = np.flatnonzero(values <= 0.0)
    if len(low):
        raise cell_fault(place, lines[int(low[0])], f"{name}: {values[low[0]]:g}", "a level above 0")
    return 100.0 * np.log(values)


def _whole(
    place: Path, values: Float2D, names: tuple[str, ...], last: int, named: Sequence[str]
) -> MacroHistory:
    """Return the quarters behind the last in which a variable is unknown; refuse too few."""
    unknown = np.flatnonzero(~np.isfinite(values).all(axis=1))
    values = values[int(unknown[-1]) + 1 :] if len(unknown) else values
    still = [name for j, name in enumerate(names) if len(values) and np.ptp(values[:, j]) == 0.0]
    if still:
        raise ScenarioError(
            f"{still[0]} never moves in {len(values)} quarters",
            place=str(place),
            expected="a variable that moves: one that does not has nothing to teach",
            remedy="leave the column out",
        )
    missing = [name for name in named if name not in names]
    if missing or len(values) < LEAST_QUARTERS:
        raise ScenarioError(
            f"{missing[0]} has gaps in its last {LEAST_QUARTERS} quarters"
            if missing
            else f"{len(values)} quarters",
            place=str(place),
            expected=f"at least {LEAST_QUARTERS} consecutive quarters with every variable",
            remedy="fill the gaps, or leave the column out",
        )
    return MacroHistory(names, values, last, place.name)
