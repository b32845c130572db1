"""Compare the key figures of scenarios, of one run or of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from finsim.engine.answers.comparison_table import Comparison
from finsim.engine.answers.text_table import aligned
from finsim.engine.finished_run import Run
from finsim.errors import StudyError
from finsim.records.figures.figure_text import difference_text, plain_value, unit_text, value_text
from finsim.records.figures.key_figures import KEY_FIGURES, Figure, KeyFigure

BASE = "base"


@dataclass(frozen=True)
class Column:
    """The key figures of one scenario of one run."""

    label: str
    figures: Mapping[str, Figure]

    def of(self, line: KeyFigure) -> Figure:
        """Return one figure; one that was never noted says so."""
        return self.figures.get(line.key, Figure(None, why="not noted by the run"))

    def value_text(self, line: KeyFigure) -> str:
        """Return one figure as text, money beside its share of the balance."""
        return value_text(line, self.of(line), self.figures.get("credit.balance"))


def columns_of(run: Run) -> list[Column]:
    """Return the scenarios of a run, ``base`` first, and what a stressed run was compared with before all."""
    noted: Mapping[str, Any] = run.manifest["scores"].get("figures", {})
    found = [_column(label, noted.get(label, {})) for label in run.scenarios]
    found.sort(key=lambda column: column.label != BASE)
    before = run.manifest["scores"].get("compared_with")
    return found if before is None else [_column(before["label"], before["figures"]), *found]


def _column(label: str, figures: Mapping[str, Any]) -> Column:
    return Column(label, {key: Figure.from_dict(item) for key, item in figures.items()})


def pairs_of(first: Run, second: Run) -> list[tuple[str, Column, Column]]:
    """Return which scenarios of two runs are set side by side: scenario name, first, second.

    A run made by stressing the first is set against the scenario that it was compared with. Else every
    scenario that both runs have; runs that share none are compared by their first scenarios.
    """
    left = {column.label: column for column in columns_of(first) if column.label in first.scenarios}
    right = {column.label: column for column in columns_of(second) if column.label in second.scenarios}
    before = second.manifest["scores"].get("compared_with", {})
    if before.get("manifest_sha256") == first.digest:
        base, stressed = left[before["label"]], right[second.scenarios[0]]
        return [(stressed.label, base, stressed)]
    shared = [label for label in first.scenarios if label in right]
    if shared:
        return [(label, left[label], right[label]) for label in shared]
    base, other = left[first.scenarios[0]], right[second.scenarios[0]]
    return [(other.label, base, other)]


def names_of(first: Run, second: Run, pairs: list[tuple[str, Column, Column]]) -> tuple[str, str]:
    """Return what the two columns are called: the scenarios where they differ, else the folders."""
    _, base, other = pairs[0]
    if base.label != other.label:
        return base.label, other.label
    names = (first.path.name, second.path.name)
    return names if names[0] != names[1] else (str(first.path), str(second.path))


def comparison_frame(first: Run, second: Run) -> pd.DataFrame:
    """Return one row a scenario and key figure that both runs computed: both values and the difference.

    The index is (scenario, figure), the columns are the two runs' values, ``difference``, ``relative``
    (a decimal of the first value) and ``unit``: money in units of the currency named, shares as decimals.
    Printed, money is whole with thousands and the lines have at most 80 columns.
    Raises StudyError when no figure is in both.
    """
    pairs = pairs_of(first, second)
    names = names_of(first, second, pairs)
    rows = []
    for scenario, base, other in pairs:
        for line in KEY_FIGURES:
            left, right = plain_value(line, base.of(line)), plain_value(line, other.of(line))
            if left is None or right is None:
                continue
            moved: Any = None
            relative = None
            if not isinstance(left, str) and not isinstance(right, str):
                moved = right - left
                relative = moved / left if left else None
            unit = unit_text(line, other.of(line).currency)
            rows.append((scenario, line.label, left, right, moved, relative, unit))
    if not rows:
        raise StudyError(
            "the runs have no key figure in common",
            place=f"{first.path}, {second.path}",
            remedy="compare runs with the same parts (market, transactions, credit)",
        )
    head = ["scenario", "figure", *names, "difference", "relative", "unit"]
    return Comparison(pd.DataFrame(rows, columns=head).set_index(["scenario", "figure"]))


def comparison_text(names: tuple[str, str], base: Column, other: Column) -> list[tuple[str, ...]]:
    """Return the rows of a comparison as text, header first; figures that neither has are left out."""
    rows: list[tuple[str, ...]] = [("", *names, "difference")]
    balances = (base.figures.get("credit.balance"), other.figures.get("credit.balance"))
    for line in KEY_FIGURES:
        left, right = base.of(line), other.of(line)
        if left.value is None and right.value is None:
            continue
        moved = difference_text(line, left, right, balances)
        rows.append((line.label, base.value_text(line), other.value_text(line), moved))
    return rows


def comparison_lines(first: Run, second: Run) -> list[str]:
    """Return the scenarios of two runs as aligned lines, a title above each where there are several."""
    pairs = pairs_of(first, second)
    names = names_of(first, second, pairs)
    lines: list[str] = []
    for scenario, base, other in pairs:
        title = [] if len(pairs) == 1 else [f"{scenario}:"]
        lines += [*title, *aligned(comparison_text(names, base, other))]
    return lines
