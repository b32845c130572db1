"""What banks see, when they know it, and that it changes no payment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from naive import observed as naive

from finsim.agents.observed.false_alarms import FalseAlarms
from finsim.agents.observed.found_rows import NEVER, Batch, Log
from finsim.agents.observed.keyed_draws import Draws
from finsim.agents.observed_rates import USUAL, Claims, Observation
from finsim.agents.payment_orders import Orders
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate
from finsim.agents.vocabulary import CHANNEL
from finsim.errors import StudyError
from finsim.kernels.ledger import POSTED, Rows
from finsim.randomness import Streams

UNREPORTED = {("synthetic_identity_bust_out", "bust_out"), ("refund_fraud", "refund")}
STORIES = ("card_testing_escalation", "account_takeover", "synthetic_identity_bust_out", "refund_fraud")
SURE = Observation(
    card=replace(USUAL.card, found=1.0, upheld=1.0, false=0.0, delay=3.0),
    transfer=replace(USUAL.transfer, found=1.0, upheld=1.0, false=0.0, limit=3_000.0),
    screening=replace(USUAL.screening, found=0.0, false=0.0),
    monitoring=replace(USUAL.monitoring, found=1.0, upheld=1.0, false=0.0, delay=0.3, decided=0.3),
)


def frames(tables) -> tuple[pd.DataFrame, ...]:
    """Return rows, accounts, alerts, reports, account labels with plain text."""
    return tuple(
        table.to_pandas().assign(
            **{name: column.astype(object) for name, column in table.to_pandas().items()
               if isinstance(column.dtype, pd.CategoricalDtype)}
        )
        for table in (tables.rows, tables.accounts, tables.alerts, tables.reports, tables.account_labels)
    )  # fmt: skip


def small(observed: Observation):
    uses = tuple(NarrativeUse(name, count=8) for name in STORIES)
    settings = Settings(
        accounts=500, days=45, shard_accounts=500, narratives=uses, observed=observed, banks=2
    )
    return simulate(settings, Streams(5))


@pytest.fixture(scope="module")
def sure():
    """Return a world in which every victim claims and every account is reported."""
    return small(SURE)


@pytest.fixture(scope="module", params=["usual", "sure"])
def told(request, world, sure) -> tuple[pd.DataFrame, ...]:
    return frames(world.tables if request.param == "usual" else sure)


def test_a_payment_is_known_as_the_plain_twin_says(told) -> None:
    rows, accounts, alerts, reports, _ = told
    parts = naive.parties(rows, accounts, UNREPORTED)
    found = naive.known(rows, alerts, reports, parts)
    mine = rows[rows["known_on"].notna()]
    own = dict(zip(mine["tx_id"], mine["known_on"], strict=True))
    assert {key: day for key, (day, _) in found.items()} == own
    assert len(own) > 60
    ways = dict(zip(mine["tx_id"], mine["known_by"], strict=True))
    ties = {key for key, (day, way) in found.items() if ways[key] != way}
    assert len(ties) <= 0.02 * len(ways)  # of two on one day the table has the one that was first


def test_claims_are_of_posted_frauds_that_somebody_suffered(told) -> None:
    rows, _, _, reports, _ = told
    mine = reports.merge(rows, on="tx_id")
    assert (mine["status"] == "posted").all()
    assert (mine["from_account"] == mine["account_id"]).all()
    assert (mine["amount"] == mine["claimed"]).all()
    assert (mine["reported"] >= mine["ts"].dt.tz_localize(None).dt.normalize()).all()
    assert (mine["closed"] >= mine["reported"]).all()
    assert ((mine["kind"] == "chargeback") == mine["channel"].isin(naive.CARDS)).all()
    assert not set(mine["narrative"]) & {"synthetic_identity_bust_out", "refund_fraud"}
    late = (mine["reported"] - mine["ts"].dt.tz_localize(None).dt.normalize()).dt.days
    assert late[mine["kind"] == "chargeback"].max() <= USUAL.card.limit
    same = mine[mine["instance"] >= 0].groupby(["instance", "account_id", "kind"], observed=True)
    for _, claim in same:  # one day for all before it is noticed, later ones on their own
        noticed = claim["reported"].min()
        before = claim["ts"].dt.tz_localize(None) < noticed
        assert (claim.loc[before, "reported"] == noticed).all()
        assert (
            claim.loc[~before, "reported"] == claim.loc[~before, "ts"].dt.tz_localize(None).dt.normalize()
        ).all()


def test_who_is_sure_to_notice_claims_everything(sure) -> None:
    rows, accounts, alerts, reports, _ = frames(sure)
    inside = set(accounts.loc[accounts["kind"] != "external", "account_id"])
    fraud = rows[rows["is_fraud"] & (rows["status"] == "posted") & rows["from_account"].isin(inside)]
    suffered = fraud[~fraud["narrative"].isin({name for name, _ in UNREPORTED})]
    assert len(suffered) > 60
    gone = set(suffered["tx_id"]) - set(reports["tx_id"])
    assert len(gone) <= 0.1 * len(suffered)  # beyond the networks' limit
    assert set(reports["tx_id"]) <= set(suffered["tx_id"])
    parts = naive.parties(rows, accounts, UNREPORTED)
    watched = {key[1] for key, mine in parts.items() if any(row.channel not in naive.CARDS for row in mine)}
    assert set(alerts["account_id"]) == watched
    assert set(alerts["outcome"]) == {"sar"}


def test_an_alert_on_an_account_is_raised_by_what_came_before(told) -> None:
    rows, accounts, alerts, _, _ = told
    inside = accounts.loc[accounts["kind"] != "external", ["account_id", "bank_id"]]
    assert len(alerts.merge(inside, on=["account_id", "bank_id"])) == len(alerts)
    mine = alerts.merge(rows, on="tx_id", suffixes=("", "_row"))
    day = mine["ts"].dt.tz_localize(None).dt.normalize()
    assert len(mine) == len(alerts)
    assert ((mine["account_id"] == mine["from_account"]) | (mine["account_id"] == mine["to_account"])).all()
    assert (mine["raised"] >= day).all()
    assert (mine["closed"] >= mine["raised"]).all()
    scores = mine["rule"].isin(["card_score", "payment_score"])
    assert (mine.loc[scores, "raised"] == day[scores]).all()
    assert not mine.loc[~scores, "channel"].isin(naive.CARDS).any()
    assert ((mine["rule"] == "cash_activity") == (~scores & (mine["channel"] == "cash"))).all()
    cased = mine["outcome"].isin(["case_closed", "sar"])
    assert (mine["case_opened"].notna() == cased).all()
    assert mine.loc[cased, "case_opened"].between(mine.loc[cased, "raised"], mine.loc[cased, "closed"]).all()
    assert alerts["alert_id"].tolist() == list(range(len(alerts)))
    assert alerts["raised"].is_monotonic_increasing


def test_account_labels_are_those_of_the_rows(told) -> None:
    rows, accounts, alerts, reports, labels = told
    parts = naive.parties(rows, accounts, UNREPORTED)
    inside = set(accounts.loc[accounts["kind"] != "external", "account_id"])
    posted = rows[(rows["status"] == "posted") & rows["is_fraud"] & rows["from_account"].isin(inside)]
    wanted = [
        (name, phase) in UNREPORTED for name, phase in zip(posted["narrative"], posted["phase"], strict=True)
    ]
    lost = posted[~np.array(wanted)]
    victims = set(lost["from_account"])
    fraud = {key[1] for key, mine in parts.items() if any(row.is_fraud for row in mine)}
    laundering = {key[1] for key, mine in parts.items() if any(row.is_laundering for row in mine)}
    for name, true in (("is_victim", victims), ("is_fraud", fraud), ("is_laundering", laundering)):
        assert set(labels.loc[labels[name], "account_id"]) == true, name
    both = {(row.instance, row.from_account) for row in lost.itertuples()} | set(parts)
    counts = pd.Series([account for _, account in both]).value_counts()
    own = labels.set_index("account_id")
    assert own["schemes"][own["schemes"] > 0].to_dict() == counts.to_dict()
    named = set(alerts.loc[alerts["outcome"].isin(["fraud", "sar"]), "account_id"])
    named |= set(reports.loc[(reports["outcome"] == "upheld"), "account_id"]) & victims
    assert named <= set(labels.loc[labels["known_on"].notna(), "account_id"])
    assert labels["account_id"].is_monotonic_increasing


def test_rates_change_what_is_known_and_nothing_else(sure) -> None:
    never = small(Observation(
        replace(USUAL.card, found=0.0, false=0.0), replace(USUAL.transfer, found=0.0, false=0.0),
        replace(USUAL.screening, found=0.0, false=0.0),
        replace(USUAL.monitoring, found=0.0, lookalikes=0.0, false=0.0),
    ))  # fmt: skip
    # Who reports a fraud on a card goes on with another one: that is a thing that a bank does.
    both = [one.rows.drop_columns(["known_on", "known_by", "card_id"]) for one in (sure, never)]
    assert both[0].equals(both[1])
    reasons = [set(one.cards["end_reason"].to_pylist()) for one in (sure, never)]
    assert "fraud" in reasons[0] - reasons[1]
    assert never.rows["known_on"].null_count == never.rows["known_by"].null_count == never.rows.num_rows
    assert (never.alerts.num_rows, never.reports.num_rows) == (0, 0)
    assert never.account_labels["known_on"].null_count == never.account_labels.num_rows > 0


def payments(size: int, channel: str, amount: int) -> tuple[Orders, Rows]:
    """Return posted payments of one channel and sum from account 0 to account 1."""
    whole = np.full(size, amount, dtype=np.int64)
    orders = Orders(
        ts=np.arange(size) * 1_000_000, payer=np.zeros(size, np.int32), payee=np.ones(size, np.int32),
        amount=whole, channel=np.full(size, CHANNEL[channel], np.int8), purpose=np.zeros(size, np.int8),
        merchant=np.full(size, -1, np.int32), order_id=np.arange(size) + 17,
        plan_row=np.full(size, -1, np.int32),
    )  # fmt: skip
    return orders, Rows(np.full(size, POSTED, np.uint8), whole, whole, whole)


def alarms(rates: Observation, made: tuple[Orders, Rows], cuts=()) -> tuple[np.ndarray, Log]:
    """Return which payments are known, and the log, for payments that come in pieces."""
    watch = FalseAlarms(np.zeros(2, bool), np.zeros(0, bool), rates, Draws(Streams(3)), (11, 12, 13))
    log, size, known = Log(np.full(2, NEVER)), len(made[0]), []
    for low, high in zip([0, *cuts], [*cuts, size], strict=True):
        rows = Rows(*(column[low:high] for column in made[1]))
        batch = Batch(made[0].take(slice(low, high)), rows, low)
        watch.of(batch, log)
        known.append(batch.known().row + low)
    return np.concatenate(known), log


@pytest.mark.parametrize(
    ("channel", "amount", "scores", "cases"),
    [("instant", 10_000, 1.0, 1.0), ("instant", 90_000, 3.0, 3.0), ("wire", 10**9, 5.0, 5.0),
     ("card_present", 40_000, 2.0, 0.0), ("cash", 1, 0.0, 0.2), ("direct_debit", 10_000, 0.0, 1.0)],
)  # fmt: skip
def test_false_alarms_come_as_often_as_their_rates_say(channel, amount, scores, cases) -> None:
    size = 200_000
    rates = replace(
        USUAL, screening=replace(USUAL.screening, false=0.004),
        monitoring=replace(USUAL.monitoring, false=0.006),
        card=replace(USUAL.card, false=0.003, limit=3_660), transfer=replace(USUAL.transfer, false=0.002),
    )  # fmt: skip
    _, log = alarms(rates, payments(size, channel, amount))
    alerts, reports = log.alerts.whole(), log.reports.whole()
    claims = {"card_present": 0.003, "instant": 0.002, "wire": 0.002}.get(channel, 0.0)
    on_payment = alerts["rule"] < 2
    assert set(alerts["account"]) | set(reports["account"]) <= {0}  # the payer, where that is inside
    for found, rate in (
        (on_payment.sum(), 0.004 * scores), ((~on_payment).sum(), 0.006 * cases),
        (len(reports["tx_id"]), claims),
    ):  # fmt: skip
        assert abs(found - rate * size) <= 5 * np.sqrt(rate * size) + (
            0.03 * claims * size if rate == claims else 0
        )


def test_false_alarms_do_not_hang_on_the_pieces() -> None:
    made = payments(30_000, "instant", 10_000)
    rates = replace(USUAL, screening=replace(USUAL.screening, false=0.05, false_upheld=0.5))
    (whole, one), (cut, two) = alarms(rates, made), alarms(rates, made, (1, 9_000, 9_001))
    assert len(whole) > 500
    assert np.array_equal(whole, cut)
    assert all(
        np.array_equal(one.alerts.whole()[name], two.alerts.whole()[name]) for name in one.alerts.names
    )


def test_waits_have_their_median_and_spread() -> None:
    days = Draws(Streams(1)).wait("x", 9.0, 0.8, np.arange(40_000)) / 86_400e9
    assert np.median(days) == pytest.approx(9.0, rel=0.03)
    assert np.log(days).std() == pytest.approx(0.8, rel=0.03)
    still = Draws(Streams(1)).wait("x", 9.0, 0.0, np.arange(10)) / 86_400e9
    assert still == pytest.approx(np.full(10, 9.0))


@pytest.mark.parametrize("wrong", [{"found": 1.5}, {"delay": -1.0}, {"spread": 9.0}, {"limit": 1e6}])
def test_a_rate_that_is_none_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(StudyError, match=next(iter(wrong))):
        replace(USUAL.card, **wrong)
    assert isinstance(USUAL.card, Claims)
