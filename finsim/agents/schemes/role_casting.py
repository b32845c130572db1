"""Assign roles: weighted choice among the accounts, shops and external accounts that fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.narratives.narrative_roles import Role, Select
from finsim.agents.population.population import Population
from finsim.agents.schemes.evasion import members_wanted
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CATEGORY, KINDS, SEGMENTS
from finsim.errors import Problem, StudyError
from finsim.notation import DAY, NANOS_PER_DAY, Array, Bool1D, Float1D, Int1D
from finsim.randomness import Streams

_TRIES = 64


@dataclass(frozen=True)
class Member:
    """One player: account position, shop position or -1, and the role it plays."""

    account: int
    shop: int
    role: str


@dataclass(frozen=True)
class Candidates:
    """Who may play one role: account and shop positions with running weights; limits on account age."""

    account: Int1D
    shop: Int1D
    running: Float1D
    youngest: float
    oldest: float
    pool: Int1D
    share: float


@dataclass(frozen=True)
class Pool:
    """What a standing pool of members depends on: expected schemes, the recruiting drive, its streams."""

    expected: float
    recruit: float
    streams: Streams


def account_facts(population: Population) -> dict[str, Array]:
    """Return what a narrative may ask of accounts, nan where it does not apply: float64 [A] each."""
    accounts, people, firms = population.accounts, population.people, population.firms
    size = len(accounts)
    facts = {
        name: np.full(size, np.nan) for name in ("age", "income", "degree", "segment", "online", "turnover")
    }
    degree = population.contacts.degree()
    for held in (people.current, people.savings, people.card):
        mine = held >= 0
        rows = held[mine]
        facts["age"][rows] = people.age[mine]
        facts["income"][rows] = people.income[mine] / 100
        facts["degree"][rows] = degree[mine]
        facts["segment"][rows] = people.segment[mine]
        facts["online"][rows] = people.online[mine]
    facts["turnover"][firms.account] = firms.turnover / 100
    facts["opening"] = accounts.opening / 100
    facts["limit"] = accounts.overdraft / 100
    return facts


def candidates(role: Role, population: Population, facts: Mapping[str, Array], pool: Pool) -> Candidates:
    """Return who may play a role; nobody fits when ``account`` is empty.

    Of accounts, a recruiting drive divides the share that comes from the standing pool.
    """
    select = role.select
    if select.shops:
        account, shop, weight = _shops(select, population)
    elif select.outside:
        account = np.concatenate([population.outside[name] for name in select.outside])
        shop, weight = np.full(len(account), -1), np.ones(len(account))
    else:
        account, weight = _accounts(select, population, facts)
        shop = np.full(len(account), -1)
    useful = weight > 0
    account, shop, running = account[useful], shop[useful], np.cumsum(weight[useful])
    age = select.where.get("account_days")
    limits = (age.low, age.high) if age else (0.0, np.inf)
    reused, share = np.zeros(0, dtype=np.int64), 0.0
    if role.reuse and len(account):
        size = max(2, int(np.ceil(role.reuse.pool * pool.expected)))
        u = pool.streams.at("pool").random(size)
        reused = np.searchsorted(running, u * running[-1], side="right")
        share = role.reuse.share / (pool.recruit if select.accounts else 1.0)
    return Candidates(account, shop, running, limits[0], limits[1], reused, share)


def _accounts(select: Select, population: Population, facts: Mapping[str, Array]) -> tuple[Int1D, Float1D]:
    accounts = population.accounts
    fits = np.isin(accounts.kind, [KINDS.index(kind) for kind in select.accounts])
    for name, condition in select.where.items():
        if name == "segment":
            fits &= np.isin(facts[name], [SEGMENTS.index(word) for word in condition.words])
        elif name != "account_days":
            fits &= condition.holds(facts[name])
    rows = np.flatnonzero(fits)
    weight = np.ones(len(rows))
    for name, power in select.weight.items():
        weight *= _powered(facts[name][rows], power)
    return rows, weight


def _powered(fact: Array, power: float) -> Float1D:
    """Return fact^power; 0 for a fact that is not above 0 or not known, so that weights stay finite."""
    known = np.nan_to_num(np.asarray(fact, dtype=np.float64))
    found = np.full(len(known), float(power == 0.0))
    above = known > 0
    found[above] = known[above] ** power
    return found


def _shops(select: Select, population: Population) -> tuple[Int1D, Int1D, Float1D]:
    shops = population.merchants
    fits = np.ones(len(shops), dtype=np.bool_)
    if "any" not in select.shops:
        fits = np.isin(shops.category, [CATEGORY[name] for name in select.shops])
    facts = {"ticket": shops.ticket / 100, "online": shops.online, "popularity": shops.popularity}
    for name, condition in select.where.items():
        fits &= condition.holds(facts[name])
    rows = np.flatnonzero(fits)
    weight = np.ones(len(rows))
    for name, power in select.weight.items():
        weight *= _powered(facts[name][rows], power)
    return shops.account[rows], rows, weight


def choose(
    role: str,
    who: Candidates,
    population: Population,
    settings: Settings,
    start: int,
    avoid: tuple[set[int], set[int]],
    rng: np.random.Generator,
) -> Member | None:
    """Return one member that is open long enough at ``start`` and not yet cast; None when nobody fits.

    ``avoid`` holds accounts already in the scheme, and banks to stay away from while that is possible.
    """
    accounts = population.accounts
    day = np.datetime64(settings.start) + (start - settings.start_ns) // NANOS_PER_DAY * DAY
    fallback: Member | None = None
    for _ in range(_TRIES):
        u = rng.random()
        if len(who.pool) and rng.random() < who.share:
            index = int(who.pool[int(u * len(who.pool))])
        else:
            index = int(np.searchsorted(who.running, u * who.running[-1], side="right"))
        account = int(who.account[index])
        days = int((day - accounts.opened[account]).astype(np.int64))
        if account in avoid[0] or not max(who.youngest, 1.0) <= days <= who.oldest:
            continue
        fallback = Member(account, int(who.shop[index]), role)
        if int(accounts.bank[account]) not in avoid[1]:
            return fallback
    return fallback or _searched(role, who, accounts.opened, day, avoid[0], rng)


def _searched(
    role: str, who: Candidates, opened: Array, day: np.datetime64, taken: set[int], rng: np.random.Generator
) -> Member | None:
    """Return a member drawn among all that fit, where draws among all candidates found nobody."""
    free = open_at(who, opened, day) & ~np.isin(who.account, list(taken))
    rows = np.flatnonzero(free)
    if not len(rows):
        return None
    running = np.cumsum(np.diff(who.running, prepend=0.0)[rows])
    place = int(
        rows[min(int(np.searchsorted(running, rng.random() * running[-1], side="right")), len(rows) - 1)]
    )
    return Member(int(who.account[place]), int(who.shop[place]), role)


def open_at(who: Candidates, opened: Array, day: np.datetime64) -> Bool1D:
    """Return which candidates are open long enough on a day: bool[candidates]."""
    days = (day - opened[who.account]).astype(np.int64)
    fits: Bool1D = (days >= max(who.youngest, 1.0)) & (days <= who.oldest)
    return fits


def cast(
    narrative: Narrative,
    who: Mapping[str, Candidates],
    population: Population,
    settings: Settings,
    start: int,
    streams: Streams,
) -> dict[str, list[Member]] | None:
    """Return the members of every role for one scheme, or None when a role cannot be filled."""
    found, _ = filled(narrative, who, population, settings, start, streams)
    return found if all(found.values()) else None


def filled(
    narrative: Narrative,
    who: Mapping[str, Candidates],
    population: Population,
    settings: Settings,
    start: int,
    streams: Streams,
) -> tuple[dict[str, list[Member]], dict[str, tuple[int, int]]]:
    """Return the members of every role for one scheme; for roles with too few, members drawn and found.

    Each role has its own stream: another member in one role changes no other role at random.

    Nobody plays two roles. With the level of ``cross_bank`` a member banks elsewhere than the one before.
    """
    short: dict[str, tuple[int, int]] = {}
    taken: set[int] = set()
    level = narrative.level("cross_bank")
    found: dict[str, list[Member]] = {}
    bank = 0
    for name, role in narrative.roles.items():
        found[name] = []
        rng = streams.at(name)
        wanted = members_wanted(narrative, name, max(1, round(role.n.sample(rng))))
        for _ in range(wanted):
            avoid = {bank} if bank and rng.random() < level else set()
            member = choose(name, who[name], population, settings, start, (taken, avoid), rng)
            if member is None:
                break
            found[name].append(member)
            taken.add(member.account)
            bank = int(population.accounts.bank[member.account])
        if len(found[name]) < wanted:
            short[name] = (wanted, len(found[name]))
    return found, short


def refuse_short(
    narrative: Narrative, short: Mapping[str, tuple[int, int]], who: Mapping[str, Candidates],
    population: Population, day: np.datetime64,
) -> None:  # fmt: skip
    """Raise StudyError for a scheme of a fixed number that cannot be cast as its roles ask.

    A role of outside accounts, which stand for many, needs one; others the least of their ``n``.
    """
    problems = []
    for name, (wanted, made) in short.items():
        role = narrative.roles[name]
        least = 1 if role.select.outside else max(1, round(role.n.range()[0]))
        if made >= least:
            continue
        fits = int(open_at(who[name], population.accounts.opened, day).sum())
        problems.append(
            Problem(
                f"narrative {narrative.id}: role {name}",
                f"a scheme that starts on {day} asks for {wanted:,} members, {fits:,} fit, {made:,} are free",
                "enough members for the number of schemes that is asked for",
                "loosen the role's `where:`, lower its `n:`, enlarge the world, or give a rate for the count",
            )
        )
    if problems:
        raise StudyError.of(problems)


def refuse_empty(narrative: Narrative, who: Mapping[str, Candidates]) -> None:
    """Raise StudyError when the world has nobody who could play a role of the narrative."""
    empty = [name for name, found in who.items() if not len(found.account)]
    if empty:
        raise StudyError.of(
            Problem(
                f"narrative {narrative.id}",
                f"nobody in this world fits role {name!r}",
                "at least one account, shop or outside account that does",
                "enlarge the world or loosen the role's `where:`",
            )
            for name in empty
        )
