"""Who loses the job when unemployment rises, in which order, and what they spend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.borrowers.loan_courses import NEVER, LoanCourses
from finsim.agents.economy.household_economy import Economy
from finsim.agents.population.people import People
from finsim.agents.vocabulary import AFFLUENT, JOBLESS, RETIRED, STUDENT
from finsim.notation import Array, Bool1D, Float1D, Int1D
from finsim.randomness import Streams

# assumption: the unemployed buy a fifth less of what they choose to buy.
SPENDING_WITHOUT_SALARY = 0.8
# assumption: risk of losing the job over that of a worker; the young lose it about twice as often.
_RISK = {STUDENT: 1.5, AFFLUENT: 0.5}
_YOUNG, _YOUNG_RISK = 25, 1.8
# assumption: seven in ten borrowers default because they lost their income, the others take it elsewhere.
_LOSES = 0.7
_MISSED_BEFORE = 2  # months from the first missed instalment to default
_NEVER = 1 << 40
# assumption: lay-offs cluster at employers, whose risks are gamma with mean 1 and this shape.
_EMPLOYER_SHAPE = 1.0


@dataclass(frozen=True)
class Jobs:
    """The order in which a shard's people lose their salary.

    ``place``: float64[P], the share of salaries that is lost before the person's own; above 1 for people
    without one. The order is that of every scenario, so a harder one takes those of a milder one too.
    ``stops``, ``leaves``: int64[P], the day on which a borrower who will default loses the job, or takes
    the salary to another bank. ``taken``: float64[D], the share of salaries that those job losses after the
    first day are: the rest of the move of unemployment falls on others.
    """

    place: Float1D
    economy: Economy
    stops: Int1D
    leaves: Int1D
    taken: Float1D

    def lost(self, person: Int1D, day: Int1D) -> Bool1D:
        """Return whether the job of ``person`` (position in the shard) is lost on ``day``."""
        inside = np.clip(day, 0, len(self.taken) - 1)
        share = self.economy.jobs_lost[inside] - self.taken[inside]
        found: Bool1D = (self.place[person] < share) | (self.stops[person] <= day)
        return found

    def left(self, person: Int1D, day: Int1D) -> Bool1D:
        """Return whether ``person`` has their salary paid elsewhere on ``day``."""
        found: Bool1D = (self.leaves[person] <= day) & ~self.lost(person, day)
        return found

    def spending(self, person: Int1D, day: Int1D) -> Float1D:
        """Return the factor of what people choose to buy: less while their salary has stopped."""
        return np.where(self.lost(person, day) | self.left(person, day), SPENDING_WITHOUT_SALARY, 1.0)

    def in_calm(self, economy: Economy) -> Jobs:
        """Return the same people in a calm ``economy``: nobody loses a job."""
        never = np.full(len(self.place), _NEVER)
        return Jobs(self.place, economy, never, never, np.zeros(len(self.taken)))


def jobs(
    people: People,
    who: Int1D,
    paid: Bool1D,
    economy: Economy,
    streams: Streams,
    trouble: tuple[Int1D, Int1D] | None = None,
) -> Jobs:
    """Return the order of job loss of the people ``who`` of a shard, of whom ``paid`` have pay of some kind.

    Weighted sampling without replacement: smallest exponential over risk first (Efraimidis and Spirakis
    2006), so the share of salaries that stop is the move of unemployment to one person.
    ``streams`` are those of the study: an employer has one risk in all shards. ``trouble``: the days on
    which borrowers lose the job or take their salary away (``trouble_of``).
    """
    place, days = np.full(len(who), 2.0), len(economy.jobs_lost)
    never = np.full(len(who), _NEVER)
    segment = people.segment[who]
    has_pay = paid & (segment != RETIRED) & (segment != JOBLESS)
    stops, leaves = (np.where(has_pay, day, never) for day in trouble or (never, never))
    earns = np.flatnonzero(has_pay)
    # Whose trouble began before the first day lost the job before the jump-off: no part of a move from there.
    ended = np.sort(stops[earns][stops[earns] > 0])
    taken = np.searchsorted(ended, np.arange(days), side="right") / max(1, len(earns))
    if not economy.jobs_lost.any():
        return Jobs(place, economy, stops, leaves, taken)
    rng = streams.at("agents", "lay-offs")
    employer = people.employer[who]
    risk = rng.gamma(_EMPLOYER_SHAPE, 1.0 / _EMPLOYER_SHAPE, int(people.employer.max()) + 1)[employer]
    risk *= _by_age_and_segment(people, who)
    luck = streams.at("agents", "lay-offs", "people").exponential(size=len(people.current))[who]
    others = earns[stops[earns] == _NEVER]
    order = others[np.argsort(luck[others] / np.maximum(risk[others], 1e-9), kind="stable")]
    place[order] = (np.arange(len(order)) + 0.5) / max(1, len(earns))
    return Jobs(place, economy, stops, leaves, taken)


def trouble_of(
    courses: LoanCourses, people: People, who: Int1D, months: Int1D, streams: Streams
) -> tuple[Int1D, Int1D]:
    """Return the day on which each of ``who`` loses the job, and on which they take the salary elsewhere.

    It is the first day of a month, one to three months before the first instalment that a defaulting
    borrower misses. ``months``: day index on which each month of the clock begins. What happens to a person
    is the same in every scenario; whether and when, the loan panel says.
    """
    size = len(people.current)
    rng = streams.at("agents", "borrowers", "trouble")
    ahead = rng.integers(1, 4, size)
    loses = rng.random(size) < _LOSES
    default = np.full(size, NEVER, dtype=np.int64)
    np.minimum.at(default, courses.person, courses.default)
    month = default - _MISSED_BEFORE - ahead
    # Months before the clock: trouble has begun before the first day.
    known = np.concatenate([[0], months])
    day = np.where(default == NEVER, _NEVER, known[np.clip(month, 0, len(months))])
    day = np.where(month > len(months), _NEVER, day)
    stops, leaves = (np.where(mine, day, _NEVER)[who] for mine in (loses, ~loses))
    return stops, leaves


def _by_age_and_segment(people: People, who: Int1D) -> Float1D:
    segment: Array = people.segment[who]
    risk = np.where(people.age[who] < _YOUNG, _YOUNG_RISK, 1.0)
    for code, factor in _RISK.items():
        risk = np.where(segment == code, factor, risk)
    return risk
