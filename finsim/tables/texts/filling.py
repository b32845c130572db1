"""Templates of texts filled from the cells of their rows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

import numpy as np

from finsim.kernels.keys import keyed_uniforms
from finsim.notation import NANOS_PER_DAY, Array, Float1D, Int1D
from finsim.tables.texts.date_forms import clock_text
from finsim.tables.texts.parts import (
    CLOCK,
    DAY,
    ENTITY,
    HOUR,
    NUMBER,
    PAIR,
    PAYEE,
    RUN,
    WORD,
    Part,
    number_text,
)
from finsim.tables.texts.row_cells import MISSING_TIME, RowCells
from finsim.tables.texts.text_law import TextLaw, marks_of
from finsim.tables.texts.time_parts import SECOND

Known = Mapping[tuple[int, str, str], str]
"""Digits by part, entity and counterparty ("" where they belong to one of them alone)."""
BLANKS = re.compile(r"\s{2,}")


def filled(
    law: TextLaw, templates: Sequence[str | None], cells: RowCells, seed: int, known: Known | None = None
) -> list[str | None]:
    """Return the text of each row: its template with the cells of the row in place of the signs.

    Days before the row are drawn as they are counted, digits by whose they are: those of ``known``, else
    equal ones for equal entities and counterparties. A part whose cell lacks is left out.
    """
    pieces = {text: marks_of(text) for text in set(templates) if text is not None}
    wanted: dict[int, list[int]] = {}
    for row, text in enumerate(templates):
        if text is not None:
            for one in pieces[text]:
                if isinstance(one, int):
                    wanted.setdefault(one, []).append(row)
    keys = _Keys(cells)
    written: dict[int, dict[int, str]] = {}
    for k, rows in wanted.items():
        at = np.array(sorted(set(rows)), np.int64)
        texts = _of_part(law, k, at, templates, (cells, keys), seed, known or {})
        written[k] = dict(zip(at.tolist(), texts, strict=True))
    found: list[str | None] = []
    for row, text in enumerate(templates):
        if text is None:
            found.append(None)
            continue
        cut = [written[one].get(row, "") if isinstance(one, int) else one for one in pieces[text]]
        whole = "".join(cut)
        found.append(BLANKS.sub(" ", whole).strip() if "" in cut else whole)
    return found


class _Keys:
    """Numbers that stand for the entity and the counterparty of each row, and the row's number within."""

    def __init__(self, cells: RowCells) -> None:
        self.owner = _texts(cells, [cells.entity])
        self.payee = _texts(cells, list(cells.partner))
        self.owners, self.payees = _hashes(self.owner), _hashes(self.payee)
        code = np.unique(self.owners, return_inverse=True)[1]
        order = np.argsort(code, kind="stable")
        nth = np.empty(len(code), np.int64)
        starts = np.searchsorted(code[order], code[order])
        nth[order] = np.arange(len(code)) - starts
        self.nth = nth


def _texts(cells: RowCells, names: list[str]) -> list[str]:
    found = [""] * cells.rows
    for name in names:
        if name in cells.words:
            codes, words = cells.words[name]
            known = [*words, ""]
            found = [f"{one}\x1f{known[code]}" for one, code in zip(found, codes.tolist(), strict=True)]
    return found


def _hashes(texts: Sequence[str]) -> Array:
    known = {
        one: int.from_bytes(hashlib.blake2b(one.encode(), digest_size=8).digest(), "little")
        for one in set(texts)
    }
    return np.array([known[one] for one in texts], dtype=np.uint64)


def _of_part(
    law: TextLaw, k: int, rows: Int1D, templates: Sequence[str | None], told: tuple[RowCells, _Keys],
    seed: int, known: Known,
) -> list[str]:  # fmt: skip
    cells, keys = told
    if k >= len(law.parts):
        return [""] * len(rows)
    part = law.parts[k]
    if part.kind == WORD:
        if part.column not in cells.words:
            return [""] * len(rows)
        codes, words = cells.words[part.column]
        text = {code: part.written(words[code]) if code >= 0 else "" for code in set(codes[rows].tolist())}
        return [text[code] for code in codes[rows].tolist()]
    if part.kind == NUMBER:
        values = cells.numbers.get(part.column, np.full(cells.rows, np.nan))[rows].tolist()
        return ["" if one != one else number_text(one, part.piece) for one in values]
    draws = _draws(keys, rows, (seed, k))
    if part.kind == HOUR:
        return [clock_text(part.piece, one) for one in _seconds(law, draws)]
    if part.kind in (DAY, CLOCK):
        times = cells.times.get(part.column, np.full(cells.rows, MISSING_TIME))[rows]
        if part.kind == CLOCK:
            return ["" if one == MISSING_TIME else clock_text(part.piece, one % NANOS_PER_DAY // SECOND)
                    for one in times.tolist()]  # fmt: skip
        day = times // NANOS_PER_DAY - _lags(law, k, times, [templates[row] or "" for row in rows], draws)
        lacks = (times == MISSING_TIME).tolist()
        return ["" if gap else part.form.text(one) for one, gap in zip(day.tolist(), lacks, strict=True)]
    return _digits(part, k, rows, keys, (seed, k), known)


def _draws(keys: _Keys, rows: Int1D, seed: tuple[int, int]) -> Float1D:
    """Return a draw of each row for a part, by its entity and its number within."""
    place = np.full(len(rows), seed[1], np.uint64)
    return keyed_uniforms(np.stack([place, keys.owners[rows], keys.nth[rows].astype(np.uint64)]), seed[0])


def _lags(law: TextLaw, k: int, times: Int1D, templates: Sequence[str], draws: Float1D) -> Int1D:
    """Return how many days before its row each day lies, as often as in the data for its template."""
    found = np.zeros(len(times), np.int64)
    weekday = (times // NANOS_PER_DAY + 3) % 7
    groups: dict[tuple[str, int], list[int]] = {}
    for row, one in enumerate(zip(templates, weekday.tolist(), strict=True)):
        groups.setdefault(one, []).append(row)
    for (template, day), rows in groups.items():
        at = np.array(rows)
        found[at] = _drawn(law.lag_law(template, k, day), draws[at])
    return found


def _drawn(counts: Mapping[int, int], draws: Float1D) -> Int1D:
    """Return keys int64[n] by draws in [0, 1), each as often as it is counted."""
    keys = np.array(sorted(counts), np.int64)
    reach = np.cumsum([counts[one] for one in keys.tolist()])
    return np.asarray(keys[np.searchsorted(reach, draws * reach[-1], side="right")])


def _seconds(law: TextLaw, draws: Float1D) -> list[int]:
    """Return seconds of the day, hours as often as they are counted."""
    hours = _drawn(law.hours or dict.fromkeys(range(24), 1), draws)
    rest = (draws * 1e6).astype(np.int64) % 3_600
    return [int(one) for one in hours * 3_600 + rest]


def _digits(part: Part, k: int, rows: Int1D, keys: _Keys, seed: tuple[int, int], known: Known) -> list[str]:
    """Return digits by whose they are."""
    level, none = part.piece, np.zeros(len(rows), np.uint64)
    owner = keys.owners[rows] if level != PAYEE else none
    payee = keys.payees[rows] if level in (PAYEE, PAIR) else none
    nth = none if level in (ENTITY, PAYEE, PAIR, RUN) else keys.nth[rows].astype(np.uint64)
    place = np.full(len(rows), seed[1], np.uint64)
    draws = keyed_uniforms(np.stack([place, owner, payee, nth]), seed[0])
    low = 0 if part.case else 10 ** (part.size - 1)
    numbers = [low + int(draw * (10**part.size - low)) for draw in draws.tolist()]
    if level == RUN:
        later = _nth_of(keys.owners[rows])
        numbers = [(one + more) % 10**part.size for one, more in zip(numbers, later.tolist(), strict=True)]
    found = [f"{one:0{part.size}d}" for one in numbers]
    if not known:
        return found
    whose = [key_of(level, keys.owner[row], keys.payee[row]) for row in rows.tolist()]
    return [known.get((k, *one), text) for one, text in zip(whose, found, strict=True)]


def key_of(level: str, owner: str, payee: str) -> tuple[str, str]:
    """Return whose digits of a level are: entity and counterparty, "" for the one they do not belong to."""
    return owner if level in (ENTITY, PAIR) else "", payee if level in (PAYEE, PAIR) else ""


def _nth_of(owners: Array) -> Int1D:
    code = np.unique(owners, return_inverse=True)[1]
    order = np.argsort(code, kind="stable")
    found = np.empty(len(code), np.int64)
    found[order] = np.arange(len(code)) - np.searchsorted(code[order], code[order])
    return found


def known_digits(
    law: TextLaw, digits: Sequence[Sequence[tuple[int, str]]], cells: RowCells
) -> dict[tuple[int, str, str], str]:
    """Return the digits that entities, counterparties and pairs have in the rows of ``digits``."""
    keys, found = _Keys(cells), {}
    for row, mine in enumerate(digits):
        for k, text in mine:
            level = law.parts[k].piece
            if level in (ENTITY, PAYEE, PAIR):
                found[(k, *key_of(level, keys.owner[row], keys.payee[row]))] = text
    return found
