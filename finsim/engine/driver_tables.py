"""Tables of what the scenarios of a run say: sessions, days and months on the shared clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.records.columns import DAY, DECIMAL, STORED_INSTANT, column
from finsim.records.drivers import Drivers
from finsim.records.run_layout import table_file
from finsim.records.storage import write_table
from finsim.scenarios.variables import DEVIATIONS, GROWTH, PRICE, VARIABLES

_RATIO = "ratio"
SESSION_SERIES = {
    "equity_move": (
        "level that every path must reach at this close, from the jump-off close",
        "simple return",
        "not an anchor",
    ),
    "vol_mult": ("multiplier of volatility", _RATIO, ""),
    "corr_blend": ("how far correlations are taken towards 1", DECIMAL, ""),
    "spread_mult": ("multiplier of bid-ask spreads", _RATIO, ""),
    "depth_mult": ("multiplier of the depth of the order book; no table of a run shows depth", _RATIO, ""),
    "jump": ("jump added on this session, before each asset's beta", "log return", ""),
}
DAY_SERIES = {
    "spend:": "elective spending of a merchant category, or of `all`",
    "channel:": "use of a channel",
    "late_payment": "bills paid late",
    "cash_withdrawal": "cash withdrawals",
    "fraud:": "intensity of a fraud typology",
    "aml:": "intensity of a laundering typology",
}


def write_drivers(run: Path, drivers: Mapping[str, Drivers]) -> None:
    """Write the arrays of every scenario of a run; a table has the same columns under each of them.

    A series that a scenario does not move is the identity there: 1 for multipliers, 0 for the rest.
    """
    every = list(drivers.values())
    market = _names((one.market for one in every), [name for name in SESSION_SERIES if name != "equity_move"])
    behaviour, intensity = (
        _names(getattr(one, kind) for one in every) for kind in ("behaviour", "intensity")
    )
    macro = _names((one.macro for one in every), VARIABLES)
    moved = {name for one in every for name in one.macro}
    for label, one in drivers.items():
        clock, moves = one.clock, {anchor.session: anchor.move for anchor in one.anchors}
        anchors = np.array([moves.get(session, np.nan) for session in range(clock.sessions)])
        tables: dict[str, dict[str, Any]] = {
            "driver_sessions": {
                "date": clock.session_dates(),
                "equity_move": anchors,
                **{name: one.market_series(name) for name in market},
            },
            "driver_days": {
                "date": clock.day_dates(),
                **{name: one.behaviour_series(name) for name in behaviour},
                **{name: one.intensity_series(name) for name in intensity},
            },
            "driver_months": {
                "date": clock.month_dates(),
                **{name: one.macro_series(name) for name in macro if name in moved},
            },
        }
        for name, columns in tables.items():
            days = np.asarray(columns["date"]).dtype == np.dtype("datetime64[D]")
            schema = driver_schema(name, columns, DAY if days else STORED_INSTANT)
            arrays = [_array(columns[field.name], field) for field in schema]
            write_table(table_file(run, name, label), schema, [pa.Table.from_arrays(arrays, schema=schema)])


def _names(series: Iterable[Mapping[str, Any]], first: Iterable[str] = ()) -> list[str]:
    return list(dict.fromkeys([*first, *(name for one in series for name in one)]))


def driver_schema(table: str, names: Iterable[str], date: pa.DataType = DAY) -> pa.Schema:
    """Return the schema of one table of drivers with these series."""
    days = {"driver_sessions": "session", "driver_days": "day", "driver_months": "month end"}[table]
    fields = [column("date", date, days)]
    for name in names:
        if name != "date":
            text, unit, null = _facts(table, name)
            fields.append(column(name, pa.float64(), text, unit, null=null))
    return pa.schema(fields)


def _facts(table: str, name: str) -> tuple[str, str, str]:
    """Return meaning, unit and null of one series."""
    if table == "driver_sessions":
        return SESSION_SERIES.get(name, ("series of the scenario", _RATIO, ""))
    if table == "driver_days":
        kind = next((kind for kind in DAY_SERIES if name.startswith(kind)), "")
        return (
            f"{DAY_SERIES.get(kind, 'series of the scenario')}, as a multiple of its usual level",
            _RATIO,
            "",
        )
    known = VARIABLES[name]
    text = f"{' less '.join(known.columns) or name.replace('_', ' ')}, change from the jump-off"
    if known.units is PRICE:
        return text, "percent, cumulative", ""
    if known.units is DEVIATIONS:
        return text, "standard deviations", ""
    return text, "percentage points, annualised" if known.units is GROWTH else "percentage points", ""


def _array(values: Any, field: pa.Field) -> pa.Array:
    array = np.asarray(values)
    if array.dtype.kind == "M":
        return pa.array(array.astype("datetime64[us]")).cast(field.type)
    return pa.array(array, pa.float64(), from_pandas=True)
