"""``@kernel`` and its kin without memory of their own: the only place where numba flags are set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from finsim.kernels.cache_files import fallback

Function = TypeVar("Function", bound=Callable[..., Any])

_FLAGS: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "fastmath": False,
    "error_model": "numpy",
    "no_cfunc_wrapper": True,  # nobody calls a kernel from C
}
_NO_MEMORY = {"_nrt": False}  # counts no references to arrays, which takes less time to compile
_BARE = {**_FLAGS, **_NO_MEMORY}
_INLINED = {**_BARE, "forceinline": True}


def kernel(function: Function) -> Function:
    """Compile a function of arrays and numbers to machine code, cached on disk.

    ``fastmath`` is off: results must be equal to the plain twin in ``tests/naive``. The GIL is
    released, so threads may run kernels side by side. ``NUMBA_DISABLE_JIT=1`` runs the plain function.
    Machine code is kept where numba keeps it (``NUMBA_CACHE_DIR``, beside the file, in the user's cache);
    where none of these can be written to, in a private temporary folder, or not at all.
    """
    return _compiled(function, _FLAGS)


def bare_kernel(function: Function) -> Function:
    """Compile a function that makes no array of its own, so it counts no references; else as ``kernel``.

    For functions that hand each other tuples of arrays: counting the references to them costs more than
    the work.
    """
    return _compiled(function, _BARE)


def inlined_kernel(function: Function) -> Function:
    """Compile a function as ``bare_kernel`` does, and make it a part of every kernel that calls it.

    For small functions that are called all the time: every place of a call takes time to compile.
    """
    return _compiled(function, _INLINED)


def _compiled(function: Function, flags: dict[str, Any]) -> Function:
    import numba  # takes 0.3 s: small tables are judged without

    compiled: Function
    try:
        compiled = numba.njit(**flags)(function)
    except RuntimeError as refused:  # neither beside the file nor in a home: a locked-down container
        if "cannot cache" not in str(refused):
            raise
        place = fallback()
        before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(place or "")
        try:
            compiled = numba.njit(**{**flags, "cache": place is not None})(function)
        finally:
            numba.config.CACHE_DIR = before
    return compiled


def kernel_for(function: Function, arguments: list[tuple[str, int]]) -> Function:
    """Compile a function now, for arguments of stated types; it never compiles again.

    ``arguments`` are pairs of a NumPy dtype name and the number of dimensions (0: a number). Arrays are
    contiguous and may be read-only, except those whose dtype name begins with ``=`` (written to); the
    function makes none of its own. Machine code is kept beside the file of the function, wherever
    ``NUMBA_CACHE_DIR`` points.
    """
    import numba

    types: list[Any] = []
    for name, dimensions in arguments:
        dtype = numba.from_dtype(np.dtype(name.lstrip("=")))
        if dimensions:
            types.append(numba.types.Array(dtype, dimensions, "C", readonly=not name.startswith("=")))
        else:
            types.append(dtype)
    elsewhere, numba.config.CACHE_DIR = numba.config.CACHE_DIR, ""
    try:
        compiled: Function = numba.njit(numba.types.int64(*types), **_FLAGS, **_NO_MEMORY)(function)
    finally:
        numba.config.CACHE_DIR = elsewhere
    return compiled
