"""Small mixed tables for the tests of table generators."""

import numpy as np

from finsim.generators.generator import Budget
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable

BUDGET = Budget()
DAY = 86_400 * 1_000_000_000
SETTINGS = {
    "bayes": {"batch": 64},
    "resample_rows": {"batch": 64},
    "copula": {"batch": 64},
    "tabular": {"steps": 600, "sampling_batch": 64, "width": 48},
}
"""Generator -> small settings; a generator that is not listed is fitted with its own."""


def quiet(share, text):
    pass


def loans(rows=600, seed=3):
    """Return a loan tape: numbers on grids, words, dates, missing cells, all tied to each other."""
    draw = np.random.default_rng(seed)
    risk = draw.standard_normal(rows)
    grade = np.clip(np.searchsorted([-0.8, 0.2, 1.2], risk), 0, 3).astype(np.int32)
    amount = np.round(np.exp(9 + 0.5 * draw.standard_normal(rows) + 0.2 * risk), 2)
    rate = np.round(5 + 3 * grade + draw.random(rows), 1)
    term = np.where(amount > np.median(amount), 60.0, 36.0)
    joint = np.where(draw.random(rows) < 0.3, np.round(amount / 7), np.nan)
    state = draw.choice(5, rows, p=[0.4, 0.3, 0.2, 0.08, 0.02]).astype(np.int32)
    state[draw.random(rows) < 0.05] = -1
    day = (18_000 + draw.integers(0, 700, rows)) * DAY
    default = draw.random(rows) < 1 / (1 + np.exp(2.5 - risk))
    closed = np.where(default, day + 400 * DAY, MISSING_TIME)
    return MixedTable(
        {
            "amount": MixedColumn(NUMBER, amount, (), 0.01),
            "rate": MixedColumn(NUMBER, rate, (), 0.1),
            "term": MixedColumn(NUMBER, term, (), 1.0),
            "joint_income": MixedColumn(NUMBER, joint, (), 1.0),
            "grade": MixedColumn(WORD, grade, ("A", "B", "C", "D")),
            "state": MixedColumn(WORD, state, ("CA", "NY", "TX", "WA", "VT")),
            "issued": MixedColumn(TIME, day.astype(np.int64), (), float(DAY)),
            "closed": MixedColumn(TIME, closed.astype(np.int64), (), float(DAY)),
            "default": MixedColumn(WORD, default.astype(np.int32), ("no", "yes")),
        },
        rows,
    )


def fitted(kind, streams, table=None, settings=None):
    chosen = kind.Settings(**(SETTINGS.get(kind.name, {}) if settings is None else settings))
    return kind.fit(loans() if table is None else table, chosen, streams, BUDGET, quiet)
