"""A user's table -> typed Arrow columns: schema, dialects, header match, streaming. Import from here only."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from finsim.tables.binding import bind, plain
from finsim.tables.cells.canonical import canonical
from finsim.tables.cells.declared_cells import typed
from finsim.tables.cells.refusals import naming_a_schema, schema_remedy
from finsim.tables.cells.stored import is_readable
from finsim.tables.header_words import HEADER_WORDS
from finsim.tables.schema import Dialect, Field, Schema
from finsim.tables.schema_file import ColumnKeys, ReadKeys, load_schema
from finsim.tables.sources.opening import open_table
from finsim.tables.sources.source import TableSource

if TYPE_CHECKING:
    from finsim.tables.proposing.asset_names import name_columns
    from finsim.tables.proposing.preview import Preview, preview
    from finsim.tables.proposing.propose import Proposal, propose
    from finsim.tables.rewriting.rewrite import rewrite

__all__ = [
    "HEADER_WORDS",
    "ColumnKeys",
    "Dialect",
    "Field",
    "Preview",
    "Proposal",
    "ReadKeys",
    "Schema",
    "TableSource",
    "bind",
    "canonical",
    "is_readable",
    "load_schema",
    "name_columns",
    "naming_a_schema",
    "open_table",
    "plain",
    "preview",
    "propose",
    "rewrite",
    "schema_remedy",
    "typed",
]

# What a plain check does not need is imported on first use.
_LATER = {
    "Preview": "finsim.tables.proposing.preview",
    "Proposal": "finsim.tables.proposing.propose",
    "name_columns": "finsim.tables.proposing.asset_names",
    "preview": "finsim.tables.proposing.preview",
    "propose": "finsim.tables.proposing.propose",
    "rewrite": "finsim.tables.rewriting.rewrite",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its home on first use."""
    if name not in _LATER:
        raise AttributeError(f"module 'finsim.tables' has no attribute {name!r}")
    value = getattr(importlib.import_module(_LATER[name]), name)
    globals()[name] = value
    return value
