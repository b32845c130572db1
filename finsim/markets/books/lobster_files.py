"""Read LOBSTER's message and order book files: ticks to calibrate a law from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from finsim.errors import DataError
from finsim.notation import Array, Float1D, Int1D, Int2D

ABSENT = 9_999_999_999
_COLUMNS = ("time", "kind", "number", "size", "price", "side")


@dataclass(frozen=True)
class Ticks:
    """Events at event time and the book after each, of one asset and day.

    ``time`` float64[N] seconds after midnight; ``kind`` int64[N] LOBSTER's numbers; ``number`` int64[N]
    orders; ``size`` int64[N] lots; ``price`` int64[N] in ``unit``; ``side`` int64[N] 0 bid, 1 ask, of the
    resting order; ``book`` int64[N, L, 4]: bid, ask (-1: none) and their lots by level.
    """

    time: Float1D
    kind: Int1D
    number: Int1D
    size: Int1D
    price: Int1D
    side: Int1D
    book: Array
    unit: float


def read_lobster(message: str | Path) -> Ticks:
    """Read a message file and the order book file beside it (the same name with ``orderbook``).

    Raises DataError for a file that is not there, other columns, cells that are no numbers, and files of
    different lengths.
    """
    place = Path(message)
    beside = place.with_name(place.name.replace("_message_", "_orderbook_"))
    if beside == place:
        raise DataError("no message file", place=str(place), expected="a name with _message_",
                        remedy="give TICKER_DATE_START_END_message_LEVELS.csv")  # fmt: skip
    rows, book = _numbers(place), _numbers(beside)
    if rows.shape[1] != len(_COLUMNS) or book.shape[1] % 4 or not len(rows):
        raise DataError(
            f"{rows.shape[1]} and {book.shape[1]} columns, {len(rows)} rows", place=str(place),
            expected=f"{', '.join(_COLUMNS)}; four columns a level", remedy="give LOBSTER's own files",
        )  # fmt: skip
    if len(rows) != len(book):
        raise DataError(
            f"{len(rows)} messages and {len(book)} books", place=str(place), expected="equal numbers of rows",
            remedy="give both files of the same request",
        )  # fmt: skip
    whole = rows[:, 1:].astype(np.int64)
    return Ticks(
        rows[:, 0], whole[:, 0], whole[:, 1], whole[:, 2], whole[:, 3],
        (whole[:, 4] < 0).astype(np.int64), _levels(book.astype(np.int64)), 1e-4,
    )  # fmt: skip


def _levels(book: Int2D) -> Array:
    """Return the columns ask, ask size, bid, bid size of each level as [N, L, (bid, ask, sizes)]."""
    cells = book.reshape(len(book), -1, 4)
    prices = np.where(np.abs(cells[:, :, [2, 0]]) >= ABSENT, -1, cells[:, :, [2, 0]])
    return np.concatenate([prices, cells[:, :, [3, 1]]], axis=2)


def _numbers(place: Path) -> Array:
    try:
        return pd.read_csv(place, header=None, dtype="float64").to_numpy()
    except FileNotFoundError:
        raise DataError("no such file", place=str(place), expected="a LOBSTER file",
                        remedy="give both files of a day") from None  # fmt: skip
    except ValueError as error:
        raise DataError(str(error), place=str(place), expected="numbers without a header",
                        remedy="give the files as LOBSTER made them") from None  # fmt: skip
