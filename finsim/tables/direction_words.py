"""Words with which ledgers say whether money goes out or comes in, from the side of the account, folded."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError

OUT_WORDS = frozenset((
    "out", "o", "debit", "d", "dr", "db", "dbit", "withdrawal", "outgoing", "paid", "sent", "soll", "s", "-",
    "payment", "lastschrift", "abgang", "ausgang", "belastung", "debe", "cargo", "débito", "debito", "débit",
    "dare", "addebito", "uscita",
))  # fmt: skip
IN_WORDS = frozenset((
    "in", "i", "credit", "c", "cr", "crdt", "deposit", "incoming", "received", "haben", "h", "+",
    "gutschrift", "zugang", "eingang", "haber", "abono", "crédito", "credito", "crédit", "avere",
    "accredito", "entrata",
))  # fmt: skip
_MOST_WORDS = 4
_MOSTLY = 0.5
_SHOWN = 5


def are_directions(cells: Iterable[str]) -> bool:
    """Tell whether the cells of a column are all words of a direction, of either way at least one."""
    words = {cell.strip().casefold() for cell in cells if cell.strip()}
    return (
        len(words) <= _MOST_WORDS
        and words <= OUT_WORDS | IN_WORDS
        and bool(words & OUT_WORDS)
        and bool(words & IN_WORDS)
    )


def refuse_no_directions(cells: pa.ChunkedArray, place: str, header: str) -> None:
    """Raise DataError for a column of the role direction of which most cells say neither out nor in."""
    kind = cells.type.value_type if pa.types.is_dictionary(cells.type) else cells.type
    counts = pc.value_counts(cells.cast(kind).cast(pa.string()).drop_null()).to_pylist()
    counts = [(one["values"], one["counts"]) for one in counts if one["values"].strip()]
    other = [each for each in counts if each[0].strip().casefold() not in OUT_WORDS | IN_WORDS]
    rows, odd = (sum(count for _, count in some) for some in (counts, other))
    if odd < _MOSTLY * max(rows, 1):
        return
    other.sort(key=lambda each: (-each[1], each[0]))
    told = ", ".join(f"{word!r} ({count:,} rows)" for word, count in other[:_SHOWN])
    more = f" and {len(other) - _SHOWN:,} more words" if len(other) > _SHOWN else ""
    raise DataError(
        f"holds {told}{more}", place=f"{place}: column {header!r}",
        expected="words of money out and in (debit, credit), as it has the role direction",
        remedy="write such words, or give the column another role (`role: none`: none)",
    )  # fmt: skip
