"""The table's own flag of fraud: set in added rows of fraud, and what real rows are labelled by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.injection.ledger_columns import LedgerColumns, Part
from finsim.errors import DataError
from finsim.notation import Bool1D

# No and yes of a flag, as files of payments write them, in small letters.
_PAIRS = {
    "0": "1", "0.0": "1.0", "false": "true", "f": "t", "no": "yes", "n": "y", "nein": "ja", "non": "oui",
    "não": "sim", "legit": "fraud", "genuine": "fraud", "normal": "fraud",
}  # fmt: skip
_YES = frozenset([*_PAIRS.values(), "si", "sí", "x", "j"])


@dataclass(frozen=True)
class OwnFlag:
    """A column that says of rows whether they are fraud: ``words`` say yes, folded.

    ``yes`` and ``no`` are the words (None: an empty cell) that the table writes most often.
    """

    part: Part
    words: frozenset[str]
    yes: str
    no: str | None

    def of(self, cells: pa.RecordBatch | pa.Table) -> Bool1D:
        """Return which rows are flagged: bool[n]; an empty cell says no."""
        known = pc.is_in(_folded(cells.column(self.part.at)), pa.array(sorted(self.words), pa.string()))
        return np.asarray(known, dtype=np.bool_)

    def cells(self, wanted: Sequence[bool], kind: pa.DataType) -> pa.Array:
        """Return the flag of added rows in a type of the table, without its dictionary."""
        plain = kind.value_type if pa.types.is_dictionary(kind) else kind
        if pa.types.is_boolean(plain):
            return pa.array(list(wanted), plain)
        words = pa.array([self.yes if one else self.no for one in wanted], pa.string())
        return words.cast(plain)

    def told(self, marked: int) -> str:
        """Return what became of it, in one line; ``marked`` real rows are flagged."""
        return (
            f"{self.part.header}: the table's own flag is set in added rows that are is_fraud and in no "
            f"other added ones; the {marked:,} real rows that it marks are is_fraud, without a narrative"
        )


def own_flag(cells: pa.Table, columns: LedgerColumns, place: str) -> OwnFlag | None:
    """Return the flag of fraud of a table, None where it has none.

    Raises DataError where a column is declared to be it and does not say yes and no.
    """
    part = columns.parts.get("fraud")
    if part is None:
        return None
    column, field = cells.column(part.at), part.field
    yes = (_YES | {one.casefold() for one in field.true}) - {one.casefold() for one in field.false}
    no = _PAIRS.keys() | {one.casefold() for one in field.false}
    counts = Counter(dict(zip(*(one.to_pylist() for one in _counted(column)), strict=True)))
    odd = sorted(word for word in counts if word is not None and word.strip().casefold() not in yes | no)
    if odd and field.role != "fraud":
        return None  # a header that may mean a flag, of a column that is none
    if odd:
        raise DataError(
            f"holds {odd[0]!r}", place=f"{place}: column {part.header!r}",
            expected="yes and no, as it has the role fraud",
            remedy="declare its words: {type: bool, true: [WORD], false: [WORD], role: fraud}",
        )  # fmt: skip
    said = [word for word, _ in counts.most_common()]
    usual = next((one for one in said if one is None or one.strip().casefold() not in yes), None)
    plain = _PAIRS.get((usual or "0").casefold(), "1")
    other = field.true[0] if field.true else plain.upper() if usual and usual.isupper() else plain
    return OwnFlag(
        part, frozenset(yes),
        next((one for one in said if one is not None and one.strip().casefold() in yes), other), usual,
    )  # fmt: skip


def _plain(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return column.cast(kind).cast(pa.string())


def _counted(column: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    found = pc.value_counts(_plain(column))
    return found.field("values"), found.field("counts")


def _folded(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    return pc.utf8_lower(pc.utf8_trim_whitespace(_plain(column)))
