"""The table of two compared runs: raw numbers in a DataFrame that shows itself on at most 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from finsim.engine.answers.text_table import aligned, cut
from finsim.records.display.card_text import MOST_LINES
from finsim.records.figures.figure_text import NONE
from finsim.records.figures.key_figures import COUNT, DATE, SHARE

_WIDTH, _SHORTEST = 80, 6
_COLUMNS = ((0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 5), (0, 1, 2, 5))
# What is tried until the lines fit: less space first, then without what the two values say themselves.
_WAYS = tuple((kept, gap) for kept in _COLUMNS for gap in (3, 2, 1))
Row = tuple[str, ...]


class Comparison(pd.DataFrame):
    """A DataFrame of key figures; only its text differs: whole money with thousands, shares in percent.

    What is taken from it (rows, columns, copies) is a plain DataFrame with the same raw numbers.
    """

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def __repr__(self) -> str:
        """Return the first figures in at most twelve lines; ``print`` shows all."""
        lines = str(self).splitlines()
        if len(lines) <= MOST_LINES:
            return "\n".join(lines)
        return "\n".join(
            [*lines[: MOST_LINES - 1], f"and {len(lines) - MOST_LINES + 1} more lines: print it"]
        )

    def __str__(self) -> str:
        """Return one line a figure, a title above each scenario."""
        first, second = self.columns[:2]
        rows: list[tuple[str, ...]] = []
        for key, row in self.iterrows():
            cells = (_text(row.iloc[at], row["unit"], at == 2) for at in range(3))
            rows.append((str(key[1]), *cells, _percent(row["relative"]), _unit(row["unit"])))  # type: ignore[index]
        head = ("", str(first), str(second), "difference", "relative", "unit")
        kept, gap = next((way for way in _WAYS if _wide(rows, head, *way, _SHORTEST) <= _WIDTH), _WAYS[-1])
        room = max(
            (n for n in range(_SHORTEST, _WIDTH) if _wide(rows, head, kept, gap, n) <= _WIDTH), default=6
        )
        named = ("", cut(head[1], room), cut(head[2], room), *head[3:])
        lines = aligned([tuple(row[at] for at in kept) for row in (named, *rows)], gap=gap)
        told, before = [lines[0]], None
        for scenario, line in zip(self.index.get_level_values(0), lines[1:], strict=True):
            told += [f"{cut(str(scenario), _WIDTH - 1)}:"] if scenario != before else []
            told.append(line)
            before = scenario
        return "\n".join(told)


def _wide(rows: Sequence[Row], head: Row, kept: Sequence[int], gap: int, name: int) -> int:
    """Return the width of the lines where the names of the two runs take at most ``name`` characters."""
    named = [min(len(word), name) if at in (1, 2) else len(word) for at, word in enumerate(head)]
    widths = [max(named[at], *(len(row[at]) for row in rows)) for at in kept]
    return sum(widths) + gap * (len(kept) - 1)


def _text(value: Any, unit: str, signed: bool) -> str:
    """Return one value as text in the form of its unit."""
    if value is None or value != value:
        return NONE
    if unit == DATE or isinstance(value, str):
        return str(value)
    if unit == SHARE:
        return f"{100 * value:+,.2f} pp" if signed else f"{100 * value:,.2f} %"
    return f"{value:+,.0f}" if signed else f"{value:,.0f}"


def _percent(value: Any) -> str:
    return NONE if value is None or value != value else f"{100 * value:+,.1f} %"


def _unit(unit: str) -> str:
    """Return the currency of money; the cells of other figures say their unit themselves."""
    return "" if unit in (SHARE, COUNT, DATE) else unit
