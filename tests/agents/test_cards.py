"""Cards of payments: one a time for each account, terms, successors, blocks after reported frauds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from naive import cards as naive

from finsim.agents.cards.card_blocks import card_blocks
from finsim.agents.cards.card_holdings import (
    EXPIRED,
    FRAUD,
    LOST_DAYS,
    MOST_BLOCKS,
    REPLACED,
    TERM_MONTHS,
    Blocks,
    build_holdings,
    term,
)
from finsim.agents.cards.row_cards import public_card, with_row_cards
from finsim.agents.narratives.narrative import load_narratives
from finsim.agents.observed.bank_watch import BankWatch
from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate, unstressed
from finsim.agents.vocabulary import CHANNEL, CHANNELS
from finsim.errors import StudyError
from finsim.kernels.payments.row_devices import LOW_BITS
from finsim.randomness import Streams

NONE = Blocks(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
DAY = 86_400


@pytest.fixture(scope="module")
def planned(world):
    narratives = load_narratives([use.name for use in world.settings.narratives])
    return scheme_orders(world.population, narratives, world.settings, Streams(7), unstressed(world.settings))


@pytest.fixture(scope="module")
def blocks(world, planned):
    watch = BankWatch(world.population.accounts, planned, world.settings.observed, Streams(7))
    return card_blocks(planned, watch.parts)


@pytest.fixture(scope="module")
def held(world, blocks):
    return build_holdings(world.population.accounts, world.settings, Streams(7), blocks)


@pytest.fixture(scope="module")
def cards(world) -> pd.DataFrame:
    return world.tables.cards.to_pandas()


def test_a_term_ends_with_its_month() -> None:
    days = np.array(["2024-02-29", "2026-01-01", "2026-01-31", "2025-12-15"], dtype="datetime64[D]")
    assert term(days).astype(str).tolist() == ["2028-02-29", "2030-01-31", "2030-01-31", "2029-12-31"]
    assert TERM_MONTHS == 48


def test_an_account_has_one_card_at_a_time_and_never_none(world, held) -> None:
    total = world.settings.days * DAY
    told = naive.courses(held)
    kinds = world.accounts.set_index("account_id")["kind"].astype(str)
    ids = world.population.accounts.account_id
    assert {int(ids[one]) for one in told} == set(kinds.index[kinds.isin(["current", "card", "business"])])
    for cards in told.values():
        assert cards[0][0] == 0
        assert cards[-1][1] == total
        assert all(one[1] == other[0] for one, other in pairwise(cards))
    assert ((held.reason < 0) == (held.end == total)).all()
    assert len(np.unique(held.number)) == len(held.number)
    assert held.number.max() < 1 << LOW_BITS


def test_cards_expire_after_their_term_and_no_earlier(world, held) -> None:
    start = np.datetime64(world.settings.start, "D")
    past = (held.expires - start).astype(int) + 1
    expired = held.reason == EXPIRED
    assert (held.end[expired] == past[expired] * DAY).all()
    assert (held.end <= past * DAY).all()
    successors = held.begin > 0
    assert (held.issued[successors] == start + held.begin[successors] // DAY).all()
    opened = world.population.accounts.opened[held.account].astype("datetime64[D]")
    assert (held.issued >= opened).all()
    old = ~successors & (opened < start - 1_500)
    share = (expired & old).sum() / old.sum()
    assert share == pytest.approx(world.settings.days / (TERM_MONTHS * 30.4), abs=0.03)


def test_lost_cards_come_at_their_rate(world) -> None:
    settings = replace(world.settings, days=1_500)
    held = build_holdings(world.population.accounts, settings, Streams(8), NONE)
    accounts = (held.begin == 0).sum()
    expected = accounts * 1_500 / LOST_DAYS
    assert (held.reason == REPLACED).sum() == pytest.approx(expected, abs=5 * np.sqrt(expected))
    assert not (held.reason == FRAUD).any()
    assert (held.reason == EXPIRED).sum() > 0.5 * accounts


def test_ten_years_renew_cards_with_numbers_of_their_own(world) -> None:
    settings = replace(world.settings, days=3_660)
    held = build_holdings(world.population.accounts, settings, Streams(8), NONE)
    assert len(np.unique(held.number)) == len(held.number)
    longest = np.bincount(held.account[held.reason == EXPIRED]).max()
    assert longest == 3


def test_more_frauds_than_cards_can_follow_are_told_apart(world) -> None:
    account = np.flatnonzero(world.population.people.card >= 0)[0]
    account = world.population.people.card[account]
    at = world.settings.start_ns + np.arange(1, MOST_BLOCKS + 1) * DAY * 10**9
    many = Blocks(np.full(MOST_BLOCKS, account), at, np.full(MOST_BLOCKS, 5))
    held = build_holdings(world.population.accounts, world.settings, Streams(7), many)
    mine = held.account == account
    assert (held.reason[mine] == FRAUD).sum() == MOST_BLOCKS
    assert len(np.unique(held.number)) == len(held.number)
    few = Blocks(*(column[3:4] for column in (many.account, many.ts, many.scheme)))
    other = build_holdings(world.population.accounts, world.settings, Streams(7), few)
    after = other.number[(other.account == account) & (other.begin > 0)]
    assert set(after[:1]) <= set(held.number[mine])
    apart = held.account != account
    assert np.array_equal(held.number[apart], other.number[other.account != account])


def test_every_payment_by_card_has_the_card_in_use(world, held) -> None:
    place = {int(one): at for at, one in enumerate(world.population.accounts.account_id)}
    told, published = naive.courses(held), public_card(held.number)
    instants = world.rows["ts"].astype("datetime64[ns, UTC]").astype("int64")
    seconds = (instants - world.settings.start_ns) // 10**9
    some = world.rows.assign(second=seconds).iloc[::7]
    names = ["from_account", "to_account", "channel", "second", "card_id"]
    for payer, payee, channel, second, card in some[names].itertuples(index=False):
        at = naive.card_of(told, place[payer], place[payee], channel, second)
        assert card == (-1 if at is None else published[at])
    channel = world.rows["channel"].astype(str)
    assert (world.rows.loc[channel.str.startswith("card_"), "card_id"] >= 0).all()


def test_the_table_agrees_with_the_rows(world, cards: pd.DataFrame) -> None:
    assert cards["card_id"].is_unique
    assert cards["card_id"].is_monotonic_increasing
    rows = world.rows[world.rows["card_id"] >= 0].merge(cards, on="card_id", how="left")
    assert ((rows["account_id"] == rows["from_account"]) | (rows["account_id"] == rows["to_account"])).all()
    day = rows["ts"].dt.tz_localize(None).dt.normalize()
    assert (day >= rows["issued"]).all()
    assert (day <= rows["expires"]).all()
    assert not (day > rows["ended"]).any()
    kinds = cards["account_id"].map(world.accounts.set_index("account_id")["kind"].astype(str))
    assert (
        cards["kind"].astype(str) == kinds.map({"current": "debit", "card": "credit", "business": "debit"})
    ).all()
    why = cards["end_reason"].astype(object)
    assert (cards["ended"].isna() == why.isna()).all()
    assert set(why.dropna()) == {"expired", "replaced", "fraud"}
    expired = cards[why == "expired"]
    assert (expired["ended"] == expired["expires"] + pd.Timedelta(1, "D")).all()
    owner = world.accounts.set_index("account_id")["customer_id"]
    assert (cards["customer_id"] == cards["account_id"].map(owner)).all()


def test_a_reported_fraud_ends_the_card_with_or_after_its_last_payment(world, planned, blocks) -> None:
    orders, plan = planned
    by_card = np.isin(orders.channel, [CHANNEL["card_present"], CHANNEL["card_not_present"]])
    hit = by_card & plan.fraud[orders.plan_row]
    scheme = plan.id[plan.steps.scheme[orders.plan_row]]
    assert 0 < len(blocks.account) < len(np.unique(np.stack([orders.payer[hit], scheme[hit]]), axis=1)[0])
    for account, ts, one in zip(blocks.account, blocks.ts, blocks.scheme, strict=True):
        acts = orders.ts[hit & (orders.payer == account) & (scheme == one)]
        assert len(acts)
        assert ts >= acts.max()


def test_a_thief_never_meets_a_blocked_card(world, planned, blocks) -> None:
    own = world.settings.observed.card
    at_once = replace(world.settings.observed, card=replace(own, delay=0.0, found=1.0))
    watch = BankWatch(world.population.accounts, planned, at_once, Streams(7))
    early = card_blocks(planned, watch.parts)
    orders, plan = planned
    scheme = plan.id[plan.steps.scheme[orders.plan_row]]
    by_card = np.isin(orders.channel, [CHANNEL["card_present"], CHANNEL["card_not_present"]])
    hit = by_card & plan.fraud[orders.plan_row]
    assert len(early.account) > len(blocks.account)
    for account, ts, one in zip(early.account, early.ts, early.scheme, strict=True):
        assert ts == orders.ts[hit & (orders.payer == account) & (scheme == one)].max()


def test_who_does_not_claim_keeps_the_card(world, planned) -> None:
    never = replace(world.settings.observed, card=replace(world.settings.observed.card, found=0.0))
    watch = BankWatch(world.population.accounts, planned, never, Streams(7))
    assert len(card_blocks(planned, watch.parts).account) == 0


def test_rows_get_the_same_cards_in_any_cut(world, planned) -> None:
    accounts = world.population.accounts
    watch = BankWatch(accounts, planned, world.settings.observed, Streams(7))
    _, wallet = with_row_cards(accounts, world.settings, Streams(7), planned, watch.parts)
    orders = planned[0]
    whole = wallet.of(orders)
    cut = [wallet.of(orders.take(slice(low, low + 37))) for low in range(0, len(orders), 37)]
    assert np.array_equal(whole, np.concatenate(cut))
    assert len(wallet.of(Orders.empty())) == 0
    assert set(np.array(CHANNELS)[orders.channel[whole >= 0]]) <= {"card_present", "card_not_present", "cash"}


def test_fraud_alone_leaves_the_cards_of_all_others() -> None:
    settings = Settings(accounts=600, days=40)
    calm = simulate(replace(settings, narratives=()), Streams(3))
    wave = simulate(replace(settings, narratives=(NarrativeUse("lost_or_stolen_card", 30.0),)), Streams(3))
    one, other = calm.cards.to_pandas(), wave.cards.to_pandas()
    hit = set(other.loc[other["end_reason"].astype(str) == "fraud", "account_id"])
    assert hit
    same = one[~one["account_id"].isin(hit)]
    assert same.equals(other[~other["account_id"].isin(hit)].set_axis(same.index))


def test_a_period_beyond_the_clock_is_refused() -> None:
    Settings(accounts=200, days=365, start=date(2259, 1, 1))
    with pytest.raises(StudyError, match="start by 2251-10-15"):
        Settings(accounts=200, days=3_000, start=date(2259, 1, 1))
