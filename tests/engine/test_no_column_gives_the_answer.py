"""The answer is not in the features: no single column that a model may be given tells illicit rows apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

import finsim
from finsim.documents import shipped
from finsim.notation import Array
from finsim.records.columns import LABEL, with_roles
from finsim.records.transactions import ACCOUNT_SCHEMA, FEATURE_SCHEMA, LABEL_SCHEMA, Transactions

pytestmark = pytest.mark.sweep

SCHEMES = {
    "account_takeover": 16,
    "app_scam_mule_chain": 18,
    "card_testing_escalation": 34,
    "lost_or_stolen_card": 34,
    "marketplace_gather_scatter": 5,
    "payroll_fan_out": 14,
    "scatter_gather_structuring": 8,
    "account_ring_layering": 3,
}
"""In the proportions of the files' own rates, five times as many, so that the areas are measured well."""

LABELS = ("is_fraud", "is_laundering")
MOST = 0.75
ORDINARY = -1
STRENGTH = 10  # rows of the average that a word's share begins with


@pytest.fixture(scope="module", params=[1, 2])
def world(request: pytest.FixtureRequest) -> Transactions:
    return finsim.simulate(accounts=2500, days=60, schemes=SCHEMES, seed=request.param, progress=False)


@pytest.fixture(scope="module", params=["base", "fraud-wave-mule-surge"])
def fraud_team(request: pytest.FixtureRequest) -> Transactions:
    """Return the payments of the study that ``new --like fraud`` writes: its schemes among 3,000 accounts."""
    part = yaml.safe_load((shipped("scenarios/studies") / "fraud.yaml").read_text())["transactions"]
    counts = {use["name"]: use["count"] for use in part["narratives"] if isinstance(use, dict)}
    assert sum(counts.values()) > 200
    return finsim.simulate(
        accounts=3000, days=part["days"], schemes=counts, scenario=request.param, seed=3, progress=False
    )


def area(label: Array, score: Array) -> float:
    """Return the area under the ROC curve, ties at half."""
    rank = pd.Series(score).rank().to_numpy()
    hits = int(label.sum())
    return float((rank[label].sum() - hits * (hits + 1) / 2) / (hits * (len(label) - hits)))


def by_number(values: pa.ChunkedArray, label: Array) -> float:
    numbers = values.cast(pa.int64()) if pa.types.is_timestamp(values.type) else values
    found = area(label, numbers.to_numpy())
    return max(found, 1 - found)


def by_word(values: pa.ChunkedArray, label: Array, instance: Array) -> float:
    """Return the area of each word's illicit share, learned on half of the schemes, judged on the rest."""
    rng = np.random.default_rng(0)
    scheme, place = np.unique(instance, return_inverse=True)
    first = np.where(
        instance == ORDINARY, rng.random(len(label)) < 0.5, (rng.random(len(scheme)) < 0.5)[place]
    )
    words = pd.Series(values.to_pandas().astype(object)).fillna("")
    seen = pd.DataFrame({"word": words[first], "hit": label[first]}).groupby("word")["hit"]
    average = label[first].mean()
    share = (seen.sum() + STRENGTH * average) / (seen.size() + STRENGTH)
    return area(label[~first], words[~first].map(share).fillna(average).to_numpy())


def scores(table: pa.Table, label: Array, instance: Array) -> dict[str, float]:
    """Return column -> area; words by their share of illicit rows, numbers in either direction."""
    found = {}
    for name in table.column_names:
        values = table[name]
        if pa.types.is_dictionary(values.type):
            found[name] = by_word(values, label, instance)
        else:
            found[name] = by_number(values, label)
    return found


def telling(world: Transactions, label: Array) -> dict[str, float]:
    """Return the features that tell a label by themselves."""
    found = scores(world.rows.select(FEATURE_SCHEMA.names), label, world.rows["instance"].to_numpy())
    return {name: round(value, 3) for name, value in found.items() if value > MOST}


def answers(world: Transactions) -> tuple[Array, Array]:
    rows = world.rows
    illicit = rows["is_fraud"].to_numpy() | rows["is_laundering"].to_numpy()
    return illicit, rows["instance"].to_numpy()


def test_no_column_of_the_payments_gives_the_answer(world: Transactions) -> None:
    illicit, _ = answers(world)
    assert illicit.sum() > 500
    assert telling(world, illicit) == {}


@pytest.mark.parametrize("label", LABELS)
def test_no_column_gives_fraud_or_laundering_alone(world: Transactions, label: str) -> None:
    """Stolen cards are used at counters as well as online, and debit cards are stolen as credit cards are."""
    assert telling(world, world.rows[label].to_numpy()) == {}


@pytest.mark.parametrize("label", LABELS)
def test_no_column_gives_the_answer_to_the_fraud_team(fraud_team: Transactions, label: str) -> None:
    answer = fraud_team.rows[label].to_numpy()
    assert answer.sum() > 500
    assert telling(fraud_team, answer) == {}


def test_the_place_in_a_file_and_the_digits_of_the_time_say_nothing(world: Transactions) -> None:
    illicit, _ = answers(world)
    time = world.rows["ts"].cast(pa.int64()).to_numpy()
    assert (time % 1_000 == 0).all()  # files hold microseconds
    for part in (np.arange(len(time)), time // 1_000_000 % 1_000, time // 10**9 % 60):
        assert abs(area(illicit, part) - 0.5) < 0.08


def test_the_columns_kept_apart_do_give_it(world: Transactions) -> None:
    """What is measured is able to find a leak; and nothing that gives the answer has another role."""
    illicit, _ = answers(world)
    kept = world.rows.select(with_roles(LABEL_SCHEMA, LABEL))
    numbers = [name for name in kept.column_names if not pa.types.is_dictionary(kept.schema.field(name).type)]
    found = {
        name: by_number(kept[name], illicit) for name in numbers if not pa.types.is_boolean(kept[name].type)
    }
    assert found.pop("taint") > 0.85  # laundering mixes illicit money with a mule's own
    assert [name for name, value in found.items() if value > 0.95] == ["instance", "_fs_src", "_fs_seq"]
    assert not set(numbers) & set(FEATURE_SCHEMA.names)


def test_no_column_of_the_accounts_tells_who_takes_part(world: Transactions) -> None:
    illicit, _ = answers(world)
    rows, accounts = world.rows.filter(pa.array(illicit)), world.accounts.select(ACCOUNT_SCHEMA.names)
    inside = accounts["kind"].to_pandas().astype(str).to_numpy() != "external"
    kept = accounts.filter(pa.array(inside))
    parties = np.union1d(rows["from_account"].to_numpy(), rows["to_account"].to_numpy())
    label = np.isin(kept["account_id"].to_numpy(), parties)
    found = scores(kept, label, np.full(len(label), ORDINARY))
    assert {name: round(value, 3) for name, value in found.items() if value > MOST} == {}


def test_things_of_accounts_and_customers_tell_nothing_of_who_takes_part(world: Transactions) -> None:
    """Joint and dormant accounts, lines of credit, homes and moves: beside the kinds of account, no trace."""
    illicit, _ = answers(world)
    rows = world.rows.filter(pa.array(illicit)).to_pandas()
    names = ("accounts", "customers", "addresses", "credit_lines")
    accounts, customers, addresses, lines = (getattr(world, name).to_pandas() for name in names)
    accounts = accounts[accounts["kind"].astype(str) != "external"]
    parties = set(rows["from_account"]) | set(rows["to_account"])
    owners = set(accounts.loc[accounts["account_id"].isin(parties), "customer_id"])
    size = customers.groupby("household_id")["customer_id"].transform("size")
    stays = addresses.groupby("customer_id").agg(
        moves=("valid_to", "count"), since=("valid_from", "max"), number=("house_number", "last")
    )
    told = {
        "joint": accounts["joint_customer_id"] >= 0,
        "dormant": accounts["dormant"].notna(),
        "holder": customers["customer_id"].isin(accounts["joint_customer_id"]),
        "at home": size.where(customers["household_id"] > 0, 1),
        "home": customers["household_id"],
        "moves": customers["customer_id"].map(stays["moves"]),
        "moved": customers["customer_id"].map(stays["since"]).astype("int64"),
        "number": customers["customer_id"].map(stays["number"]),
        "rate": lines["rate"],
        "granted": lines["since"].astype("int64"),
        "drawn": lines["drawn"],
    }
    labels = {
        len(accounts): accounts["account_id"].isin(parties),
        len(customers): customers["customer_id"].isin(owners),
        len(lines): lines["account_id"].isin(parties),
    }
    found = {
        name: area(labels[len(score)].to_numpy(), score.to_numpy(np.float64)) for name, score in told.items()
    }
    assert {name: value for name, value in found.items() if abs(value - 0.5) > 0.1} == {}
