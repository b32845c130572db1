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
from finsim.records.storage import canonical_json, write_table

SEQUENCES = "lineage/sequences.parquet"
REPAIRS = "lineage/repairs.parquet"
BLOCK = 10_000
KINDS = {"path": "market", "scheme": "transactions", "account_shard": "transactions", "loan_shard": "credit"}

_TEXT = pa.dictionary(pa.int32(), pa.string())
SEQUENCE_SCHEMA = pa.schema(
    [
        ("layer", _TEXT),
        ("scenario", _TEXT),
        ("kind", _TEXT),
        ("sequence", pa.int64()),
        ("name", _TEXT),
        ("first_id", pa.int64()),
        ("last_id", pa.int64()),
        ("stream", pa.string()),
        ("model_sha256", _TEXT),
        ("scenario_sha256", _TEXT),
        ("source", pa.uint8()),
        ("repairs", pa.int64()),
    ]
)
REPAIR_SCHEMA = pa.schema(
    [
        ("table", _TEXT),
        ("row", pa.int64()),
        ("rule", _TEXT),
        ("column", _TEXT),
        ("before", pa.string()),
        ("after", pa.string()),
    ]
)


@dataclass(frozen=True)
class Unit:
    """One generated unit.

    ``kind`` is a key of KINDS; ``sequence`` its number; ``stream`` the ``address`` under which all its
    random streams stand; ``name`` what it tells (the narrative of a scheme); ``first_id`` and
    ``last_id`` the account or loan ids of a shard, both included; ``source`` a code of ``tags``;
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
    first_id: int | None = None
    last_id: int | None = None
    repairs: int = 0


@dataclass(frozen=True)
class Repair:
    """One value that a rule changed: 0-based row of a table (``market/base/bars``), both values as text."""

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
