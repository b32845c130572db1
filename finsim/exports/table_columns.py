"""The columns of a stored table: name, type, meaning, and how many cells are empty, from its footer alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from finsim.records.columns import facts_of


@dataclass(frozen=True)
class Column:
    """One column: Arrow type, description, unit, role (feature, label, key, internal), and empty cells.

    ``nulls`` is None where the file does not say it (columns of lists).
    """

    name: str
    type: pa.DataType
    description: str
    unit: str
    role: str
    nulls: int | None

    @property
    def text(self) -> str:
        """Description and unit in one sentence."""
        return f"{self.description} ({self.unit})" if self.unit else self.description


def columns_of(file: Path) -> list[Column]:
    """Return the columns of a Parquet file in its order."""
    empty = _nulls(pq.read_metadata(file.absolute()))
    found = []
    for field in pq.read_schema(file.absolute()):
        told = facts_of(field)
        said = (told["description"], told["unit"], told["role"])
        found.append(Column(field.name, field.type, *said, empty.get(field.name)))
    return found


def _nulls(facts: pq.FileMetaData) -> dict[str, int]:
    """Return column -> empty cells, of the plain columns whose every row group counts them."""
    found: dict[str, int] = {}
    unknown: set[str] = set()
    for number in range(facts.num_row_groups):
        group = facts.row_group(number)
        for place in range(group.num_columns):
            part = group.column(place)
            name = part.path_in_schema
            if part.statistics is None or not part.statistics.has_null_count:
                unknown.add(name)
            else:
                found[name] = found.get(name, 0) + part.statistics.null_count
    return {name: count for name, count in found.items() if name not in unknown}
