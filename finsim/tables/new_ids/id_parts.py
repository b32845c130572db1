"""``IdParts``: identifiers of parts, such as ``PR2021-000123``: what cells of the row say, and a counter.

The counter goes on behind the greatest one of the table, so new identifiers differ and are none of it. A part
that a date of the row says (its year, month, day) is that of the new row; one that goes with a word of the
row follows that word; any other part is drawn as often as the table has it (own).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa

from finsim.errors import FitError
from finsim.notation import Int1D
from finsim.records.mixed_table import MixedTable
from finsim.tables.new_ids.said_parts import COUNTER, FIRST_HOLE, LEAST_ROWS, Said, find_places, levels

LEAST_COUNT, LEAST_COVERED, LEAST_TOLD = 5, 0.9, 0.99
"""A form has five identifiers; such forms are nine tenths of them; a column tells 99 % (assumptions)."""


@dataclass(frozen=True)
class IdParts:
    """``forms`` : identifiers with holes for the counter and for what is ``said`` of a row, in order.

    ``shares`` : how often each is; ``by`` : the column whose cells say the form, ``of`` : which form each
    of its ``levels`` has; "" and nothing without one. ``widths`` of the counter with its zeros,
    0 without any; ``last`` : the greatest counter.
    """

    forms: tuple[str, ...]
    shares: tuple[float, ...]
    widths: tuple[int, ...]
    said: tuple[Said, ...]
    last: int
    by: str = ""
    levels: tuple[str, ...] = ()
    of: tuple[int, ...] = ()

    @classmethod
    def of_cells(cls, cells: pa.ChunkedArray, table: MixedTable) -> IdParts | None:
        """Return the parts of the identifiers of a column of texts or whole numbers."""
        plain = cells.type.value_type if pa.types.is_dictionary(cells.type) else cells.type
        if not (pa.types.is_integer(plain) or pa.types.is_string(plain) or pa.types.is_large_string(plain)):
            return None
        return cls.find([None if one is None else str(one) for one in cells.to_pylist()], table)

    @classmethod
    def find(cls, known: Sequence[str | None], table: MixedTable) -> IdParts | None:
        """Return the parts of identifiers beside the columns of their rows; None where nothing varies."""
        rows = np.array([at for at, text in enumerate(known) if text], np.int64)
        texts = [str(known[at]) for at in rows.tolist()]
        places = find_places(texts, table, rows) if len(texts) >= LEAST_ROWS else None
        if places is None:
            return None
        parted = [places.parted(text) for text in texts]
        often = Counter(one.form for one in parted if one is not None)
        forms = tuple(sorted(form for form, count in often.items() if count >= LEAST_COUNT))
        covered = sum(often[form] for form in forms)
        if covered < LEAST_COVERED * len(texts) or (len(forms) < 2 and not places.said):
            return None
        place = {form: at for at, form in enumerate(forms)}
        codes = np.array([-1 if one is None else place.get(one.form, -1) for one in parted])
        digits: list[set[str]] = [set() for _ in forms]
        for one, code in zip(parted, codes.tolist(), strict=True):
            if one is not None and code >= 0:
                digits[code].add(one.digits)
        last = max(int(one.digits) for one in parted if one is not None)
        shares = tuple(often[form] / covered for form in forms)
        found = cls(forms, shares, tuple(map(_width, digits)), places.said, last)
        return found._told(codes, table.take(rows)) if len(forms) > 1 else found

    def _told(self, codes: Int1D, table: MixedTable) -> IdParts:
        """Return these parts with the column that says the form, one of the fewest levels."""
        best = self
        for name, column in table.columns.items():
            found = levels(column)
            if found is None or not 2 <= len(found[1]) <= len(codes) / LEAST_COUNT:
                continue
            counts = np.zeros((len(found[1]), len(self.forms)), np.int64)
            use = (found[0] >= 0) & (codes >= 0)
            np.add.at(counts, (found[0][use], codes[use]), 1)
            is_told = counts.max(axis=1).sum() >= LEAST_TOLD * len(codes)
            if is_told and (not best.by or len(found[1]) < len(best.levels)):
                often = np.flatnonzero(counts.sum(axis=1) >= LEAST_COUNT)
                names, of = (found[1][at] for at in often), counts.argmax(axis=1)[often]
                best = replace(self, by=name, levels=tuple(names), of=tuple(of.tolist()))
        return best

    def new(self, first: int, rows: MixedTable, rng: np.random.Generator) -> list[str]:
        """Return identifiers of new rows, the first of which is row ``first`` of a sample."""
        drawn = np.searchsorted(np.cumsum(self.shares)[:-1], rng.random(rows.rows), side="right")
        found = levels(rows[self.by]) if self.by else None
        if found is not None:
            of = dict(zip(self.levels, self.of, strict=True))
            told = np.array([*(of.get(level, -1) for level in found[1]), -1])[found[0]]
            drawn = np.where(told >= 0, told, drawn)
        cells = [one.texts(rows[one.column]) for one in self.said]
        made = []
        for row, form in enumerate(drawn.tolist()):
            holes = {FIRST_HOLE + at: texts[row] for at, texts in enumerate(cells)}
            counter = f"{self.last + 1 + first + row:0{self.widths[form]}d}"
            made.append(self.forms[form].translate({**holes, ord(COUNTER): counter}))
        return made

    def cells(self, first: int, rows: MixedTable, rng: np.random.Generator, kind: pa.DataType) -> pa.Array:
        """Return them as cells of a type of the table. Raises FitError where they do not fit."""
        words = pa.array(self.new(first, rows, rng), pa.string())
        try:
            coded = pa.types.is_dictionary(kind)
            return words.cast(kind.value_type).dictionary_encode().cast(kind) if coded else words.cast(kind)
        except pa.ArrowInvalid:
            raise FitError(
                f"new identifiers such as {words[-1]} do not fit {kind}", place="identifiers",
                expected="a type with room for them", remedy="store the identifiers as int64 or text",
            ) from None  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the parts that ``to_dict`` wrote."""
        parts: dict[str, Any] = {
            key: tuple(one) if isinstance(one, list) else one for key, one in data.items()
        }
        return cls(**{**parts, "said": tuple(Said(**one) for one in data["said"])})


def _width(digits: set[str]) -> int:
    """Return how long counters are written with their zeros; 0 where they have none."""
    widths = {len(one) for one in digits}
    return widths.pop() if len(widths) == 1 and any(one.startswith("0") for one in digits) else 0
