"""What a kernel may ask of the processor: wide vectors, and memory before it is needed. Results are the same.

LLVM uses vectors of 256 bits on processors that have 512, because the first of them ran slower with those;
numba can only change that for a whole process. A kernel that calls ``wide`` asks for itself, and says besides
that it reads nothing that it writes by another name, without which texts are not looked up many at once. The
processor reads ahead in a page of memory but not into the next one: ``ahead`` opens it. One instruction that
reads from many places takes longer than one for each of them on most processors: ``singly`` asks for these.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, config, types
from numba.core.codegen import get_host_cpu_features
from numba.core.imputils import impl_ret_untracked
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array

from finsim.notation import Array

_ATTRIBUTE = '"prefer-vector-width"="512"'
_KNOWS_SINGLY = 18  # the first LLVM that knows how to be asked for single reads
_READ, _KEEP, _DATA = 0, 2, 1  # arguments of llvm.prefetch: to be read, into the second cache, no code


def wide() -> None:
    """Ask for the widest vectors in the kernel that calls this, whose written arrays overlap no others."""


def singly() -> None:
    """Ask that the kernel that calls this reads cells one by one, also where it reckons with many at once."""


def ahead(array: Array, place: int) -> None:
    """Ask for the memory of a place in an array (within its bounds), to be read soon."""


@intrinsic  # type: ignore[untyped-decorator]
def _ask_wide(_: Any) -> Any:
    def written(context: Any, builder: Any, signature: Any, _: Any) -> Any:
        # llvmlite lists the attributes it knows; one with a value is text of the same kind
        set.add(builder.function.attributes, _ATTRIBUTE)
        for argument in builder.function.args:
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        return impl_ret_untracked(context, builder, signature.return_type, context.get_dummy_value())

    return types.void(), written


@intrinsic  # type: ignore[untyped-decorator]
def _ask_singly(_: Any) -> Any:
    def written(context: Any, builder: Any, signature: Any, _: Any) -> Any:
        if (
            platform.machine().lower() in ("x86_64", "amd64")
            and binding.llvm_version_info[0] >= _KNOWS_SINGLY
        ):
            features = f"{get_host_cpu_features()},+prefer-no-gather"
            set.add(builder.function.attributes, f'"target-features"="{features}"')
        return impl_ret_untracked(context, builder, signature.return_type, context.get_dummy_value())

    return types.void(), written


@intrinsic  # type: ignore[untyped-decorator]
def _ask_ahead(_: Any, array: Any, place: Any) -> Any:
    def written(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = make_array(signature.args[0])(context, builder, given[0]).data
        byte, number = cgutils.voidptr_t, cgutils.int32_t
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        address = builder.bitcast(builder.gep(data, [given[1]]), byte)
        builder.call(prefetch, [address, number(_READ), number(_KEEP), number(_DATA)])
        return impl_ret_untracked(context, builder, signature.return_type, context.get_dummy_value())

    return types.void(array, types.intp), written


def named() -> dict[str, Any]:
    """Return what ``ahead`` and ``wide`` mean in generated kernels: no code to take in at each of many calls.

    Results are those of the overloads below, in less time to compile. Plain functions
    stand there where numba is switched off.
    """
    if config.DISABLE_JIT:
        return {"ahead": ahead, "wide": wide}
    return {"ahead": _ask_ahead, "wide": _ask_wide}


@overload(wide, inline="always")  # type: ignore[untyped-decorator]
def _wide() -> Any:
    return lambda: _ask_wide()


@overload(singly, inline="always")  # type: ignore[untyped-decorator]
def _singly() -> Any:
    return lambda: _ask_singly()


@overload(ahead, inline="always")  # type: ignore[untyped-decorator]
def _ahead(array: Any, place: Any) -> Any:
    def asked(array: Any, place: Any) -> Any:
        _ask_ahead(array, place)

    return asked
