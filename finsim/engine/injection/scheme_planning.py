"""Schemes of narratives among the entities of a ledger: how many, when, who, and every payment of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.narratives.narrative_needs import Carried
from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.casting_by_activity import Activity, cast_by_activity
from finsim.agents.schemes.planned_payment import Stage, settling_sorts
from finsim.agents.schemes.role_casting import (
    Candidates,
    Member,
    Pool,
    cast,
    refuse_empty,
)
from finsim.agents.schemes.scheme_generation import vocabulary
from finsim.agents.schemes.scheme_phases import stage_scheme
from finsim.agents.schemes.scheme_plan import SchemePlan, Words, lay_plan
from finsim.agents.schemes.start_times import Arrival, exposure
from finsim.engine.injection.accounts.merchant_hours import MerchantHours
from finsim.engine.injection.accounts.other_sides import OtherSides
from finsim.engine.injection.accounts.related_times import RelatedTimes
from finsim.engine.injection.entity_histories import NOBODY
from finsim.engine.injection.fitting_shops import ShopHabits, with_fitting_shops
from finsim.engine.injection.ledger_clock import LedgerClock
from finsim.engine.injection.ledger_population import LedgerPopulation
from finsim.engine.injection.money.ledger_currencies import Currencies
from finsim.engine.injection.money.money_laws import MoneyLaws
from finsim.engine.injection.money.passed_on import Bounds, is_passed_on, is_spent, no_fees, passed_on
from finsim.engine.injection.money.scheme_money import Money, posted_scheme
from finsim.engine.injection.places.local_shops import LocalShops
from finsim.engine.injection.places.payees_nearby import with_payees_nearby
from finsim.errors import Problem, StudyError
from finsim.notation import NANOS_PER_DAY, Bool1D, Cents1D, Float1D, Int1D
from finsim.randomness import Streams

BLOCK = 1_000_000
_TRIES = 12
_CASTS = 8  # of a scheme, until all its payments lie in the lives of their accounts
_IDLE_NS = 30 * NANOS_PER_DAY  # assumption: an entity without a row for so long is closed
_MOST_EMPTY = 200
QUIET = "victim_sleep"
GOLDEN = (5.0**0.5 - 1.0) / 2.0
SECOND = 0.5698402909980532
"""Places of schemes in amounts lie evenly too, by another step than those in time (Roberts 2018)."""


Labels = tuple[bool, bool, str, str]


@dataclass(frozen=True, slots=True)
class PlannedScheme:
    """One scheme of m payments in time order, int64[m]: when, who pays whom, how much.

    ``labels`` are fraud, laundering, phase and role of each payment, ``currency`` that of all, -1 for any.
    """

    instance: int
    story: Narrative
    typology: str
    time: Int1D
    payer: Int1D
    payee: Int1D
    amounts: Cents1D
    labels: tuple[Labels, ...]
    currency: int = NOBODY

    def __len__(self) -> int:
        """Return the number of payments."""
        return len(self.time)

    @staticmethod
    def of(
        instance: int, story: Narrative, orders: Orders, amounts: Cents1D, plan: SchemePlan, currency: int
    ) -> PlannedScheme:
        """Return a scheme from its posted orders."""
        return PlannedScheme(
            instance, story, plan.typologies[int(plan.typology[0])], orders.ts, orders.payer, orders.payee,
            amounts,
            tuple(
                (
                    bool(plan.fraud[at]), bool(plan.laundering[at]), plan.phases[int(plan.phase[at])],
                    plan.roles[int(plan.role[at])],
                )
                for at in orders.plan_row.tolist()
            ),
            currency,
        )  # fmt: skip


@dataclass(frozen=True)
class World:
    """What schemes are planned in: the entities, their clock, money, currencies, shops, times, their hours.

    ``is_statement``: a payment is a row of each account that it has; ``sides``: of each that holds rows.
    """

    people: LedgerPopulation
    clock: LedgerClock
    money: MoneyLaws
    currencies: Currencies | None = None
    shops: ShopHabits | None = None
    times: RelatedTimes | None = None
    hours: MerchantHours | None = None
    is_statement: bool = False
    sides: OtherSides | None = None
    places: LocalShops | None = None

    def rows_of(self, scheme: PlannedScheme) -> int:
        """Return how many rows a scheme makes."""
        if self.sides is not None:
            holds = np.append(self.sides.holds, False)
            both = holds[self.people.entity[scheme.payer]] & holds[self.people.entity[scheme.payee]]
            return len(scheme) + int(both.sum())
        if not self.is_statement:
            return len(scheme)
        sides = self.people.entity[scheme.payer], self.people.entity[scheme.payee]
        return max(1, sum(int((side >= 0).sum()) for side in sides))


def planned_schemes(
    stories: Sequence[Carried], world: World, rows: int, rate: float | None, streams: Streams
) -> list[PlannedScheme]:
    """Return the schemes of all narratives.

    ``rate`` is the share of ``rows`` (real ones) to add, split evenly between the narratives: schemes are
    added until it is reached. None: each narrative's own rate per entity and year, a Poisson number of
    schemes, one at least and no more than there are entities in the sample.
    Raises StudyError when nobody can play a role.
    """
    words = vocabulary([one.narrative for one in stories])
    problems: list[Problem] = []
    found: list[PlannedScheme] = []
    for position, one in enumerate(stories):
        story = one.narrative
        own = streams.under("inject", story.id)
        expected = expected_number(story, world)
        try:
            who = _who(story, world, expected, own)
        except StudyError as nobody:
            problems.extend(nobody.problems)
            continue
        wanted = None if rate is None else rate * rows / len(stories)
        number = BLOCK - 1
        if wanted is None:
            number = max(1, min(int(own.at("number").poisson(expected)), world.people.members))
        made, held, empty = list[PlannedScheme](), 0, 0
        for scheme in _schemes(story, position, who, world, words, number, own):
            if scheme is None:
                empty += 1
                if empty > _MOST_EMPTY:
                    break
                continue
            made.append(scheme)
            held += world.rows_of(scheme)
            if wanted is not None and held >= wanted:
                break
        if not made:
            problems.append(Problem(
                f"narrative {story.id}", "no scheme of it fits between the entities of this table",
                "enough active entities", "give a longer or larger file",
            ))  # fmt: skip
        found += made
    if problems:
        raise StudyError.of(problems)
    return found


def expected_number(story: Narrative, world: World) -> float:
    """Return the number of schemes that a narrative's own rate expects in the whole table."""
    people = world.people
    years = exposure(story.rate.per, people.population, people.settings)
    years = years or exposure("account_year", people.population, people.settings)
    return story.rate.value * years * people.entities


def _who(story: Narrative, world: World, expected: float, own: Streams) -> dict[str, Candidates]:
    """Return who may play each role, weighted by how often they pay or are paid."""
    people = world.people
    activity = Activity(people.activity_out, people.activity_in)
    found = {
        name: cast_by_activity(
            story, name, people.population, activity, Pool(expected, 1.0, own.under("role", name))
        )
        for name in story.roles
    }
    refuse_empty(story, found)
    return found


def _schemes(
    story: Narrative, position: int, who: Mapping[str, Candidates], world: World, words: Words, number: int,
    own: Streams,
) -> Iterator[PlannedScheme | None]:  # fmt: skip
    """Yield schemes one by one, None for one that nobody could be cast for or that moves nothing."""
    people = world.people
    sort = settling_sorts(people.population.outside)
    stage = Stage(story, 0, words[1], words[2], words[3], people.population, world.clock, {}, sort)
    running, (offset, low) = np.cumsum(world.clock.daily), own.at("arrivals").random(2).tolist()
    for index in range(number):
        script = own.under("scheme", index)
        place, part = (offset + index * GOLDEN) % 1.0, (low + index * SECOND) % 1.0
        arrival = _arrival(story, (position + 1) * BLOCK + index, place, running, people, script)
        able, code = who, NOBODY
        if world.currencies:
            able, code = world.currencies.of_scheme(who, script.at("currency"))
        best, fewest = None, -1
        for attempt in range(_CASTS):
            mine = script.under("again", attempt) if attempt else script
            made = _scheme((story, able, code), stage, (arrival, part), world, words, mine)
            outside = 0 if made is None else _outside_lives(made, people)
            if made is not None and (best is None or outside < fewest):
                best, fewest = made, outside
            if not outside:
                break
        yield best


def _scheme(
    cast_as: tuple[Narrative, Mapping[str, Candidates], int], stage: Stage, when: tuple[Arrival, float],
    world: World, words: Words, script: Streams,
) -> PlannedScheme | None:  # fmt: skip
    """Return one scheme, None where nobody could be cast or nothing is moved."""
    (story, able, code), (arrival, part), people = cast_as, when, world.people
    members = _members(story, able, people, arrival.start, script)
    if members is None:
        return None
    scheme = stage_scheme(stage, arrival, members, script.at("stage"))
    if not scheme.steps:
        return None
    orders, plan = lay_plan([scheme], words)
    orders = orders.take(np.flatnonzero(orders.payer != orders.payee))  # nobody pays itself
    law = world.money.of_scheme(code, _relations(orders, people))
    kept, amounts = posted_scheme(orders, plan, people, (law, part), script.at("money"))
    kept, amounts = _tied(kept, amounts, plan, (world, law), script)
    kept = replace(kept, ts=world.clock.written(kept.ts, np.zeros(len(kept), dtype=np.int64)))
    if world.shops is not None:
        fitting, rng = (world.shops, people.shop), script.at("shops")
        kept = with_fitting_shops(kept, amounts, (able, members), fitting, rng)
        if world.places is not None:
            near, ends, rng = (world.places, world.shops), (people.entity, people.shop), script.at("places")
            kept = with_payees_nearby(kept, amounts, able, near, ends, rng)
    if world.hours is not None:
        shop, rng = people.shop[kept.payee], script.at("merchant hours")
        kept = replace(kept, ts=world.hours.moved(kept.ts, shop, _quiet(kept, plan, story), rng))
    if world.times is not None:
        kept = replace(kept, ts=world.times.moved(kept.ts, _relations(kept, people)))
    return PlannedScheme.of(arrival.id, story, kept, amounts, plan, code) if len(kept) else None


def _quiet(kept: Orders, plan: SchemePlan, story: Narrative) -> Bool1D:
    """Return which payments the story sets in the hours when their payer sleeps: bool[m]."""
    names = quiet_phases(story)
    phase = [plan.phases[int(plan.phase[row])] for row in kept.plan_row.tolist()]
    return np.array([one in names for one in phase], dtype=np.bool_)


def quiet_phases(story: Narrative) -> frozenset[str]:
    """Return the names of the phases of a story whose payments are made while the payer sleeps."""
    return frozenset(one.name for one in story.phases if one.timing.calendar == QUIET)


def _tied(
    kept: Orders, amounts: Cents1D, plan: SchemePlan, ledger: tuple[World, Money], script: Streams
) -> tuple[Orders, Cents1D]:
    """Return payments with sums of their relations, no more passed on or spent than written as received."""
    (world, law), people = ledger, ledger[0].people
    kinds = _relations(kept, people) if world.money.of_relation else None
    if kinds is not None:
        amounts = world.money.as_related(amounts, kinds, law, script.at("related"))
    shops = np.stack([people.shop[kept.payer], people.shop[kept.payee]], axis=1)
    spends = is_spent(kept, plan.steps, shops)
    if not (is_passed_on(kept, plan.steps) | spends).any():
        return kept, amounts
    ends = people.entity[kept.payer] >= 0, people.entity[kept.payee] >= 0
    rng = script.at("passed on")

    def of_row(row: int) -> Money:
        return law if kinds is None else world.money.of_relation.get(int(kinds[row]), law)

    def written(sums: Float1D, rows: Int1D, most: float) -> Cents1D:
        return of_row(rows[0]).at_most(sums, (ends[0][rows], ends[1][rows]), most, rng)

    least = of_row(int(np.flatnonzero(spends)[0])).least() if spends.any() else 1
    fees = world.sides.fees if world.sides is not None and world.sides.differs else no_fees
    bounds = Bounds(spends, least, shops.max(axis=1) < 0, fees)
    some, amounts = passed_on(kept, amounts, plan.steps, written, bounds)
    return kept.take(np.flatnonzero(some)), amounts[some]


def _outside_lives(scheme: PlannedScheme, people: LedgerPopulation) -> int:
    """Return how many payments of a scheme an account gives or gets when it is not used yet, or no more."""
    outside = np.zeros(len(scheme), dtype=np.bool_)
    for side in (scheme.payer, scheme.payee):
        outside |= (scheme.time < people.since[side]) | (scheme.time > people.until[side])
    return int(outside.sum())


def _relations(orders: Orders, people: LedgerPopulation) -> Int1D:
    """Return the relation int64[m] of each payment; see ``account_sorts``."""
    ends = people.entity[orders.payer], people.entity[orders.payee], people.shop[orders.payee]
    return people.sorts.of_payments(*ends)


def _arrival(
    story: Narrative, instance: int, place: float, running: Float1D, people: LedgerPopulation,
    script: Streams,
) -> Arrival:  # fmt: skip
    """Return when a scheme starts, and the variant of its story.

    ``place`` in [0, 1) is where it starts in the ledger's activity, summed over days. Those of schemes lie
    evenly, as multiples of the golden ratio do (Weyl 1916): of few schemes drawn one by one some begin
    within days of each other, and the day gives them away.
    """
    rng = script.at("arrival")
    day = min(int(np.searchsorted(running, place * running[-1], side="right")), len(running) - 1)
    start = (
        people.settings.start_ns
        + day * NANOS_PER_DAY
        + int(rng.integers(0, NANOS_PER_DAY // 1_000_000)) * 1_000_000
    )
    names = list(story.variants)
    if not names:
        return Arrival(instance, start, "")
    weight = np.array([story.variants[name].weight for name in names])
    return Arrival(instance, start, names[int(rng.choice(len(names), p=weight / weight.sum()))])


def _members(
    story: Narrative, who: Mapping[str, Candidates], people: LedgerPopulation, start: int, script: Streams
) -> dict[str, list[Member]] | None:
    """Return the members of a scheme, all of them still in use when it starts."""
    for attempt in range(_TRIES):
        found = cast(story, who, people.population, people.settings, start, script.under("cast", attempt))
        if found is not None and all(
            people.last[one.account] >= start - _IDLE_NS for group in found.values() for one in group
        ):
            return found
    return None
