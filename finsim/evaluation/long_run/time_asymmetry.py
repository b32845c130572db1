"""Time asymmetry: falls are followed by wilder days than those before them, and rises are not.

Prices that run backwards, or whose signs are turned, keep every margin and every autocorrelation; what a
fall leaves behind tells them apart.
"""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import RETURN
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.evaluation.path_numbers.asset_scores import PathNumber, asset_scores
from finsim.extras import Later
from finsim.notation import Float1D, Float2D, Float3D

signal = Later("scipy.signal", "evaluate")

DECAY, AROUND, CLIP = 0.9, 30, 4.0
LEAST = 252
TINY = 1e-3
"""Part of the mean |r| that is added to both sizes, so that days without a move divide nothing by zero."""


def aftermath(values: Float2D) -> Float1D:
    """Return corr(r / local size, log(size after / size before)): [n, T] -> [n].

    Sizes are means of |r| over the 30 days after and before a day, weights .9^k; the local size is their
    mean, and a return counts for at most four of them. Turned signs and reversed time each turn the sign of
    the number. Source: own, from the leverage effect of Bouchaud, Matacz and Potters 2001.
    """
    size = np.abs(values)
    weights = DECAY ** np.arange(AROUND)
    weights = np.concatenate([[0.0], weights / weights.sum()])
    before = signal.lfilter(weights, [1.0], size, axis=1)[:, AROUND:-AROUND]
    after = signal.lfilter(weights, [1.0], size[:, ::-1], axis=1)[:, ::-1][:, AROUND:-AROUND]
    least = TINY * size.mean(axis=1, keepdims=True)
    before, after = before + least, after + least
    move = np.clip(2.0 * values[:, AROUND:-AROUND] / (before + after), -CLIP, CLIP)
    change = np.log(after / before)
    move, change = (one - one.mean(axis=1, keepdims=True) for one in (move, change))
    spread = np.sqrt((move**2).mean(axis=1) * (change**2).mean(axis=1))
    return np.asarray((move * change).mean(axis=1) / spread)


NUMBER = PathNumber("after falls against before", aftermath, LEAST, log=False, normal=True)


def measure(case: PathCase) -> list[Score]:
    """Return scores of all assets together and of each; ceiling: the synthetic prices with signs turned."""
    own, real = (_means(side.columns[RETURN]) for side in (case.compared, case.reference))
    return asset_scores(case, METRIC, NUMBER, -own - real)


def _means(values: Float3D) -> Float1D:
    each = [aftermath(values[:, :, asset]) for asset in range(values.shape[2])]
    return np.array(
        [np.mean(one, where=known) if (known := np.isfinite(one)).any() else np.nan for one in each]
    )


METRIC = Metric(
    name="time_asymmetry",
    case="paths",
    use=BACKTEST,
    unit="correlation",
    lowest=0.0,
    highest=2.0,
    best=0.0,
    delta=0.01,
    origin="assumption: one point of correlation beyond the real spread",
    order_free=False,
    compute=measure,
    summary="How much wilder the days after falls are than those before them",
    order=51,
    how=(
        "Correlation of each day's return with the log ratio of the size of moves in the 30 days after it "
        "to that in the 30 days before; the real path is ranked among the synthetic ones."
    ),
    misses=(
        "Time reversed and signs turned at once leave it as it is. Where falls leave nothing behind "
        "(most exchange rates) it has no power, and neither fault is seen."
    ),
    estimator=(
        "correlation of r over local size with log(mean absolute r of the 30 days after / before, weights "
        ".9^k), equally long paths"
    ),
    references="ranks / signs turned",
)
