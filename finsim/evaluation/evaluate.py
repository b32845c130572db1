"""``evaluate``: any two price sets -> a scorecard."""

from __future__ import annotations

from finsim.evaluation.metric_loop import Report, silent
from finsim.evaluation.paths import evaluate_paths
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.randomness import Streams
from finsim.records.paths import Paths


def evaluate(
    real: Paths,
    synthetic: Paths,
    streams: Streams,
    settings: Settings,
    holdout: Paths | None = None,
    progress: Report = silent,
) -> Scorecard:
    """Return the scorecard of a synthetic price set against a real one.

    Lengths and numbers of paths may differ; assets are matched by name, else by position. With fewer
    than eight synthetic paths the goals allow for one path being one era (docs/adr/0009).
    Raises DataError when the two sets cannot be compared.
    """
    return Scorecard(tuple(evaluate_paths(real, holdout, synthetic, streams, settings, progress=progress)))
