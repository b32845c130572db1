"""Parquet larger than memory: a file, or a folder of parts, read batch by batch, as often as needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from finsim.errors import DataError

BATCH_ROWS = 1 << 18
_READ_BYTES = 1 << 20  # read ahead no further: what keeps memory at a few batches


class Batches:
    """The batches of one table in Parquet; iterating again reads again.

    ``path`` is a file, or a folder whose ``*.parquet`` files are parts of one table, taken by name;
    ``columns`` leaves the others unread. Raises DataError for no file, or parts of different columns.
    """

    def __init__(
        self, path: str | Path, columns: Sequence[str] | None = None, rows: int = BATCH_ROWS
    ) -> None:
        place = Path(path)
        self.parts = sorted(place.glob("*.parquet")) if place.is_dir() else [place]
        self.columns, self.batch_rows = columns, rows
        if not self.parts or not all(part.is_file() for part in self.parts):
            raise DataError("no Parquet file", place=str(path), remedy="name a .parquet file or their folder")
        try:
            facts = [(pq.read_schema(part), pq.read_metadata(part).num_rows) for part in self.parts]
        except (pa.ArrowInvalid, OSError) as bad:
            raise DataError(f"not Parquet: {bad}", place=str(path), remedy="write the file again") from None
        self.schema, self.rows = facts[0][0], sum(count for _, count in facts)
        for part, (schema, _) in zip(self.parts, facts, strict=True):
            if schema.names != self.schema.names:
                raise DataError(
                    f"columns differ from those of {self.parts[0].name}",
                    place=str(part),
                    remedy="check tables of different columns one by one",
                )

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches of all parts."""
        for part in self.parts:
            with pq.ParquetFile(part, pre_buffer=False, buffer_size=_READ_BYTES) as file:
                yield from file.iter_batches(self.batch_rows, columns=self.columns, use_threads=False)
