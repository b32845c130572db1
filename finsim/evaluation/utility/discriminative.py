"""TimeGAN discriminative score: |accuracy - 0.5| of a small GRU that sorts real from synthetic windows."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import BACKTEST, Metric, Score
from finsim.evaluation.utility.timegan_windows import LENGTH, interval, judged_verdict, judged_windows
from finsim.notation import Float3D

OFFICIAL = (10, 2000)


def measure(case: PathCase) -> list[Score]:
    """Return one score; the judge is the official network, iterations and refits come from the settings.

    Floor: the same judge on two sets of real windows (``judged_windows``). Windows are freed of
    their price level first, so values compare with other runs here, not with published ones.
    Source: Yoon, Jarrett and van der Schaar 2019, metrics/discriminative_metrics.py.
    """
    settings = case.settings
    subject = f"windows of {LENGTH} bars"
    if settings.judge_refits < 1:
        return [METRIC.missing(subject, "judge_refits is 0 in the settings")]
    if min(len(case.real.paths.dates), len(case.everything.dates)) < 4 * LENGTH:
        return [METRIC.missing(subject, f"fewer than {4 * LENGTH} bars on a side")]
    windows = judged_windows(case)
    values = _scores(case, windows.real, windows.own, "synthetic")
    floor = float(np.mean(_scores(case, *windows.floor, "floor")))
    value = float(np.mean(values))
    low, high = interval(values)
    goal = floor + METRIC.delta
    verdict, reason = judged_verdict(case, value, low, goal)
    official = (settings.judge_refits, settings.judge_iterations) == OFFICIAL
    note = f"{settings.judge_refits} refits of {settings.judge_iterations} iterations"
    note += "" if official else f"; the official protocol is {OFFICIAL[0]} of {OFFICIAL[1]}"
    return [
        METRIC.scored(
            subject, value, (low, high), len(windows.own), (floor, 0.5, goal), (verdict, reason), note
        )
    ]


def _scores(case: PathCase, real: Float3D, fake: Float3D, role: str) -> list[float]:
    from finsim.generators.score_networks import discriminative_accuracies

    refits, iterations = case.settings.judge_refits, case.settings.judge_iterations
    words = [case.streams.word("judge", "discriminative", role, refit) for refit in range(refits)]
    return [abs(score - 0.5) for score in discriminative_accuracies(real, fake, words, iterations)]


METRIC = Metric(
    name="discriminative",
    case="paths",
    use=BACKTEST,
    unit="|accuracy - 0.5|",
    lowest=0.0,
    highest=0.5,
    best=0.0,
    delta=0.1,
    origin="convention: below 0.1 is called good in the literature on this score",
    order_free=False,
    compute=measure,
    summary="TimeGAN discriminative score",
    order=90,
    how=(
        "|accuracy - 0.5| of a small recurrent network that sorts real from synthetic windows. "
        "Source: Yoon et al. 2019."
    ),
    misses="Varies with the judge's training; below its floor it cannot rank generators.",
    estimator=(
        "TimeGAN judge (Yoon et al. 2019): absolute accuracy - 0.5; on windows of 24 bars whose "
        "prices are divided by the close before them, so values do not compare with published ones"
    ),
    references="two draws of real windows, eras for one path / 0.5",
)
