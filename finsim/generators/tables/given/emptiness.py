"""Given cells that are empty, or there, where a given word says that they never are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from finsim.errors import Problem
from finsim.generators.tables.given.words import Words
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.table_generator import Cell


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
