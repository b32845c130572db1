"""What a run made: its tables and other files, each with digest and size."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from finsim.records.run_layout import WORLD_OF
from finsim.records.storage import canonical_json, digest_file, digest_text

WORK = ".finsim"
LOCK = "lock"
"""Name, in the folder of checkpoints, of the file by which a process owns the run; never part of it."""
OWN_NAMES = frozenset({"manifest.json", "audit.log"})


def table_files(run: Path) -> list[str]:
    """Return the paths of all tables (Parquet below the tables' folders), relative to the run, sorted."""
    found = [path for table in WORLD_OF for path in (run / table).rglob("*.parquet")]
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
    """Return path, sha256, rows, bytes, and place and sha256 of each row group and of the footer."""
    path = run / name
    groups = list(_row_groups(path))
    footer = groups[-1]["start"] + groups[-1]["bytes"] if groups else 0
    return {
        "path": name,
        "sha256": digest_file(path),
        "rows": sum(group["rows"] for group in groups),
        "bytes": path.stat().st_size,
        "row_groups": groups,
        "footer": {"start": footer, "sha256": digest_range(path, footer)},
    }


def _row_groups(path: Path) -> Iterator[dict[str, Any]]:
    facts = pq.read_metadata(path.absolute())
    for number in range(facts.num_row_groups):
        group = facts.row_group(number)
        spans = [_span(group.column(i)) for i in range(group.num_columns)]
        start, end = min(first for first, _ in spans), max(last for _, last in spans)
        digest = digest_range(path, start, end - start)
        yield {"start": start, "bytes": end - start, "rows": group.num_rows, "sha256": digest}


def _span(column: Any) -> tuple[int, int]:
    start = column.data_page_offset
    if column.dictionary_page_offset is not None:
        start = min(start, column.dictionary_page_offset)
    return start, start + column.total_compressed_size


def digest_range(path: Path, start: int, count: int | None = None) -> str:
    """Return the sha256 of ``count`` bytes of a file from ``start`` on (None: to its end)."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(start)
        left = path.stat().st_size - start if count is None else count
        while left > 0 and (block := file.read(min(left, 1 << 20))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


_LEFTOVER = re.compile(r"\..+\.[0-9]+\.(part|old)")


def is_leftover(path: Path) -> bool:
    """Tell whether a name is that of an unfinished piece, such as ``.loans.parquet.4711.part``."""
    return _LEFTOVER.fullmatch(path.name) is not None and not path.is_symlink()


def remove_leftovers(run: Path) -> None:
    """Delete the half-written files and folders that a killed writer left beside finished ones.

    Only the owner of a run may call it: the pieces of a living writer look the same.
    """
    for path in filter(is_leftover, sorted(run.rglob(".*"))):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def change_in(path: Path, item: Mapping[str, Any], sha256: str = "") -> str:
    """Say how a table's bytes differ from its line in the manifest, "" when they do not.

    ``sha256`` is that of the file where the caller knows it. The file is never opened as Parquet: a
    damaged footer can take the whole process down.
    """
    if not path.is_file():
        return "the table is missing"
    if path.stat().st_size != item["bytes"]:
        return f"the table has {path.stat().st_size:,} bytes; the manifest says {item['bytes']:,}"
    if (sha256 or digest_file(path)) == item["sha256"]:
        return ""
    for number, group in enumerate(item["row_groups"]):
        if digest_range(path, group["start"], group["bytes"]) != group["sha256"]:
            return f"row group {number} was changed"
    return "the footer was changed" if not footer_agrees(path, item) else "the header was changed"


def footer_agrees(path: Path, item: Mapping[str, Any]) -> bool:
    """Tell whether the part of a table by which Parquet is read is as the manifest says."""
    footer = item["footer"]
    return path.is_file() and digest_range(path, footer["start"]) == footer["sha256"]


def describe_file(run: Path, name: str) -> dict[str, Any]:
    """Return path, sha256 and bytes of one file."""
    path = run / name
    return {"path": name, "sha256": digest_file(path), "bytes": path.stat().st_size}


def dataset_digest(tables: list[dict[str, Any]]) -> str:
    """Return one sha256 for all tables: equal for two runs exactly when every table is equal."""
    return digest_text(canonical_json([[item["path"], item["sha256"]] for item in tables]))
