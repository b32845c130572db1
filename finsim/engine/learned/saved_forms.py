"""How a learned table comes out again, as plain JSON types: its columns, types and forms of identifiers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.engine.learned.numbered_times import AS_NUMBER, IN_CENTS, MONEY, SPAN, numbered_columns
from finsim.engine.learned.reading import LearnedInput
from finsim.engine.learned.text_form import TextForm
from finsim.notation import Int1D
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, MixedColumn
from finsim.tables import Field
from finsim.tables.cells.zones import instants
from finsim.tables.new_ids.id_form import IdForm
from finsim.tables.new_ids.id_parts import IdParts

_FACTORS = {"percent": 100.0, "bp": 10_000.0, "years": 1.0 / 12.0}
DIGITS = 9


@dataclass(frozen=True)
class OutputForm:
    """Columns by name in the order of the input, their headers, types and units, identifiers made anew.

    ``units`` : name -> what a number as it is learned is multiplied with to be written. ``text`` says how
    cells stand in a file of text; ``zones``: name -> IANA zone of times that are learned on the clock of the
    place and come out as instants; ``numbered``: name -> type, unit and stored type of dates, times
    and money that a file has as numbers. ``parted``: identifiers whose parts follow other cells of the row.
    """

    order: tuple[str, ...]
    target: pa.Schema
    new_ids: Mapping[str, IdForm]
    units: Mapping[str, float] = field(default_factory=dict)
    text: TextForm = field(default_factory=TextForm)
    zones: Mapping[str, str] = field(default_factory=dict)
    numbered: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    parted: Mapping[str, IdParts] = field(default_factory=dict)

    @classmethod
    def of(
        cls, data: LearnedInput, new_ids: Mapping[str, IdForm], target: pa.Schema | None = None
    ) -> OutputForm:
        """Return the form of rows that come out as those of the input, or with the types of ``target``."""
        kinds = data.target if target is None else target
        columns = zip(data.order, data.target, strict=True)
        stored = {name for name, one in columns if IN_CENTS in (one.metadata or {})}
        numbered = numbered_columns(data.fields, data.table, stored)
        for name, one in zip(data.order, data.target, strict=True):
            if told := (one.metadata or {}).get(AS_NUMBER):
                numbered[name] = (SPAN, data.fields[name].unit, told.decode())
        return cls(data.order, kinds, new_ids, units_of(data.fields), data.text, data.zones, numbered)

    def written(self, name: str, column: MixedColumn) -> MixedColumn:
        """Return the cells of a column in the unit of the input, times as instants."""
        if column.kind == TIME and name in self.zones:
            return column.with_values(_instants(column, self.zones[name]))
        if column.kind != NUMBER or name not in self.units:
            return column
        return column.with_values(np.round(column.values * self.units[name], DIGITS))

    def learned(self, name: str, value: float) -> float:
        """Return a number of the input's unit as it is learned."""
        factor = self._factor(name)
        return float(np.round(value / factor, DIGITS + 2)) if factor != 1.0 else value

    def shown(self, name: str, value: float) -> float:
        """Return a number as it is learned in the input's unit."""
        factor = self._factor(name)
        return float(np.round(value * factor, DIGITS)) if factor != 1.0 else value

    def _factor(self, name: str) -> float:
        kind, unit, _ = self.numbered.get(name, ("", "", ""))
        return float(10.0 ** int(unit) if kind == MONEY else self.units.get(name, 1.0))

    def numbers(self) -> dict[str, tuple[str, str, str, str]]:
        """Return header -> type, unit, stored type and zone of what a file has as numbers."""
        headers = dict(zip(self.order, self.target.names, strict=True))
        return {headers[name]: (*one, self.zones.get(name, "")) for name, one in self.numbered.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; the Arrow schema as base64 of its own bytes, and readably beside it."""
        return {
            "order": list(self.order),
            "columns": {field.name: str(field.type) for field in self.target},
            "arrow_schema": base64.b64encode(self.target.serialize().to_pybytes()).decode(),
            "units": dict(self.units),
            "text": self.text.to_dict(),
            "zones": dict(self.zones),
            "numbered": {name: list(one) for name, one in self.numbered.items()},
            "new_ids": {name: form.to_dict() for name, form in self.new_ids.items()},
            "parted_ids": {name: parts.to_dict() for name, parts in self.parted.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> OutputForm:
        """Return the form that ``to_dict`` wrote."""
        stored = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(data["arrow_schema"])))
        forms = {name: IdForm(**one) for name, one in data["new_ids"].items()}
        text = (
            TextForm.from_dict(data["text"])
            if "text" in data
            else TextForm(formats=dict(data.get("formats", {})))  # of a model before the form was kept
        )
        units = {name: _FACTORS.get(one, one) for name, one in data.get("units", {}).items()}
        numbered = {name: (one[0], one[1], one[2]) for name, one in data.get("numbered", {}).items()}
        parted = {name: IdParts.from_dict(one) for name, one in data.get("parted_ids", {}).items()}
        zones = dict(data.get("zones", {}))
        return cls(tuple(data["order"]), stored, forms, units, text, zones, numbered, parted)


def _instants(column: MixedColumn, zone: str) -> Int1D:
    """Return the nanoseconds of local times in UTC; a missing one stays so."""
    lacks = column.missing()
    local = pa.array(np.where(lacks, 0, column.values), pa.timestamp("ns"))
    found = instants(local, zone).cast(pa.int64()).to_numpy(zero_copy_only=False)
    return np.where(lacks, MISSING_TIME, found)


def units_of(fields: Mapping[str, Field]) -> dict[str, float]:
    """Return what numbers as they are learned are multiplied with to be written, where a unit is declared."""
    found = {name: _FACTORS[each.unit] for name, each in fields.items() if each.unit in _FACTORS}
    return found
