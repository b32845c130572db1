"""Scores of one number a path: of all assets together, then of each asset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from finsim.evaluation.case import PathCase, mean_gap
from finsim.evaluation.columns import MANY, RETURN
from finsim.evaluation.metric import Metric, Score
from finsim.evaluation.resampling import Estimates, mean_estimates
from finsim.evaluation.uses import ALL_ASSETS
from finsim.notation import Array, Float1D, Float2D


@dataclass(frozen=True)
class PathNumber:
    """One number a path: [n, T] -> [n, 1], in a unit in which gaps add up (a logarithm, a rate, a share).

    ``needs`` rows are needed in a path of equal length. ``log`` says that the note shows its exponential,
    ``normal`` that the number, an average over many days, is nearly normal over paths.
    """

    label: str
    number: Callable[[Float2D], Float1D]
    needs: int = 64
    log: bool = True
    normal: bool = False

    def __call__(self, values: Float2D) -> Float2D:
        """Return the number of each path as a column."""
        return np.asarray(self.number(values))[:, None]

    def shown(self, value: float) -> str:
        """Return the number as the note has it."""
        return f"{np.exp(value) if self.log else value:.3g}"


def asset_scores(
    case: PathCase,
    metric: Metric[PathCase],
    number: PathNumber,
    useless: Array | float | None,
    *,
    each: bool = True,
) -> list[Score]:
    """Return the score of all assets together (their mean), and of each unless ``each`` is False.

    ``useless`` is the gap of a useless twin (float64[A] for each asset), or its returns, shaped as the real
    ones that are compared. Fewer than 8 synthetic paths have no power: one path has no rank.
    """
    names = [asset for _, asset in case.assets()]
    subjects = [ALL_ASSETS, *(names if each else ())] if len(names) > 1 else names
    titles = [f"{subject}, {number.label}" for subject in subjects]
    rows = case.reference.steps
    if rows < number.needs:
        reason = f"{rows} rows a path; needs {number.needs}"
        return [metric.missing(title, reason) for title in titles]
    if not case.synthetic.many:
        reason = f"{case.synthetic.count} synthetic paths; needs at least {MANY}: one path shows no spread"
        return [metric.powerless(title, reason) for title in titles]
    found = [case.series_of(RETURN, index, number) for index, _ in case.assets()]
    ceilings = [_ceiling(number, one, useless, index) for index, one in enumerate(found)]
    pools = [[found[k]] for k in range(len(found))]
    limits = [[limit] for limit in ceilings]
    if len(names) > 1:
        pools, limits = [found, *pools], [ceilings, *limits]
    return [
        _score(case, metric, number, title, pool, limit)
        for title, pool, limit in zip(titles, pools, limits, strict=False)
    ]


def _ceiling(number: PathNumber, found: Estimates, useless: Array | float | None, index: int) -> float | None:
    """Return the signed gap of the twin, so that those of several assets average."""
    if useless is None or isinstance(useless, float):
        return useless
    if useless.ndim == 1:
        return float(useless[index])
    return float(np.mean(number(useless[:, :, index])) - found.real[0])


def _score(
    case: PathCase,
    metric: Metric[PathCase],
    number: PathNumber,
    title: str,
    pool: list[Estimates],
    limits: list[float | None],
) -> Score:
    found = mean_estimates(pool)
    known = [limit for limit in limits if limit is not None]
    ceiling = abs(float(np.mean(known))) if known else None
    note = f"{number.shown(found.synthetic[0])} synthetic, {number.shown(found.real[0])} real"
    return metric.compared(
        title,
        case.evidence(found, mean_gap, normal=number.normal),
        ceiling=ceiling,
        n=case.rows_used,
        note=note,
    )
