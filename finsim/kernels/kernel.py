"""The one ``@kernel`` decorator: the only place where numba flags are set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function of arrays and numbers to machine code, cached on disk.

    ``fastmath`` is off: results must be equal to the plain twin in ``tests/naive``. The GIL is
    released, so threads may run kernels side by side. ``NUMBA_DISABLE_JIT=1`` runs the plain function.
    """
    compiled: Function = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")(function)
    return compiled
