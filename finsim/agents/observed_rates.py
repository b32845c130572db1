"""How much of what happens a bank learns, how late, and how often it is wrong: settings with their origin."""

from __future__ import annotations

from dataclasses import dataclass, fields

from finsim.errors import StudyError

MOST_DAYS, MOST_SPREAD = 3_660.0, 5.0


_TIMES = {"delay": MOST_DAYS, "decided": MOST_DAYS, "limit": MOST_DAYS, "spread": MOST_SPREAD}


def most(name: str) -> float:
    """Return the greatest value of a setting; the least is 0."""
    return _TIMES.get(name, 1.0)


def _refuse(part: Claims | Screening | Monitoring) -> None:
    for field in fields(part):
        value = getattr(part, field.name)
        if not 0.0 <= value <= most(field.name):
            raise StudyError(
                f"{field.name} is {value}",
                place=f"observed: {type(part).__name__.lower()}",
                expected=f"0 to {most(field.name):g}",
                remedy=f"correct {field.name}",
            )


@dataclass(frozen=True)
class Claims:
    """Payments that customers say they did not make, or were tricked into.

    * ``found``: share of victims who notice and claim.
    * ``delay``: days from the first fraud to the claim, median; ``spread``: sd of their logarithm.
    * ``limit``: days after a payment in which it may be claimed.
    * ``decided``: days from claim to decision, median.
    * ``upheld``: share of true claims that are upheld.
    * ``false``: share of honest payments that are claimed; ``false_upheld``: share of these upheld.
    """

    found: float
    delay: float
    spread: float
    limit: float
    decided: float
    upheld: float
    false: float
    false_upheld: float

    def __post_init__(self) -> None:
        """Refuse shares outside 0 to 1 and times that are none."""
        _refuse(self)


@dataclass(frozen=True)
class Screening:
    """Alerts on single payments, as they are made.

    * ``found``: share of frauds that are alerted.
    * ``decided``: days from alert to decision, median; ``spread``: sd of their logarithm.
    * ``upheld``: share of true alerts that are confirmed as fraud.
    * ``false``: share of other payments of 100 units that are alerted; it grows with the root of the sum.
    * ``false_upheld``: share of these that are taken for fraud.
    """

    found: float
    decided: float
    spread: float
    upheld: float
    false: float
    false_upheld: float

    def __post_init__(self) -> None:
        """Refuse shares outside 0 to 1 and times that are none."""
        _refuse(self)


@dataclass(frozen=True)
class Monitoring:
    """Alerts on accounts that laundered or stolen money goes through, cases and reports (SARs).

    * ``found``: share of such accounts of a scheme that are alerted.
    * ``lookalikes``: the same for accounts of benign look-alikes.
    * ``delay``: days from the account's first payment in the scheme to the alert, median; ``spread``: sd of
      the logarithm of this and of the time to the decision.
    * ``case``: share of alerts without a report for which a case is opened.
    * ``decided``: days from alert to the end of the case, median.
    * ``upheld``: share of true alerts that end in a report.
    * ``false``: share of other payments of 100 units whose account is alerted, times the root of the sum.
    * ``false_upheld``: share of these, and of look-alikes, that end in a report.
    """

    found: float
    lookalikes: float
    delay: float
    spread: float
    case: float
    decided: float
    upheld: float
    false: float
    false_upheld: float

    def __post_init__(self) -> None:
        """Refuse shares outside 0 to 1 and times that are none."""
        _refuse(self)


# delay: that of the Fraud Detection Handbook, a week. limit: that of the networks. assumption: the rest.
CARD = Claims(0.85, 7.0, 0.8, 120.0, 5.0, 0.95, 2e-5, 0.4)
# upheld: UK Finance, first half of 2025, 62 % of losses given back; limit, decided: UK payment systems
# regulator, 13 months and five working days. assumption: the rest.
TRANSFER = Claims(0.7, 2.0, 1.6, 395.0, 7.0, 0.62, 1e-5, 0.1)
SCREENING = Screening(0.25, 0.5, 0.8, 0.9, 1e-3, 0.01)  # assumption: all
# decided: a report is due 30 days after detection (31 CFR 1020.320). false, false_upheld, upheld: about one
# alert in 25 ends in a report (Bank Policy Institute 2018: 640,000 of 16 million). assumption: the rest.
MONITORING = Monitoring(0.35, 0.2, 9.0, 0.8, 0.15, 25.0, 0.5, 3e-3, 0.01)


@dataclass(frozen=True)
class Observation:
    """All that banks learn by: claims on cards and transfers, alerts on payments and on accounts."""

    card: Claims = CARD
    transfer: Claims = TRANSFER
    screening: Screening = SCREENING
    monitoring: Monitoring = MONITORING


USUAL = Observation()
"""What a world has unless its study says otherwise."""
