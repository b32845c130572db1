"""Given cells that no row of a given word has: empty or there, or another number or day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from finsim.errors import Problem
from finsim.generators.tables.given.words import Words, moment
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.table_generator import Cell
from finsim.notation import NANOS_PER_DAY
from finsim.records.mixed_table import NUMBER, TIME

_NEAR = 1e-9


def against_words(
    reduction: Reduction, cells: Mapping[str, Cell], inner: Mapping[str, Cell], words: Words
) -> Iterator[Problem]:
    """Yield given cells against the words of other columns, given or asked for by given ones."""
    for law in reduction.words_of_empty:
        word = cells.get(law.source, inner.get(law.source))
        if law.target not in cells or not isinstance(word, str):
            continue
        is_empty, title = cells[law.target] is None, words.title(law.source)
        if word in (law.there if is_empty else law.empty):
            found = f"is {'empty' if is_empty else 'there'} beside the {word!r} given for {title}"
            expected = f"{'a value' if is_empty else 'an empty cell'}, as the data have for {word!r}"
            yield Problem(f"given {words.title(law.target)}", found, expected,
                          f"leave out {title}, or {words.title(law.target)}")  # fmt: skip


def against_facts(
    reduction: Reduction, cells: Mapping[str, Cell], inner: Mapping[str, Cell], words: Words
) -> Iterator[Problem]:
    """Yield given numbers and dates that rows of a given word never have."""
    for source, word, target, low, high in reduction.by_word.spans():
        cell = cells.get(target)
        if cells.get(source, inner.get(source)) != word or not isinstance(cell, float | int):
            continue
        is_day = target in reduction.days
        number = cell / NANOS_PER_DAY if is_day else float(cell)
        if low - _NEAR * abs(low) <= number <= high + _NEAR * abs(high):
            continue
        kind, title = (TIME if is_day else NUMBER), words.title(source)
        said, first, last = (
            words.said(target, moment(one) if is_day else one, kind) for one in (number, low, high)
        )
        found = f"{said} was never seen beside the {word!r} given for {title}"
        yield Problem(f"given {words.title(target)}", found,
                      first if low == high else f"{first} to {last}",
                      f"leave out {title}, or {words.title(target)}")  # fmt: skip
