"""Population and ordinary life: sizes, calendar, hours, prices, and what an analyst looks at first."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from finsim.agents.account_lives.accounts_table import accounts_table
from finsim.agents.amount_rounding import charmed, notes, rounded
from finsim.agents.calendar.activity_calendar import ACTIVITIES, ACTIVITY, season
from finsim.agents.calendar.hours_of_day import PROFILE, instants, one_milli, sample_millis
from finsim.agents.calendar.paydays import PAY_GROUPS, pay_days
from finsim.agents.population.population import build_population
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.vocabulary import CATEGORIES
from finsim.errors import StudyError
from finsim.randomness import Streams

BENFORD = np.log10(1 + 1 / np.arange(1, 10))


def benford_gap(amount):
    """Mean absolute deviation of first digits from Benford's law (Nigrini)."""
    first = pd.Series(amount).astype(str).str[0].astype(int)
    share = first.value_counts(normalize=True).reindex(range(1, 10), fill_value=0.0)
    return float(np.abs(share.to_numpy() - BENFORD).mean())


@pytest.mark.parametrize("accounts", [200, 1_000, 2_001])
def test_worlds_of_any_size_have_exactly_their_accounts(accounts):
    table = accounts_table(build_population(Settings(accounts=accounts), Streams(3))).to_pandas()
    inside = table[table["kind"].astype(str).ne("external")]
    assert len(inside) == accounts
    assert table["account_id"].is_unique
    assert set(inside["bank_id"]) <= set(range(1, 6))
    assert (table["overdraft_limit"] >= 0).all()
    kinds = set(inside["kind"].astype(str))
    assert kinds == {"current", "savings", "card", "business", "merchant"}


def test_account_ids_say_nothing_about_the_kind():
    table = accounts_table(build_population(Settings(accounts=5_000), Streams(3))).to_pandas()
    rank = table["account_id"].rank()
    for kind in table["kind"].astype(str).unique():
        mine = table["kind"].astype(str).eq(kind).astype(float)
        assert abs(rank.corr(mine)) < 0.05


def test_contacts_have_a_heavy_tail_and_communities():
    population = build_population(Settings(accounts=8_000), Streams(3))
    degree = population.contacts.degree()
    assert degree.min() >= 2
    assert 4 < degree.mean() < 10
    tail = degree[degree >= 10]
    exponent = 1 + len(tail) / np.log(tail / 9.5).sum()
    assert 2.0 < exponent < 3.2
    town = np.full(len(population.accounts), -1)
    town[population.people.current] = population.people.town
    owner = np.repeat(np.arange(len(degree)), degree)
    there = town[population.contacts.account]
    same = (population.people.town[owner] == there)[there >= 0]
    towns = population.people.town.max() + 1
    assert same.mean() > 2 / towns


@pytest.mark.parametrize("bad", [{"accounts": 10}, {"days": 0}, {"banks": 0}, {"shard_accounts": 1}])
def test_settings_refuse_nonsense(bad):
    with pytest.raises(StudyError, match=next(iter(bad))):
        Settings(**bad)


def test_narrative_use_refuses_two_ways_of_counting():
    with pytest.raises(StudyError, match="both a rate and a count"):
        NarrativeUse("x", rate=1.0, count=2)
    with pytest.raises(StudyError, match="twice"):
        Settings(narratives=(NarrativeUse("x"), NarrativeUse("x")))


def test_pay_days_move_off_weekends_and_holidays():
    first, last = np.datetime64("2026-01-01"), np.datetime64("2026-12-31")
    closed = np.array(["2026-12-25"], dtype="datetime64[D]")
    for group in PAY_GROUPS:
        found = pay_days(group, first, last, closed)
        assert (np.diff(found) > np.timedelta64(0, "D")).all()
        assert np.is_busday(found, holidays=closed).all()
    assert len(pay_days("weekly", first, last, closed)) in (52, 53)
    assert np.datetime64("2026-12-24") in pay_days("monthly_25", first, last, closed)
    # Source: Social Security's 2026 calendar pays on 14, 21 and 28 January.
    january = [str(pay_days(f"wednesday_{k}", first, last, closed)[0])[-2:] for k in (2, 3, 4)]
    assert january == ["14", "21", "28"]


def test_days_are_drawn_by_their_weight():
    calendar = season(Settings(days=60))
    rng = np.random.default_rng(1)
    for name in ("groceries", "office"):
        code = np.full(200_000, ACTIVITY[name])
        group = np.full(200_000, 2)
        day = calendar.sample_days(code, group, rng.random(200_000))
        share = np.bincount(day, minlength=60) / 200_000
        assert np.abs(share - calendar.weight[name][2] / 60).max() < 0.002
    assert calendar.closed[0]
    assert calendar.rest[2]


def test_categories_lead_activities_and_hour_profiles():
    """Purchases use one code for category, activity and hour profile."""
    assert ACTIVITIES[: len(CATEGORIES)] == CATEGORIES
    assert tuple(PROFILE)[: len(CATEGORIES)] == CATEGORIES


def test_hours_follow_their_profile_and_wrap_within_the_day():
    rng = np.random.default_rng(1)
    size = 100_000
    millis = sample_millis(PROFILE["office"], np.zeros(size, bool), rng.random(size))
    assert millis.min() >= 0
    assert millis.max() < 86_400_000
    hour = millis / 3_600_000
    assert ((hour > 7) & (hour < 19)).mean() > 0.97
    edges = sample_millis(PROFILE["cash"], np.zeros(2, bool), np.array([0.0, 1.0 - 1e-12]))
    assert 0 <= edges[0] < edges[1] < 86_400_000
    late = instants(0, np.array([3]), np.array([86_000_000]), 7_200)
    assert late[0] // 86_400_000_000_000 == 3


def test_one_hour_at_a_time_equals_many():
    u = np.r_[0.0, np.random.default_rng(1).random(300), 1.0 - 1e-12]
    for profile in range(len(PROFILE)):
        for rest in (False, True):
            many = sample_millis(profile, np.full(len(u), rest), u)
            assert many.tolist() == [one_milli(profile, rest, float(value)) for value in u]


def test_rounding_keeps_the_first_digit():
    rng = np.random.default_rng(1)
    value = np.exp(rng.normal(8, 2, 50_000))
    amount = rounded(value, rng.random(50_000), 0.8)
    assert (amount >= 1).all()
    kept = value >= 100
    first = [np.array([int(str(int(v))[0]) for v in column[kept]]) for column in (np.rint(value), amount)]
    assert (first[0] == first[1]).mean() > 0.995
    assert benford_gap(amount) < 0.006
    assert (amount % 1_000 == 0).mean() > 0.3


def test_charm_prices_and_notes():
    rng = np.random.default_rng(1)
    amount = charmed(rng.uniform(200, 9_000, 20_000), rng.random(20_000), 0.6)
    assert np.isin(amount % 100, (99, 95, 49, 0)).mean() == pytest.approx(0.6 + 0.4 * 0.04, abs=0.02)
    assert (notes(np.array([1.0, 2_900.0, 3_100.0])) == [2_000, 2_000, 4_000]).all()


def test_transfers_follow_benford(world):
    """Mean absolute deviation below 0.012 on transfers between accounts, as the acceptance asks."""
    rows = world.rows
    chosen = rows["purpose"].isin(["transfer", "family", "goods", "invoice", "supplier"]) & rows[
        "instance"
    ].eq(-1)
    assert benford_gap(rows.loc[chosen, "amount"]) < 0.006


def test_people_sleep_and_rest(world):
    rows = world.rows[world.rows["instance"].eq(-1)]
    hour = rows["ts"].dt.hour
    assert 0.02 < hour.lt(5).mean() < 0.09
    cards = rows[rows["channel"].eq("card_present")]
    assert cards["ts"].dt.hour.between(2, 4).mean() < 0.03
    office = rows[rows["purpose"].eq("supplier")]
    assert office["ts"].dt.day_of_week.ge(5).mean() < 0.06


def test_people_spend_more_after_pay_day(world):
    """Purchases per day in the three days from a salary over the rest, person by person."""
    rows = world.rows[world.rows["instance"].eq(-1)]
    pay = rows[rows["purpose"].eq("salary")]
    days = (rows["ts"] - pd.Timestamp(world.settings.start, tz="UTC")).dt.days
    shop = rows["purpose"].isin(["retail", "online", "restaurants", "entertainment"])
    account = rows["from_account"]
    near, far = [0.0, 0.0], [0.0, 0.0]
    paid = pay.assign(day=days[pay.index]).groupby("to_account")["day"].apply(lambda s: sorted(set(s)))
    for person, due in paid.items():
        mine = days[shop & account.eq(person)].to_numpy() if len(due) < 5 else np.array([])
        if len(mine) < 20:
            continue
        close = np.zeros(world.settings.days, bool)
        for day in due:
            close[day : day + 3] = True
        count = np.bincount(mine, minlength=world.settings.days)
        near[0] += count[close].sum()
        near[1] += close.sum()
        far[0] += count[~close].sum()
        far[1] += (~close).sum()
    ratio = (near[0] / near[1]) / (far[0] / far[1])
    assert 1.1 < ratio < 1.6


def test_rent_falls_at_the_start_of_the_month_and_salaries_come_in_batches(world):
    rows = world.rows
    rent = rows[rows["purpose"].eq("rent")]["ts"].dt.day
    assert rent.le(10).mean() > 0.8
    salary = rows[rows["purpose"].eq("salary") & rows["instance"].eq(-1)]
    assert salary["ts"].dt.day_of_week.lt(5).all()


def test_a_world_can_start_on_any_day():
    """Leap years and year ends."""
    for start in (date(2024, 2, 27), date(2025, 12, 20)):
        calendar = season(Settings(start=start, days=20))
        assert len(calendar.dates) == 20
        assert calendar.weekday[0] == start.weekday()
        assert all(weight.shape == (len(PAY_GROUPS), 20) for weight in calendar.weight.values())
