"""Two runs, table by table: identical bytes, or the first row and column that differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from finsim.errors import ProvenanceError
from finsim.provenance.manifest import NAME, plain, read_manifest
from finsim.provenance.outputs import change_in, table_files
from finsim.records.storage import digest_file

BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Difference:
    """The first place where two tables differ; ``row`` counts from 0, ``row_group`` is that of run a."""

    row: int
    row_group: int
    column: str
    a: Any
    b: Any


@dataclass(frozen=True)
class TableComparison:
    """One table of two runs; ``found`` says in words how they differ, "" when identical."""

    table: str
    identical: bool
    rows_a: int | None
    rows_b: int | None
    found: str = ""
    difference: Difference | None = None


@dataclass(frozen=True)
class Comparison:
    """All tables of two runs, in order of their names."""

    a: str
    b: str
    tables: tuple[TableComparison, ...]

    @property
    def identical(self) -> bool:
        """Whether both runs hold the same tables with the same bytes."""
        return all(table.identical for table in self.tables)

    @property
    def all_differ(self) -> bool:
        """Whether no table is identical (what another seed should give)."""
        return not any(table.identical for table in self.tables)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        return {**asdict(self), "identical": self.identical}

    def to_text(self) -> str:
        """Return one line a table."""
        width = max((len(item.table) for item in self.tables), default=0)
        same = sum(item.identical for item in self.tables)
        lines = [
            f"{item.table:<{width}}  {'identical' if item.identical else item.found}" for item in self.tables
        ]
        verdict = "every table is identical" if self.identical else "the runs differ"
        return "\n".join([*lines, f"{same} of {len(self.tables)} tables identical: {verdict}"])


def compare_runs(a: str | Path, b: str | Path) -> Comparison:
    """Compare the tables of two run folders by bytes, and where these differ by values.

    A table that is no longer what its manifest says is named, not read. Memory is bounded by a row
    group. Raises ProvenanceError when a folder holds no table at all, or one that cannot be read.
    """
    first, second = Path(a), Path(b)
    names_a, names_b = (_tables(folder) for folder in (first, second))
    compared = [_compare(name, first, second) for name in sorted(names_a | names_b)]
    return Comparison(str(a), str(b), tuple(compared))


def _tables(folder: Path) -> set[str]:
    names = set(table_files(folder)) if folder.is_dir() else set()
    if not names:
        raise ProvenanceError("no tables here", place=str(folder), remedy="give the folder of `finsim run`")
    return names


def _compare(name: str, a: Path, b: Path) -> TableComparison:
    runs = [run for run in (a, b) if not (run / name).is_file()]
    if runs:
        rows = [None if run in runs else _rows(run / name) for run in (a, b)]
        return TableComparison(name, False, rows[0], rows[1], f"missing in {runs[0]}")
    if digest_file(a / name) == digest_file(b / name):
        rows_both = _rows(a / name)
        return TableComparison(name, True, rows_both, rows_both)
    changed = [
        f"changed since {run} was written: {change}" for run in (a, b) if (change := _change(run, name))
    ]
    if changed:
        return TableComparison(name, False, None, None, changed[0])
    rows_a, rows_b = _rows(a / name), _rows(b / name)
    found, difference = _values(a / name, b / name)
    if not found and rows_a != rows_b:
        found = f"{rows_a:,} rows against {rows_b:,}; the shorter is the beginning of the longer"
    return TableComparison(name, False, rows_a, rows_b, found or "equal values, different bytes", difference)


def _change(run: Path, name: str) -> str:
    """Say how a table differs from its run's manifest; "" when it does not, or there is no manifest."""
    if not (run / NAME).is_file():
        return ""
    listed = [item for item in read_manifest(run).outputs if item["path"] == name]
    return change_in(run / name, listed[0]) if listed else ""


def _rows(file: Path) -> int:
    try:
        return int(pq.read_metadata(file.absolute()).num_rows)
    except (pa.ArrowException, OSError) as bad:
        raise ProvenanceError(
            f"not readable Parquet: {bad}", place=str(file), remedy="make the run again"
        ) from None


def _values(a: Path, b: Path) -> tuple[str, Difference | None]:
    """Say what differs first in the common rows of two tables: their columns or one value."""
    with pq.ParquetFile(a.absolute()) as file_a, pq.ParquetFile(b.absolute()) as file_b:
        found = _schemas(file_a.schema_arrow, file_b.schema_arrow)
        if found:
            return found, None
        start = 0
        for left, right in _pairs(file_a, file_b):
            row, column = _first_in(left, right)
            if column:
                group = _group_of(file_a, start + row)
                values = [plain(batch.column(column)[row].as_py()) for batch in (left, right)]
                rows = "" if file_a.metadata.num_rows == file_b.metadata.num_rows else _counts(file_a, file_b)
                place = f"row {start + row} (row group {group}), {column}"
                return (
                    f"{rows}{place}: {values[0]!r} against {values[1]!r}",
                    Difference(start + row, group, column, values[0], values[1]),
                )
            start += left.num_rows
    return "", None


def _counts(a: pq.ParquetFile, b: pq.ParquetFile) -> str:
    return f"{a.metadata.num_rows:,} rows against {b.metadata.num_rows:,}; "


def _schemas(a: pa.Schema, b: pa.Schema) -> str:
    if a.names != b.names:
        only = sorted(set(a.names) ^ set(b.names))
        return f"different columns: {', '.join(only)}" if only else "the columns stand in another order"
    changed = [name for name in a.names if a.field(name).type != b.field(name).type]
    if changed:
        return f"{changed[0]} is {a.field(changed[0]).type} against {b.field(changed[0]).type}"
    return ""


def _pairs(a: pq.ParquetFile, b: pq.ParquetFile) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Yield aligned batches of both files, as far as the shorter goes, whatever their row groups are."""
    left = right = None
    batches_a, batches_b = (file.iter_batches(BATCH_ROWS) for file in (a, b))
    while True:
        left = left if left is not None and left.num_rows else next(batches_a, None)
        right = right if right is not None and right.num_rows else next(batches_b, None)
        if left is None or right is None:
            return
        common = min(left.num_rows, right.num_rows)
        yield left.slice(0, common), right.slice(0, common)
        left, right = left.slice(common), right.slice(common)


def _first_in(a: pa.RecordBatch, b: pa.RecordBatch) -> tuple[int, str]:
    """Return the first differing row of two batches and its first differing column, "" when none."""
    found: tuple[int, str] = (a.num_rows, "")
    for name in a.schema.names:
        left, right = (batch.column(name).slice(0, found[0]) for batch in (a, b))
        if _bits(left).equals(_bits(right)):
            continue
        for row, (x, y) in enumerate(zip(left, right, strict=True)):
            if not _same(x.as_py(), y.as_py()):
                found = (row, name)
                break
    return found


def _bits(column: pa.Array) -> pa.Array:
    """Return a column whose equality is that of its bits (Arrow holds 0.0 and -0.0 to be equal)."""
    return column.view(pa.int64()) if pa.types.is_float64(column.type) else column


def _same(x: Any, y: Any) -> bool:
    """Compare two values; NaN equals NaN, and 0.0 differs from -0.0 as their bytes do."""
    if isinstance(x, float) and isinstance(y, float):
        return x.hex() == y.hex()
    return bool(x == y)


def _group_of(file: pq.ParquetFile, row: int) -> int:
    end = number = 0
    for number in range(file.metadata.num_row_groups):
        end += file.metadata.row_group(number).num_rows
        if row < end:
            return number
    return number
