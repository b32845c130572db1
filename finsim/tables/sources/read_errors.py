"""The border of reading: what libraries raise on a damaged file becomes a DataError with a remedy."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from finsim.errors import DataError

_REFUSED = (
    pa.ArrowException, OSError, EOFError, UnicodeError, zlib.error, csv.Error,
    ValueError, TypeError, KeyError, IndexError, OverflowError, ArithmeticError, MemoryError,
)  # fmt: skip


@contextmanager
def reading(place: str, what: str = "table") -> Iterator[None]:
    """Turn what Arrow, gzip, zlib, pandas or the system raise while a file is read into a DataError."""
    try:
        yield
    except FileNotFoundError:
        raise DataError("no such file", place=place, remedy="check the path") from None
    except PermissionError:
        raise DataError("may not be read", place=place, remedy="check who may read the file") from None
    except _REFUSED as bad:
        reason = " ".join(str(bad).split())[:300] or type(bad).__name__
        raise DataError(f"not a {what}: {reason}", place=place, remedy="check the file") from None
