"""Is every column there, of the real type, with values: one failing score for each that is not."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.metric import FAIL, PASS, STRESS, WARN, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array

LEAST = 20


def measure(case: TableCase) -> list[Score]:
    """Return one score of all columns, and one for each column that cannot stand for the real one."""
    faults = {
        one.name: one.reason for one in case.left_out if not one.meant and (one.extra or not one.further)
    }
    further = {one.name: one.reason for one in case.left_out if one.further and not one.extra}
    for column in case.columns:
        if column.infinite[0]:
            further[column.name] = f"{column.infinite[0]} infinite values on the real side, read as missing"
        if reason := fault_of(column):
            faults[column.name] = reason
            further.pop(column.name, None)
    scores = [_fault(name, reason, case.rows_own) for name, reason in faults.items()]
    scores += [_fault(name, reason, case.rows_own, WARN) for name, reason in further.items()]
    kept = [one.name for one in case.left_out if one.meant]
    count = len(case.columns)
    note = f"{count} column{'' if count == 1 else 's'} compared"
    empty = [one.name for one in case.columns if not _values_of(one)]
    single = [one.name for one in case.columns if len(_values_of(one)) == 1 and one.name not in faults]
    note += f"; no value on either side: {', '.join(empty)}" if empty else ""
    note += f"; one value on both sides: {', '.join(single)}" if single else ""
    note += f"; left out as keys or internal: {', '.join(kept)}" if kept else ""
    wrong = f"{len(faults)} column{'' if len(faults) == 1 else 's'}"
    verdict = (FAIL, f"{wrong} not as on the real side: {', '.join(faults)}") if faults else (PASS, "")
    whole = METRIC.scored(
        "all columns", float(len(faults)), (None, None), case.rows_own, (0.0, None, 0.0), verdict, note
    )
    return [whole, *scores]


def _values_of(column: ColumnPair) -> set[float]:
    """Return at most two of the values that the column has on either side."""
    found: set[float] = set()
    for side in (column.real, column.own):
        present = side[~column.missing(side)]
        if len(present):
            found |= {float(present.min()), float(present.max())}
    return found


def fault_of(column: ColumnPair) -> str:
    """Return what is wrong with the synthetic column as a whole, or nothing."""
    if column.infinite[1] and not column.infinite[0]:
        count = column.infinite[1]
        return f"{count} infinite value{'' if count == 1 else 's'} on the synthetic side, none on the real"
    real, own = (side[~column.missing(side)] for side in (column.real, column.own))
    if len(real) and not len(own):
        return "no value at all on the synthetic side"
    if len(own) and not len(real):
        return "values on the synthetic side, where the real side has none"
    if min(len(real), len(own)) < LEAST:
        return ""
    known, made = np.unique(real), np.unique(own)
    if len(made) == 1 and len(known) > 1 and _is_surprising(real, made[0], len(own)):
        return f"constant on the synthetic side ({_shown(column, made[0])}), {len(known)} values on the real"
    if len(known) == 1 and (len(made) > 1 or made[0] != known[0]):
        share = float(np.mean(own != known[0]))
        return f"constant on the real side ({_shown(column, known[0])}), other values in {share:.1%} of rows"
    return ""


def _is_surprising(real: Array, value: float, rows: int) -> bool:
    """Whether so many rows of the real law would hardly ever all have this value."""
    share = (float(np.sum(real == value)) + 1.0) / (len(real) + 1.0)
    return bool(rows * np.log(share) < np.log(1e-4))


def _shown(column: ColumnPair, value: float) -> str:
    return column.levels[int(value)] if column.is_category else f"{value:.6g}"


def _fault(name: str, reason: str, rows: int, verdict: str = FAIL) -> Score:
    return METRIC.scored(name, 1.0, (None, None), rows, (0.0, None, 0.0), (verdict, reason))


METRIC = Metric(
    name="table_shape",
    case="table",
    use=STRESS,
    unit="columns",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.0,
    origin="own: a table of other columns is not a twin of the real one",
    order_free=True,
    compute=measure,
    summary="Columns that are missing, extra, renamed, of another type, empty, constant or infinite",
    order=10,
    how=(
        "A column fails when the synthetic side lacks it, has it under another name or type, has it without "
        "values, with one value only, or with infinite values that the real side has not. So does a "
        "column that the real side has not, unless the file stores it as an answer (a label of finsim): that "
        "warns, as does one that no type can hold."
    ),
    misses="Everything about the values of a column that is there; see margins.",
    estimator="columns that are missing, extra, renamed, of another type, empty, constant or infinite",
    references="0 / -",
)
