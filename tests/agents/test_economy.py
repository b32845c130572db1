"""What the macro variables of a scenario do to payments: jobs, prices, volumes, instalments, trade."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from finsim.agents.economy.household_economy import READS, calm, economy
from finsim.agents.economy.job_loss import jobs
from finsim.agents.everyday.income import pay_of
from finsim.agents.everyday.ordinary_payments import order_key, ordinary_orders
from finsim.agents.settings import Settings
from finsim.agents.simulate import unstressed
from finsim.agents.vocabulary import CATEGORIES, CATEGORY, CHANNEL, JOBLESS, PURPOSE, RETIRED
from finsim.engine.learned_payments.scenario_moves import as_read
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import identity
from finsim.scenarios.variables import VARIABLES

MONTHS = 36
MOVES = {"unemployment": 5.5, "income_support": 3.0, "disposable_income_growth": -6.0, "inflation": 6.0,
         "oil_price": 80.0, "mortgage_rate": 4.0, "gdp_growth": -5.0}  # fmt: skip


def moved(settings, jump_off=None, behaviour=None, **macro):
    """Drivers whose macro variables make the given move from the first month on."""
    clock = Clock(settings.start - timedelta(days=1), 2, settings.days, MONTHS)
    series = {name: np.broadcast_to(np.asarray(move, float), MONTHS) for name, move in macro.items()}
    return replace(
        identity(clock), scenario="moved", macro=series, jump_off=jump_off or {}, behaviour=behaviour or {}
    )


@pytest.fixture(scope="module")
def orders(world):
    """Ordinary orders of the first shard under moves of the economy; kept, since many tests ask alike."""
    kept = {}

    def made(**macro):
        key = repr(sorted(macro.items()))
        if key not in kept:
            drivers = moved(world.settings, **macro) if macro else unstressed(world.settings)
            kept[key] = ordinary_orders(world.population, world.settings, Streams(7), 0, drivers)
        return kept[key]

    return made


def same(one, other):
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in vars(one))


def of(made, purpose):
    return made.take(made.purpose == PURPOSE[purpose])


def test_each_variable_that_payments_read_moves_them_and_no_other_does(orders):
    assert set(READS) == set(MOVES) <= set(VARIABLES)
    for name in VARIABLES:
        move = {name: MOVES.get(name, 4.0)}
        if name == "income_support":  # it replaces lost salaries: nothing without any
            assert same(orders(**move), orders())
            assert not same(orders(unemployment=5.5, **move), orders(unemployment=5.5))
        else:
            assert same(orders(**move), orders()) == (name not in READS), name


def test_keys_differ_where_orders_do(world):
    still = order_key(unstressed(world.settings))
    for name in VARIABLES:
        assert (order_key(moved(world.settings, **{name: 4.0})) == still) == (name not in READS), name
    assert order_key(moved(world.settings, unemployment=0.0)) == still
    before = [order_key(moved(world.settings, {"mortgage_rate": r}, mortgage_rate=1.0)) for r in (3.0, 6.0)]
    assert before[0] != before[1]


def ordered(world, shard=0, move=5.5):
    settings, people = world.settings, world.population.people
    low = shard * settings.shard_accounts
    who = np.flatnonzero((people.current >= low) & (people.current < low + settings.shard_accounts))
    paid = pay_of(people, who, Streams(7).under("agents", "life", shard))[2]
    return (
        who,
        paid,
        jobs(people, who, paid, economy(moved(settings, unemployment=move), settings), Streams(7)),
    )


def test_the_share_of_salaries_that_stop_is_the_move_of_unemployment(world):
    people = world.population.people
    for shard in range(world.settings.shards):
        who, paid, order = ordered(world, shard)
        earns = paid & (people.segment[who] != RETIRED) & (people.segment[who] != JOBLESS)
        lost = order.lost(np.arange(len(who)), np.full(len(who), 60))
        assert not lost[~earns].any()
        assert abs(lost.sum() - 0.055 * earns.sum()) <= 0.5 + 1e-9


def test_the_young_lose_their_jobs_more_often_and_colleagues_together():
    settings = Settings(accounts=30_000, shard_accounts=30_000)
    from finsim.agents.population.population import build_population

    people = build_population(settings, Streams(3)).people
    who = np.arange(len(people))
    paid = (people.segment != RETIRED) & (people.segment != JOBLESS)
    order = jobs(people, who, paid, economy(moved(settings, unemployment=6.0), settings), Streams(3))
    lost = order.lost(who, np.full(len(who), 9))
    young = (people.age < 25) & paid
    assert lost[young].mean() > 1.4 * lost[paid & ~young].mean()
    size = np.bincount(people.employer[paid])
    share = np.bincount(people.employer[paid & lost], minlength=len(size))[size > 0] / size[size > 0]
    weight = size[size > 0]
    between = np.sum(weight * (share - lost[paid].mean()) ** 2) / weight.sum()
    by_chance = np.mean(lost[paid].mean() * (1 - lost[paid].mean())) * len(weight) / weight.sum()
    assert between > 2 * by_chance


def test_a_harder_scenario_takes_the_jobs_of_a_milder_one_too(world):
    who = ordered(world)[0]
    everyone, day = np.arange(len(who)), np.full(len(who), 5)
    mild, hard = (ordered(world, 0, move)[2].lost(everyone, day) for move in (2.0, 9.0))
    assert mild.sum() < hard.sum()
    assert not (mild & ~hard).any()


def test_a_lost_salary_is_a_benefit_on_its_day_and_the_rest_of_the_orders_keeps_its_id(orders):
    before, after = orders(), orders(unemployment=5.5)
    salaries = {
        int(one): int(sum_)
        for one, sum_ in zip(of(before, "salary").order_id, of(before, "salary").amount, strict=True)
    }
    benefits = of(after, "benefit")
    new = np.isin(benefits.order_id, np.fromiter(salaries, np.int64))
    assert new.sum() > 10
    expected = [round(0.45 * salaries[int(one)]) for one in benefits.order_id[new]]
    assert np.abs(benefits.amount[new] - expected).max() <= 1
    assert len(of(after, "salary")) + new.sum() == len(salaries)
    rest = [
        one.take(~np.isin(one.purpose, [PURPOSE["salary"], PURPOSE["benefit"]])) for one in (before, after)
    ]
    assert np.isin(rest[1].order_id, rest[0].order_id).all()  # people out of work buy less, nobody more
    kept = rest[0].take(np.isin(rest[0].order_id, rest[1].order_id))
    assert np.array_equal(kept.order_id, rest[1].order_id)
    bought = kept.purpose < len(CATEGORIES)
    assert np.array_equal(kept.amount[bought], rest[1].amount[bought])  # and not at other prices
    assert np.array_equal(of(before, "rent").amount, of(after, "rent").amount)


def test_support_pays_lost_salaries_in_full(orders):
    whole = orders(unemployment=5.5, income_support=5.5)
    before = of(orders(), "salary")
    benefits = of(whole, "benefit")
    new = np.isin(benefits.order_id, before.order_id)
    place = np.searchsorted(np.sort(before.order_id), benefits.order_id[new])
    assert new.any()
    assert np.array_equal(before.amount[np.argsort(before.order_id)][place], benefits.amount[new])


def test_growth_rates_compound_to_the_stated_level():
    settings = Settings(accounts=200, days=800)
    found = economy(moved(settings, inflation=6.0, gdp_growth=-5.0, disposable_income_growth=-4.0), settings)
    year = 0.25 / 365.25  # a year has a quarter of a day more than 365 factors
    assert found.prices[CATEGORY["groceries"], 364] == pytest.approx(1.06 ** (1 - year), rel=1e-3)
    assert found.prices[CATEGORY["groceries"], 730] == pytest.approx(1.06**2, rel=1e-3)
    assert found.trade[364] == pytest.approx(0.95 * 1.06, rel=1e-3)
    assert found.pay[364] == 1.0
    assert found.pay[729] == pytest.approx(1.06, rel=1e-3)
    groceries, travel = (found.volume[CATEGORY[name], 364] for name in ("groceries", "travel"))
    assert travel == pytest.approx(0.96 ** (0.35 + 0.65 * 0.80), rel=1e-3)
    assert travel < groceries < 1


def test_months_of_the_clock_are_those_of_the_calendar():
    settings = Settings(accounts=200, days=70)
    path = np.arange(1.0, MONTHS + 1)
    lost = economy(moved(settings, unemployment=path), settings).jobs_lost * 100
    assert lost[:31].tolist() == [1.0] * 31
    assert lost[31] == 2.0
    assert lost[58] == 2.0
    assert lost[59] == 3.0
    late = replace(
        moved(settings, unemployment=path), clock=Clock(settings.start + timedelta(days=9), 2, 60, MONTHS)
    )
    assert economy(late, settings).jobs_lost[:10].tolist() == [0.0] * 10
    falling = economy(moved(settings, unemployment=-2.0), settings)
    assert not falling.jobs_lost.any()
    assert falling.is_calm


def test_prices_in_shops_rise_with_inflation_and_fuel_with_oil(orders):
    before, after = orders(), orders(inflation=6.0)
    for name in ("restaurants", "utilities"):
        one, other = of(before, name), of(after, name)
        late = one.ts > one.ts.min() + 75 * NANOS_PER_DAY
        ratio = other.amount[np.isin(other.order_id, one.order_id[late])].sum() / one.amount[late].sum()
        assert ratio == pytest.approx(1.06 ** (82 / 365), abs=0.004), name
    for name in ("rent", "salary", "insurance"):
        assert np.array_equal(of(before, name).amount, of(after, name).amount), name
    fuel, dear = of(before, "fuel"), of(orders(oil_price=80.0), "fuel")
    assert np.isin(dear.order_id, fuel.order_id).all()
    kept = fuel.amount[np.isin(fuel.order_id, dear.order_id)]
    assert dear.amount.sum() / kept.sum() == pytest.approx(1.8**0.5, abs=0.05)
    assert len(dear) / len(fuel) == pytest.approx(1.8**-0.05, abs=0.03)


def test_a_spending_that_the_scenario_states_is_kept():
    settings = Settings(accounts=200, days=60)
    told = {"spend:travel": np.full(60, 0.5)}
    volume = economy(moved(settings, behaviour=told, disposable_income_growth=-6.0), settings).volume
    assert (volume[CATEGORY["travel"]] == 1.0).all()
    assert (volume[CATEGORY["retail"]][1:] < 1.0).all()
    whole = {"spend:all": np.full(60, 0.5)}
    assert (
        economy(moved(settings, behaviour=whole, disposable_income_growth=-6.0), settings).volume == 1
    ).all()


def test_more_income_adds_purchases(orders):
    more = orders(disposable_income_growth=40.0)
    assert len(more.take(more.purpose < len(CATEGORIES))) > len(
        orders().take(orders().purpose < len(CATEGORIES))
    )


def test_one_mortgage_in_ten_follows_the_market_rate():
    """A 25-year annuity: 6 % costs .0064430 a month per unit of debt, 10 % .0090870."""
    settings = Settings(accounts=200, days=60)
    risen = economy(moved(settings, {"mortgage_rate": 6.0}, mortgage_rate=4.0), settings).mortgage
    assert risen[30] == pytest.approx(0.0090870 / 0.0064430, rel=1e-5)


def test_only_mortgages_move_with_the_mortgage_rate(orders, world):
    before, after = of(orders(), "rent"), of(orders(mortgage_rate=4.0), "rent")
    up = after.amount > before.amount
    lender = np.isin(before.payee, world.population.outside["lender"])
    firms = np.isin(before.payer, world.population.firms.account)
    assert not up[~lender].any()
    assert not (after.amount < before.amount).any()
    assert 0.02 < up[lender & ~firms].mean() < 0.25
    people = world.population.people
    rent = dict(zip(people.current.tolist(), people.rent.tolist(), strict=True))
    own = [k for k, payer in enumerate(before.payer.tolist()) if payer in rent and rent[payer] > 0]
    assert [int(before.amount[k]) for k in own] == [rent[int(before.payer[k])] for k in own]
    assert np.median(after.amount[up] / before.amount[up]) == pytest.approx(1.41, abs=0.01)


def test_firms_invoice_less_in_a_recession(orders):
    before, after = orders(), orders(gdp_growth=-5.0)
    for name in ("supplier", "invoice"):
        one, other = of(before, name), of(after, name)
        assert np.array_equal(one.order_id, other.order_id)
        late = one.ts > one.ts.min() + 60 * NANOS_PER_DAY
        assert other.amount[late].sum() < one.amount[late].sum()
        assert other.amount.sum() / one.amount.sum() == pytest.approx(0.95 ** (45 / 365), abs=0.01)


def test_a_learned_ledger_derives_nothing_from_the_economy(world):
    class Ledger:
        class words:
            purposes, categories, channels = frozenset(), frozenset(), frozenset(CHANNEL)

        has_shops = True
        has_transfers = False

    assert not as_read(moved(world.settings, unemployment=5.0), Ledger()).macro


def test_calm_is_the_identity(world):
    assert calm(world.settings).is_calm
    assert economy(unstressed(world.settings), world.settings).is_calm


def test_borrowers_who_lose_the_job_are_counted_against_the_move_of_unemployment(world):
    settings, people = world.settings, world.population.people
    who, paid, _ = ordered(world)
    earns = np.flatnonzero(paid & (people.segment[who] != RETIRED) & (people.segment[who] != JOBLESS))
    never = np.full(len(who), 1 << 40)
    stops = never.copy()
    stops[earns[:: max(1, len(earns) // 8)]] = 20
    before = earns[1 :: max(1, len(earns) // 5)]  # lost before the jump-off: no part of the move from there
    stops[before] = 0
    around = economy(moved(settings, unemployment=5.5), settings)
    order = jobs(people, who, paid, around, Streams(7), (stops, never))
    for day in (10, 30):
        lost = order.lost(np.arange(len(who)), np.full(len(who), day))
        assert abs(lost.sum() - len(before) - 0.055 * len(earns)) <= 0.5 + 1e-9
        assert lost[before].all()
        assert lost[stops == 20].all() == (day == 30)
