"""Copies expected by chance on real data, and the limit above them."""

from __future__ import annotations

import math
from typing import Any

from finsim.evaluation.metric import FAIL, PASS, WARN, Metric, Score


def counted(
    metric: Metric[Any],
    subject: str,
    count: int,
    n: int,
    chance: tuple[int, int],
    note: str,
    spread: float = 1.0,
) -> Score:
    """Return the score of ``count`` copies among ``n``; ``chance`` is (matches, rows) among held-out reals.

    goal = expected + 3 standard deviations at the held-out rate (0 when no held-out row matched); ``spread``
    is the variance of the count over that of independent matches.
    pass: count <= goal. warn: no more than one further held-out match could have explained. Else fail.
    The count is a census, so its interval is the count itself.
    """
    hits, rows = chance
    expected = n * hits / max(rows, 1)
    goal = math.floor(expected + 3.0 * math.sqrt(expected * spread))
    more = n * (hits + 1) / max(rows, 1)
    verdict, reason = PASS, ""
    if count > goal:
        verdict = WARN if hits and count <= more + 3.0 * math.sqrt(more * spread) else FAIL
        reason = f"{count} of {n} are copies ({count / max(n, 1):.2%}); chance explains {goal}"
    value = float(count)
    return metric.scored(
        subject, value, (value, value), n, (expected, float(n), float(goal)), (verdict, reason), note
    )
