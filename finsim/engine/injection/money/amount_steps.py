"""The step of amounts: what all sums of a currency are multiples of, learned from the rows (own).

Yen and forint have no cents, francs are paid in fives of them: a sum between such steps gives a row away.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_columns import LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import Cents1D, Int1D
from finsim.tables.cells.stored import is_text

_WHOLE = (1_000, 100, 10, 1)  # units
_PARTS = (50, 10, 5)  # hundredths of a unit
_SHARE = 0.995  # assumption: a few rows may lie between the steps, as fees do
_LEAST = 20  # rows that tell a step above the whole unit


def amount_steps(sample: LedgerSample, past: Histories, columns: LedgerColumns, scale: int) -> Int1D:
    """Return the step of the currency of each sampled row, in units of 1 / ``scale``: int64[n]."""
    part = columns.parts.get("currency")
    code = np.zeros(len(past.size), dtype=np.int64)
    if part is not None and is_text(sample.cells.schema.field(part.at).type):
        code = pd.factorize(sample.cells.column(part.at).to_pandas().astype(object))[0] + 1
    size = np.abs(past.size)
    steps = np.ones(int(code.max(initial=0)) + 1, dtype=np.int64)
    for one in np.unique(code).tolist():
        steps[one] = step_of(size[(code == one) & (size > 0)], scale)
    return steps[code]


def step_of(amounts: Cents1D, scale: int) -> int:
    """Return the greatest step that nearly all amounts are multiples of, in units of 1 / ``scale``.

    A handful of rows tells whether there are cents, and no more.
    """
    steps = [one * scale for one in _WHOLE if one == 1 or len(amounts) >= _LEAST]
    if len(amounts) >= _LEAST:
        steps += [one * scale // 100 for one in _PARTS if one * scale % 100 == 0]
    return next((one for one in steps if len(amounts) and (amounts % one == 0).mean() >= _SHARE), 1)


def at_steps(amounts: Cents1D, steps: Int1D) -> Cents1D:
    """Return amounts of either sign at whole steps, none of them larger unless it is less than one."""
    return np.asarray(np.sign(amounts) * np.maximum(np.abs(amounts) // steps, 1) * steps)
