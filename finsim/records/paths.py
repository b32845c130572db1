"""``Paths``: joint bar paths of several assets, real (one path) or synthetic (many)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.errors import RecordError
from finsim.notation import Array, Dates1D, Float3D

FIELDS = ("open", "high", "low", "close", "volume")

BARS_SCHEMA = pa.schema(
    [
        ("path", pa.int32()),
        ("date", pa.date32()),
        ("asset", pa.dictionary(pa.int32(), pa.string())),
        ("open", pa.float64()),
        ("high", pa.float64()),
        ("low", pa.float64()),
        ("close", pa.float64()),
        ("volume", pa.int64()),
        ("_fs_src", pa.uint8()),
        ("_fs_seq", pa.uint32()),
    ]
)


@dataclass(frozen=True)
class Paths:
    """Bars of N paths, T dates and A assets.

    ``columns[field]`` is [N, T, A]: float64 prices in the asset's currency, int64 volume in shares.
    ``close`` is always there; the other fields may be missing for a panel of closes. ``first_path``
    numbers the paths; ``source`` is the code of the layer that made them (see provenance.tags).
    Raises RecordError when shapes disagree or dates do not increase.
    """

    assets: tuple[str, ...]
    dates: Dates1D
    columns: Mapping[str, Array]
    first_path: int = 0
    source: int = 0

    def __post_init__(self) -> None:
        """Check shapes, field names and the order of dates."""
        if "close" not in self.columns or not set(self.columns) <= set(FIELDS):
            raise RecordError(f"bar columns {sorted(self.columns)}", expected=f"close and any of {FIELDS}")
        shape = self.columns["close"].shape
        if len(shape) != 3 or shape[1:] != (len(self.dates), len(self.assets)):
            raise RecordError(f"close has shape {shape}", expected="[paths, dates, assets]")
        for name, values in self.columns.items():
            if values.shape != shape:
                raise RecordError(f"{name} has shape {values.shape}", expected=str(shape))
        if len(set(self.assets)) != len(self.assets):
            raise RecordError(f"an asset is listed twice in {self.assets}", expected="each asset once")
        if len(self.dates) > 1 and not np.all(np.diff(self.dates) > np.timedelta64(0, "D")):
            raise RecordError("dates do not increase", remedy="sort the rows and drop duplicates")

    @property
    def close(self) -> Float3D:
        """Closing prices, float64[N, T, A]."""
        return self.columns["close"]

    @property
    def count(self) -> int:
        """Number of paths."""
        return int(self.close.shape[0])

    @property
    def is_ohlcv(self) -> bool:
        """Whether all five bar fields are present."""
        return set(self.columns) == set(FIELDS)

    def returns(self) -> Float3D:
        """Return log returns of the close: float64[N, T-1, A]."""
        return np.diff(np.log(self.close), axis=1)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield one Arrow batch per path in BARS_SCHEMA order (path, date, asset)."""
        steps, assets = len(self.dates), len(self.assets)
        date = pa.array(np.repeat(self.dates, assets), pa.date32())
        codes = pa.array(np.tile(np.arange(assets, dtype=np.int32), steps))
        asset = pa.DictionaryArray.from_arrays(codes, pa.array(self.assets, pa.string()))
        for i in range(self.count):
            path = pa.array(np.full(steps * assets, self.first_path + i, dtype=np.int32))
            bars = [pa.array(self._flat(name, i)) for name in FIELDS]
            tags = [
                pa.array(np.full(steps * assets, self.source, dtype=np.uint8)),
                pa.array(np.full(steps * assets, self.first_path + i, dtype=np.uint32)),
            ]
            yield pa.RecordBatch.from_arrays([path, date, asset, *bars, *tags], schema=BARS_SCHEMA)

    def _flat(self, name: str, path: int) -> Array:
        if name in self.columns:
            return np.ascontiguousarray(self.columns[name][path]).ravel()
        if name == "volume":
            return np.zeros(self.close[path].size, dtype=np.int64)
        return np.ascontiguousarray(self.close[path]).ravel()

    def to_table(self) -> pa.Table:
        """Return all bars as one Arrow table in BARS_SCHEMA."""
        return pa.Table.from_batches(self.batches(), schema=BARS_SCHEMA)

    def to_pandas(self) -> pd.DataFrame:
        """Return the bars in long form, one row a path, date and asset."""
        frame: pd.DataFrame = self.to_table().to_pandas()
        return frame


def from_table(table: pa.Table) -> Paths:
    """Build Paths from a long table with the columns of BARS_SCHEMA, ordered by path, date, asset.

    Paths are numbered without gaps. Raises RecordError for an empty table, and when a path does not
    hold every date and asset in this order.
    """
    if table.num_rows == 0:
        raise RecordError("a table of bars without rows", remedy="write at least one path")
    path = table["path"].to_numpy()
    codes, assets = pd.factorize(table["asset"].cast(pa.string()).to_numpy())
    date = table["date"].cast(pa.int32()).to_numpy()
    dates = date[path == path[0]][:: len(assets)]
    shape = (-(-table.num_rows // (len(dates) * len(assets))), len(dates), len(assets))
    first = int(path[0])
    expected = np.indices(shape).reshape(3, -1)[:, : table.num_rows]
    for name, values, wanted in (
        ("path", path, first + expected[0]),
        ("date", date, dates[expected[1]]),
        ("asset", codes, expected[2]),
    ):
        wrong = np.flatnonzero(values != wanted)
        if wrong.size or np.prod(shape) != table.num_rows:
            row = int(wrong[0]) if wrong.size else table.num_rows
            raise RecordError(
                f"{name} breaks the order of the bars",
                place=f"row {row}",
                expected=f"every path with the same {len(dates)} dates and {len(assets)} assets",
                remedy="sort by path, date and asset; fill or drop days on which an asset is missing",
            )
    columns = {name: table[name].to_numpy().reshape(shape) for name in FIELDS if name in table.column_names}
    source = table["_fs_src"][0].as_py() if "_fs_src" in table.column_names else 0
    return Paths(tuple(assets), dates.astype("datetime64[D]"), columns, first, source)
