"""A safetensors file that is filled batch by batch: a header of names, types and places, then the bytes.

Format: huggingface/safetensors, README. Written here because its package takes all tensors at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_TYPES = {"float32": "F32", "int64": "I64", "bool": "BOOL"}


def create(file: Path, tensors: Mapping[str, tuple[str, tuple[int, ...]]]) -> dict[str, np.ndarray[Any, Any]]:
    """Create a file of tensors, name -> (dtype, shape), all zero; return name -> array to be filled in place.

    The arrays are mapped from the file: what is written to them is not held in memory.
    """
    header: dict[str, Any] = {}
    end = 0
    for name, (kind, shape) in tensors.items():
        size = int(np.dtype(kind).itemsize * np.prod(shape, dtype=np.int64))
        header[name] = {"dtype": _TYPES[kind], "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with file.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        out.truncate(8 + len(text) + end)
    found = {}
    for name, (kind, shape) in tensors.items():
        start = 8 + len(text) + header[name]["data_offsets"][0]
        whole = int(np.prod(shape, dtype=np.int64))
        found[name] = (
            np.memmap(file, dtype=kind, mode="r+", offset=start, shape=shape)
            if whole
            else np.empty(shape, kind)
        )
    return found
