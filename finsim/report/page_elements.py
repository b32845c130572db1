"""Elements of the page as plain objects: sections, figures, panels, tables, tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Panel:
    """One drawing: inline SVG, a description in words for those who cannot see it, and a heading.

    A figure with one panel needs no heading of its own: ``title`` is empty.
    """

    title: str
    svg: str
    description: str


@dataclass(frozen=True)
class Key:
    """One entry of a legend: the name of a colour, its form (line, dash, dot, band, box) and its meaning."""

    colour: str
    form: str
    text: str


@dataclass(frozen=True)
class Figure:
    """Panels under one heading; ``says`` tells what to see, ``data`` holds every number drawn.

    ``columns`` is the number of panels side by side on a wide screen.
    """

    slug: str
    title: str
    says: str
    panels: Sequence[Panel]
    data: Mapping[str, Any]
    keys: Sequence[Key] = ()
    notes: Sequence[str] = ()
    columns: int = 2


@dataclass(frozen=True)
class Cell:
    """One cell of a table: text, a second quiet line, and a verdict that gives a colour and a symbol.

    ``code`` sets a name, a path or a digest in the typewriter face; ``link`` is where the text leads.
    """

    text: str
    mark: str = ""
    code: bool = False
    detail: str = ""
    link: str = ""


@dataclass(frozen=True)
class Table:
    """A table: ``aligned`` has one letter a column, l(eft) or r(ight); ``data`` is its machine form.

    ``folded`` tables are closed until the reader opens them.
    """

    slug: str
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    aligned: str
    data: Any = None
    folded: bool = False
    note: str = ""


@dataclass(frozen=True)
class Command:
    """A shell command to copy, and what it does."""

    what: str
    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences under a small heading."""

    title: str
    items: Sequence[str]


@dataclass(frozen=True)
class Tile:
    """One headline number with its meaning."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True)
class Section:
    """One section of the page: figures, tables, commands, lists, or plain paragraphs (str).

    ``absent`` says, instead of content, why there is none. ``data`` is its part of the embedded JSON,
    beside that of its figures and tables.
    """

    slug: str
    title: str
    lead: str = ""
    blocks: Sequence[object] = ()
    absent: Sequence[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
