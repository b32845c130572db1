"""Memory that is given back stays with a process of finsim: the next batch of rows takes it again."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

_TRIM, _MAP = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's malloc.h
_LARGE = 32 << 20  # the largest block that glibc lets the heap hold, in bytes
_SPARE = 256 << 20  # bytes at the end of the heap that stay
_POOL, _HEAP = "ARROW_DEFAULT_MEMORY_POOL", "system"
_OWN_CHOICE = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


@cache
def keep_memory() -> bool:
    """Let the C library keep blocks of up to 32 MB, 256 MB at most, and Arrow take its memory there.

    Else every array of a batch is mapped anew, page by page: a quarter of the page faults of a run of
    payments, a tenth of its CPU seconds (measured). No result depends on it. For processes of finsim's own:
    the command line and workers, never that of a user who calls from Python. Returns whether memory is
    kept: only glibc has these switches, and whoever set them in the environment keeps that choice.
    """
    is_chosen = os.environ.get(_POOL, _HEAP) != _HEAP  # workers inherit ours
    if is_chosen or any(name in os.environ for name in _OWN_CHOICE):
        return False
    try:
        setting = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc
        return False
    if not (setting(_MAP, _LARGE) and setting(_TRIM, _SPARE)):
        return False
    if "pyarrow" in sys.modules:
        import pyarrow as pa

        pa.set_memory_pool(pa.system_memory_pool())
    else:
        os.environ[_POOL] = _HEAP  # read when Arrow is imported
    return True
