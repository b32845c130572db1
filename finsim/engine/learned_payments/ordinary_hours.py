"""Hours at which a ledger pays such a merchant, or makes such a transfer; schemes keep to them (own)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CHANNELS
from finsim.engine.learned_payments.ordinary_rows import OrdinaryRows
from finsim.notation import NANOS_PER_DAY, Int1D
from finsim.randomness import Streams

_HOUR = NANOS_PER_DAY // 24
_NEAR = _HOUR // 2
_LEAST = 30  # rows of a cell that tell its hours
_RARE = 0.002  # assumption: share of rows within half an hour of a time, below which nobody pays then
_BURST = _HOUR  # payments so near to each other are moved together
_LATE = 0.05  # assumption: a day with less of its ordinary rows left is over
_INSIDE, _PURCHASE, _REFUND, _OUTSIDE, _TRANSFER = range(5)
_KINDS = 5
_CELLS = 4


@dataclass(frozen=True)
class OrdinaryHours:
    """Times of the day (ns) of ordinary rows by cell, sorted by cell and time: ``cell``, ``late`` int64[n].

    The cells of a row are who is on the other side with its channel, its kind with its channel, its kind
    (purchase, refund, transfer between accounts of the ledger or with one outside), and for transfers all
    of them. The first that has rows enough tells its hours.
    """

    cell: Int1D
    late: Int1D

    @classmethod
    def of(cls, known: OrdinaryRows) -> OrdinaryHours:
        """Return the hours of a ledger."""
        orders = known.orders.take(np.flatnonzero(known.free(known.orders, known.places)))
        cells = np.concatenate(list(_cells(orders, known.places.entities)))
        late = np.tile(orders.ts % NANOS_PER_DAY, _CELLS)
        order = np.lexsort((late, cells))
        return cls(cells[order], late[order])

    def moved(
        self, planned: tuple[Orders, SchemePlan], entities: int, settings: Settings, streams: Streams
    ) -> tuple[Orders, SchemePlan]:
        """Return planned payments, sorted by time, at hours of their cells, and the plan with a remark.

        The first ``entities`` accounts are the ledger's.

        What is at a time at which ordinary rows of its cell are hardly ever comes at the next one drawn from
        them; payments within an hour of it come with it, and within a scheme the order stays. ``settings``
        bound the days: what would come after them comes earlier, or stays.
        """
        orders, plan = planned
        cells = np.stack(list(_cells(orders, entities)))
        scheme = plan.steps.scheme[orders.plan_row].astype(np.int64)
        ts = orders.ts.copy()
        moved = np.zeros(len(plan), dtype=np.int64)
        for one in np.unique(scheme).tolist():
            rows = np.flatnonzero(scheme == one)
            rng = streams.at("learned", "hours", int(plan.id[one]))
            ts[rows], moved[one] = self._scheme(orders.ts[rows], cells[:, rows], settings, rng)
        made = replace(orders, ts=ts)
        told = tuple(_remarks(moved, plan, scheme))
        return made.take(np.argsort(ts, kind="stable")), replace(plan, remarks=(*plan.remarks, *told))

    def _scheme(
        self, times: Int1D, cells: Int1D, settings: Settings, rng: np.random.Generator
    ) -> tuple[Int1D, int]:
        """Return the times of a scheme's payments and how many of them were moved off a closed hour."""
        made, moved, shift = times.copy(), 0, 0
        for at, ts in enumerate(times.tolist()):
            if at and ts - int(times[at - 1]) > _BURST:
                shift = 0
            least = max(int(made[at - 1]), ts) if at else ts
            made[at] = max(ts + shift, least)
            open_at = self._times(cells[:, at])
            moved += not is_open(open_at, ts % NANOS_PER_DAY)
            if not is_open(open_at, int(made[at]) % NANOS_PER_DAY) or made[at] >= settings.end_ns:
                earliest = int(made[at - 1]) if at else settings.start_ns
                made[at] = _next(open_at, least, (earliest, settings.end_ns), rng)
                shift = int(made[at]) - ts
        return made, moved

    def _times(self, cells: Int1D) -> Int1D:
        """Return the sorted times of the day of the first of some cells that has enough; none for none."""
        for cell in cells.tolist():
            low, high = np.searchsorted(self.cell, [cell, cell + 1])
            if high - low >= _LEAST:
                return self.late[low:high]
        return self.late[:0]


def is_open(times: Int1D, late: int) -> bool:
    """Tell whether rows at sorted ``times`` of the day are met at one; at any of a cell without rows."""
    if not len(times):
        return True
    low, high = np.searchsorted(times, [late - _NEAR, late + _NEAR + 1])
    return bool(times[0] <= late <= times[-1] and high - low >= max(1.0, _RARE * len(times)))


def _next(times: Int1D, least: int, bounds: tuple[int, int], rng: np.random.Generator) -> int:
    """Return an instant at one of the ``times`` of the day, the first day on which some are left.

    That is at or after ``least`` where it is before the end of ``bounds``, else the last one within them.
    """
    low, end = bounds
    if not len(times):
        return least if least < end else max(low, end - 1)
    midnight, u = least // NANOS_PER_DAY * NANOS_PER_DAY, float(rng.random())
    first = int(np.searchsorted(times, least - midnight))
    if len(times) - first < _LATE * len(times):
        midnight, first = midnight + NANOS_PER_DAY, 0
    found = midnight + int(times[first + int(u * (len(times) - first))])
    if found < end:
        return found
    midnight = (end - 1) // NANOS_PER_DAY * NANOS_PER_DAY
    for day in (midnight, midnight - NANOS_PER_DAY):
        last = day + int(times[int(np.searchsorted(times, end - day)) - 1])
        if low <= last < end:
            return last
    return min(least, end - 1)


def _cells(orders: Orders, entities: int) -> Iterator[Int1D]:
    """Yield the cells of payments, int64[m], the narrowest first; accounts outside follow the entities."""
    payer, payee = orders.payer.astype(np.int64), orders.payee.astype(np.int64)
    outer = np.maximum(np.maximum(payer, payee) - entities, -1)
    is_out, channel = payer < entities, orders.channel.astype(np.int64)
    kind = np.where(orders.merchant >= 0, np.where(is_out, _PURCHASE, _REFUND), _OUTSIDE)
    kind = np.where(outer < 0, _INSIDE, kind)
    wide = np.where((kind == _INSIDE) | (kind == _OUTSIDE), _TRANSFER, kind)
    each = _KINDS * len(CHANNELS)
    yield _KINDS + each + ((outer + 1) * 2 + is_out) * len(CHANNELS) + channel
    yield _KINDS + kind * len(CHANNELS) + channel
    yield kind
    yield wide


def _remarks(moved: Int1D, plan: SchemePlan, scheme: Int1D) -> Iterator[str]:
    """Yield how many payments of each narrative came at another hour than it asks for."""
    for code, name in enumerate(plan.narratives):
        mine = plan.narrative == code
        count = int(moved[mine].sum())
        if count:
            total = int(mine[scheme].sum())
            yield (
                f"{name}: {count:,} of {total:,} payments come at a later hour than told, as the ledger "
                "hardly ever pays so at the hour that was drawn"
            )
