"""``lineage/``: one row per generated unit, and one per value that a rule repaired.

A unit is what one stream of random numbers made: a path, a scheme instance, a shard of loans or of
accounts. A row of a table finds its unit by layer, scenario, kind and number (see ``tags``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.errors import ProvenanceError, did_you_mean
from finsim.records.columns import INTERNAL, TEXT, column
from finsim.records.storage import canonical_json, write_table

SEQUENCES = "lineage/sequences.parquet"
REPAIRS = "lineage/repairs.parquet"
BLOCK = 10_000
KINDS = {"path": "market", "scheme": "transactions", "account_shard": "transactions", "loan_shard": "credit"}

NO_ID = -1


def _told(name: str, kind: pa.DataType, text: str) -> pa.Field:
    return column(name, kind, text, role=INTERNAL)


SEQUENCE_SCHEMA = pa.schema(
    [
        _told("layer", TEXT, "market, transactions or credit"),
        _told("scenario", TEXT, "name of the scenario"),
        _told("kind", TEXT, "kind of unit"),
        _told("sequence", pa.int64(), "path number, scheme instance, or shard number"),
        _told("name", TEXT, "narrative of a scheme, else empty"),
        _told("first_id", pa.int64(), "first loan of a shard of loans, else -1"),
        _told("last_id", pa.int64(), "last loan of the shard, included, else -1"),
        _told("stream", pa.string(), "address of its random numbers, a JSON list"),
        _told("model_sha256", TEXT, "digest of the model that sampled it, else empty"),
        _told("scenario_sha256", TEXT, "digest of the scenario as used"),
        _told("source", pa.uint8(), "`_fs_src` of its rows when no rule touched them"),
        _told("repairs", pa.int64(), "values that rules changed in it"),
    ]
)
REPAIR_SCHEMA = pa.schema(
    [
        _told("table", TEXT, "table and scenario, such as `bars/base`"),
        _told("row", pa.int64(), "from 0"),
        _told("rule", TEXT, "id of the rule"),
        _told("column", TEXT, "name of the column"),
        _told("before", pa.string(), "value as text"),
        _told("after", pa.string(), "value as text"),
    ]
)


@dataclass(frozen=True)
class Unit:
    """One generated unit.

    ``kind`` is a key of KINDS; ``sequence`` its number; ``stream`` the ``address`` under which all its
    random streams stand; ``name`` what it tells (the narrative of a scheme); ``first_id`` and
    ``last_id`` the account or loan ids of a shard, both included, else NO_ID; ``source`` a code of ``tags``;
    ``repairs`` the number of values that rules changed in it.
    """

    scenario: str
    kind: str
    sequence: int
    stream: str
    source: int
    scenario_sha256: str = ""
    model_sha256: str = ""
    name: str = ""
    first_id: int = NO_ID
    last_id: int = NO_ID
    repairs: int = 0


@dataclass(frozen=True)
class Repair:
    """One value that a rule changed: 0-based row of a table (``bars/base``), both values as text."""

    table: str
    row: int
    rule: str
    column: str
    before: str
    after: str


def address(*parts: str | int) -> str:
    """Return a stream address as text from which it can be had back: a JSON list of its parts."""
    return canonical_json(list(parts))


def write_lineage(run: Path, units: Iterable[Unit], repairs: Iterable[Repair] = ()) -> int:
    """Write ``lineage/sequences.parquet`` and, when there are any, ``lineage/repairs.parquet``.

    Streams both; returns the number of units. Raises ProvenanceError for an unknown kind.
    """
    folder = Path(run)
    count = write_table(folder / SEQUENCES, SEQUENCE_SCHEMA, _tables(map(_unit_row, units), SEQUENCE_SCHEMA))
    listed = iter(repairs)
    for first in listed:
        rows = map(vars, chain([first], listed))
        write_table(folder / REPAIRS, REPAIR_SCHEMA, _tables(rows, REPAIR_SCHEMA))
    return count


def _unit_row(unit: Unit) -> dict[str, Any]:
    if unit.kind not in KINDS:
        raise ProvenanceError(
            f"no kind of unit is called {unit.kind!r}", remedy=did_you_mean(unit.kind, list(KINDS))
        )
    return {"layer": KINDS[unit.kind], **vars(unit)}


def _tables(rows: Iterator[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.Table]:
    while block := list(islice(rows, BLOCK)):
        yield pa.Table.from_pylist(block, schema=schema)
