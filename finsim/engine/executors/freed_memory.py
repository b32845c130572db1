"""Memory that is freed stays with the process for the next block of rows, instead of going back each time."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

_TRIM, _MAP = -1, -3
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's malloc.h."""
KEPT, MAPPED = 256 * 2**20, 64 * 2**20
"""Bytes (assumption: a block of 65,536 payments holds some 40 MB of columns, none of 64 MB)."""
_OWN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


@cache
def keep_freed_memory() -> bool:
    """Let glibc keep what is freed, once a process; returns whether it does.

    Each block of rows makes and drops the same few dozen columns. Where every one is mapped anew, the system
    fills it with zeros first: a tenth of the CPU seconds of a run of payments (measured). Nothing is done
    on other C libraries, and where the environment already says how memory is kept.
    """
    if sys.platform != "linux" or any(name in os.environ for name in _OWN):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has none
        return False
    return bool(mallopt(_TRIM, KEPT)) and bool(mallopt(_MAP, MAPPED))
