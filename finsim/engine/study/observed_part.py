"""What banks come to know of the stories of a study: rates and delays in place of the usual ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from finsim import documents
from finsim.agents.observed_rates import (
    MOST_DAYS,
    MOST_SPREAD,
    USUAL,
    Claims,
    Monitoring,
    Observation,
    Screening,
)
from finsim.document_numbers import Number, Share
from finsim.document_shapes import shaped
from finsim.engine.study.market_part import Part
from finsim.errors import StudyError

_Chance = Annotated[Share, Field(ge=0.0, le=1.0)]
_Days = Annotated[Number, Field(ge=0.0, le=MOST_DAYS)]
_Spread = Annotated[Number, Field(ge=0.0, le=MOST_SPREAD)]
_Rates = TypeVar("_Rates", Claims, Screening, Monitoring)


class GivenPart(Part):
    """A block that tells only what is given."""

    @model_serializer(mode="wrap")
    def _as_given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value is not None}


class ClaimsPart(GivenPart):
    """Payments that customers say they did not make, or were tricked into.

    * ``found``: share of victims who notice and claim.
    * ``delay``: days from the first fraud to the claim, median.
    * ``spread``: standard deviation of the logarithm of the times.
    * ``limit``: days after a payment in which it may be claimed.
    * ``decided``: days from claim to decision, median.
    * ``upheld``: share of true claims that are upheld.
    * ``false``: share of honest payments that are claimed.
    * ``false_upheld``: share of claims of honest payments that are upheld.
    """

    found: _Chance | None = None
    delay: _Days | None = None
    spread: _Spread | None = None
    limit: _Days | None = None
    decided: _Days | None = None
    upheld: _Chance | None = None
    false: _Chance | None = None
    false_upheld: _Chance | None = None


class ScreeningPart(GivenPart):
    """Alerts on single payments, as they are made.

    * ``found``: share of frauds that are alerted.
    * ``decided``: days from alert to decision, median.
    * ``spread``: standard deviation of the logarithm of this time.
    * ``upheld``: share of true alerts that are confirmed as fraud.
    * ``false``: share of other payments of 100 units that are alerted; it grows with the root of the sum.
    * ``false_upheld``: share of these that are taken for fraud.
    """

    found: _Chance | None = None
    decided: _Days | None = None
    spread: _Spread | None = None
    upheld: _Chance | None = None
    false: _Chance | None = None
    false_upheld: _Chance | None = None


class MonitoringPart(GivenPart):
    """Alerts on accounts that laundered or stolen money goes through, their cases and reports.

    * ``found``: share of such accounts of a scheme that are alerted.
    * ``lookalikes``: share of accounts of benign look-alikes that are alerted.
    * ``delay``: days from the account's first payment in the scheme to the alert, median.
    * ``spread``: standard deviation of the logarithm of the times.
    * ``case``: share of alerts without a report for which a case is opened.
    * ``decided``: days from alert to the end of the case, median.
    * ``upheld``: share of true alerts that end in a report.
    * ``false``: share of other payments of 100 units whose account is alerted, times the root of the sum.
    * ``false_upheld``: share of these, and of alerts on look-alikes, that end in a report.
    """

    found: _Chance | None = None
    lookalikes: _Chance | None = None
    delay: _Days | None = None
    spread: _Spread | None = None
    case: _Chance | None = None
    decided: _Days | None = None
    upheld: _Chance | None = None
    false: _Chance | None = None
    false_upheld: _Chance | None = None


class ObservedPart(Part):
    """What banks come to know, how late, and how often they are wrong; no payment changes with it.

    * ``card``: claims on card payments, which become chargebacks.
    * ``transfer``: claims on transfers, which become recalls.
    * ``screening``: alerts on single payments.
    * ``monitoring``: alerts on accounts, cases and reports.
    """

    card: ClaimsPart = ClaimsPart()
    transfer: ClaimsPart = ClaimsPart()
    screening: ScreeningPart = ScreeningPart()
    monitoring: MonitoringPart = MonitoringPart()

    def rates(self) -> Observation:
        """Return all rates: those that are given, the usual ones else."""
        return Observation(
            card=_changed(USUAL.card, self.card),
            transfer=_changed(USUAL.transfer, self.transfer),
            screening=_changed(USUAL.screening, self.screening),
            monitoring=_changed(USUAL.monitoring, self.monitoring),
        )


def observation_of(data: Mapping[str, Any], place: str) -> Observation:
    """Return the rates that the keys of ``observed`` give, the usual ones else.

    Raises StudyError with every wrong key and value; ``place`` says where they stand.
    """
    document = documents.Document("", shaped(dict(data), ObservedPart), {})
    try:
        return documents.validate(document, ObservedPart, StudyError).rates()
    except StudyError as error:
        wrong = [replace(one, place=f"{place}: {one.place}") for one in error.problems]
        raise StudyError.of(wrong) from None


def _changed(usual: _Rates, part: GivenPart) -> _Rates:
    return replace(usual, **{name: value for name, value in part if value is not None})
