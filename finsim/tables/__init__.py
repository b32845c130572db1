"""A user's table -> typed Arrow columns: schema, dialects, header match, streaming. Import from here only."""

from finsim.tables.binding import bind
from finsim.tables.cells.canonical import canonical
from finsim.tables.cells.meaning import typed
from finsim.tables.proposing.preview import Preview, preview
from finsim.tables.proposing.propose import Proposal, propose
from finsim.tables.rewriting.rewrite import rewrite
from finsim.tables.schema import Dialect, Field, Schema
from finsim.tables.schema_file import ColumnKeys, ReadKeys, load_schema
from finsim.tables.sources.opening import open_table
from finsim.tables.sources.source import TableSource

__all__ = [
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
    "load_schema",
    "open_table",
    "preview",
    "propose",
    "rewrite",
    "typed",
]
