"""What the columns of text of a table are made of, found column by column; texts as templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from finsim.notation import Int1D
from finsim.randomness import Streams
from finsim.tables.texts.cell_parts import MOST_ROWS, cell_parts
from finsim.tables.texts.own_digits import digit_levels, form_of
from finsim.tables.texts.parts import FIRST_MARK, HOUR, MOST_PARTS, Part, mark
from finsim.tables.texts.row_cells import RowCells
from finsim.tables.texts.text_law import TextLaw, counted_lags, templated, with_digits
from finsim.tables.texts.time_parts import clock_parts, day_parts

LEAST_TEXTS = 20
"""Different texts below which a column holds levels, not texts (assumption)."""
LEAST_SHARE = 0.1
"""Share of texts that must hold a cell of their row (assumption)."""
FEWER = 0.5
"""Templates there may be for each different text: where there are more, nothing is explained (assumption)."""
TOLD = 0.995
"""Share of the rows of a counterparty, or entity, with its usual text that is one word of it."""
LEAST_ROWS, LEAST_OWNERS = 20, 2
"""Rows and entities of a template before days before the row are counted for it."""


@dataclass(frozen=True)
class FoundText:
    """What a column is made of, the template of each row (None for none), and the digits of each row."""

    law: TextLaw
    templates: list[str | None]
    digits: list[list[tuple[int, str]]]


def found_texts(cells: RowCells, columns: Sequence[str], streams: Streams) -> list[FoundText]:
    """Return the columns, of those given, whose texts are made of other cells of their rows.

    Columns that are one word of each counterparty, or of each entity, are none. A text is not made of another
    one that is made of cells.
    """
    found: list[FoundText] = []
    texts = [name for name in columns if name in cells.words and _is_text(cells, name)]
    texts.sort(key=lambda one: (_length(cells, one), one))
    for at, name in enumerate(texts):  # a text is longer than its parts
        made = [other.law.column for other in found]
        one = _found(cells.without([*texts[at + 1 :], *made]), name, streams)
        if one is not None:
            found.append(one)
    return found


def _length(cells: RowCells, name: str) -> float:
    """Return the mean length of the texts of a column."""
    codes, words = cells.words[name]
    sizes = np.array([len(word) for word in words])
    return float(sizes[codes[codes >= 0]].mean())


def _is_text(cells: RowCells, name: str) -> bool:
    """Tell whether a column may be made of cells: of many words, none of them one of an entity or payee."""
    codes, words = cells.words[name]
    filled = codes >= 0
    if len(np.unique(codes[filled])) < LEAST_TEXTS or any(
        FIRST_MARK <= ord(sign) < FIRST_MARK + MOST_PARTS for word in words for sign in word
    ):
        return False
    groups = [cells.owner(), *([cells.payee()] if cells.partner else [])]
    return not any(_told(codes[filled], group[filled]) for group in groups)


def _told(codes: Int1D, group: Int1D) -> bool:
    key, counts = np.unique(np.stack([group, codes]), axis=1, return_counts=True)
    order = np.lexsort((counts, key[0]))
    of, counts = key[0][order], counts[order]
    last = np.concatenate([of[1:] != of[:-1], [True]])
    total = np.bincount(np.unique(of, return_inverse=True)[1], counts)
    several = total > 1
    if not several.any():
        return False
    return bool(counts[last][several].sum() >= TOLD * total[several].sum())


def _found(cells: RowCells, name: str, streams: Streams) -> FoundText | None:
    codes, words = cells.words[name]
    filled = np.flatnonzero(codes >= 0)
    rows = filled[np.arange(min(len(filled), MOST_ROWS)) * len(filled) // min(len(filled), MOST_ROWS)]
    some = cells.without([name]).taken(rows)
    texts = [words[code] for code in codes[rows].tolist()]
    rng = streams.at("texts", name)
    parts = [*cell_parts(texts, some, rng), *day_parts(texts, some, rng), *clock_parts(texts, some)]
    if not parts or len(parts) > MOST_PARTS // 2:
        return None
    whole = templated(parts, name, cells)
    known = [text for text in whole.texts if text is not None]
    of_cells = {mark(k) for k, part in enumerate(parts) if part.kind != HOUR}
    share = sum(not of_cells.isdisjoint(text) for text in known) / len(known)
    levels = digit_levels([text or "" for text in whole.texts], cells)
    made: list[Part] = list(parts)
    final, digits = with_digits(whole.texts, levels, form_of, made)
    different = {text for text in final if text is not None}
    many = len(different) > FEWER * len(np.unique(codes[filled]))
    if share < LEAST_SHARE or many or len(made) > MOST_PARTS:
        return None
    whole = replace(whole, texts=final)
    law = TextLaw(
        name, tuple(made), counted_lags(whole, cells.owner(), (LEAST_ROWS, LEAST_OWNERS)),
        dict(Counter(second // 3_600 for second in whole.seconds)), share,
    )  # fmt: skip
    return FoundText(law, final, digits)
