"""A table of macro paths as published: one row a quarter or year, history above the scenarios."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from finsim.errors import ScenarioError
from finsim.scenarios.published.table_cells import (
    HISTORY,
    WHEN,
    WHO,
    cell_fault,
    column_of,
    last_day,
    number_of,
    quarter_of,
    table_rows,
)
from finsim.scenarios.variables import EQUITY_COLUMN, VARIABLES

_VIX = "Market Volatility Index (Level)"


@dataclass(frozen=True)
class Published:
    """One scenario of a table: ``paths[column]`` over its steps, ``before[column]`` in the row before them.

    Columns are named as published; ``as_of`` is the last day of the row before, ``step`` quarter or year.
    """

    file: str
    scenario: str
    as_of: date
    step: str
    paths: Mapping[str, tuple[float, ...]]
    before: Mapping[str, float]


def read_published(path: str | Path, name: str | None = None) -> Published:
    """Read one scenario of a published CSV table (plain or .gz).

    ``name`` is the scenario, or a part of its name that fits no other; without it the table must hold one
    scenario beside its history and its baseline. Raises ScenarioError for a file without such columns,
    without the row before the scenario, with a cell that is no number, or for a scenario it does not hold.
    """
    rows = table_rows(Path(path))
    head = [column.strip() for column in rows[0]]
    who, when = column_of(path, head, WHO), column_of(path, head, WHEN)
    groups: dict[str, list[int]] = {}
    for i, row in enumerate(rows[1:], 1):
        if any(cell.strip() for cell in row):
            if len(row) != len(head):
                raise cell_fault(path, i, f"{len(row)} cells", f"{len(head)}, as in the first row")
            groups.setdefault(row[who].strip(), []).append(i)
    chosen = _chosen(path, list(groups), name)
    past = [i for group, lines in groups.items() if group.lower() in HISTORY for i in lines]
    times = {i: quarter_of(path, i, rows[i][when]) for i in (*past, *groups[chosen])}
    lines = sorted(groups[chosen], key=times.__getitem__)
    size = _size(path, lines, rows, when)
    step_back = times[lines[0]] - size
    before = [i for i in past if times[i] == step_back]
    if not before:
        raise ScenarioError(
            f"no row of the history stands before {rows[lines[0]][when]}",
            place=str(path),
            expected=f"rows with `{head[who]}` Actual, the last one just before the scenario",
            remedy="put the historical rows into the same table: moves are measured from them",
        )
    gaps = [i for i, last in zip(lines[1:], lines, strict=False) if times[i] != times[last] + size]
    if gaps:
        raise cell_fault(path, gaps[0], f"{rows[gaps[0]][when]!r}", "the step after the row before")
    numbers = [k for k in range(len(head)) if k not in (who, when)]
    paths, start = {}, {}
    for k in numbers:
        cells = [number_of(path, i, head[k], rows[i][k]) for i in (before[0], *lines)]
        known = [cell for cell in cells if cell is not None]
        if len(known) == len(cells):
            paths[head[k]], start[head[k]] = tuple(known[1:]), known[0]
    return Published(
        Path(path).name, chosen, last_day(step_back), "quarter" if size == 1 else "year", paths, start
    )


def homes(columns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return where published columns go: a variable of finsim, ``equity`` or ``vix`` -> its columns.

    A column may also bear finsim's own name. A variable of two columns is their difference.
    """
    plain = {_plain(column): column for column in columns}
    wanted = {name: variable.columns for name, variable in VARIABLES.items()}
    wanted |= {"equity": (EQUITY_COLUMN,), "vix": (_VIX,)}
    found: dict[str, tuple[str, ...]] = {}
    for name, published in wanted.items():
        if _plain(name) in plain:
            found[name] = (plain[_plain(name)],)
        elif published and all(_plain(column) in plain for column in published):
            found[name] = tuple(plain[_plain(column)] for column in published)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.lower())


def _chosen(path: str | Path, groups: list[str], name: str | None) -> str:
    scenarios = [group for group in groups if group.lower() not in HISTORY]
    if name is None:
        stressed = [group for group in scenarios if "baseline" not in group.lower()]
        fitting = stressed if len(stressed) == 1 else scenarios
    else:
        exact = [group for group in scenarios if group.lower() == name.lower()]
        fitting = exact or [group for group in scenarios if name.lower() in group.lower()]
    if len(fitting) == 1:
        return fitting[0]
    near = difflib.get_close_matches(name or "", scenarios, n=1)
    raise ScenarioError(
        f"no scenario is called {name!r}" if name and not fitting else f"{len(fitting)} scenarios",
        place=str(path),
        expected="one of " + ", ".join(repr(group) for group in scenarios),
        remedy=f"did you mean {near[0]!r}?" if near else "name one with `--name`",
    )


def _size(path: str | Path, lines: list[int], rows: list[list[str]], when: int) -> int:
    quarterly = {bool(re.search("q", rows[i][when], re.IGNORECASE)) for i in lines}
    if len(quarterly) != 1:
        raise cell_fault(path, lines[0], "quarters and years", "one step for the whole scenario")
    return 1 if quarterly.pop() else 4
