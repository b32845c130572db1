"""Who loses the job when unemployment rises, in which order, and what they spend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.economy.household_economy import Economy
from finsim.agents.population.people import People
from finsim.agents.vocabulary import AFFLUENT, JOBLESS, RETIRED, STUDENT
from finsim.notation import Array, Bool1D, Float1D, Int1D
from finsim.randomness import Streams

# assumption: the unemployed buy a fifth less of what they choose to buy.
_SPENDING = 0.8
# assumption: risk of losing the job over that of a worker; the young lose it about twice as often.
_RISK = {STUDENT: 1.5, AFFLUENT: 0.5}
_YOUNG, _YOUNG_RISK = 25, 1.8
# assumption: lay-offs cluster at employers, whose risks are gamma with mean 1 and this shape.
_EMPLOYER_SHAPE = 1.0


@dataclass(frozen=True)
class Jobs:
    """The order in which a shard's people lose their salary.

    ``place``: float64[P], the share of salaries that is lost before the person's own; above 1 for people
    without one. The order is that of every scenario, so a harder one takes those of a milder one too.
    """

    place: Float1D
    economy: Economy

    def lost(self, person: Int1D, day: Int1D) -> Bool1D:
        """Return whether the salary of ``person`` (position in the shard) has stopped on ``day``."""
        inside = np.clip(day, 0, len(self.economy.jobs_lost) - 1)
        found: Bool1D = self.place[person] < self.economy.jobs_lost[inside]
        return found

    def spending(self, person: Int1D, day: Int1D) -> Float1D:
        """Return the factor of what people choose to buy: less while their salary has stopped."""
        return np.where(self.lost(person, day), _SPENDING, 1.0)


def jobs(people: People, who: Int1D, paid: Bool1D, economy: Economy, streams: Streams) -> Jobs:
    """Return the order of job loss of the people ``who`` of a shard, of whom ``paid`` have pay of some kind.

    Weighted sampling without replacement: smallest exponential over risk first (Efraimidis and Spirakis
    2006), so the share of salaries that stop is the move of unemployment to one person.
    ``streams`` are those of the study: an employer has one risk in all shards.
    """
    place = np.full(len(who), 2.0)
    if not economy.jobs_lost.any():
        return Jobs(place, economy)
    rng = streams.at("agents", "lay-offs")
    employer = people.employer[who]
    risk = rng.gamma(_EMPLOYER_SHAPE, 1.0 / _EMPLOYER_SHAPE, int(people.employer.max()) + 1)[employer]
    risk *= _by_age_and_segment(people, who)
    luck = streams.at("agents", "lay-offs", "people").exponential(size=len(people.current))[who]
    segment = people.segment[who]
    earns = np.flatnonzero(paid & (segment != RETIRED) & (segment != JOBLESS))
    order = earns[np.argsort(luck[earns] / np.maximum(risk[earns], 1e-9), kind="stable")]
    place[order] = (np.arange(len(order)) + 0.5) / max(1, len(order))
    return Jobs(place, economy)


def _by_age_and_segment(people: People, who: Int1D) -> Float1D:
    segment: Array = people.segment[who]
    risk = np.where(people.age[who] < _YOUNG, _YOUNG_RISK, 1.0)
    for code, factor in _RISK.items():
        risk = np.where(segment == code, factor, risk)
    return risk
