"""The files that a run was made from, where they are still here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim import documents
from finsim.provenance.audit_log import Entry
from finsim.provenance.verifying.finding import Finding
from finsim.records.storage import digest_file

SHIPPED = "shipped:"


@dataclass(frozen=True)
class InputsNow:
    """Inputs that differ from what the run read, those that are not here, and how many were compared."""

    changed: tuple[Finding, ...]
    absent: tuple[str, ...]
    compared: int
    noted: bool

    @property
    def remarks(self) -> tuple[str, ...]:
        """What could not be compared, in words."""
        found = []
        if self.absent:
            shown = ", ".join(self.absent[:4]) + (
                f" and {len(self.absent) - 4} more" if self.absent[4:] else ""
            )
            found.append(f"inputs not present, not compared: {shown}")
        if not self.noted:
            found.append("this run does not note its scenario and rule files; they were not compared")
        return tuple(found)


def compare_inputs(manifest: Mapping[str, Any], log: list[Entry], other_software: str) -> InputsNow:
    """Compare data, scenario, narrative and rule files with the digests that the run noted.

    A relative path is looked up where finsim keeps its own files, then in the current folder. A shipped
    file that differs counts as absent where ``other_software`` says that finsim is another one.
    """
    files = log[0].payload.get("files") if log else None
    changed: list[Finding] = []
    absent: list[str] = []
    compared = 0
    for role, name, sha256 in dict.fromkeys([*_data(manifest), *_documents(files)]):
        places = [path for path in _places(name) if path.is_file()]
        digests = [_digest(path) for path in places]
        if sha256 in digests:
            compared += 1
        elif not places or (other_software and _is_shipped(places[0])):
            absent.append(name)
        else:
            changed.append(Finding(name, f"not the file that the run read ({role}): it was changed since"))
    return InputsNow(tuple(changed), tuple(absent), compared, isinstance(files, Mapping))


def _data(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for item in manifest["inputs"]:
        yield item["role"], item["path"], item["sha256"]


def _documents(files: Any) -> Iterator[tuple[str, str, str]]:
    for key, named in files.items() if isinstance(files, Mapping) else ():
        for name, sha256 in named.items() if isinstance(named, Mapping) else ():
            yield str(key), str(name), str(sha256)


def _places(name: str) -> list[Path]:
    if name.startswith(SHIPPED):
        return [documents.shipped("data") / name.removeprefix(SHIPPED)]
    path = Path(name)
    return [path] if path.is_absolute() else [documents.shipped(".") / path, path]


def _is_shipped(path: Path) -> bool:
    return path.is_relative_to(documents.shipped("."))


def _digest(path: Path) -> str:
    try:
        return digest_file(path)
    except OSError:
        return ""
