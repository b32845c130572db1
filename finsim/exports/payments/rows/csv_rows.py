"""A CSV of a layout: its own header, then columns written by Arrow, never rows in Python."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
from pyarrow import csv

from finsim.errors import DataError


class CsvRows:
    """One CSV file, UTF-8, LF; empty cells are nulls. ``quoted``: texts stand in quotes.

    Without quotes a text with a comma or a quote is refused with DataError: the layout has no way to say it.
    """

    def __init__(self, file: Path, header: str, *, quoted: bool = False) -> None:
        self._file, self._header = file, header
        self._options = csv.WriteOptions(include_header=False, quoting_style="needed" if quoted else "none")
        self._writer: csv.CSVWriter | None = None

    def __enter__(self) -> Self:
        self._sink = self._file.open("wb")
        self._sink.write(self._header.encode() + b"\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
        self._sink.close()

    def write(self, *columns: pa.Array) -> None:
        """Write rows, a column for each cell."""
        table = pa.Table.from_arrays(list(columns), [str(number) for number in range(len(columns))])
        if self._writer is None:
            self._writer = csv.CSVWriter(self._sink, table.schema, write_options=self._options)
        try:
            self._writer.write_table(table)
        except pa.ArrowInvalid as bad:
            raise DataError(
                f"a text that the layout cannot hold: {bad}", place=self._file.name,
                expected="texts without commas and quotes", remedy="rename it in the study",
            ) from None  # fmt: skip
