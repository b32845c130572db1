"""Households, addresses, joint holders, credit lines, rates: facts that fit each other and the rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finsim.agents.account_lives.dormancy import STILL_DAYS, Dormancy
from finsim.agents.parties.address_facts import addresses_table
from finsim.agents.parties.fx_rates import CURRENCIES, fx_rates_table
from finsim.agents.parties.party_tables import party_tables
from finsim.agents.population.population import build_population
from finsim.agents.settings import Settings
from finsim.randomness import Streams
from finsim.records.parties.party_tables import PARTY_SCHEMAS

NEW = ("addresses", "credit_lines", "fx_rates")
START = pd.Timestamp("2026-01-01")


def frames(world) -> dict[str, pd.DataFrame]:
    return {name: getattr(world.tables, name).to_pandas() for name in (*NEW, "customers", "logins")}


@pytest.fixture(scope="module")
def large() -> tuple[pd.DataFrame, pd.DataFrame, Settings]:
    """Return addresses and customers of many people in several towns over a year."""
    settings = Settings(accounts=20_000, days=365)
    population = build_population(settings, Streams(5))
    tables = party_tables(population, settings, Streams(5))
    return tables["addresses"].to_pandas(), tables["customers"].to_pandas(), settings


def test_tables_have_their_schemas_and_only_new_draws_move_with_the_seed(world) -> None:
    again, other = (party_tables(world.population, world.settings, Streams(seed)) for seed in (7, 8))
    for name in NEW:
        table = getattr(world.tables, name)
        assert table.schema.equals(PARTY_SCHEMAS[name])
        assert table.equals(again[name])
        assert not table.equals(other[name])
        for field in table.schema:
            assert field.nullable or table[field.name].null_count == 0


def test_who_shares_a_computer_shares_a_home(world) -> None:
    found = frames(world)
    homes = found["customers"].set_index("customer_id")["household_id"]
    people = found["customers"]["kind"] == "person"
    assert (found["customers"]["household_id"].gt(0) == people).all()
    size = homes[homes > 0].value_counts()
    assert set(size) == {1, 2}
    assert 0.4 < size[size == 2].sum() / people.sum() < 0.6
    # In ordinary life a device is used by two people over weeks where they live together alone.
    used = found["logins"][found["logins"]["kind"] == "login"].groupby(["device_id", "customer_id"]).size()
    used = used[used >= 5].reset_index()
    shared = used[used.duplicated("device_id", keep=False)].assign(home=lambda f: f["customer_id"].map(homes))
    assert len(shared) > 20
    assert shared.groupby("device_id")["home"].nunique().eq(1).mean() > 0.95
    assert abs(np.corrcoef(homes[homes > 0], homes[homes > 0].index)[0, 1]) < 0.1


def test_joint_holders_live_with_the_owner_of_an_old_account(world) -> None:
    accounts = world.accounts
    joint = accounts[accounts["joint_customer_id"] >= 0]
    customers = frames(world)["customers"].set_index("customer_id")
    owner, second = (customers.loc[joint[name]] for name in ("customer_id", "joint_customer_id"))
    assert len(joint) > 40
    assert (owner["household_id"].to_numpy() == second["household_id"].to_numpy()).all()
    assert (joint["customer_id"] != joint["joint_customer_id"]).all()
    assert np.abs(owner["birth_year"].to_numpy() - second["birth_year"].to_numpy()).max() == 15
    assert (second["since"] < START).all()
    assert (joint["opened"] < START).all()
    assert set(joint["kind"].astype(str)) == {"current", "savings"}
    pairs = customers[customers["household_id"].duplicated(keep=False) & customers["household_id"].gt(0)]
    shares = joint[joint["kind"].astype(str) == "current"]
    assert 0.15 < 2 * len(shares) / len(pairs) < 0.45


def test_addresses_follow_each_other_without_a_gap(large) -> None:
    addresses, customers, settings = large
    since = customers.set_index("customer_id")["since"]
    grouped = addresses.groupby("customer_id")
    assert set(grouped.groups) == set(since.index)
    assert (grouped["valid_from"].first() == since).all()
    assert addresses["customer_id"].is_monotonic_increasing
    following = grouped["valid_from"].shift(-1)
    assert following.equals(addresses["valid_to"])
    held = addresses["valid_to"].notna()
    assert (addresses["valid_to"] > addresses["valid_from"])[held].all()
    assert addresses["valid_from"].max() < START + pd.Timedelta(days=settings.days)


def test_a_household_has_one_address_and_a_dwelling_one_household(large) -> None:
    addresses, customers, _ = large
    told = addresses.merge(customers[["customer_id", "household_id", "kind", "town"]], on="customer_id")
    last = told[told["valid_to"].isna()]
    people = last[last["kind"] == "person"]
    assert (people.groupby("household_id")["address_id"].nunique() == 1).all()
    assert (people.groupby("address_id")["household_id"].nunique() == 1).all()
    assert last.groupby("address_id").size().value_counts().index.tolist() == [1, 2]
    place = ["street", "house_number", "postcode", "town_x"]
    assert (told.groupby("address_id")[place].nunique() == 1).all(axis=None)
    assert (told.groupby(["town_x", "street"], observed=True)["postcode"].nunique() == 1).all()
    assert (told.groupby("postcode", observed=True)["town_x"].nunique() == 1).all()
    assert last["street"].nunique() > 500
    # In the period everybody is in the town in which they buy, before it not.
    known = told[told["town_y"].notna()]
    same = known["town_x"].astype(str) == known["town_y"].astype(str)
    past = known["valid_to"] <= START
    assert same[~past].all()
    assert 0.6 < same[past].mean() < 0.8  # .35 in any of eight towns


def test_moves_come_as_often_as_they_say(large) -> None:
    addresses, customers, settings = large
    told = addresses.merge(customers[["customer_id", "household_id", "kind", "since"]], on="customer_id")
    end = START + pd.Timedelta(days=settings.days)
    for kind, rate in (("person", 0.09), ("firm", 0.04)):
        mine = told[told["kind"] == kind]
        years = (end - mine.drop_duplicates("customer_id")["since"]).dt.days.sum() / 365.25
        moves = mine["valid_to"].notna().sum()
        assert moves / years == pytest.approx(rate, rel=0.1), kind
    within = told[(told["kind"] == "person") & (told["valid_to"] > START)]
    assert within["customer_id"].nunique() / customers["kind"].eq("person").sum() == pytest.approx(
        0.086, abs=0.01
    )


def test_moves_belong_to_the_population_not_to_the_scenario(world) -> None:
    table = addresses_table(world.population, replace(world.settings, narratives=()), Streams(7))
    assert table.equals(world.tables.addresses)


def test_credit_lines_are_those_of_the_accounts(world) -> None:
    lines = frames(world)["credit_lines"].set_index("account_id")
    accounts = world.accounts.set_index("account_id")
    held = accounts[accounts["overdraft_limit"] > 0]
    assert lines.index.tolist() == held.index.tolist() == sorted(held.index)
    assert (lines["credit_limit"] == held["overdraft_limit"]).all()
    assert (lines["customer_id"] == held["customer_id"]).all()
    assert (lines["drawn"] == (-held["opening_balance"]).clip(lower=0)).all()
    assert (lines["drawn"] <= lines["credit_limit"]).all()
    assert lines["drawn"].gt(0).any()
    word = held["kind"].astype(str).map({"current": "overdraft", "card": "card"}).fillna("business")
    assert (lines["kind"].astype(str) == word).all()
    assert (lines["since"] >= held["opened"]).all()
    is_new = held["opened"] >= START
    assert (lines["since"] < START)[~is_new].all()
    assert (lines["since"] == held["opened"])[is_new | (word == "card")].all()
    assert (lines["since"] > held["opened"])[~is_new & (word != "card")].mean() > 0.9
    rate = lines["rate"].groupby(word).mean()
    assert rate.round(2).to_dict() == {"card": 0.2, "overdraft": 0.2, "business": 0.12}
    assert np.allclose(lines["rate"] * 400, (lines["rate"] * 400).round())


def test_rates_walk_as_they_say_and_agree_across_currencies() -> None:
    settings = Settings(accounts=200, days=3_650)
    dollar, euro = (
        fx_rates_table(replace(settings, currency=one), Streams(3)).to_pandas().pivot(
            index="date", columns="base", values="rate"
        )
        for one in ("USD", "EUR")
    )  # fmt: skip
    assert list(dollar.columns) == [one for one in CURRENCIES if one != "USD"]
    assert len(dollar) == 3_650
    step = np.log(dollar).diff().iloc[1:]
    weekend = step.index.day_of_week >= 5
    assert (step[weekend] == 0).all(axis=None)
    yearly = step[~weekend].std() * np.sqrt(260)
    for name, told in (("EUR", 0.092), ("BRL", 0.162), ("HKD", 0.005), ("JPY", 0.094)):
        assert yearly[name] == pytest.approx(told, rel=0.05), name
    assert step[~weekend].corr().loc["NOK", "SEK"] == pytest.approx(0.84 * 0.84, abs=0.03)
    assert np.allclose(dollar["GBP"] / dollar["EUR"], euro["GBP"], rtol=1e-4)
    assert np.allclose(1 / dollar["EUR"], euro["USD"], rtol=1e-4)
    assert np.allclose(euro["DKK"], 1 / 7.4415, rtol=1e-4)
    assert dollar["EUR"].iloc[0] == pytest.approx(1 / 0.8218, rel=0.03)
    assert [float(f"{one:.6g}") for one in dollar["KRW"]] == dollar["KRW"].tolist()
    assert fx_rates_table(replace(settings, currency="XTS"), Streams(3)).num_rows == 0


def naive_dormant(world) -> pd.Series:
    """Return the 90th day after the last row of the customer, from the published columns alone."""
    owner = dict(zip(world.accounts["account_id"], world.accounts["customer_id"], strict=True))
    outside = set(world.accounts["account_id"][world.accounts["kind"].astype(str) == "external"])
    rows = world.rows.assign(day=world.rows["ts"].dt.tz_localize(None).dt.normalize())
    last: dict[int, pd.Timestamp] = {}
    for day, payer, payee, channel in zip(
        rows["day"], rows["from_account"], rows["to_account"], rows["channel"].astype(str), strict=True
    ):
        if channel != "direct_debit" and not (channel == "internal" and payee in outside):
            last[payer] = day
        if owner[payer] == owner[payee] or (channel == "cash" and payer in outside):
            last[payee] = day
    return pd.Series(last) + pd.Timedelta(days=STILL_DAYS)


def test_dormant_accounts_are_told_by_the_rows(world) -> None:
    accounts = world.accounts.set_index("account_id")
    inside = accounts["kind"].astype(str) != "external"
    expected = naive_dormant(world).reindex(accounts.index).where(inside)
    acted = expected.notna()
    # In 90 days nobody who acted lies still for as long.
    assert accounts["dormant"][acted].isna().all()
    assert accounts["dormant"][~inside].isna().all()
    still = accounts["dormant"].dropna()
    assert 2 < len(still) < 0.02 * inside.sum()
    assert still.max() < START + pd.Timedelta(days=world.settings.days)
    assert (still >= accounts["opened"][still.index] + pd.Timedelta(days=STILL_DAYS)).all()
    # After the same rows and two silent months more, those lie still that had their last act before.
    longer = Dormancy(world.population.accounts, replace(world.settings, days=150), Streams(7))
    assert sum(batch.num_rows for batch in longer.watch(world.tables.rows.to_batches(5_000))) == len(
        world.rows
    )
    later = pd.Series(longer.since(), world.population.accounts.account_id).reindex(accounts.index)
    due = expected.where(expected < START + pd.Timedelta(days=150))
    assert due.notna().sum() > 20
    assert later[acted].equals(due[acted].astype(later.dtype))
    assert set(still.index) <= set(later.dropna().index)
