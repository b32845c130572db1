"""Logins and changes in the order of time, while the payments that they come before are posted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from weakref import finalize

import numpy as np
import pyarrow as pa

from finsim.agents.devices.device_numbers import public_device
from finsim.agents.devices.ordinary_devices import LEAD_NS
from finsim.notation import Array, Int1D, Nanos1D
from finsim.records.columns import INSTANT
from finsim.records.fixed_words import LOGIN_KINDS
from finsim.records.parties.devices import LOGIN_SCHEMA

NEW_DEVICE, PASSWORD_CHANGE, LOGIN, PAYEE_ADDED = range(len(LOGIN_KINDS))
HELD_ROWS = 65_536
"""Settled events that wait in memory before they are put aside."""


@dataclass(frozen=True)
class Events:
    """Events, shape [N]: instants ns, customers by position, devices by number, codes of LOGIN_KINDS."""

    ts: Nanos1D
    customer: Int1D
    number: Int1D
    kind: Array

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.ts)

    def take(self, rows: Array | slice) -> Events:
        """Return the events at ``rows``."""
        return Events(self.ts[rows], self.customer[rows], self.number[rows], self.kind[rows])


def joined(parts: list[Events]) -> Events:
    """Return the events of all parts, sorted by time, customer, kind and device."""
    whole = _concatenated(parts)
    order = np.argsort(whole.ts, kind="stable")
    ts = whole.ts[order]
    same = np.diff(ts) == 0
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    some = whole.take(order[tied])
    order[tied] = order[tied][np.lexsort((some.number, some.kind, some.customer, some.ts))]
    return whole.take(order)


def _concatenated(parts: list[Events]) -> Events:
    names = ("ts", "customer", "number", "kind")
    none = np.zeros(0, dtype=np.int64)
    filled = parts or [Events(none, none, none, none)]
    return Events(*(np.concatenate([getattr(part, name) for part in filled]) for name in names))


def _cut(events: Events, before: int) -> tuple[Events, Events]:
    """Return the sorted events before an instant, and the others."""
    end = int(np.searchsorted(events.ts, before))
    return events.take(slice(0, end)), events.take(slice(end, None))


class LoginStream:
    """Takes events about as they come and gives them back in order of time, whatever the blocks were.

    ``known`` are those that do not hang on a payment. Later ones must lie at most ``LEAD_NS`` before the
    first payment of their block. More than ``HELD_ROWS`` wait in a nameless file of the folder ``aside``.
    """

    def __init__(self, known: list[Events], customer_id: Int1D, aside: Path | None = None) -> None:
        self._known, self._waiting, self._ids, self._aside = joined(known), joined([]), customer_id, aside
        self._done: list[pa.RecordBatch] = []
        self._held = 0
        self._file: IO[bytes] | None = None
        self._writer: pa.RecordBatchStreamWriter | None = None
        self._open = ExitStack()
        finalize(self, self._open.close)

    def add(self, first_ts: int, events: Events) -> None:
        """Take the events of a block whose first payment is at ``first_ts``; pass on what is settled."""
        if len(events) and int(events.ts.min()) < first_ts - LEAD_NS:
            raise ValueError("an event lies too long before its block")
        self._pass_on(first_ts - LEAD_NS)
        self._waiting = joined([self._waiting, events])

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all events as batches of LOGIN_SCHEMA, once the last block has come."""
        self._pass_on(np.iinfo(np.int64).max)
        if self._file is not None and self._writer is not None:
            self._writer.close()
            self._file.seek(0)
            yield from pa.ipc.open_stream(self._file)
        yield from self._done
        self._open.close()

    def _pass_on(self, before: int) -> None:
        known, self._known = _cut(self._known, before)
        come, self._waiting = _cut(self._waiting, before)
        if count := len(known) + len(come):
            self._done.append(self._batch(joined([known, come])))
            self._held += count
        if self._aside is not None and self._held > HELD_ROWS:
            self._put_aside(self._aside)

    def _put_aside(self, folder: Path) -> None:
        if self._file is None or self._writer is None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self._open.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115
            self._writer = pa.ipc.new_stream(self._file, LOGIN_SCHEMA)
        for batch in self._done:
            self._writer.write_batch(batch)
        self._done, self._held = [], 0

    def _batch(self, events: Events) -> pa.RecordBatch:
        kinds = pa.DictionaryArray.from_arrays(
            pa.array(events.kind.astype(np.int32)), pa.array(LOGIN_KINDS, pa.string())
        )
        columns = [
            pa.array(events.ts - events.ts % 1_000).cast(INSTANT),
            pa.array(self._ids[events.customer]),
            pa.array(public_device(events.number)),
            kinds,
        ]
        return pa.RecordBatch.from_arrays(columns, schema=LOGIN_SCHEMA)
