"""What a run was made from: data files and fitted models, with digests, sizes and terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finsim import documents
from finsim.records.storage import digest_file


@dataclass(frozen=True)
class Input:
    """One file that a run read: its role (``prices``, ``narrative``, ...), digest, rows and terms of use."""

    role: str
    path: str
    sha256: str
    rows: int | None = None
    licence: str = ""


@dataclass(frozen=True)
class Model:
    """One fitted generator: the sha256 of its weights, its settings, and what its training took.

    ``training`` is plain data such as steps, cpu_seconds, stopped_by and final losses; ``inputs`` are
    the sha256 of the data it learned from.
    """

    world: str
    generator: str
    sha256: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()


def describe_input(path: Path, role: str, rows: int | None = None) -> Input:
    """Describe one input file; a bundled file gets its source and terms from the table beside it."""
    path = Path(path)
    inside = path.resolve().parent == documents.shipped("data").resolve()
    name = f"shipped:{path.name}" if inside else str(path)
    return Input(role, name, digest_file(path), rows, _terms(path) if inside else "")


def _terms(path: Path) -> str:
    """Return the ``source and terms`` cell of a bundled file's line in the README of its folder."""
    readme = path.with_name("README.md")
    lines = readme.read_text(encoding="utf-8").splitlines() if readme.is_file() else []
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if "|" in line]
    column = next((row.index("source and terms") for row in rows if "source and terms" in row), None)
    if column is None:
        return ""
    return next((row[column] for row in rows if row[0] == f"`{path.name}`" and len(row) > column), "")
