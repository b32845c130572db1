"""The promises of a transaction world, checked on its tables with pandas alone."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from finsim.agents.payment_orders import public_id
from finsim.agents.vocabulary import FROM_DECOY, FROM_LIFE, FROM_NARRATIVE
from finsim.records.transactions import ACCOUNT_SCHEMA, PATTERN_SCHEMA, TRANSACTION_SCHEMA


@pytest.fixture(scope="module")
def legs(world):
    """Both sides of every row in time order: account, signed cents moved, balance after."""
    rows = world.rows
    moved = rows["amount"].where(rows["status"].eq("posted"), 0)
    sides = [
        pd.DataFrame(
            {
                "tx_id": rows["tx_id"],
                "account": rows[f"{side}_account"],
                "moved": sign * moved,
                "after": rows[f"{side}_balance_after"],
            }
        )
        for side, sign in (("from", -1), ("to", 1))
    ]
    return pd.concat(sides).sort_values("tx_id", kind="stable")


def test_tables_have_the_columns_other_programs_rely_on(world):
    tables = world.tables
    assert tables.rows.schema.equals(TRANSACTION_SCHEMA)
    assert tables.accounts.schema.equals(ACCOUNT_SCHEMA)
    assert tables.patterns.schema.equals(PATTERN_SCHEMA)


def test_rows_are_in_time_order_and_numbered(world):
    rows = world.rows
    assert rows["tx_id"].tolist() == list(range(len(rows)))
    assert rows["ts"].is_monotonic_increasing
    assert rows["order_id"].is_unique


def test_published_order_ids_are_one_to_one_and_silent_about_the_label(world):
    ids = np.array([0, 1, 2**40, 2**41 + 5, 2**62, 2**62 + 2**20, 2**63 - 1])
    assert len(np.unique(public_id(ids))) == len(ids)
    assert (public_id(ids) >= 0).all()
    rows = world.rows
    ranks = rows["order_id"].rank() / len(rows)
    illicit = rows["is_fraud"] | rows["is_laundering"]
    assert abs(ranks[illicit].mean() - 0.5) < 4 / np.sqrt(12 * illicit.sum())


def test_running_balances_follow_from_the_postings(world, legs):
    opening = world.accounts.set_index("account_id")["opening_balance"]
    running = legs.groupby("account")["moved"].cumsum() + legs["account"].map(opening)
    assert (running == legs["after"]).all()


def test_money_is_conserved(world, legs):
    total = world.accounts["opening_balance"].sum()
    last = legs.groupby("account")["after"].last()
    closing = world.accounts.set_index("account_id")["opening_balance"].copy()
    closing.loc[last.index] = last
    assert closing.sum() == total


def test_no_balance_below_its_overdraft_except_external(world, legs):
    accounts = world.accounts.set_index("account_id")
    limit = legs["account"].map(accounts["overdraft_limit"])
    external = legs["account"].map(accounts["kind"].astype(str)).eq("external")
    assert (legs["after"] >= -limit)[~external].all()
    assert (legs["after"] < 0)[external].any()


def test_external_payers_are_never_declined_and_declines_move_nothing(world):
    rows, accounts = world.rows, world.accounts.set_index("account_id")
    declined = rows[rows["status"].eq("declined")]
    kind = declined["from_account"].map(accounts["kind"].astype(str))
    assert len(declined)
    assert not kind.eq("external").any()
    available = declined["from_balance_after"] + declined["from_account"].map(accounts["overdraft_limit"])
    assert (declined["amount"] > available).all()


def test_no_row_before_its_account_opened(world):
    opened = pd.to_datetime(world.accounts.set_index("account_id")["opened"]).dt.tz_localize("UTC")
    rows = world.rows
    for side in ("from_account", "to_account"):
        assert (rows["ts"] >= rows[side].map(opened)).all()
    start = pd.Timestamp(world.settings.start, tz="UTC")
    assert (opened >= start).any(), "some accounts should open inside the period"


def test_amounts_are_positive_and_nobody_pays_themselves(world):
    assert (world.rows["amount"] > 0).all()
    assert (world.rows["from_account"] != world.rows["to_account"]).all()


def test_size_and_declines_are_those_of_the_study(world):
    rows, settings = world.rows, world.settings
    inside = (world.accounts["kind"].astype(str) != "external").sum()
    assert inside == settings.accounts
    assert 0.8 < len(rows) / inside / settings.days < 1.3
    assert 0.01 < rows["status"].eq("declined").mean() < 0.04
    assert sorted(world.accounts["bank_id"].unique()) == [0, 1, 2, 3, 4, 5]


def test_labels_agree_with_the_pattern_table(world):
    rows, patterns = world.rows, world.patterns.set_index("instance")
    ordinary = rows["instance"].eq(-1)
    assert rows.loc[ordinary, ["narrative", "phase", "role"]].isna().all(axis=None)
    assert not rows.loc[ordinary, ["is_fraud", "is_laundering"]].any(axis=None)
    assert rows.loc[~ordinary, ["narrative", "phase", "role"]].notna().all(axis=None)
    told = rows[~ordinary].groupby("instance")
    assert told.size().equals(patterns["rows"].rename(None))
    posted = rows[~ordinary & rows["status"].eq("posted")].groupby("instance")["amount"].sum()
    assert (posted.reindex(patterns.index, fill_value=0) == patterns["amount"]).all()
    assert (told["ts"].min() == patterns["start"]).all()
    assert (told["ts"].max() == patterns["end"]).all()
    assert (patterns["posted_rows"] + patterns["declined_rows"] == patterns["rows"]).all()
    accounts = told.apply(lambda g: sorted({*g["from_account"], *g["to_account"]}), include_groups=False)
    assert all(list(a) == list(b) for a, b in zip(accounts, patterns["accounts"], strict=True))


def test_origin_columns_name_the_layer_and_the_unit(world):
    rows = world.rows
    ordinary = rows["instance"].eq(-1)
    decoy = rows["instance"].map(world.patterns.set_index("instance")["decoy"])
    assert (rows.loc[ordinary, "_fs_src"] == FROM_LIFE).all()
    assert (
        rows.loc[~ordinary, "_fs_src"] == np.where(decoy[~ordinary].astype(bool), FROM_DECOY, FROM_NARRATIVE)
    ).all()
    assert (rows.loc[~ordinary, "_fs_seq"] == rows.loc[~ordinary, "instance"]).all()
    assert rows.loc[ordinary, "_fs_seq"].max() == world.settings.shards - 1


def test_every_decoy_is_benign_and_every_other_scheme_is_not(world):
    rows = world.rows[world.rows["instance"] >= 0]
    illicit = (rows["is_fraud"] | rows["is_laundering"]).groupby(rows["narrative"].astype(str)).mean()
    for story in world.narratives:
        if story.id in illicit:
            assert illicit[story.id] == (0.0 if story.decoy else 1.0)


def test_phases_come_in_order(world):
    """In every scheme the first rows of the phases stand in the order of the file."""
    rows = world.rows[world.rows["instance"] >= 0]
    first = rows.groupby(["narrative", "instance", "phase"], observed=True)["ts"].min().reset_index()
    for story in world.narratives:
        place = {phase.name: position for position, phase in enumerate(story.phases)}
        mine = first[first["narrative"].eq(story.id)]
        mine = mine.assign(place=mine["phase"].astype(str).map(place)).sort_values(["instance", "place"])
        gaps = mine.groupby("instance")["ts"].diff().dropna()
        assert (gaps >= pd.Timedelta(0)).all(), story.id


def test_card_testing_rises_from_test_to_escalation(world):
    """The median escalation exceeds the median test in every scheme that escalates."""
    rows = world.rows[world.rows["narrative"].eq("card_testing_escalation")]
    medians = rows.groupby(["instance", "phase"], observed=True)["amount"].median().unstack().dropna()
    assert len(medians) >= 5
    assert (medians["escalate"] > medians["test"]).all()


def test_illicit_accounts_live_an_ordinary_life(world):
    """People in schemes have ordinary rows too, before, between and after; ids tell nothing."""
    rows = world.rows
    illicit = rows[rows["is_fraud"] | rows["is_laundering"]]
    kinds = world.accounts.set_index("account_id")["kind"].astype(str)
    members = pd.unique(pd.concat([illicit["from_account"], illicit["to_account"]]))
    people = [a for a in members if kinds[a] == "current"]
    ordinary = rows[rows["instance"].eq(-1)]
    active = set(ordinary["from_account"]) & set(ordinary["to_account"])
    assert np.mean([a in active for a in people]) > 0.97
    ids = world.accounts["account_id"]
    inside = ids[kinds.loc[ids].ne("external").to_numpy()]
    assert inside.rank().corr(inside.isin(members).astype(float)) < 0.1


def test_background_runs_to_the_end(world):
    rows = world.rows[world.rows["instance"].eq(-1)]
    daily = rows.groupby(rows["ts"].dt.date).size()
    assert len(daily) == world.settings.days
    assert daily.iloc[-7:].mean() > 0.8 * daily.mean()
    last = rows["ts"].max()
    assert last <= pd.Timestamp(world.settings.end_ns, tz="UTC")


def test_prevalence_is_near_one_in_a_thousand(world):
    illicit = (world.rows["is_fraud"] | world.rows["is_laundering"]).sum()
    low, high = binom.ppf([1e-4, 1 - 1e-4], len(world.rows), 1e-3)
    # Rows come in schemes of about eight, so the interval is widened by the root of that.
    middle = len(world.rows) * 1e-3
    assert middle - 3 * (middle - low) < illicit < middle + 3 * (high - middle)
