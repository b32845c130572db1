"""Arrow files and streams (IPC, Feather), read batch by batch and only the columns that are needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from finsim.errors import DataError
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.plain_texts import plain_schema
from finsim.tables.sources.read_errors import reading
from finsim.tables.sources.source import TableSource

FILE_MARK, STREAM_MARK, OLD_MARK = b"ARROW1", b"\xff\xff\xff\xff", b"FEA1"


class ArrowFile(TableSource):
    """One table in Arrow's own form."""

    def __init__(self, path: Path, fields: Mapping[str, Field], dialect: Dialect, place: str) -> None:
        self.path = path
        with reading(place), path.open("rb") as file:
            mark = file.read(len(FILE_MARK))
        if mark.startswith(OLD_MARK):
            raise DataError(
                "a Feather file of the first version, which other tools no longer write",
                place=place,
                remedy="read it with pandas and save it as .arrow or .parquet",
            )
        self._is_file = mark == FILE_MARK
        with reading(place, "Arrow file"), self._opened() as rows:
            self.schema: pa.Schema = plain_schema(rows.schema)
        super().__init__(self.schema.names, fields, dialect, place)

    @contextmanager
    def _opened(
        self, places: Sequence[int] | None = None
    ) -> Iterator[pa.RecordBatchFileReader | pa.RecordBatchStreamReader]:
        chosen = pa.ipc.IpcReadOptions(
            included_fields=[] if places is None else sorted(places), use_threads=False
        )
        opened = pa.ipc.open_file if self._is_file else pa.ipc.open_stream
        with pa.memory_map(str(self.path)) as file, opened(file, options=chosen) as rows:
            yield rows

    def _columns(
        self, places: Sequence[int], fields: Mapping[int, Field], ids: bool = True
    ) -> Iterator[pa.RecordBatch]:
        read = sorted(set(places))
        order = [read.index(at) for at in places]
        rows = 0
        with reading(self.place, "Arrow file"), self._opened(read) as batches:
            for batch in self._batches(batches):
                # Arrow trusts a file: offsets beyond the values are met by whoever reads them, far from here.
                batch.validate(full=True)
                rows += batch.num_rows
                yield batch.select(order)
        if not rows:
            raise DataError(
                "the table has no rows", place=self.place, remedy="give a table with a header and rows"
            )

    def _batches(
        self, rows: pa.RecordBatchFileReader | pa.RecordBatchStreamReader
    ) -> Iterator[pa.RecordBatch]:
        if not self._is_file:
            yield from rows
            return
        for number in range(rows.num_record_batches):
            yield rows.get_batch(number)
