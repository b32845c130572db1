"""How a learned table comes out again, as plain JSON types: its columns, types and forms of identifiers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from finsim.tables.new_ids.id_form import IdForm


@dataclass(frozen=True)
class OutputForm:
    """Columns by name in the order of the input, their headers and types, and identifiers made anew."""

    order: tuple[str, ...]
    target: pa.Schema
    new_ids: Mapping[str, IdForm]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types; the Arrow schema as base64 of its own bytes, and readably beside it."""
        return {
            "order": list(self.order),
            "columns": {field.name: str(field.type) for field in self.target},
            "arrow_schema": base64.b64encode(self.target.serialize().to_pybytes()).decode(),
            "new_ids": {name: form.to_dict() for name, form in self.new_ids.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> OutputForm:
        """Return the form that ``to_dict`` wrote."""
        stored = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(data["arrow_schema"])))
        forms = {name: IdForm(**one) for name, one in data["new_ids"].items()}
        return cls(tuple(data["order"]), stored, forms)
