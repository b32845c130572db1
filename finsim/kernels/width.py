"""Vectors of 512 bits, for one kernel.

LLVM uses 256 on processors that have 512, because the first of them ran slower with it; numba can only
change that for a whole process. A kernel that calls ``wide`` asks for itself. Results are the same.
"""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.extending import intrinsic, overload

_ATTRIBUTE = '"prefer-vector-width"="512"'


def wide() -> None:
    """Ask for the widest vectors in the kernel that calls this; other processors have no use for it."""


@intrinsic  # type: ignore[untyped-decorator]
def _ask(_: Any) -> Any:
    def written(context: Any, builder: Any, *_: Any) -> Any:
        # llvmlite lists the attributes it knows; one with a value is text of the same kind
        set.add(builder.function.attributes, _ATTRIBUTE)
        return context.get_dummy_value()

    return types.void(), written


@overload(wide, inline="always")  # type: ignore[untyped-decorator]
def _wide() -> Any:
    return lambda: _ask()
