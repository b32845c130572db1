"""A hold-out that is no hold-out: its rows, or bars, are those of the real side."""

from __future__ import annotations

import numpy as np

from finsim.errors import DataError
from finsim.evaluation.attacks.real_parts import comparable
from finsim.evaluation.attacks.row_keys import cell_codes, row_keys, times_in
from finsim.evaluation.tables.table_case import TableCase
from finsim.records.paths import Paths

MOST_SHARED = 0.5
MOST_ALIKE = 0.1
"""Share of real rows that repeat one another up to which rows in common are no chance."""


def refuse_seen_rows(case: TableCase) -> None:
    """Raise DataError when most held-out rows stand on one of the sides, and real rows seldom repeat."""
    case = comparable(case)
    if not case.columns or min(case.rows_real, case.rows_spare) == 0:
        return
    real, own, spare = row_keys([cell_codes(column) for column in case.columns])
    assert spare is not None
    shared = int((times_in(spare, real) > 0).sum())
    alike = float((times_in(real, real) > 1).mean())
    if shared > MOST_SHARED * len(spare) and alike <= MOST_ALIKE:
        _refuse(shared, len(spare), "rows")
    copied = int((times_in(spare, own) > 0).sum())
    if copied > MOST_SHARED * len(spare) and alike <= MOST_ALIKE:
        raise DataError(
            f"{copied:,} of {len(spare):,} rows of the hold-out stand on the synthetic side as well",
            place="evaluate: holdout",
            expected="real rows that the generator never saw",
            remedy="split the real data in two before training; the hold-out is the part that was not used",
        )


def refuse_seen_bars(real: Paths, holdout: Paths) -> None:
    """Raise DataError when most held-out bars of one history are the real bars of the same days."""
    assets = [name for name in holdout.assets if name in real.assets]
    days, left, right = np.intersect1d(real.dates, holdout.dates, return_indices=True)
    if not assets or not len(days) or real.count > 1 or holdout.count > 1:
        return
    known, held = (
        side.close[0][rows][:, [side.assets.index(name) for name in assets]]
        for side, rows in ((real, left), (holdout, right))
    )
    shared = int((known == held).all(axis=1).sum())
    if shared > MOST_SHARED * len(holdout.dates):
        _refuse(shared, len(holdout.dates), "bars")


def _refuse(shared: int, count: int, things: str) -> None:
    raise DataError(
        f"{shared:,} of {count:,} {things} of the hold-out stand on the real side as well",
        place="evaluate: holdout",
        expected=f"real {things} that the generator never saw, and REAL without them",
        remedy="split the real data in two before training, or leave --holdout out",
    )
