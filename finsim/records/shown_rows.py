"""``ShownRows``: a record of rows: length, columns, first rows, and ways into pandas, polars and Arrow."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import pyarrow as pa

from finsim.call_errors import public
from finsim.errors import RecordError, did_you_mean
from finsim.records.display.shown_record import ShownRecord
from finsim.records.frames.arrow_frames import nullable_columns, to_frame, to_polars_frame
from finsim.records.frames.money_units import NO_MONEY, Money, Unit, checked_unit, presented, without_internal

if TYPE_CHECKING:
    import pandas as pd
    import polars

FIRST_ROWS = 5


class ShownRows(ShownRecord):
    """Gives a record of rows the manners of a DataFrame; the record says which rows, and which are money.

    Columns whose names begin with ``_fs_`` say where a row came from; they are shown on demand only.
    """

    __slots__ = ()

    @abstractmethod
    def _table(self) -> pa.Table:
        """Return all rows, internal columns included."""

    def _money(self) -> Money:
        """Return which columns hold minor units."""
        return NO_MONEY

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._table().num_rows)

    @property
    def column_names(self) -> list[str]:
        """The names of the columns, without internal ones."""
        return without_internal(self._table().column_names)

    @public
    def head(self, n: int = FIRST_ROWS) -> pd.DataFrame:
        """Return the first ``n`` rows as ``to_pandas`` does; money stays in minor units (cents)."""
        return self._framed(self._table(), "cents", False, n)

    def _framed(self, table: pa.Table, unit: Unit, internal: bool, n: int | None = None) -> pd.DataFrame:
        nullable = nullable_columns(table)
        part = table if n is None else table.slice(0, n if n >= 0 else max(table.num_rows + n, 0))
        frame = to_frame(presented(part, self._money(), unit, internal), nullable)
        if self._money().within(table):
            frame.attrs |= {"money": unit, "currency": ", ".join(self._money().currencies(table))}
        return frame

    @public
    def to_pandas(self, *, money: Unit = "cents", internal: bool = False) -> pd.DataFrame:
        """Return the rows as a DataFrame.

        ``money="cents"`` keeps int64 minor units of the currency (cents of USD, whole yen of JPY);
        ``"units"`` gives float64 amounts of the currency by its ISO 4217 decimals. ``frame.attrs["money"]``
        says which. Whole numbers with missing values are Int64, dates datetime64[ns], labels categories.
        ``internal`` adds the columns ``_fs_*``. Raises RecordError for another ``money``.
        """
        return self._framed(self._table(), checked_unit(money), internal)

    @public
    def to_polars(self, *, money: Unit = "cents", internal: bool = False) -> polars.DataFrame:
        """Return the rows as a polars DataFrame; ``money`` and ``internal`` as in ``to_pandas``.

        Raises RecordError when polars is not installed.
        """
        return to_polars_frame(presented(self._table(), self._money(), money, internal))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the rows as an Arrow stream, money in minor units, without internal columns.

        Example: ``polars.DataFrame(record)``, ``pandas.DataFrame.from_arrow(record)``, ``duckdb.sql``.
        """
        table = presented(self._table(), self._money(), "cents", False)
        return table.__arrow_c_stream__(requested_schema)

    def _first_rows(self) -> pd.DataFrame:
        return self.head()


class ShownTable(ShownRows):
    """``ShownRows`` with ``columns``: the names of the columns."""

    __slots__ = ()

    @property
    def columns(self) -> list[str]:
        """The names of the columns, without internal ones."""
        return self.column_names


class RowRecord(ShownTable):
    """``ShownTable`` whose columns are taken by name: ``record["amount"]``."""

    __slots__ = ()
    __iter__ = None

    def __getitem__(self, name: str) -> pd.Series:
        """Return one column as a Series, money in minor units; raises RecordError for an unknown name."""
        if name not in self:
            raise RecordError(f"no column {name!r}", remedy=did_you_mean(str(name), self.column_names))
        table = self._table().select([name])
        return self._framed(table, "cents", True)[name]

    def __contains__(self, name: object) -> bool:
        """Return whether there is a column of that name."""
        return name in self._table().column_names
