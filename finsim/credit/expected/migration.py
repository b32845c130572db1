"""Rating migration: estimated from cohorts, and conditional on the systematic factor."""

from __future__ import annotations

import numpy as np

from finsim.errors import DataError
from finsim.extras import Later
from finsim.notation import Float2D, Int1D

special = Later("scipy.special", "credit")

WITHDRAWN = -1
_EDGE = 1e-15


def cohort_matrix(before: Int1D, after: Int1D, grades: int) -> Float2D:
    """Return the migration matrix of a period from cohorts: float64 [grades, grades + 1], rows sum to 1.

    ``before`` and ``after`` are grades 0 (best) to ``grades`` - 1 of each borrower at both ends; ``after`` is
    ``grades`` for a default and -1 for one that left unrated, who counts in no row. Raises DataError for
    other numbers and for a grade that nobody started in. Source: cohort estimator, Lando and Skodeberg 2002.
    """
    outside = (before < 0) | (before >= grades) | (after < WITHDRAWN) | (after > grades)
    if outside.any():
        row = int(outside.argmax())
        raise DataError(
            f"grades {before[row]} and {after[row]}",
            place=f"row {row}",
            expected=f"0 to {grades - 1}, default {grades}",
        )
    rated = after != WITHDRAWN
    counts = np.bincount(before[rated] * (grades + 1) + after[rated], minlength=grades * (grades + 1))
    table = counts.reshape(grades, grades + 1).astype(np.float64)
    empty = np.flatnonzero(table.sum(axis=1) == 0.0)
    if len(empty):
        raise DataError(
            f"grade {empty[0]} has no borrower",
            expected="somebody in each",
            remedy="join it with its neighbour",
        )
    found: Float2D = table / table.sum(axis=1, keepdims=True)
    return found


def generator_matrix(codes: Int1D, borrowers: Int1D, grades: int, years: float = 1.0 / 12.0) -> Float2D:
    """Return the generator of migration, a year: float64 [grades + 1, grades + 1], rows sum to 0.

    ``codes`` are the ratings of ``borrowers`` one period of ``years`` after the other, the rows of one
    borrower together and in order: 0 to ``grades`` - 1, ``grades`` in default. Its entries are moves over the
    time at risk, so short stays count, and two grades that nobody moved between directly still have a chance
    in ``scipy.linalg.expm``; default is absorbing. Raises DataError for other numbers and for a grade that
    nobody stayed in. Source: duration estimator, Lando and Skodeberg 2002.
    """
    outside = (codes < 0) | (codes > grades)
    if outside.any():
        row = int(outside.argmax())
        raise DataError(f"grade {codes[row]}", place=f"row {row}", expected=f"0 to {grades}")
    same = borrowers[1:] == borrowers[:-1]
    before, after = codes[:-1][same], codes[1:][same]
    counts = np.bincount(before * (grades + 1) + after, minlength=(grades + 1) ** 2)
    moves = counts.reshape(grades + 1, grades + 1).astype(np.float64)
    # Who moves within a period has spent half of it in the old grade, on average, and half in the new one.
    stay = years * (np.diag(moves) + (moves.sum(axis=1) - np.diag(moves)) / 2.0)
    stay += years * (moves.sum(axis=0) - np.diag(moves)) / 2.0
    empty = np.flatnonzero(stay[:grades] == 0.0)
    if len(empty):
        raise DataError(
            f"grade {empty[0]} has no borrower",
            expected="somebody in each",
            remedy="join it with its neighbour",
        )
    found = np.zeros_like(moves)
    found[:grades] = moves[:grades] / stay[:grades, None]
    np.fill_diagonal(found, 0.0)
    np.fill_diagonal(found, -found.sum(axis=1))
    return found


def conditional_matrix(matrix: Float2D, rho: float, z: float) -> Float2D:
    """Return the matrix given the systematic factor z: float64 of the same shape, rows sum to 1.

    Columns go from the best grade to default. Each row's thresholds b = Phi^-1(sum from default up) become
    Phi((b - sqrt(rho) z) / sqrt(1 - rho)); the mean over a standard normal z is the matrix itself.
    Source: Belkin, Suchower and Forest 1998, "A one-parameter representation of credit risk and transition
    matrices".
    """
    worse = np.cumsum(matrix[:, ::-1], axis=1)[:, :-1]
    edge = special.ndtri(np.clip(worse, _EDGE, 1.0 - _EDGE))
    moved = special.ndtr((edge - np.sqrt(rho) * z) / np.sqrt(1.0 - rho))
    zero, one = np.zeros((len(matrix), 1)), np.ones((len(matrix), 1))
    found: Float2D = np.diff(np.hstack([zero, moved, one]), axis=1)[:, ::-1]
    return found
