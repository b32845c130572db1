"""Second dates of added rows: as many days behind the row's own time as those of real rows like it (own).

A booking or value date lies a lawful number of days behind the time: none for a transfer, one to three for a
card, never on a weekend. A column follows where its lags are such days; one that says the same in all rows of
an account is the account's; any other is left, and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.injection.accounts.agreement import agreement
from finsim.engine.injection.added_rows import Added
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.following.following import Following
from finsim.engine.injection.following.lag_law import Donors, donors
from finsim.engine.injection.following.open_days import OpenDays
from finsim.engine.injection.ledger_columns import Part
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.engine.injection.local_clock import from_wall, to_wall
from finsim.engine.injection.written_cells import held, time_cells
from finsim.notation import NANOS_PER_DAY, Bool1D, Float1D, Int1D
from finsim.randomness import Streams
from finsim.tables.cells.stored import is_text
from finsim.tables.cells.units_and_zones import zone_of

_EARLIEST, _LATEST, _SHARE = -31, 62, 0.99  # assumption: days between which nearly all lags of a law lie
_LEAST = 20  # rows that tell a law
_SAME, _OFTEN = 0.05, 3.0  # assumption: rows of an account share a day so much more often in a cycle
_OWN = 0.999  # agreement of an account's rows from which on the cell is the account's
_FEW_WORDS = 64
_MINUTE = 60_000_000_000
_TRIES = 8


@dataclass(frozen=True)
class SecondDay:
    """A column of second dates: values int64[n] ns by its clock, where ``there``, and how they follow.

    ``by_delay``: an instant lies a delay behind the time; else at a time of day of its own. ``grain`` ns.
    """

    part: Part
    zone: str
    values: Int1D
    there: Bool1D
    by_delay: bool
    grain: int

    def behind(self, time: Int1D) -> Int1D:
        """Return by how many days the values lie behind times int64[n] (ns), -99 where there is none."""
        lag = self.values // NANOS_PER_DAY - time // NANOS_PER_DAY
        return np.where(self.there, np.clip(lag, -98, 98), -99)


def second_columns(ledger: Ledger) -> list[Part]:
    """Return the columns of days and times besides that of the payments."""
    source, paid = ledger.source, ledger.columns.parts["date"].header
    return [
        Part(header, source.headers.index(header), replace(source.fields[name], null=True))
        for name, header in source.bound.items()
        if source.fields[name].type in ("ts", "date") and header != paid
    ]


def with_second_days(
    added: Added, sample: LedgerSample, past: Histories, ledger: Ledger, streams: Streams
) -> tuple[Added, Following]:
    """Return added rows whose second dates follow their times as those of the sample do.

    ``sample`` has times in UTC. All columns of a row take their days from one real row, so they agree.
    """
    wall = to_wall(sample.time, sample.zone), to_wall(added.time, sample.zone)
    laws, left, cells = list[SecondDay](), list[str](), added.cells
    for part in second_columns(ledger):
        values, there, zone = _read(part, sample.cells, ledger)
        if _is_lawful(values[there], wall[0][there], past.own[there]):
            laws.append(_law(part, zone, (values, there), wall[0]))
        elif there.any() and agreement(past.own[there], pd.factorize(values[there])[0]) >= _OWN:
            cells = _of_the_account(cells, part, sample, past, (added.entity, there))
        else:
            left.append(part.header)
    if not laws or not cells.num_rows:
        return replace(added, cells=cells), Following((), tuple(left), {})
    lags = np.unique(np.stack([one.behind(wall[0]) for one in laws]), axis=1, return_inverse=True)[1]
    real, new = _codes(sample, added, past, ledger, wall)
    days = wall[0] // NANOS_PER_DAY, wall[1] // NANOS_PER_DAY
    lend = donors(real, new, lags.reshape(-1).astype(np.int64), days)
    u = streams.at("second days").random(len(wall[1]))
    behind = {}
    for one in laws:
        made, there = _made(one, lend, wall, u)
        cells = _put(cells, one, made, there, ledger)
        new_lag = replace(one, values=made, there=there).behind(wall[1])
        behind[one.part.header] = one.behind(wall[0]), new_lag
    return replace(added, cells=cells), Following(tuple(behind), tuple(left), behind)


def _read(part: Part, cells: pa.Table, ledger: Ledger) -> tuple[Int1D, Bool1D, str]:
    """Return the values of a column by its own clock (ns), which there are, and the zone of the clock."""
    told = ledger.typed(cells, part)
    kind = cells.column(part.at).type
    zone, stored = "", kind.tz if pa.types.is_timestamp(kind) and kind.tz else ""
    if part.field.type == "date" and stored:
        told, zone = cells.column(part.at), stored  # days begin by the clock that stores them
    if part.field.type == "ts":
        zone = zone_of(part.field, ledger.source.dialect) or stored
    there = np.asarray(told.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
    whole = told.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).fill_null(0)
    values = np.asarray(whole.to_numpy(zero_copy_only=False), dtype=np.int64)
    there &= np.abs(values) < 2**62 // 1_000
    values = np.where(there, values, 0) * 1_000
    wall = to_wall(values, zone)
    if part.field.type == "date":
        return wall - wall % NANOS_PER_DAY, there, ""
    return wall, there, zone


def _is_lawful(values: Int1D, time: Int1D, own: Int1D) -> bool:
    """Tell whether values lie some days behind the time, each for itself and not once a month for all."""
    if len(values) < _LEAST:
        return False
    day, paid = values // NANOS_PER_DAY, time // NANOS_PER_DAY
    inside = (day - paid >= _EARLIEST) & (day - paid <= _LATEST)
    if inside.mean() < _SHARE:
        return False
    both = [agreement(own, pd.factorize(one)[0]) for one in (day, paid)]
    return both[0] <= _OFTEN * both[1] + _SAME


def _law(part: Part, zone: str, read: tuple[Int1D, Bool1D], time: Int1D) -> SecondDay:
    values, there = read
    known, delay = values[there], values[there] - time[there]
    grain = int(np.gcd.reduce(np.append(known, NANOS_PER_DAY)))
    spread = [_spread(one // _MINUTE) for one in (delay, known % NANOS_PER_DAY)]
    return SecondDay(part, zone, values, there, spread[0] < spread[1], grain)


def _spread(values: Int1D) -> float:
    share: Float1D = np.unique(values, return_counts=True)[1] / len(values)
    return float(-(share * np.log(share)).sum())


def _codes(
    sample: LedgerSample, added: Added, past: Histories, ledger: Ledger, wall: tuple[Int1D, Int1D]
) -> tuple[dict[str, Int1D], dict[str, Int1D]]:
    """Return what lags may depend on, of real and added rows: weekday, hour, sign, columns of few words."""
    sides: list[dict[str, Int1D]] = []
    taken = {
        ledger.columns.parts[role].at for role in ("date", "amount", "credit") if role in ledger.columns.parts
    }
    for cells, time in ((sample.cells, wall[0]), (added.cells, wall[1])):
        one = {"weekday": (time // NANOS_PER_DAY + 3) % 7}
        if not ledger.columns.is_daily:
            one["hour"] = time % NANOS_PER_DAY // (60 * _MINUTE)
        amount = ledger.amounts(cells)
        sums = amount.cast(pa.float64(), safe=False).fill_null(0.0).to_numpy()
        one["sign"] = np.asarray(np.sign(sums), np.int64)
        sides.append(one)
    for at, field in enumerate(sample.cells.schema):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if at in taken or not (is_text(kind) or pa.types.is_boolean(kind)):
            continue
        both = [cells.column(at).to_pandas().astype(object) for cells in (sample.cells, added.cells)]
        codes, words = pd.factorize(pd.concat(both))
        if 2 <= len(words) <= _FEW_WORDS:
            for side, some in zip(sides, np.split(codes, [len(both[0])]), strict=True):
                side[field.name] = some.astype(np.int64)
    return sides[0], sides[1]


def _made(
    law: SecondDay, lend: Donors, wall: tuple[Int1D, Int1D], u: Sequence[float] | Float1D
) -> tuple[Int1D, Bool1D]:
    """Return the second dates (ns by their clock) of added rows, and which of them have one."""
    days = OpenDays.of(law.values[law.there] // NANOS_PER_DAY)
    later = bool((law.values[law.there] >= wall[0][law.there]).all())
    made, there = np.zeros(len(wall[1]), np.int64), np.zeros(len(wall[1]), np.bool_)
    for row, time in enumerate(wall[1].tolist()):
        for after in range(_TRIES):
            donor = lend.of(row, float(u[row]), after)
            if not law.there[donor]:
                break
            lag = int(law.values[donor] // NANOS_PER_DAY - wall[0][donor] // NANOS_PER_DAY)
            late = int(law.values[donor] % NANOS_PER_DAY)
            day = time // NANOS_PER_DAY + lag
            if law.by_delay:
                day, late = divmod(time + int(law.values[donor] - wall[0][donor]), NANOS_PER_DAY)
            day = days.nearest(int(day), back=lag < 0)
            made[row], there[row] = day * NANOS_PER_DAY + late - late % law.grain, True
            if not later or law.by_delay or made[row] >= time - time % law.grain:
                break
            made[row] = days.nearest(int(day) + 1, back=False) * NANOS_PER_DAY + late  # until another fits
    return made, there


def _put(cells: pa.Table, law: SecondDay, made: Int1D, there: Bool1D, ledger: Ledger) -> pa.Table:
    """Return cells with the values of a column, written as the column is."""
    at, field, dialect = law.part.at, law.part.field, ledger.source.dialect
    kind = cells.schema.field(at).type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    example = next((str(one) for one in cells.column(at).drop_null()[:1].to_pylist()), "")
    times = from_wall(made, law.zone)
    if field.type == "date":
        field, dialect = replace(field, zone=""), replace(dialect, zone="")
        if pa.types.is_timestamp(kind) and kind.tz:
            times = from_wall(made, kind.tz)
    with held(ledger.source.place, law.part.header, kind, "days"):
        column = time_cells(times, plain, field, dialect, example)
    column = pc.if_else(pa.array(there), column, pa.scalar(None, column.type))
    if pa.types.is_dictionary(kind):
        column = column.dictionary_encode().cast(kind)
    return cells.set_column(at, cells.schema.field(at), column)


def _of_the_account(
    cells: pa.Table, part: Part, sample: LedgerSample, past: Histories, known: tuple[Int1D, Bool1D]
) -> pa.Table:
    """Return cells with a date that is the same in all rows of an account."""
    entity, there = known
    first = np.full(past.count + 1, -1)
    rows = np.flatnonzero(there & (past.own >= 0))[::-1]
    first[past.own[rows]] = rows
    lent = pa.array(first[entity], mask=first[entity] < 0)
    column = sample.cells.column(part.at).take(lent).combine_chunks()
    return cells.set_column(part.at, cells.schema.field(part.at), column)
