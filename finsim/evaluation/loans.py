"""Applications and loans -> shared columns on one scale, for the credit metrics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.evaluation.settings import Settings
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D
from finsim.randomness import Streams

MONEY = ("amount", "income", "credit_amount", "collateral_value")
# Keys, and what a resampled book has from its own schedule and not from the tape.
SKIPPED = ("currency", "loan_id", "obligor_id", "balance", "ead", "opened")
BINS = 5
FEW = 10
SYNTHETIC_ROWS = 4_000


@dataclass(frozen=True)
class Column:
    """One shared column: both sides hold numbers, or category codes 0..K-1; ``spare`` is a hold-out."""

    name: str
    numeric: bool
    real: Float1D
    own: Float1D
    spare: Float1D | None


@dataclass(frozen=True)
class CreditCase:
    """What the credit metrics see: shared columns, the month panel, the losses, streams and settings."""

    columns: tuple[Column, ...]
    loans: pa.Table
    months: pa.Table | None
    losses: Float1D | None
    streams: Streams
    settings: Settings

    def resamples(self, role: str, among: int, size: int) -> Int1D:
        """Return bootstrap row numbers int64[B, size] among ``among`` rows."""
        rng = self.streams.at("loans", role)
        return rng.integers(0, among, (self.settings.bootstrap, size))


def shared_columns(real: pd.DataFrame, loans: pa.Table, holdout: pd.DataFrame | None) -> tuple[Column, ...]:
    """Return the columns both sides have; money is divided by its own median, since currencies differ.

    A column of numbers that has gaps in the synthetic loans too is two columns: its present values, and
    whether it is missing.
    """
    names = [str(name) for name in real if name in loans.column_names and name not in SKIPPED]
    own = loans.select(names).to_pandas()
    found = []
    for name in names:
        spare = holdout[name] if holdout is not None and name in holdout else None
        if own[name].isna().any():
            gone = None if spare is None else _flags(spare)
            found.append(_column(f"{name} missing", _flags(real[name]), _flags(own[name]), gone))
        found.append(_column(name, real[name], own[name], spare))
    return tuple(found)


def _column(name: str, real: pd.Series, own: pd.Series, spare: pd.Series | None) -> Column:
    if real.dtype.kind == "M":
        real, own, spare = _days(real), _days(own), None if spare is None else _days(spare)
    numbers = pd.api.types.is_numeric_dtype(real) and pd.api.types.is_numeric_dtype(own)
    given = [real, own] if spare is None else [real, own, spare]
    parts: list[Array] = [_numbers(part, name) if numbers else part.astype(str).to_numpy() for part in given]
    numeric = numbers and real.nunique() > FEW
    if not numeric:
        known = np.unique(np.concatenate(parts))
        parts = [np.searchsorted(known, part).astype(np.float64) for part in parts]
    return Column(name, numeric, parts[0], parts[1], parts[2] if spare is not None else None)


def _flags(values: pd.Series) -> pd.Series:
    return values.isna().astype(str)


def _days(dates: pd.Series) -> pd.Series:
    return (pd.to_datetime(dates) - pd.Timestamp(0)) / pd.Timedelta(days=1)


def _numbers(values: pd.Series, name: str) -> Float1D:
    """Return a column as numbers; gaps hold present values in turn, which leaves the margin as it is."""
    numbers = values.to_numpy(dtype=np.float64)
    missing = np.isnan(numbers)
    if missing.any() and not missing.all():
        numbers = numbers.copy()
        numbers[missing] = np.resize(numbers[~missing], int(missing.sum()))
    return numbers / np.median(numbers) if name in MONEY else numbers


def binned(column: Column) -> tuple[Int1D, Int1D, int]:
    """Return category codes of both sides and their number; numbers are cut at the real quintiles."""
    if not column.numeric:
        size = int(max(column.real.max(), column.own.max())) + 1
        return column.real.astype(np.int64), column.own.astype(np.int64), size
    edges = np.unique(np.quantile(column.real, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.searchsorted(edges, column.real), np.searchsorted(edges, column.own), len(edges) + 1


def matrix(columns: tuple[Column, ...], side: str, rows: Int1D | Bool1D) -> Float2D:
    """Return the columns of one side (``real`` or ``own``) for some rows: float64[n, C]."""
    return np.stack([(column.real if side == "real" else column.own)[rows] for column in columns], axis=1)
