"""l-diversity: how many secrets the real people have whom a synthetic row's quasi-identifiers fit."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.attacks.intervals import clopper_pearson
from finsim.evaluation.attacks.quasi_identifiers import QuasiCells, quasi_cells
from finsim.evaluation.attacks.row_keys import banded
from finsim.evaluation.metric import PASS, SHARE, WARN, Metric, Score
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Float1D

LEAST = 2.0
BANDS = 50


def measure(case: TableCase) -> list[Score]:
    """Return one score a secret: the share of synthetic rows in cells with fewer than two secrets.

    Secrets of a cell are counted by the exponential of their entropy among the real people in it.
    """
    cells = quasi_cells(case)
    if cells is None or not case.roles.secrets:
        lacks = "--group" if cells is None else "--secret"
        return [METRIC.missing("secrets", f"needs quasi-identifiers and a secret column: give {lacks}")]
    return [_score(case, cells, name) for name in case.roles.secrets]


def _score(case: TableCase, cells: QuasiCells, name: str) -> Score:
    secret = case.column(name)
    if secret is None:
        return METRIC.missing(name, "not a column of both sides")
    diverse, keys = diversity(cells.real, banded(secret, BANDS)[0])
    place = np.minimum(np.searchsorted(keys, cells.own), len(keys) - 1)
    fits = keys[place] == cells.own
    low = fits & (diverse[place] < LEAST)
    count, n, goal = int(low.sum()), len(cells.own), METRIC.delta
    value = count / n
    verdict, reason = PASS, ""
    if value > goal:
        verdict = WARN
        reason = f"{value:.2%} of the rows fit people of fewer than two secrets, more than {goal:.0%}"
    least = f"l_min {diverse[place[fits]].min():.2f}" if fits.any() else "no row fits a real person"
    note = f"{least}; {count:,} of {n:,} rows with l < 2; quasi-identifiers {', '.join(cells.names)}"
    return METRIC.scored(
        name, value, clopper_pearson(count, n), n, (None, 1.0, goal), (verdict, reason), note
    )


def diversity(keys: Array, secrets: Array) -> tuple[Float1D, Array]:
    """Return exp(entropy of the secrets) of each cell, and the sorted keys of the cells."""
    names, cell = np.unique(keys, return_inverse=True)
    words, word = np.unique(secrets, return_inverse=True)
    pairs, counts = np.unique(cell.astype(np.int64) * len(words) + word, return_counts=True)
    owner = pairs // len(words)
    size = np.bincount(owner, weights=counts, minlength=len(names))
    share = counts / size[owner]
    entropy = np.bincount(owner, weights=-share * np.log(share), minlength=len(names))
    return np.exp(entropy), names


METRIC = Metric(
    name="l_diversity",
    case="table",
    use=SHARE,
    unit="share of rows",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="two secrets at least are what release policies ask for; 5 % of rows below it is an assumption",
    order_free=True,
    compute=measure,
    summary="Rows that fit real people who all have one secret",
    order=580,
    how=(
        "Among the real people whom a synthetic row's quasi-identifiers fit: how many different secrets "
        "there are (entropy). With fewer than two, to know the group is to know the secret. It warns at most."
    ),
    misses="Secrets that differ but are alike; everything outside the declared columns.",
    estimator="exp(entropy) of the real secrets in the row's cell; share of rows below 2, Clopper-Pearson",
    references="- / 1",
)
