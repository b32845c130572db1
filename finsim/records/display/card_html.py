"""A card as HTML for a notebook: facts, a spark line and the first rows; no script and no address.

Colors are those of the page (``currentColor`` and gray with transparency), so dark pages stay readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from finsim.records.display.card import Card, clean, cut, shown
from finsim.records.display.spark_line import spark_line

if TYPE_CHECKING:
    import pandas as pd

_VALUE, _CELL, _MOST_COLUMNS = 240, 40, 30
_LINE = "rgba(128,128,128,.35)"
_TH = f"text-align:left;padding:.1em .6em;border-bottom:1px solid {_LINE}"
_TD = "text-align:left;padding:.1em .6em;white-space:nowrap"


def card_html(card: Card, rows: pd.DataFrame, values: Sequence[float]) -> str:
    """Return the card, a line of ``values`` (none for fewer than two) and ``rows`` as one ``<div>``."""
    facts = "".join(
        f'<tr><td style="{_TD};opacity:.7">{_text(name)}</td><td style="text-align:left">{_text(value)}</td>'
        "</tr>"
        for name, value in shown(card.facts, _VALUE)
    )
    parts = [f"<strong>{_text(cut(card.title, _VALUE))}</strong>", f"<table>{facts}</table>"]
    line = spark_line(values, clean(card.curve))
    parts += [f"<div>{line} <small>{_text(card.curve)}</small></div>"] if line else []
    parts += [_table(rows)] if len(rows) and len(rows.columns) else []
    parts += [f"<small>{_text(card.note)}</small>"] if card.note else []
    style = f"border:1px solid {_LINE};border-radius:6px;padding:.6em .9em;max-width:70em"
    return f'<div class="finsim-card" style="{style}">{"".join(parts)}</div>'


def _table(rows: pd.DataFrame) -> str:
    names = [str(name) for name in rows.columns[:_MOST_COLUMNS]]
    more = len(rows.columns) - len(names)
    head = "".join(f'<th style="{_TH}">{_text(cut(name, _CELL))}</th>' for name in names)
    head += f'<th style="{_TH}">and {more} more columns</th>' if more else ""
    body = "".join(_row(row[: len(names)]) for row in rows.itertuples(index=False, name=None))
    return f'<div style="overflow-x:auto"><table><tr>{head}</tr>{body}</table></div>'


def _row(cells: tuple[Any, ...]) -> str:
    return "<tr>" + "".join(f'<td style="{_TD}">{_cell(cell)}</td>' for cell in cells) + "</tr>"


def _cell(value: Any) -> str:
    if hasattr(value, "__len__") and not isinstance(value, str):
        some = ", ".join(str(item) for item in list(value)[:3])
        return _text(cut(some, _CELL) + (f" and {len(value) - 3} more" if len(value) > 3 else ""))
    import pandas as pd

    if pd.isna(value):
        return "&ndash;"
    if isinstance(value, pd.Timestamp):
        return _text(
            str(value.date()) if value == value.normalize() and value.tz is None else str(value)[:23]
        )
    return _text(cut(f"{value:.6g}" if isinstance(value, float) else str(value), _CELL))


def _text(text: str) -> str:
    return escape(clean(text))
