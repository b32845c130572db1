"""Exact copies of rows: synthetic rows equal to a training row that stands once, beside chance."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.attacks.real_parts import comparable
from finsim.evaluation.attacks.row_keys import cell_codes, row_keys, times_in
from finsim.evaluation.metric import FAIL, SHARE, Metric, Score
from finsim.evaluation.privacy.chance_copies import counted
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Float1D, Int1D

LEAST = 20


def measure(case: TableCase) -> list[Score]:
    """Return one score: the number of synthetic rows that repeat a training row.

    Rows that stand more than once in training are nobody's alone and are not counted. Chance: held-out rows
    that repeat such a row, and training rows that another training row repeats. Where a column of both sides
    cannot be compared, no copy in the others does not say that there is none.
    """
    subject = "rows"
    case = comparable(case)
    reason = too_little(len(case.columns), {"real": case.rows_real, "synthetic": case.rows_own}, LEAST)
    if reason:
        return [METRIC.missing(subject, reason)]
    real, own, spare = row_keys([cell_codes(column) for column in case.columns])
    hits, rows, held = chance(real, spare)
    spread = _spread(case, real, spare, rows)
    copied = times_in(own, real) == 1
    people = len(set(own[copied].tolist()))
    note = (
        f"{people:,} of {case.rows_real:,} training rows reappear; every row compared on "
        f"{len(case.columns)} columns; {held}; chance: {hits:,} of {rows:,} real rows repeat another"
    )
    score = counted(METRIC, subject, int(copied.sum()), case.rows_own, (hits, rows), note, spread)
    unseen = [f"{one.name} ({one.reason})" for one in case.left_out if one.unseen]
    if unseen and score.verdict != FAIL:
        return [METRIC.missing(subject, f"copies cannot be seen in {'; '.join(unseen[:3])}")]
    return [score]


def chance(real: Array, spare: Array | None) -> tuple[int, int, str]:
    """Return how many real rows equal one other training row, of how many, and words on the hold-out."""
    inner = int((times_in(real, real) == 2).sum())
    if spare is None:
        return inner, len(real), "no hold-out"
    outer = int((times_in(spare, real) == 1).sum())
    return inner + outer, len(real) + len(spare), f"{outer:,} of {len(spare):,} held-out rows match as well"


def _spread(case: TableCase, real: Array, spare: Array | None, rows: int) -> float:
    """Return the variance of a count of chance matches over that of independent ones, its mean estimated."""
    if case.entity_real is None:
        return 1.0
    parts = [(case.entity_real, times_in(real, real) == 2)]
    if spare is not None and case.entity_spare is not None:
        parts.append((case.entity_spare, times_in(spare, real) == 1))
    matches = np.concatenate([np.bincount(who, weights=hits) for who, hits in parts])
    sizes = np.concatenate([np.bincount(who) for who, _ in parts])
    return together(matches, sizes) * (1.0 + case.rows_own / rows)


def together(matches: Float1D, sizes: Int1D) -> float:
    """Return the variance of a sum over entities over that of independent rows, 1 at least.

    Takes the matches and the rows of each entity: float64[E], int64[E]. Source: the linearised ratio
    estimator of Cochran 1977, eq. 2.46.
    """
    if matches.sum() == 0:
        return 1.0
    apart = matches - sizes * matches.sum() / sizes.sum()
    return float(max((apart**2).sum() / matches.sum(), 1.0))


METRIC = Metric(
    name="row_copies",
    case="table",
    use=SHARE,
    unit="rows",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.0,
    origin="no copy beyond chance is acceptable",
    order_free=True,
    compute=measure,
    summary="Rows that repeat a training row",
    order=500,
    how=(
        "Number of synthetic rows equal to a training row in every column, against how often unseen real "
        "rows are; every row is compared."
    ),
    misses="Any change of one value hides a copy from it; see near_rows.",
    estimator=(
        "rows equal in all columns (numbers at 12 digits) to a training row that stands once; goal: chance "
        "+ 3 s.d., from held-out rows and repeated training rows, entities drawn whole"
    ),
    references="chance / all rows",
    required=True,
)
