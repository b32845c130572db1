"""Memory that a task gives back stays with its process: the next batch of rows takes it again."""

from __future__ import annotations

import ctypes
import os
from functools import cache

import pyarrow as pa

_TRIM, _MAP = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's malloc.h
_LARGE = 32 << 20  # the largest block that glibc lets the heap hold, in bytes
_SPARE = 256 << 20  # bytes at the end of the heap that stay
_OWN_CHOICE = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


@cache
def keep_memory() -> bool:
    """Let the C library keep blocks of up to 32 MB that are given back, 256 MB at most; return whether it does.

    Else every array of a batch is mapped anew, page by page: a third of the page faults of a run of payments
    (measured). No result depends on it. Only glibc has these switches; other systems, and
    whoever set them in the environment, keep their own choice.
    """
    if any(name in os.environ for name in _OWN_CHOICE):
        return False
    try:
        setting = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc; TypeError: Windows has no library without a name
        return False
    if not (setting(_MAP, _LARGE) and setting(_TRIM, _SPARE)):
        return False
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own pool gives every batch back to the system
    return True
