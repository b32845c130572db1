"""Customers and merchants are the state that the payments come from, not facts beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.agents.calendar.hours_of_day import PROFILE, hour_shares, sample_millis
from finsim.agents.parties.made_names import NAMES, country_of, place_names, town_column
from finsim.agents.parties.party_tables import party_tables
from finsim.agents.population.merchants import towns
from finsim.agents.vocabulary import CATEGORIES, SEGMENTS
from finsim.randomness import Streams
from finsim.records.parties.party_tables import PARTY_SCHEMAS


def plain(table: pa.Table) -> pd.DataFrame:
    """Return a table with texts as plain objects, missing ones as None."""
    return pd.DataFrame({name: table[name].to_pylist() for name in table.column_names})


def parties(world) -> tuple[pd.DataFrame, pd.DataFrame]:
    return plain(world.tables.customers), plain(world.tables.merchants)


def test_the_tables_have_their_schemas_and_are_sorted_by_key(world) -> None:
    for name in ("customers", "merchants"):
        schema = PARTY_SCHEMAS[name]
        table = getattr(world.tables, name)
        assert table.schema.equals(schema)
        keys = table[schema.names[0]].to_numpy()
        assert (np.diff(keys) > 0).all()
        for field in schema:
            assert field.nullable or table[field.name].null_count == 0, field.name


def test_every_owner_of_an_inside_account_is_a_customer_and_nobody_else(world) -> None:
    customers, _ = parties(world)
    inside = world.accounts[world.accounts["kind"].astype(str) != "external"]
    assert customers["customer_id"].tolist() == sorted(inside["customer_id"].unique())
    first = inside.groupby("customer_id")["opened"].min()
    assert (customers["since"].to_numpy() == first.loc[customers["customer_id"]].to_numpy()).all()
    kinds = inside.assign(kind=inside["kind"].astype(str)).groupby("customer_id")["kind"].agg(set)
    firm = (
        kinds.loc[customers["customer_id"]].map(lambda one: bool(one & {"business", "merchant"})).to_numpy()
    )
    assert (customers["kind"].eq("firm").to_numpy() == firm).all()


def test_facts_are_those_of_the_population(world) -> None:
    customers = parties(world)[0].set_index("customer_id")
    people, accounts, firms = (getattr(world.population, name) for name in ("people", "accounts", "firms"))
    edges = (1_000, 2_000, 3_000, 5_000, 10_000, 50_000, float("inf"))
    inner = ["1000_1999", "2000_2999", "3000_4999", "5000_9999", "10000_49999"]
    bands = ["under_1000", *inner, "50000_and_more"]

    def band(cents: int) -> str:
        return next(word for word, edge in zip(bands, edges, strict=True) if cents / 100 < edge)

    for place in range(len(people)):
        row = customers.loc[accounts.customer_id[people.current[place]]]
        assert row["birth_year"] == 2026 - people.age[place]
        assert row["segment"] == SEGMENTS[people.segment[place]]
        assert row["income_band"] == band(people.income[place])
    for place in range(len(firms)):
        row = customers.loc[accounts.customer_id[firms.account[place]]]
        assert (row["birth_year"], row["employer_account"]) == (-1, -1)
        assert pd.isna(row["segment"])
        assert row["income_band"] == band(firms.turnover[place])


def test_risk_is_counted_in_points(world) -> None:
    customers, _ = parties(world)
    start = pd.Timestamp(world.settings.start)
    cash = {"groceries", "restaurants", "fuel", "transport", "entertainment"}
    for row in customers.itertuples():
        firm = row.kind == "firm"
        large = row.income_band in ("10000_49999", "50000_and_more")
        points = int((start - row.since).days < 365)
        points += row.sector in cash if firm else row.segment in ("student", "jobless")
        if not firm:
            assert row.kyc_risk == ("low", "medium", "high")[min(points + large, 2)]
        else:  # a turnover of 100,000 lies inside the last band
            assert row.kyc_risk in [("low", "medium", "high")[min(points + more, 2)] for more in (0, 1)]
    assert set(customers["kyc_risk"]) == {"low", "medium", "high"}


def test_salaries_come_from_the_employer_and_to_those_who_have_one(world) -> None:
    customers = parties(world)[0].set_index("customer_id")
    owner = world.accounts.set_index("account_id")["customer_id"]
    pay = world.rows[world.rows["purpose"].astype(str) == "salary"]
    whose = pay["to_account"].map(owner)
    assert (whose.map(customers["employer_account"]).to_numpy() == pay["from_account"].to_numpy()).all()
    employed = customers[customers["employer_account"] >= 0]
    assert len(employed) > 500
    opened = employed["employer_account"].map(world.accounts.set_index("account_id")["opened"])
    old = employed[employed["since"].lt("2025-12-01") & opened.lt("2025-12-01")]
    assert set(old.index) <= set(whose)
    firm = customers.loc[
        employed["employer_account"].map(owner).dropna().loc[lambda c: c.isin(customers.index)]
    ]
    told = employed.loc[employed["employer_account"].map(owner).isin(customers.index), "sector"]
    assert told.tolist() == firm["sector"].tolist()
    assert employed["sector"].notna().sum() == len(told) > 20


def test_people_buy_in_their_town_at_shops_that_are_what_they_say(world) -> None:
    customers, merchants = (frame.set_index(frame.columns[0]) for frame in parties(world))
    owner = world.accounts.set_index("account_id")["customer_id"]
    rows = world.rows[(world.rows["merchant_id"] >= 0) & (world.rows["instance"] < 0)]
    shop = merchants.loc[rows["merchant_id"]].reset_index()
    assert (rows["category"].astype(str).to_numpy() == shop["category"].to_numpy()).all()
    account = shop["account_id"].to_numpy()
    refund = (rows["purpose"].astype(str) == "refund").to_numpy()
    assert (np.where(refund, rows["from_account"], rows["to_account"]) == account).all()
    local = shop["town"].notna().to_numpy() & ~refund
    town = rows["from_account"].map(owner).map(customers["town"]).to_numpy()
    assert local.sum() > 1_000
    assert (town[local] == shop["town"].to_numpy()[local]).all()


def test_few_sales_at_a_counter_are_made_when_it_is_shut(world) -> None:
    merchants = parties(world)[1].set_index("merchant_id")
    rows = world.rows[
        (world.rows["channel"].astype(str) == "card_present") & (world.rows["merchant_id"] >= 0)
    ]
    opens, closes = (rows["merchant_id"].map(merchants[name]).to_numpy() for name in ("opens", "closes"))
    hour = rows["ts"].dt.hour.to_numpy()
    sold = np.where(closes > opens, (hour >= opens) & (hour < closes), (hour >= opens) | (hour < closes))
    assert 0.94 < sold.mean() < 0.999
    web = merchants["category"].isin(["online", "digital"])
    assert set(merchants.loc[web, "opens"]) == {0}
    assert set(merchants.loc[web, "closes"]) == {24}


def test_hours_have_the_shares_that_times_are_drawn_by() -> None:
    for name in ("groceries", "entertainment"):
        u = (np.arange(200_000) + 0.5) / 200_000
        hour = sample_millis(PROFILE[name], np.zeros(len(u), dtype=np.int64), u) // 3_600_000
        drawn = np.bincount(hour, minlength=24) / len(u)
        assert np.abs(hour_shares(PROFILE[name]) - drawn).max() < 1e-4


def test_codes_belong_to_the_category_and_follow_the_price(world) -> None:
    merchants = parties(world)[1]
    assert merchants.groupby("mcc")["category"].nunique().max() == 1
    assert set(merchants["category"]) == set(CATEGORIES)
    ticket = dict(zip(world.population.merchants.merchant_id, world.population.merchants.ticket, strict=True))
    food = merchants[merchants["category"] == "restaurants"]
    assert (food["mcc"].eq(5814) == (food["merchant_id"].map(ticket) < 1_200)).all()
    assert merchants["name"].str.match(r"[A-Z][a-z]+ [A-Z][A-Za-z ]+$").all()


def test_only_names_are_drawn_and_another_seed_gives_others(world) -> None:
    settings, population = world.settings, world.population
    again, other = (party_tables(population, settings, Streams(seed)) for seed in (7, 8))
    assert again["customers"].equals(world.tables.customers)
    assert again["merchants"].equals(world.tables.merchants)
    assert not other["merchants"].equals(again["merchants"])
    assert other["merchants"].drop_columns(["name"]).equals(again["merchants"].drop_columns(["name"]))
    euro = party_tables(population, replace(settings, currency="EUR"), Streams(7))
    assert set(euro["customers"]["country"].to_pylist()) == {"EU"} == {country_of("EUR")}


def test_towns_have_different_names() -> None:
    assert len(set(place_names(NAMES))) == NAMES == 200
    assert town_column(np.array([1, -1, 0]), 2).to_pylist() == [place_names(2)[1], None, place_names(2)[0]]


def test_a_world_has_at_most_as_many_towns_as_names(world) -> None:
    assert towns(replace(world.settings, accounts=100_000_000)) <= NAMES
