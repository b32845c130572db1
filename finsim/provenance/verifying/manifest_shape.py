"""The sections of a manifest that verification reads, by type: a forged manifest must not stop it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_TABLE = {
    "path": str,
    "sha256": str,
    "rows": int,
    "bytes": int,
    "row_groups": [{"start": int, "bytes": int, "rows": int, "sha256": str}],
    "footer": {"start": int, "sha256": str},
}
SHAPE: Mapping[str, Any] = {
    "study": {},
    "seeds": {},
    "scenarios": {},
    "inputs": [{"role": str, "path": str, "sha256": str}],
    "models": [{"world": str, "sha256": str, "inputs": [str]}],
    "environment": {"versions": {}},
    "scores": {},
    "cost": {"cpu_seconds": {}},
    "outputs": [_TABLE],
    "files": [{"path": str, "sha256": str, "bytes": int}],
    "dataset_sha256": str,
    "audit": {"entries": int, "head": str},
}
"""Section -> a type, ``[of each item]`` or ``{key: of its value}``."""


def misfits(data: Any, shape: Any = SHAPE, place: str = "") -> Iterator[str]:
    """Yield each place of a manifest that has another type than finsim writes there."""
    if isinstance(shape, Mapping):
        if not isinstance(data, Mapping):
            yield place
            return
        for key, inner in shape.items():
            where = f"{place}.{key}" if place else key
            if key in data:
                yield from misfits(data[key], inner, where)
            else:
                yield where
    elif isinstance(shape, list):
        if not isinstance(data, list):
            yield place
            return
        for number, item in enumerate(data):
            yield from misfits(item, shape[0], f"{place}[{number}]")
    elif not isinstance(data, shape) or isinstance(data, bool) or (shape is int and data < 0):
        yield place
