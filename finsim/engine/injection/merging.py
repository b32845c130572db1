"""The second pass: real rows as they are, added ones between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.engine.injection.added_rows import LABEL_FIELDS, Added
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_rows import Ledger, LedgerRows
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.engine.injection.local_clock import to_wall
from finsim.engine.injection.own_flag import OwnFlag
from finsim.notation import NANOS_PER_DAY, Array, Int1D
from finsim.randomness import Streams

BY_TIME, BY_DAY, BY_ENTITY = "by time", "by day", "behind the entity's own row"


@dataclass(frozen=True)
class Places:
    """Where added rows go: ``how``, and sorted ``keys`` int64[m] of the rows ``order``.

    By time: behind all real rows of that time or before. By day: before the real row of that number among
    those with a known time. Behind the entity's own row: before the real row of that number.
    ``by_row``: before the real row of that number in any case.
    """

    how: str
    keys: Int1D
    order: Int1D
    by_row: bool = False


def places(added: Added, sample: LedgerSample, past: Histories, is_daily: bool, streams: Streams) -> Places:
    """Return where added rows go.

    A table in time order stays in it; rows of days go to a random place within their day. In any other
    order an added row follows the row of its entity that is the last before it in time, and stands in front
    of it where the newest rows come first. Rows of one account at one time stay in their order.
    """
    falls = not sample.in_order and is_newest_first(sample, past)
    if not sample.in_order:
        keys, how = _behind_own(added, sample, past), BY_ENTITY
    elif is_daily or sample.grain == NANOS_PER_DAY:
        before = np.concatenate([[0], np.cumsum(sample.daily)])
        wall = to_wall(added.time, sample.zone)
        day = np.clip((wall - sample.begin) // NANOS_PER_DAY, 0, len(sample.daily) - 1)
        u = streams.at("places").random(len(day))
        keys, how = before[day] + (u * (sample.daily[day] + 1)).astype(np.int64), BY_DAY
    else:
        keys, how = added.time, BY_TIME
    if added.before is not None:  # among rows of one time, the place is that of the id
        keys = added.before
    nth = np.arange(len(keys))
    order = np.lexsort((-nth if falls else nth, keys))
    return Places(how, keys[order], order, added.before is not None)


def _behind_own(added: Added, sample: LedgerSample, past: Histories) -> Int1D:
    """Return the number of the real row before which each added row stands.

    A table that has the newest rows first is added to in front of the last row before in time, not behind it.
    """
    falls = is_newest_first(sample, past)
    order = np.lexsort((-sample.row if falls else sample.row, sample.time, past.own))
    edges = np.searchsorted(past.own[order], np.arange(past.count + 1))
    keys = np.empty(len(added.time), dtype=np.int64)
    for place, (entity, time) in enumerate(zip(added.entity.tolist(), added.time.tolist(), strict=True)):
        low, high = (int(edges[entity]), int(edges[entity + 1])) if entity >= 0 else (0, 0)
        mine = order[low:high]
        at = int(np.searchsorted(sample.time[mine], time, side="right"))
        if not len(mine):
            keys[place] = sample.rows
        elif falls:
            keys[place] = sample.row[mine[at - 1]] if at else sample.row[mine[0]] + 1
        else:
            keys[place] = sample.row[mine[at - 1]] + 1 if at else sample.row[mine[0]]
    return keys


def is_newest_first(sample: LedgerSample, past: Histories) -> bool:
    """Tell whether times of an entity's rows fall, in the order of the file, more often than they rise."""
    order = np.lexsort((sample.row, past.own))
    same = past.own[order][1:] == past.own[order][:-1]
    step = np.diff(sample.time[order])[same]
    return int((step < 0).sum()) > int((step > 0).sum())


def merged(
    ledger: Ledger, schema: pa.Schema, added: Added, where: Places, flag: OwnFlag | None = None
) -> Iterator[pa.Table]:
    """Yield the real rows in their order with the added ones between them, in ``schema``.

    Real rows that the table's own ``flag`` marks are fraud.
    """
    waiting = added.cells.take(pa.array(where.order)).cast(schema)
    done, ordinal, last = 0, 0, -(2**63)
    how = BY_ENTITY if where.by_row else where.how
    for rows in ledger.rows():
        keys, ordinal, last = _keys(rows, how, ordinal, last)
        real = _labeled(rows.cells, schema, flag)
        at = np.searchsorted(keys, where.keys[done:], side="right" if how == BY_TIME else "left")
        here = int(np.searchsorted(at, len(keys), side="left"))
        if not here:
            yield real
            continue
        both = pa.concat_tables([real, waiting.slice(done, here)]).unify_dictionaries().combine_chunks()
        index = np.insert(np.arange(len(keys)), at[:here], np.arange(here) + len(keys))
        yield both.take(pa.array(index))
        done += here
    if done < waiting.num_rows:
        yield waiting.slice(done)


def _keys(rows: LedgerRows, how: str, ordinal: int, last: int) -> tuple[Array, int, int]:
    """Return the sorted keys of a batch of real rows, and what the next batch goes on from."""
    size = len(rows.time)
    if how == BY_ENTITY:
        return np.arange(rows.first, rows.first + size), 0, 0
    known = np.cumsum(rows.known)
    if how == BY_DAY:  # a row without a time goes with the one before it
        return ordinal + known - 1, ordinal + int(rows.known.sum()), 0
    time = np.maximum.accumulate(np.append(last, np.where(rows.known, rows.time, -(2**63))))[1:]
    return time, 0, int(time[-1]) if size else last


def _labeled(cells: pa.RecordBatch, schema: pa.Schema, flag: OwnFlag | None) -> pa.Table:
    """Return real rows with the labels of ordinary life, and fraud where the table says so."""
    size = cells.num_rows
    columns: list[pa.Array] = [*cells.columns]
    for field in LABEL_FIELDS:
        if field.name == "is_fraud" and flag is not None:
            columns.append(pa.array(flag.of(cells)))
        elif pa.types.is_boolean(field.type):
            columns.append(pa.array(np.zeros(size, dtype=np.bool_)))
        elif field.name == "instance":
            columns.append(pa.array(np.full(size, -1)))
        else:
            columns.append(pa.nulls(size, field.type))
    plain = pa.Table.from_arrays(columns, names=schema.names)
    return plain.cast(schema)
