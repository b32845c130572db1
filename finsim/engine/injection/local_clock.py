"""Times on the clock of a table's zone, as if that were UTC: days and hours of habits are local."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.engine.injection.ledger_columns import LedgerColumns
from finsim.notation import Int1D
from finsim.tables import Dialect
from finsim.tables.cells.units_and_zones import zone_of
from finsim.tables.cells.zones import local_times


def zone_of_times(columns: LedgerColumns, dialect: Dialect, kind: pa.DataType) -> str:
    """Return the zone whose clock a column of times of a stored type has; empty for UTC and for days."""
    if columns.is_daily:
        return ""
    stored = kind.tz if pa.types.is_timestamp(kind) and kind.tz else ""
    zone = zone_of(columns.parts["date"].field, dialect) or stored
    return "" if zone.upper() in ("UTC", "Z", "GMT", "ETC/UTC", "+00:00") else zone


def to_wall(times: Int1D, zone: str) -> Int1D:
    """Return instants (ns UTC) as ns on the clock of a zone; as they are where none is given."""
    if not zone or not len(times):
        return times
    stamps = pa.array(times).cast(pa.timestamp("ns", tz="UTC"))
    return np.asarray(local_times(stamps, zone).cast(pa.int64()).to_numpy(zero_copy_only=False))


def from_wall(times: Int1D, zone: str) -> Int1D:
    """Return times on the clock of a zone as instants (ns UTC); an hour that is left out comes after it."""
    if not zone or not len(times):
        return times
    guess = 2 * times - to_wall(times, zone)
    return np.asarray(times - (to_wall(guess, zone) - guess))
