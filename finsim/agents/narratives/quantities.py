"""What a narrative draws: payments, members, shares, money and factors, each within its bounds."""

from __future__ import annotations

from typing import ClassVar

from finsim.agents.narratives.draws import Draw
from finsim.document_numbers import Meaning

MOST_PAYMENTS = 100_000
"""The most payments, members or layers that one key may ask for, and that one phase may plan."""
MOST_MONEY = 1e10
"""The largest sum that a narrative may name, in hundreds of the currency's smallest unit."""


class Payments(Draw):
    """A random number of payments, layers or payees, 0 to 100,000."""

    meaning: ClassVar[Meaning] = Meaning("a whole number, a range low..high or {dist: ..}", "3..18")
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = MOST_PAYMENTS
    whole: ClassVar[bool] = True


class Members(Draw):
    """A random number of members, layers or payees, 1 to 100,000."""

    meaning: ClassVar[Meaning] = Meaning("a whole number, a range low..high or {dist: ..}", "3..18")
    least: ClassVar[float] = 1.0
    most: ClassVar[float] = MOST_PAYMENTS
    whole: ClassVar[bool] = True


class Portion(Draw):
    """A random share from 0 to 1; a distribution without an end above needs `max`."""

    meaning: ClassVar[Meaning] = Meaning("a share from 0 to 1, a range low..high or {dist: ..}", "0.9")
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = 1.0
    closed: ClassVar[bool] = True
    bounds: ClassVar[str] = "from 0 to 1"


class Money(Draw):
    """A random sum in hundreds of the currency's smallest unit, up to 10,000,000,000."""

    meaning: ClassVar[Meaning] = Meaning("an amount, a range low..high or {dist: ..}", "20..500")
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = MOST_MONEY


class Factor(Draw):
    """A random factor on another sum, up to 1,000."""

    meaning: ClassVar[Meaning] = Meaning("a factor, a range low..high or {dist: ..}", "1.2")
    least: ClassVar[float] = 0.0
    most: ClassVar[float] = 1_000.0
