"""A user's table -> typed Arrow columns: schema, dialects, header match, streaming. Import from here only."""

from finsim.tables.binding import bind
from finsim.tables.cells.canonical import canonical
from finsim.tables.cells.meaning import typed
from finsim.tables.schema import Dialect, Field, Schema
from finsim.tables.schema_file import load_schema
from finsim.tables.sources.opening import open_table
from finsim.tables.sources.source import TableSource

__all__ = [
    "Dialect",
    "Field",
    "Schema",
    "TableSource",
    "bind",
    "canonical",
    "load_schema",
    "open_table",
    "typed",
]
