"""``evaluate_paths``: every path metric of the catalogue on one pair of bar files."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from finsim.evaluation import METRICS
from finsim.evaluation.case import Pieces, path_case
from finsim.evaluation.learner import one_thread
from finsim.evaluation.metric import Score, on_table
from finsim.evaluation.metric_loop import Report, computed, silent
from finsim.evaluation.settings import Settings
from finsim.randomness import Streams
from finsim.records.paths import Paths

ORDER = METRICS.of_case("paths")


def evaluate_paths(
    train: Paths,
    holdout: Paths | None,
    synthetic: Paths,
    streams: Streams,
    settings: Settings,
    metrics: Iterable[str] | None = None,
    stored: Pieces | None = None,
    progress: Report = silent,
) -> list[Score]:
    """Return the scores of synthetic bars against the bars a generator was trained on.

    ``metrics`` are all of the case ``paths`` unless named. ``holdout`` are real bars the generator
    never saw; without it, chance levels and near copies use a chronological split of ``train`` with a
    purge gap. ``stored`` are all synthetic paths where
    ``synthetic`` holds only the first of them: the copy checks look at every one.
    Assets that never move are left out, and named by a score that was not computed. Raises DataError when
    assets cannot be matched, none moves or prices are unusable, FinsimError for an unknown metric.
    """
    scores: list[Score] = []
    # A statistic without a value (a column that hardly moves) is NaN, and its score says so.
    with one_thread(), np.errstate(divide="ignore", invalid="ignore"):
        case = path_case(train, holdout, synthetic, streams, settings, stored)
        for number, (_, metric, found) in enumerate(computed(_chosen(metrics), case, "prices", progress)):
            scores.extend(found)
            if number == 0:
                scores.extend(metric.missing(f"{asset} return", "it never moves") for asset in case.still)
    return on_table(scores, "bars")


def _chosen(metrics: Iterable[str] | None) -> Iterable[str]:
    return ORDER if metrics is None else metrics


def unscored(reason: str, metrics: Iterable[str] | None = None) -> list[Score]:
    """Return one score for each metric that says why nothing was computed."""
    return on_table([METRICS.load(name).missing("all assets", reason) for name in _chosen(metrics)], "bars")
