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
    terms = bundled(path).get("source and terms", "") if inside else ""
    return Input(role, name, digest_file(path), rows, terms)


def bundled(path: Path) -> dict[str, str]:
    """Return what the README beside a bundled file says of it, by column; empty when it has no line.

    Columns: ``what it is``, ``source and terms``, ``traps``.
    """
    readme = path.with_name("README.md")
    lines = readme.read_text(encoding="utf-8").splitlines() if readme.is_file() else []
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if "|" in line]
    heads = next((row for row in rows if "source and terms" in row), [])
    cells = next((row for row in rows if row[0] == f"`{path.name}`"), [])
    return dict(zip(heads[1:], cells[1:], strict=False))
