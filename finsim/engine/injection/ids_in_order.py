"""Ids of added rows in a table in order of time whose ids never fall: they do not fall there either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.engine.injection.new_row_ids import APART
from finsim.notation import Int1D
from finsim.randomness import Streams
from finsim.tables.new_ids.id_form import NUMBERED
from finsim.tables.new_ids.ids_in_time import MOST_DIGITS
from finsim.tables.new_ids.room_in_order import room_in_order


@dataclass(frozen=True)
class IdsInOrder:
    """New ids of the column at place ``at``, by added row in their new ``order``; arrays int64[m].

    ``time`` ns UTC, a little later where only then a number is free; ``before`` the number of the real row
    before which each stands; ``told`` says how many are out of order.
    """

    at: int
    cells: pa.Array
    order: Int1D
    time: Int1D
    before: Int1D
    told: str


def ids_in_order(
    sample: LedgerSample, columns: tuple[int, ...], time: Int1D, streams: Streams
) -> IdsInOrder | None:
    """Return the ids of rows at sorted times (ns UTC) for the first of some columns that is in order.

    None where there is none, where rows of the table are not in the sample, or none in order of time.
    """
    if not sample.in_order or len(sample.row) < sample.rows or not len(time):
        return None
    for at in columns:
        found = _in_order(sample, at, time, streams)
        if found is not None:
            return found
    return None


def _in_order(sample: LedgerSample, at: int, time: Int1D, streams: Streams) -> IdsInOrder | None:
    cells = sample.cells.column(at)
    plain = cells.type.value_type if pa.types.is_dictionary(cells.type) else cells.type
    whole = bool(pa.types.is_integer(plain))
    if cells.null_count or not (whole or pa.types.is_string(plain) or pa.types.is_large_string(plain)):
        return None
    parts = [NUMBERED.fullmatch(one) for one in cells.cast(plain).cast(pa.string()).to_pylist()]
    known = [match.groups() for match in parts if match and len(match[2]) <= MOST_DIGITS]
    if len(known) < len(parts) or len({(head, tail) for head, _, tail in known}) > 1:
        return None
    head, _, tail = known[0]
    number = np.array([int(digits) for _, digits, _ in known], dtype=np.int64)
    if (np.diff(number) < 0).any() or (np.diff(sample.time) < 0).any() or (whole and head):
        return None
    width = max((len(digits) for _, digits, _ in known if digits[0] == "0"), default=0)
    draw = streams.at("ids", "in order")
    room = room_in_order((number, sample.time), time, sample.grain, draw.random(len(time)), draw)
    order = np.lexsort((room.number, room.behind))
    rows = room.number[order].tolist()
    words = rows if whole else [f"{head}{one:0{width}d}{tail}" for one in rows]
    try:
        made = pa.array(words, plain)
    except (pa.ArrowInvalid, OverflowError):  # a number behind the last has no room in the type
        return None
    lost = int(room.out.sum())
    told = [f"{lost:,} of {len(rows):,} added ids are out of order: no number is free at their time"] * bool(
        lost
    )
    apart = int(np.gcd.reduce(np.diff(number)))
    told += [APART.format(apart=apart)] * (apart > 1)
    return IdsInOrder(at, made, order, room.time[order], room.behind[order] + 1, "; ".join(told))
