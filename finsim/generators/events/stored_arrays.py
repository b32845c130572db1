"""A frozen dataclass of arrays and numbers as named arrays of a state, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

import numpy as np

from finsim.generators.margins.number_margin import NumberMargin
from finsim.notation import Array

Kind = TypeVar("Kind")


def arrays_of(prefix: str, item: Any) -> dict[str, Array]:
    """Return the arrays of a dataclass under names that begin with ``prefix``; whole numbers become arrays.

    A tuple of ``NumberMargin`` is written margin by margin, with their number beside.
    """
    found: dict[str, Array] = {}
    for one in fields(item):
        value, name = getattr(item, one.name), f"{prefix}.{one.name}"
        if isinstance(value, tuple):
            found[f"{name}.count"] = np.array([len(value)])
            for k, margin in enumerate(value):
                found.update(margin.state(f"{name}.{k}"))
        else:
            found[name] = np.asarray(value) if isinstance(value, np.ndarray) else np.array([value])
    return found


def item_of(kind: type[Kind], prefix: str, arrays: Mapping[str, Array]) -> Kind:
    """Return the dataclass that ``arrays_of`` wrote; raises KeyError for a part without a default."""
    values: dict[str, Any] = {}
    for one in fields(kind):  # type: ignore[arg-type]
        name = f"{prefix}.{one.name}"
        if f"{name}.count" in arrays:
            count = int(arrays[f"{name}.count"][0])
            values[one.name] = tuple(NumberMargin.from_state(f"{name}.{k}", arrays) for k in range(count))
        elif name not in arrays and one.default is not MISSING:
            continue
        elif one.type in ("int", "float", "bool"):
            values[one.name] = {"int": int, "float": float, "bool": bool}[one.type](arrays[name][0])
        else:
            values[one.name] = arrays[name]
    return kind(**values)
