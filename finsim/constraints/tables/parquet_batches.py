"""Parquet files larger than memory, read batch by batch as often as needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa

from finsim.constraints.tables.typed_columns import PLACE
from finsim.errors import DataError
from finsim.tables.cells.stored import is_text

if TYPE_CHECKING:
    import pyarrow.parquet as pq

BATCH_ROWS = 1 << 18
_REPEATED_BYTES = 2  # less a row in the file: a text out of a few thousand
_READ_BYTES = 1 << 20  # read ahead no further: what keeps memory at a few batches


Batch = TypeVar("Batch")


def read_ahead(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Yield batches while a thread of its own reads the next one; raises what reading raises, in its turn."""
    rest = iter(batches)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, rest, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, rest, None)
            yield batch


class Batches:
    """The batches of one table in Parquet; iterating again reads again.

    ``path`` is a file, or a folder whose ``*.parquet`` files are parts of one table, taken by name;
    ``columns`` leaves the others unread; ``progress`` is called with the rows taken and all rows. ``size``
    is the number of bytes of all columns, not compressed. Raises DataError for no file, parts of different
    columns, and when the file is damaged.
    """

    def __init__(
        self,
        path: str | Path,
        columns: Sequence[str] | None = None,
        rows: int = BATCH_ROWS,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        import pyarrow.parquet as pq

        place = Path(path)
        self._place = {PLACE: str(path).encode(errors="replace")}
        self.parts = sorted(place.glob("*.parquet")) if place.is_dir() else [place]
        self.columns, self.batch_rows, self.progress = columns, rows, progress
        if not self.parts or not all(part.is_file() for part in self.parts):
            raise DataError("no Parquet file", place=str(path), remedy="name a .parquet file or their folder")
        try:
            footers = [pq.read_metadata(part.absolute()) for part in self.parts]
        except (pa.ArrowInvalid, OSError) as bad:
            raise DataError(f"not Parquet: {bad}", place=str(path), remedy="write the file again") from None
        self._repeated = _repeated_texts(footers)
        schemas = [footer.schema.to_arrow_schema() for footer in footers]
        self.schema: pa.Schema = schemas[0]
        self.rows: int = sum(footer.num_rows for footer in footers)
        self.size: int = sum(
            footer.row_group(group).total_byte_size
            for footer in footers
            for group in range(footer.num_row_groups)
        )
        for part, schema in zip(self.parts, schemas, strict=True):
            if schema.names != self.schema.names:
                raise DataError(
                    f"columns differ from those of {self.parts[0].name}",
                    place=str(part),
                    remedy="check tables of different columns one by one",
                )

    def only(self, columns: Sequence[str]) -> Batches:
        """Return the same table with the other columns unread."""
        narrow = copy(self)
        narrow.columns = list(columns)
        return narrow

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches of all parts."""
        done = 0
        self._tell(done)
        for part in self.parts:
            for batch in self._read(part):
                yield batch.replace_schema_metadata(self._place)
                done += batch.num_rows
                self._tell(done)

    def _tell(self, done: int) -> None:
        if self.progress is not None:
            self.progress(done, self.rows)

    def _read(self, part: Path) -> Iterator[pa.RecordBatch]:
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(
                part.absolute(), pre_buffer=False, buffer_size=_READ_BYTES, read_dictionary=self._repeated
            ) as file:
                yield from file.iter_batches(self.batch_rows, columns=self.columns, use_threads=False)
        except (pa.ArrowException, OSError) as bad:
            raise DataError(f"not a Parquet file: {bad}", place=str(part), remedy="check the file") from None


def _repeated_texts(footers: Sequence[pq.FileMetaData]) -> list[str]:
    """Return the columns of text in which few texts repeat in every row group: those are read as numbers.

    A file stores them as numbers of a dictionary, which takes few bytes a row, the texts themselves included.
    """
    if not footers:
        return []
    names = [field.name for field in footers[0].schema.to_arrow_schema() if is_text(field.type)]
    return [name for name in names if all(_is_repeated(footer, name) for footer in footers)]


def _is_repeated(footer: pq.FileMetaData, name: str) -> bool:
    places = [at for at in range(footer.num_columns) if footer.schema.column(at).path == name]
    chunks = [footer.row_group(n).column(at) for n in range(footer.num_row_groups) for at in places]
    return bool(chunks) and all(
        chunk.has_dictionary_page and chunk.total_uncompressed_size < _REPEATED_BYTES * chunk.num_values
        for chunk in chunks
    )
