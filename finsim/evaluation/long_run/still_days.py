"""Still days: closes that repeat the one before, as stale or frozen prices do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import RETURN
from finsim.evaluation.metric import BACKTEST, WITHIN, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.notation import Float1D, Float2D

STILL = 1e-9
LEAST = 252
USELESS = 0.1  # assumption: a strategy that trades at one stale close in ten is another strategy


def still_share(values: Float2D) -> Float1D:
    """Return the share of days whose |log return| is at most 1e-9: [n, T] -> [n]."""
    return np.asarray((np.abs(values) <= STILL).mean(axis=1))


NUMBER = PathNumber("days without a move", still_share, LEAST, log=False, normal=True)


def measure(case: PathCase) -> list[Score]:
    """Return scores of all assets together and of each; fewer still days than real ones only warn.

    Real closes are rounded to ticks, old ones coarsely, and prices of a model need not be.
    """
    found = asset_scores(case, METRIC, NUMBER, USELESS)
    if not case.ranked:
        return found
    own, real = (still_share_of_assets(side.columns[RETURN]) for side in (case.compared, case.reference))
    more = own - real
    sides = more if len(more) == 1 else np.concatenate([[more.mean()], more])
    return [_at_most_a_warning(one) if side < 0 else one for one, side in zip(found, sides, strict=True)]


def still_share_of_assets(values: Float2D) -> Float1D:
    """Return the mean share over paths of each asset: [N, T, A] -> [A]."""
    return np.asarray((np.abs(values) <= STILL).mean(axis=(0, 1)))


def _at_most_a_warning(score: Score) -> Score:
    return score if score.p is None else replace(score, p=max(score.p, WITHIN))


METRIC = Metric(
    name="still_days",
    case="paths",
    use=BACKTEST,
    unit="share of days",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.02,
    origin="assumption: two days in a hundred, as coarse ticks give",
    order_free=True,
    compute=measure,
    summary="Days whose close repeats the one before",
    order=6,
    how=(
        "Share of days whose close equals the one before; the real path is ranked among the synthetic ones. "
        "Fewer such days than in the real prices, which are rounded to ticks, only warn."
    ),
    misses="Stale prices with a little noise on them; how long a price stands still (see distinct_paths).",
    estimator="share of days with an absolute log return of at most 1e-9, equally long paths",
    references="ranks / off by .1 *a*",
)
