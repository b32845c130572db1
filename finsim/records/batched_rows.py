"""``BatchedRows``: a record that makes its rows batch by batch, and only as many as are asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from finsim.call_errors import public
from finsim.records.frames.money_units import without_internal
from finsim.records.shown_rows import FIRST_ROWS, ShownRows


class BatchedRows(ShownRows):
    """``ShownRows`` of a record that has a schema and yields Arrow batches in it."""

    __slots__ = ()

    @property
    @abstractmethod
    def schema(self) -> pa.Schema:
        """The schema of the rows, internal columns included."""

    @abstractmethod
    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order."""

    def to_table(self) -> pa.Table:
        """Return all rows as one Arrow table in ``schema``."""
        return pa.Table.from_batches(self.batches(), schema=self.schema)

    def _table(self) -> pa.Table:
        return self.to_table()

    @property
    def column_names(self) -> list[str]:
        """The names of the columns, without internal ones."""
        return without_internal(self.schema.names)

    @public
    def head(self, n: int = FIRST_ROWS) -> pd.DataFrame:
        """Return the first ``n`` rows as ``to_pandas`` does."""
        wanted, held, some = (n if n >= 0 else max(len(self) + n, 0)), 0, []
        for batch in self.batches():  # the first one in any case: it holds the labels
            some.append(batch)
            held += batch.num_rows
            if held >= wanted:
                break
        return self._framed(pa.Table.from_batches(some, schema=self.schema), "cents", False, wanted)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the rows as an Arrow stream, batch by batch, without internal columns."""
        names = self.column_names
        schema = pa.schema([self.schema.field(name) for name in names], metadata=self.schema.metadata)
        batches = (batch.select(names) for batch in self.batches())
        return pa.RecordBatchReader.from_batches(schema, batches).__arrow_c_stream__(requested_schema)
