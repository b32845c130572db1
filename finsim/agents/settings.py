"""Settings of the transaction world: size, period, and the narratives in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import PurePath

import numpy as np

from finsim.agents.observed_rates import USUAL, Observation
from finsim.errors import StudyError
from finsim.notation import NANOS_PER_DAY


@dataclass(frozen=True)
class NarrativeUse:
    """One narrative of a study; ``rate`` replaces the file's own rate value, ``count`` fixes the number.

    ``rate`` keeps the file's unit (per account-year, card-year, ...). ``count`` is the exact number of
    schemes of an unstressed period. Raises StudyError when both are given or one is negative.
    """

    name: str
    rate: float | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        if self.rate is not None and self.count is not None:
            raise StudyError(
                f"narrative {self.name!r} has both a rate and a count",
                place="narratives",
                remedy="keep one of the two",
            )
        for name, value in (("rate", self.rate), ("count", self.count)):
            if value is not None and not 0 <= value < 1e6:
                raise StudyError(
                    f"narrative {self.name!r}: {name} is {value}",
                    place="narratives",
                    expected="0 or more, below a million",
                    remedy=f"correct the {name}",
                )

    @property
    def id(self) -> str:
        """Return the id of the narrative: its shipped name, or the stem of its file."""
        return PurePath(self.name).name.removesuffix(".yaml")


DEFAULT_NARRATIVES = tuple(
    NarrativeUse(name)
    for name in (
        "card_testing_escalation",
        "lost_or_stolen_card",
        "account_takeover",
        "app_scam_mule_chain",
        "scatter_gather_structuring",
        "payroll_fan_out",
        "marketplace_gather_scatter",
        "account_ring_layering",
    )
)
"""The standard stories and their decoys: together about one illicit row in a thousand."""


LIMITS = {
    "accounts": (200, 100_000_000),
    "banks": (1, 1_000),
    "days": (1, 3_660),
    "shard_accounts": (100, 1_000_000),
    "slice_days": (1, 3_660),
}
"""The least and the greatest that each size may be."""

_LAST = date(2260, 1, 1)
"""Schemes wait for months beyond the period, and int64 counts nanoseconds to April 2262."""

BLOCK_ORDERS = 65_536
"""Orders that are merged and posted at once, about."""
ORDERS_PER_DAY = 1.2
"""assumption: orders of an account a day, outside payments to it included (1.0 to 1.1 in simulated life)."""


@dataclass(frozen=True)
class Settings:
    """Size and period of a transaction world.

    ``accounts`` counts accounts at the study's banks; outside accounts come on top. A logical shard is
    a fixed block of ``shard_accounts`` accounts and ``slice_days`` is the length of a posting slice in
    days: the first is part of the study, the second only bounds memory. ``evade`` from 0 to 1
    raises every evasion of every story (``narratives.evasion_dial``). ``observed`` says what of it banks
    come to know, and when; ``blocking`` is the share of the accounts they find that they block. Raises
    StudyError.
    """

    accounts: int = 20_000
    banks: int = 5
    start: date = date(2026, 1, 1)
    days: int = 90
    currency: str = "USD"
    shard_accounts: int = 5_000
    slice_days: int = 15
    narratives: tuple[NarrativeUse, ...] = DEFAULT_NARRATIVES
    evade: float = 0.0
    observed: Observation = USUAL
    blocking: float = 0.0

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise StudyError(
                    f"{name} is {value}",
                    place=name,
                    expected=f"{low} to {high}",
                    remedy=f"correct {name}",
                )
        if self.start > _LAST - timedelta(days=self.days):
            raise StudyError(
                f"{self.days:,} days from {self.start}",
                place="start",
                expected=f"a period that ends by {_LAST}: instants are counted in ns from 1970",
                remedy=f"start by {_LAST - timedelta(days=self.days)}, or take fewer days",
            )
        if not 0.0 <= self.evade <= 1.0:
            raise StudyError(
                f"evade is {self.evade}", place="evade", expected="0 to 1", remedy="write evade: 0.5"
            )
        if not 0.0 <= self.blocking <= 1.0:
            raise StudyError(
                f"blocking is {self.blocking}",
                place="blocking",
                expected="0 to 1",
                remedy="write blocking: 0.9",
            )
        names = [use.id for use in self.narratives]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice or len(names) > 40:
            raise StudyError(
                f"narratives named twice: {', '.join(twice)}" if twice else f"{len(names)} narratives",
                place="narratives",
                expected="at most 40 different names",
                remedy="remove the surplus",
            )

    @property
    def shards(self) -> int:
        """Return the number of logical shards."""
        return -(-self.accounts // self.shard_accounts)

    @cached_property
    def start_ns(self) -> int:
        """Return the first instant, int64 nanoseconds UTC."""
        return int(np.datetime64(self.start, "ns").astype(np.int64))

    @cached_property
    def end_ns(self) -> int:
        """Return the first instant after the period, int64 nanoseconds UTC."""
        return self.start_ns + self.days * NANOS_PER_DAY

    def slices(self) -> list[tuple[int, int]]:
        """Return the posting slices ``[low, high)`` in nanoseconds, in time order."""
        edges = [*range(0, self.days, self.slice_days), self.days]
        return [
            (self.start_ns + low * NANOS_PER_DAY, self.start_ns + high * NANOS_PER_DAY)
            for low, high in pairwise(edges)
        ]

    def blocks(self, low: int, high: int) -> list[int]:
        """Return the instants (ns) between the blocks of a slice, of about ``BLOCK_ORDERS`` each.

        Blocks of a time of day when many pay hold a few times as many. They bound memory and change no row.
        """
        expected = ORDERS_PER_DAY * self.accounts * (high - low) / NANOS_PER_DAY
        count = max(1, math.ceil(expected / BLOCK_ORDERS))
        return [low + (high - low) * number // count for number in range(count + 1)]
