"""The question of a reverse stress test: a metric, and the limit that it may not reach."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from finsim.document_numbers import Misfit, read_share
from finsim.engine.stages.fraud_losses import FRAUD_LOSS
from finsim.engine.stages.shortfalls import SHORTFALL
from finsim.errors import StudyError, did_you_mean
from finsim.scenarios.claims.metric_names import is_measurable

LOSS_RATE, EXPECTED_LOSS, DRAWDOWN = "credit.loss_rate", "credit.expected_loss", "equity.max_drawdown"
METRICS: Mapping[str, str] = {
    LOSS_RATE: "share of the opening balance that this study's own world loses over the months of its panel",
    EXPECTED_LOSS: "loss of the next twelve months over the balance, on average over the sector factors",
    DRAWDOWN: "fall of the index below the jump-off within four quarters",
    FRAUD_LOSS: "posted fraud over all posted payments of the study's days, by amount",
    SHORTFALL: "payments that the payer's account could not cover, over all of the study's days, by number",
}
"""What can be asked in reverse, and what it is."""
POINTS = 3
EXAMPLE = f'write --reverse "{LOSS_RATE} >= 0.06"'
_FORM = re.compile(r"\s*([A-Za-z][\w.\-]*)\s*(>=|=>|>|<=|<|==|=)\s*(.*?)\s*\Z")


@dataclass(frozen=True)
class Question:
    """Which ``metric`` reaches which ``limit`` (a share of 1)."""

    metric: str
    limit: float

    @property
    def world(self) -> str:
        """The part of a study that the metric is of."""
        return {DRAWDOWN: "market", FRAUD_LOSS: "transactions", SHORTFALL: "transactions"}.get(
            self.metric, "credit"
        )

    def __str__(self) -> str:
        """Return the question as it is written."""
        return f"{self.metric} >= {self.limit:g}"


_INSTEAD: Mapping[str, str] = {
    "market.drawdown": DRAWDOWN,
    "market.worst_drawdown": DRAWDOWN,
    "credit.allowance": EXPECTED_LOSS,
    "credit.ecl_12m": EXPECTED_LOSS,
    "payments.illicit": FRAUD_LOSS,
    "payments.declined": SHORTFALL,
    "liquidity": SHORTFALL,
}
"""Figures of a run that cannot be asked, and the metric that says the like."""
_NO_LAW = ("liquidity", "deposit", "payments", "behaviour", "aml")


def _unknown(metric: str, place: str) -> StudyError:
    """Return the refusal of a metric that cannot be asked, with what can be asked instead."""
    found = f"no metric is called {metric!r}"
    remedy = did_you_mean(metric, list(METRICS)) or EXAMPLE
    if is_measurable(metric) or metric in _INSTEAD:
        found, remedy = f"no way back from {metric} to scenarios", EXAMPLE
    if metric in _INSTEAD:
        remedy = f"ask {_INSTEAD[metric]}: {METRICS[_INSTEAD[metric]]}"
    elif metric.partition(".")[0].removesuffix("s") in _NO_LAW:
        found = f"no way back from {metric}: nothing says how probable moves of depositors or dealers are"
        remedy = f"run a scenario that states them, such as deposit-run; or ask {SHORTFALL}"
    return StudyError(found, place=place, expected="one of " + ", ".join(METRICS), remedy=remedy)


def read_question(text: str) -> Question:
    """Read ``METRIC >= VALUE``; the value is a share such as 0.06 or 6%.

    Raises StudyError for another form, a metric that cannot be asked in reverse, and a value that is no
    share between 0 and 1.
    """
    place = "stress: reverse"
    match = _FORM.match(text)
    if match is None or match[2] not in (">=", "=>", ">"):
        raise StudyError(repr(text), place=place, expected="METRIC >= VALUE", remedy=EXAMPLE)
    metric = match[1]
    if metric not in METRICS:
        raise _unknown(metric, place)
    try:
        limit = read_share(match[3])
    except Misfit as misfit:
        raise StudyError(misfit.found, place=place, expected="a share", remedy=misfit.remedy) from None
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0.0 < limit < 1.0:
        raise StudyError(
            f"the value {match[3]!r}", place=place, expected="a share above 0 and below 1", remedy=EXAMPLE
        )
    return Question(metric, float(limit))
