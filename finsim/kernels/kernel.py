"""The one ``@kernel`` decorator: the only place where numba flags are set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

_FLAGS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": False, "error_model": "numpy"}


def kernel(function: Function) -> Function:
    """Compile a function of arrays and numbers to machine code, cached on disk.

    ``fastmath`` is off: results must be equal to the plain twin in ``tests/naive``. The GIL is
    released, so threads may run kernels side by side. ``NUMBA_DISABLE_JIT=1`` runs the plain function.
    """
    compiled: Function = numba.njit(**_FLAGS)(function)
    return compiled


def kernel_for(function: Function, arguments: list[tuple[str, int]]) -> Function:
    """Compile a function now, for arguments of stated types; it never compiles again.

    ``arguments`` are pairs of a NumPy dtype name and the number of dimensions (0: a number). Arrays are
    contiguous and may be read-only, except those whose dtype name begins with ``=`` (written to). Machine
    code is kept beside the file of the function, wherever ``NUMBA_CACHE_DIR`` points.
    """
    types: list[Any] = []
    for name, dimensions in arguments:
        dtype = numba.from_dtype(np.dtype(name.lstrip("=")))
        if dimensions:
            types.append(numba.types.Array(dtype, dimensions, "C", readonly=not name.startswith("=")))
        else:
            types.append(dtype)
    elsewhere, numba.config.CACHE_DIR = numba.config.CACHE_DIR, ""
    try:
        compiled: Function = numba.njit(numba.types.int64(*types), **_FLAGS)(function)
    finally:
        numba.config.CACHE_DIR = elsewhere
    return compiled
