"""People: age, segment, income, pay rhythm, sleep, town and share of income spent."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.agents.calendar.paydays import PAY_GROUPS
from finsim.agents.population.merchants import Firms, towns
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import AFFLUENT, CARD, CURRENT, JOBLESS, RETIRED, SEGMENTS, STUDENT
from finsim.notation import Array, Cents1D, Float1D, Int1D

# assumption: shares, median net monthly income (USD) and its log-sd by segment, in the order of SEGMENTS.
_SHARE = (0.09, 0.57, 0.09, 0.19, 0.06)
_INCOME = (1_000.0, 3_300.0, 8_500.0, 2_200.0, 1_250.0)
_INCOME_SD = (0.35, 0.42, 0.40, 0.40, 0.25)
_AGES = ((18, 26), (22, 64), (32, 70), (63, 90), (20, 63))
# assumption: pay rhythms of employees; biweekly and weekly pay are the most common in the USA.
_RHYTHMS = ("monthly_end", "monthly_25", "semi_monthly", "biweekly_a", "biweekly_b", "weekly")
_RHYTHM_SHARE = (0.16, 0.14, 0.20, 0.19, 0.19, 0.12)


_ACTIVITY = 0.8  # assumption: gamma shape; with it the Gini of payments per card is that of real cards


@dataclass(frozen=True)
class People:
    """One array element per person: shape [P].

    ``current``, ``savings``, ``card``: account positions, -1 for none. ``income``, ``rent``: minor units
    per month (rent 0: owns). ``pay_group``: code of ``paydays.PAY_GROUPS``. ``shift``: seconds by which
    the person's day runs late. ``employer``: paying account. ``online``: taste for buying online, mean 1.
    ``thrift``: share of free money spent in shops. ``activity``: taste for paying often, mean 1.
    """

    current: Int1D
    savings: Int1D
    card: Int1D
    age: Array
    segment: Array
    income: Cents1D
    rent: Cents1D
    pay_group: Array
    shift: Int1D
    town: Array
    employer: Int1D
    online: Float1D
    thrift: Float1D
    activity: Float1D

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self.current)


def holders_of(kinds: Array) -> People:
    """Return one person per current and per card account of ``kinds``, of whom nothing more is known."""
    current, card = np.flatnonzero(kinds == CURRENT), np.flatnonzero(kinds == CARD)
    count = len(current) + len(card)
    none, zero, one = np.full(count, -1), np.zeros(count, dtype=np.int64), np.ones(count)
    held, cards = none.copy(), none.copy()
    held[: len(current)], cards[len(current) :] = current, card
    return People(held, none, cards, zero, zero, zero, zero, zero, zero, zero, zero, one, one, one)


def build_people(
    holdings: tuple[Int1D, Int1D, Int1D],
    settings: Settings,
    rng: np.random.Generator,
) -> People:
    """Draw the people who hold ``holdings`` (current, savings, card positions); they have no employer yet."""
    current, savings, card = holdings
    count = len(current)
    segment = rng.choice(len(SEGMENTS), size=count, p=_SHARE).astype(np.int8)
    ages = np.array(_AGES)[segment]
    age = rng.integers(ages[:, 0], ages[:, 1] + 1).astype(np.int16)
    median, spread = np.array(_INCOME)[segment], np.array(_INCOME_SD)[segment]
    income = np.rint(median * np.exp(spread * rng.standard_normal(count)) * 100).astype(np.int64)
    # assumption: 72 % rent or repay a mortgage by transfer, at 18-34 % of income.
    rents = rng.random(count) < np.where(segment == RETIRED, 0.4, 0.78)
    rent = np.where(rents, np.rint(income * rng.uniform(0.18, 0.34, count) / 500) * 500, 0).astype(np.int64)
    return People(
        current=current,
        savings=savings,
        card=card,
        age=age,
        segment=segment,
        income=income,
        rent=rent,
        pay_group=_pay_groups(segment, rng),
        shift=_shifts(segment, rng),
        town=rng.integers(0, towns(settings), count).astype(np.int16),
        employer=np.zeros(count, dtype=np.int64),
        online=np.exp(rng.normal(-0.12, 0.5, count)) * np.where(age > 65, 0.6, 1.0),
        thrift=np.exp(rng.normal(-0.06, 0.12, count)),
        activity=np.clip(rng.gamma(_ACTIVITY, 1.0 / _ACTIVITY, count), 0.04, 6.0),
    )


def _pay_groups(segment: Array, rng: np.random.Generator) -> Array:
    """Return the pay rhythm of each person: employees' rhythms, pension weeks by birth date, benefits."""
    code = {name: position for position, name in enumerate(PAY_GROUPS)}
    rhythm = rng.choice([code[name] for name in _RHYTHMS], size=len(segment), p=_RHYTHM_SHARE)
    # Source: US Social Security pays on the second, third or fourth Wednesday, by day of birth.
    pension = rng.choice([code[f"wednesday_{k}"] for k in (2, 3, 4)], size=len(segment))
    group = np.where(segment == RETIRED, pension, rhythm)
    return np.where(segment == JOBLESS, code["benefit"], group).astype(np.int8)


def _shifts(segment: Array, rng: np.random.Generator) -> Int1D:
    """Return by how many seconds each person's day is late: chronotype, and 3 % night workers."""
    hours = rng.normal(0.0, 1.0, len(segment))
    hours += np.where(segment == STUDENT, 1.2, 0.0) - np.where(segment == RETIRED, 0.8, 0.0)
    # assumption: spreads in hours, shifts of students and retired, share of night workers.
    night = (rng.random(len(segment)) < 0.04) & (segment != RETIRED) & (segment != AFFLUENT)
    hours += np.where(night, rng.uniform(7.0, 11.0, len(segment)), 0.0)
    return np.rint(hours * 3_600).astype(np.int64)


def employ(people: People, outside: Int1D, firms: Firms, rng: np.random.Generator) -> People:
    """Return the people with employers: outside ones by a heavy-tailed size, or firms of the world."""
    count = len(people)
    weight = rng.pareto(1.2, len(outside)) + 0.2
    chosen = outside[rng.choice(len(outside), size=count, p=weight / weight.sum())]
    inside = rng.random(count) < 0.12
    size = firms.turnover.astype(np.float64)
    local = firms.account[rng.choice(len(size), size=count, p=size / size.sum())]
    return replace(people, employer=np.where(inside, local, chosen).astype(np.int64))
