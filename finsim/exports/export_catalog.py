"""The catalogue of exports: documents are listed, data formats are found in the files that hold them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from finsim.catalog import Catalog, Entry

HOME = Path(__file__).parent
DOCUMENT, PAYMENTS, BARS, BOOKS = "documents", "payments", "bars", "books"
ROOMS = (PAYMENTS, BARS, BOOKS)
"""Rooms of data formats: a file in one of them with ``EXPORT = Export(...)`` is an export."""
_STATEMENT = re.compile(r"^EXPORT = Export\(", re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """What the file of a data format says without being imported."""

    name: str
    room: str
    entry: Entry
    options: tuple[str, ...]


def formats(home: Path = HOME) -> dict[str, Found]:
    """Return every ``EXPORT = Export(...)`` in the rooms of this floor, by name."""
    files = (path for room in ROOMS for path in sorted((home / room).glob("*.py")))
    found = [one for path in files if (one := _read(path))]
    return {one.name: one for one in sorted(found, key=lambda one: one.name)}


def _read(path: Path) -> Found | None:
    text = path.read_text(encoding="utf-8")
    begun = _STATEMENT.search(text)
    if begun is None:
        return None
    end = text.find("\n)", begun.start())
    statement = ast.parse(text[begun.start() : end + 2]).body[0]
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.value, ast.Call)
    said = {
        word.arg: ast.literal_eval(word.value) for word in statement.value.keywords if word.arg != "write"
    }
    room = path.parent.name
    target = f"finsim.exports.{room}.{path.stem}:EXPORT"
    entry = Entry(target, said["summary"], said.get("extra", ""))
    return Found(said["name"], room, entry, said.get("options", ()))


class _Entries(Mapping[str, Entry]):
    """The lines of the catalogue; the files are read when the first one is asked for."""

    def __init__(self, documents: Mapping[str, Entry]) -> None:
        self.documents = documents

    @cached_property
    def formats(self) -> dict[str, Found]:
        return formats()

    def __getitem__(self, name: str) -> Entry:
        return self.documents[name] if name in self.documents else self.formats[name].entry

    def __iter__(self) -> Iterator[str]:
        return iter([*self.documents, *self.formats])

    def __len__(self) -> int:
        return len(self.documents) + len(self.formats)


@dataclass(frozen=True)
class ExportCatalog(Catalog):
    """The exports by name; what each is made of, and which options act on it."""

    document_options: Mapping[str, tuple[str, ...]]

    def made_of(self, name: str) -> str:
        """Return ``documents`` (facts of a run), ``payments``, ``bars`` or ``books`` (rows of tables)."""
        assert isinstance(self.entries, _Entries)
        return DOCUMENT if name in self.entries.documents else self.entries.formats[name].room

    def options(self, name: str) -> tuple[str, ...]:
        """Return the keywords of ``finsim.export`` that act on an export."""
        assert isinstance(self.entries, _Entries)
        known = self.entries.formats
        return known[name].options if name in known else self.document_options.get(name, ())

    def acted_on_by(self, option: str) -> tuple[str, ...]:
        """Return the exports on which an option acts."""
        return tuple(name for name in self if option in self.options(name))


def export_catalog(
    documents: Mapping[str, Entry], document_options: Mapping[str, tuple[str, ...]]
) -> ExportCatalog:
    """Return the catalogue of some documents and of every data format."""
    return ExportCatalog("export", _Entries(documents), document_options)
