"""The loop over metrics, and what is told while each is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from finsim.evaluation import METRICS
from finsim.evaluation.metric import Metric, Score

Report = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def computed(
    names: Iterable[str], case: Any, what: str, progress: Report = silent
) -> Iterator[tuple[str, Metric[Any], list[Score]]]:
    """Yield name, metric and scores of each metric on a case; ``what`` (prices, loans) is told meanwhile.

    Raises FinsimError for an unknown metric.
    """
    listed = list(names)
    for number, name in enumerate(listed):
        progress(f"judging {what}, {name}", number, len(listed))
        metric: Metric[Any] = METRICS.load(name)
        yield name, metric, list(metric.compute(case))
    progress(f"judging {what}", len(listed), len(listed))
