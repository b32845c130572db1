"""Bills of households: rent, utilities, insurance, loans, card statements and bank fees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.amount_rounding import exact, notes
from finsim.agents.calendar.hours_of_day import PROFILE
from finsim.agents.everyday.after_purchases import CardSpending
from finsim.agents.everyday.draft_orders import Draft, Life, Parties, draft, join
from finsim.agents.vocabulary import CHANNEL, PURPOSE
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Cents1D, Float1D, Int1D, Nanos1D

_LATE = 0.04  # assumption: one bill in 25 that is paid by hand is late, by six days in the mean.


@dataclass(frozen=True)
class Bill:
    """A monthly bill of several people: due day of month, parties, amounts [months, N] or [N]."""

    due: Int1D
    payer: Int1D
    payee: Int1D
    amount: Cents1D
    channel: Array | int
    purpose: int
    by_hand: bool = False


def bills(life: Life) -> Draft:
    """Return the bills of a shard's people, without card statements."""
    rng = life.streams.at("bills")
    parts = [_rent(life, rng)]
    parts += [_utility(life, rng, number) for number in range(3)]
    parts += [_insurance(life, rng), _loans(life, rng), _fees(life, rng)]
    return join(parts)


def _monthly(life: Life, bill: Bill, rng: np.random.Generator) -> Draft:
    """Return one bill in every month of the period, late where the payer forgot it."""
    due = life.season.monthly(bill.due)
    months, size = due.shape
    day = due.ravel()
    forgot, wait = rng.random(len(day)), 1 + rng.exponential(6.0, len(day)).astype(np.int64)
    if bill.by_hand:
        inside = np.clip(day, 0, life.settings.days - 1)
        late = forgot < np.minimum(_LATE * life.behaviour.late[inside], 0.9)
        day = np.where(late & (day >= 0), day + wait, day)
    profile = PROFILE["transfer"] if bill.by_hand else PROFILE["batch"]
    ts = life.when(profile, day, np.tile(rng.random(size), months))
    amount = np.broadcast_to(bill.amount, (months, size)).ravel()
    channel = bill.channel if isinstance(bill.channel, int) else np.tile(bill.channel, months)
    parties = Parties(np.tile(bill.payer, months), np.tile(bill.payee, months))
    return draft(ts, parties, amount, channel, bill.purpose).thinned(life.in_period(day))


def _rent(life: Life, rng: np.random.Generator) -> Draft:
    """Rent and mortgages in the first days of the month; one landlord in four is a private person."""
    people, outside = life.population.people, life.population.outside
    mine = life.people[people.rent[life.people] > 0]
    size = len(mine)
    firm = rng.choice(np.concatenate([outside["landlord"], outside["lender"]]), size)
    person = people.current[rng.integers(0, len(people), size)]
    payee = np.where(rng.random(size) < 0.25, person, firm)
    code = rng.random(size)
    channel = np.where(
        code < 0.5, CHANNEL["ach"], np.where(code < 0.85, CHANNEL["instant"], CHANNEL["cheque"])
    )
    due = 1 + np.minimum(rng.geometric(0.45, size) - 1, 9)
    floats = _floating(life, size) & np.isin(payee, outside["lender"])
    moved = np.where(floats, _on_due_days(life, life.economy.mortgage, due), 1.0)
    amount = exact(people.rent[mine] * moved)
    bill = Bill(due, people.current[mine], payee, amount, channel, PURPOSE["rent"], by_hand=True)
    return _monthly(life, bill, rng)


def _floating(life: Life, size: int) -> Bool1D:
    """Return which mortgages follow the market rate (assumption: one in ten)."""
    return life.streams.at("floating").random(size) < 0.1


def _on_due_days(life: Life, series: Float1D, due: Int1D) -> Float1D:
    """Return a daily series on the due day of each bill in each month: float64 [months, N]."""
    day = np.clip(life.season.monthly(due), 0, life.settings.days - 1)
    found: Float1D = series[day]
    return found


def _utility(life: Life, rng: np.random.Generator, number: int) -> Draft:
    """Power, water and telephone: amounts vary by month for the metered ones."""
    people, outside = life.population.people, life.population.outside
    share, median, spread, monthly = (
        (0.8, 9_500, 0.45, 0.22),
        (0.55, 4_500, 0.4, 0.15),
        (0.9, 6_500, 0.4, 0.0),
    )[number]
    mine = life.people[rng.random(len(life.people)) < share]
    size = len(mine)
    level = median * np.exp(spread * rng.standard_normal(size))
    months = len(life.season.monthly(np.ones(1)))
    amount = exact(level * np.exp(monthly * rng.standard_normal((months, size))))
    payee = rng.choice(outside["utility"], size)
    due = rng.integers(3, 29, size)
    code = np.where(rng.random(size) < 0.75, CHANNEL["direct_debit"], CHANNEL["ach"])
    amount = exact(amount * _on_due_days(life, life.economy.utilities, due))
    return _monthly(life, Bill(due, people.current[mine], payee, amount, code, PURPOSE["utilities"]), rng)


def _insurance(life: Life, rng: np.random.Generator) -> Draft:
    """Insurance: five people in eight, 110 USD a month in the median (assumption)."""
    mine = life.people[rng.random(len(life.people)) < 0.62]
    amount = exact(11_000 * np.exp(0.5 * rng.standard_normal(len(mine))))
    return _debited(life, mine, amount, ("insurer", "insurance"), rng)


def _loans(life: Life, rng: np.random.Generator) -> Draft:
    """Car and student loans: three people in ten, at 4-12 % of income (assumption)."""
    mine = life.people[rng.random(len(life.people)) < 0.3]
    amount = exact(life.population.people.income[mine] * rng.uniform(0.04, 0.12, len(mine)))
    made = _debited(life, mine, amount, ("lender", "loan"), rng)
    if life.courses is None:
        return made
    # Who has a loan of the book pays that one (``instalments.py``).
    return made.thinned(~np.isin(made.payer, life.population.people.current[life.courses.person]))


def _debited(
    life: Life, mine: Int1D, amount: Cents1D, kind: tuple[str, str], rng: np.random.Generator
) -> Draft:
    """Return a bill by direct debit on any day of the month; ``kind`` names the payees and the purpose."""
    firm, purpose = kind
    due = rng.integers(1, 29, len(mine))
    payee = rng.choice(life.population.outside[firm], len(mine))
    account = life.population.people.current[mine]
    return _monthly(life, Bill(due, account, payee, amount, CHANNEL["direct_debit"], PURPOSE[purpose]), rng)


def _fees(life: Life, rng: np.random.Generator) -> Draft:
    """Account fees on the first of the month for a third of people (assumption: 5 to 12 USD)."""
    people, population = life.population.people, life.population
    mine = life.people[rng.random(len(life.people)) < 0.33]
    account = people.current[mine]
    bank = population.accounts.bank[account]
    fee = np.array([500, 695, 1_000, 1_200])[bank % 4]
    payee = population.outside["fees"][bank - 1]
    due = np.ones(len(mine), dtype=np.int64)
    return _monthly(life, Bill(due, account, payee, fee, CHANNEL["internal"], PURPOSE["fee"]), rng)


_STEP = 5  # days between the edges at which spending by card is summed


def _edges(life: Life) -> Nanos1D:
    """Return the instants between which spending by card is summed."""
    count = -(-life.settings.days // _STEP) + 1
    edges: Nanos1D = life.settings.start_ns + np.arange(count) * _STEP * NANOS_PER_DAY
    return edges


def card_spending(life: Life) -> CardSpending:
    """Return what adds up the purchases by card of a shard's people, nothing yet."""
    return CardSpending(life.population.people.card[_holders(life)], _edges(life))


def _holders(life: Life) -> Int1D:
    holders: Int1D = life.people[life.population.people.card[life.people] >= 0]
    return holders


def statements(life: Life, spent: CardSpending) -> Draft:
    """Return card statements: what was bought in the 30 days before, in full or in part.

    assumption: 75 % pay in full, the others 15-70 % of it and at least 25 USD. The first statement
    covers days before the period, so it repeats the next one's size.
    """
    rng = life.streams.at("statements")
    people = life.population.people
    mine = _holders(life)
    size = len(mine)
    closing = rng.integers(1, 29, size)
    due = life.season.monthly(closing)
    share = np.where(rng.random(size) < 0.75, 1.0, rng.uniform(0.15, 0.7, size))
    amount = _statement_sums(spent.total, due)
    amount = np.maximum(exact(amount * share), 2_500)
    payer, card = people.current[mine], people.card[mine]
    channel = np.where(rng.random(size) < 0.5, CHANNEL["ach"], CHANNEL["internal"])
    bill = Bill(
        closing, payer, card, notes(amount.astype(np.float64), 1), channel, PURPOSE["card_payment"], True
    )
    return _monthly(life, bill, rng)


def _statement_sums(total: Float1D, due: Array) -> Float1D:
    """Return the sum of each card's purchases in whole 30-day windows before the due days: [months, N]."""
    count, cards = len(total) + 1, total.shape[1]
    running = np.concatenate([np.zeros((1, cards)), np.cumsum(total, axis=0)])
    column = np.arange(cards)[None, :]
    last = np.clip(due // _STEP, 0, count - 1)
    first = np.clip(last - 30 // _STEP, 0, count - 1)
    days = np.maximum((last - first) * _STEP, 1)
    full = np.where(last > first, (running[last, column] - running[first, column]) * 30 / days, 0.0)
    later = np.roll(full, -1, axis=0)
    sums: Float1D = np.where((due < 20) & (len(due) > 1), np.maximum(later, full), full)
    return sums
