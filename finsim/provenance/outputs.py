"""What a run made: its tables and other files, each with digest and size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from finsim.records.storage import canonical_json, digest_file, digest_text

WORLDS = ("market", "transactions", "credit", "drivers")
WORK = ".finsim"
OWN_NAMES = frozenset({"manifest.json", "audit.log"})


def table_files(run: Path) -> list[str]:
    """Return the paths of all tables (Parquet below the worlds' folders), relative to the run, sorted."""
    found = [path for world in WORLDS for path in (run / world).rglob("*.parquet")]
    return sorted(path.relative_to(run).as_posix() for path in found if not _is_hidden(path, run))


def other_files(run: Path) -> list[str]:
    """Return all other files (lineage, model, scorecard, report), relative to the run, sorted.

    Hidden names (checkpoints, leftovers of a killed writer), the manifest and the log are not listed.
    """
    tables = set(table_files(run))
    found = (path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file())
    return sorted(
        name for name in found if name not in tables | OWN_NAMES and not _is_hidden(run / name, run)
    )


def _is_hidden(path: Path, run: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(run).parts)


def describe_table(run: Path, name: str) -> dict[str, Any]:
    """Return path, sha256, rows, bytes and the sha256 of each row group of one table."""
    path = run / name
    return {
        "path": name,
        "sha256": digest_file(path),
        "rows": pq.read_metadata(path).num_rows,
        "bytes": path.stat().st_size,
        "row_groups": list(row_group_digests(path)),
    }


def describe_file(run: Path, name: str) -> dict[str, Any]:
    """Return path, sha256 and bytes of one file."""
    path = run / name
    return {"path": name, "sha256": digest_file(path), "bytes": path.stat().st_size}


def row_group_digests(path: Path, only: int | None = None) -> Iterator[str]:
    """Yield the sha256 of the bytes of each row group (or of ``only`` that one) of a Parquet file."""
    facts = pq.read_metadata(path)
    groups = range(facts.num_row_groups) if only is None else [only]
    with path.open("rb") as file:
        for number in groups:
            group = facts.row_group(number)
            spans = [_span(group.column(i)) for i in range(group.num_columns)]
            yield _digest_range(file, min(s for s, _ in spans), max(e for _, e in spans))


def _span(column: Any) -> tuple[int, int]:
    start = column.data_page_offset
    if column.dictionary_page_offset is not None:
        start = min(start, column.dictionary_page_offset)
    return start, start + column.total_compressed_size


def _digest_range(file: BinaryIO, start: int, end: int) -> str:
    digest = hashlib.sha256()
    file.seek(start)
    left = end - start
    while left > 0:
        block = file.read(min(left, 1 << 20))
        if not block:
            break
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()


def dataset_digest(tables: list[dict[str, Any]]) -> str:
    """Return one sha256 for all tables: equal for two runs exactly when every table is equal."""
    return digest_text(canonical_json([[item["path"], item["sha256"]] for item in tables]))
