"""Parquet, a file or a folder of parts, read batch by batch and only the columns that are needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from finsim.errors import DataError
from finsim.file_kinds import held
from finsim.tables.cells.stored import is_text
from finsim.tables.endings import PARQUET, form_by_name
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.plain_texts import plain_schema
from finsim.tables.sources.read_errors import reading
from finsim.tables.sources.source import TableSource

BATCH_ROWS = 1 << 18
_READ_BYTES = 1 << 20  # read ahead no further: what keeps memory at a few batches


class ParquetTable(TableSource):
    """One table in Parquet."""

    def __init__(self, path: Path, fields: Mapping[str, Field], dialect: Dialect, place: str) -> None:
        import pyarrow.parquet as pq  # not for text tables: 12 ms, most of it network file systems

        self.parts = (
            sorted(one for one in path.rglob("*") if form_by_name(one) == PARQUET)
            if path.is_dir()
            else [path]
        )
        if not self.parts:
            raise DataError(
                f"no Parquet files in this folder; {held(path)}",
                place=place,
                expected="a table, or a folder of Parquet files",
                remedy="give the file",
            )
        if path.is_dir() and (path / "manifest.json").is_file():
            tables = [path / name for name in ("transactions", "bars", "loans") if (path / name).is_dir()]
            raise DataError(
                "the folder of a run, which holds several tables",
                place=place,
                expected="one table",
                remedy=f"give one of them, such as {(tables or [self.parts[0].parent])[0]}",
            )
        footers, schemas = [], []
        for part in self.parts:
            with reading(str(part), "Parquet file"):
                footers.append(pq.read_metadata(part.absolute()))
                schemas.append(plain_schema(footers[-1].schema.to_arrow_schema()))
        self.schema: pa.Schema = schemas[0]
        for part, schema in zip(self.parts, schemas, strict=True):
            if schema.names != self.schema.names:
                raise DataError(
                    f"columns differ from those of {self.parts[0].name}",
                    place=str(part),
                    expected=", ".join(self.schema.names),
                    remedy="put one table into one folder",
                )
        super().__init__(self.schema.names, fields, dialect, place)
        self.rows = sum(footer.num_rows for footer in footers)
        if not self.rows:
            raise DataError(
                "the table has no rows", place=place, remedy="give a table with a header and rows"
            )

    def _columns(
        self, places: Sequence[int], fields: Mapping[int, Field], ids: bool = True
    ) -> Iterator[pa.RecordBatch]:
        import pyarrow.parquet as pq

        names = [self.headers[at] for at in places]
        coded = [
            self.headers[at]
            for at, field in fields.items()
            if (field.type == "cat" or (field.type == "id" and ids)) and is_text(self.schema.field(at).type)
        ]
        is_whole = list(places) == list(range(len(self.headers)))  # as they stand in the file
        first: pa.Schema | None = None
        for part in self.parts:
            with (
                reading(str(part), "Parquet file"),
                pq.ParquetFile(
                    part.absolute(), pre_buffer=False, buffer_size=_READ_BYTES, read_dictionary=coded
                ) as file,
            ):
                wanted = None if is_whole else names
                for batch in file.iter_batches(BATCH_ROWS, columns=wanted, use_threads=False):
                    chosen = batch if is_whole else batch.select(names)
                    first = first or chosen.schema
                    yield _as_first(chosen, first)


def _as_first(batch: pa.RecordBatch, first: pa.Schema) -> pa.RecordBatch:
    """Return a batch whose texts are coded where those of the first part are, and else not."""
    if batch.schema.equals(first):
        return batch
    columns = []
    for cells, field in zip(batch.columns, first, strict=True):
        coded, wanted = pa.types.is_dictionary(cells.type), pa.types.is_dictionary(field.type)
        if cells.type != field.type and is_text(cells.type) and is_text(field.type):
            plain = cells.cast(cells.type.value_type) if coded else cells
            cells = (
                plain.cast(field.type.value_type).dictionary_encode() if wanted else plain.cast(field.type)
            )
        columns.append(cells)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
