"""A proposal held against the rows: which cells it would refuse, and which columns have gaps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from finsim.tables.proposing.forms import EITHER_ORDER
from finsim.tables.proposing.refused import refused
from finsim.tables.proposing.stored_columns import loosened
from finsim.tables.proposing.text_columns import Guess
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.source import TableSource

ROWS = 1_000_000
_SHOWN = 40


@dataclass
class Column:
    """One column while it is held against the rows; ``refused`` are cells that its type does not read."""

    guess: Guess | None
    refused: list[str] = field(default_factory=list)
    has_gaps: bool = False


@dataclass(frozen=True)
class Confirmed:
    """Columns held against so many rows; ``whole`` says that those are all."""

    columns: list[Column]
    rows: int
    whole: bool


def confirmed(
    source: TableSource, guesses: Sequence[Guess | None], dialect: Dialect, *, loosen: bool
) -> Confirmed:
    """Read up to a million rows under guessed types and collect the cells that they refuse.

    With ``loosen`` a column of refused cells gets a wider type at once, so that none is left but times that
    no type holds.
    """
    columns = [Column(guess) for guess in guesses]
    rows, whole = 0, True
    for batch in source.batches(rename=False):
        if rows >= ROWS:
            whole = False
            break
        rows += batch.num_rows
        for column, header, cells in zip(columns, batch.schema.names, batch.columns, strict=True):
            if column.guess is None or column.refused:
                continue
            found = refused(cells, column.guess.field, dialect, _SHOWN)
            if found is None:
                column.has_gaps = column.has_gaps or cells.null_count > 0
            elif loosen:
                column.guess = loosened(header, column.guess, cells.type, str(found.cells[0]))
            else:
                column.refused = [str(cell) for cell in found.cells.to_pylist()]
    for column in columns:
        if column.guess is not None and column.has_gaps:
            column.guess = replace(column.guess, field=replace(column.guess.field, null=True))
    return Confirmed(columns, rows, whole)


def without_settled_orders(source: TableSource, checked: Confirmed, dialect: Dialect) -> Confirmed:
    """Drop the doubts about the order of day and month where a row that was read refuses the other order."""
    unsure = [
        column.guess if column.guess and any(EITHER_ORDER in one for one in column.guess.doubts) else None
        for column in checked.columns
    ]
    if not any(unsure):
        return checked
    turned = [each and replace(each, field=_turned(each.field)) for each in unsure]
    other = confirmed(source, turned, dialect, loosen=False)
    columns = [
        replace(column, guess=replace(column.guess, doubts=_settled(column.guess.doubts)))
        if column.guess is not None and tried.refused else column
        for column, tried in zip(checked.columns, other.columns, strict=True)
    ]  # fmt: skip
    return replace(checked, columns=columns)


def _turned(declared: Field) -> Field:
    parts = {"%d": "%m", "%m": "%d"}
    return replace(declared, format=re.sub("%[dm]", lambda part: parts[part[0]], declared.format))


def _settled(doubts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in doubts if EITHER_ORDER not in one)
