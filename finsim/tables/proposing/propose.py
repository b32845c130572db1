"""A look at a table: its dialect, the type and role of each column, and doubts in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.errors import DataError, did_you_mean
from finsim.tables.proposing import roles
from finsim.tables.proposing.look import TextLook, look
from finsim.tables.proposing.forms import Numbers, numbers
from finsim.tables.proposing.confirm import confirmed
from finsim.tables.proposing.stored_columns import guess_stored
from finsim.tables.proposing.text_columns import Guess, currency_of, guess_text
from finsim.tables.proposing.schema_text import dialect_lines, names_of, schema_text
from finsim.tables.rewriting.streams import is_text
from finsim.tables.schema import Dialect, Field, Schema
from finsim.tables.source import TableSource, open_table

_SAMPLE = 5000


@dataclass(frozen=True)
class Proposal:
    """What a table seems to be. ``fields`` by declared name; ``said`` are the doubts about each column.

    ``rows`` were read in full: each of their cells has the proposed type.
    """

    name: str
    kind: str
    dialect: Dialect
    fields: Mapping[str, Field]
    said: Mapping[str, tuple[str, ...]]
    about: tuple[str, ...]
    rows: int
    whole: bool

    @property
    def doubts(self) -> tuple[str, ...]:
        """All doubts: of the file, then column by column."""
        return (*self.about, *(doubt for said in self.said.values() for doubt in said))

    def schema(self) -> Schema:
        """Return the proposal as a schema."""
        return Schema(fields=self.fields, dialect=self.dialect, kind=self.kind, path="")

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        columns = {name: {"type": field.type, "role": field.role, "from": field.source} for name, field in self.fields.items()}
        return {"kind": self.kind, "rows": self.rows, "columns": columns, "doubts": list(self.doubts)}

    def to_yaml(self) -> str:
        """Return the schema file, with the doubts as comments above what they are about."""
        seen = f"all {self.rows:,} rows" if self.whole else f"the first {self.rows:,} rows"
        head = (
            f"Proposed by `finsim new schema` from {self.name}: {seen} were read.",
            "A declared type decides what a cell means. Correct what is wrong, then look:",
            f"finsim plan {self.name} --schema THIS_FILE",
        )
        columns = {name: (field, field.source or name, self.said[name]) for name, field in self.fields.items()}
        return schema_text(head, self.kind, dialect_lines(self.dialect, self.about), columns)


def propose(data: object, kind: str = "", dialect: Dialect | None = None) -> Proposal:
    """Propose dialect, types and roles from the cells of a table: a path, or any table that can be read.

    ``kind`` is prices, payments, loans or table (found from the headers when left out); what ``dialect``
    declares is not looked for. Every proposal reads the rows that were seen without a refused cell.
    Raises DataError for an unknown kind and for a file that is no table.
    """
    if kind and kind not in roles.KINDS:
        raise DataError(
            f"no kind of table is called {kind!r}", place="--kind", remedy=did_you_mean(kind, list(roles.KINDS))
        )
    path = Path(data) if isinstance(data, str | Path) else None
    seen = look(path) if path is not None and path.is_file() and is_text(path) else None
    if seen is not None:
        return _of_text(data, path, seen, kind, dialect)
    return _of_stored(data, kind)
