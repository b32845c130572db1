"""Event metrics: planted faults are found by name, real halves pass, odd input is a sentence."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from event_stand_ins import FAULTS, events

from finsim.evaluation import METRICS
from finsim.evaluation.events.amounts import first_digit, multiple
from finsim.evaluation.events.degrees import degree_shares, links
from finsim.evaluation.events.evaluate_events import evaluate_events
from finsim.evaluation.events.event_case import EventSide, sequences
from finsim.evaluation.events.event_features import event_features
from finsim.evaluation.events.event_repeats import as_before, keys, later_rows, seen_before
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.events.gaps import gaps
from finsim.evaluation.reading.guessed_roles import Named
from finsim.evaluation.reading.read_as import read_as
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.verdicts import judged_together
from finsim.randomness import Streams
from finsim.tables import Field, Schema

pytestmark = pytest.mark.sweep

ROLES = Roles(id="card", time="ts", label="bad")
QUICK = Settings(bootstrap=100)
TREES = ("event_two_sample", "entity_two_sample", "event_alert_recall")
EVERY = METRICS.of_case("events")
PLAIN = [name for name in EVERY if name not in TREES]


def table(rows: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(rows, preserve_index=False)


def scores(real, own, names=PLAIN, holdout=None, roles=ROLES, seed=1):
    spare = None if holdout is None else table(holdout)
    case = event_case(table(real), table(own), spare, roles, Streams(seed), QUICK)
    return judged_together([score for name in names for score in METRICS.load(name).compute(case)])


def failed(found):
    return {score.metric for score in found if score.verdict == "fail"}


@pytest.fixture(scope="module")
def halves():
    return events(1), events(2, first=1_000)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_fails_in_the_metric_that_is_for_it(fault, halves):
    real, own = halves
    change, metric = FAULTS[fault]
    found = scores(real, change(own, np.random.default_rng(3)))
    assert metric in failed(found), [(s.metric, s.subject, s.value, s.goal) for s in found]


@pytest.mark.parametrize("pairs", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_real_halves_pass(pairs):
    passed = 0
    for seed in range(pairs):
        found = scores(events(2 * seed + 10), events(2 * seed + 11, first=1_000))
        passed += not failed(found)
    assert passed >= pairs - pairs // 12


def test_a_holdout_is_the_floor(halves):
    real, own = halves
    late = own[own["ts"] > own["ts"].median()]
    without = {s.subject: s for s in scores(real, own, ["first_last"])}
    with_it = {s.subject: s for s in scores(real, own, ["first_last"], holdout=late)}
    assert with_it["life spans"].goal > without["life spans"].goal
    assert "hold-out" in with_it["life spans"].note


def alone(metric, subject, real, own, **given):
    return next(s for s in scores(real, own, [metric], **given) if s.subject == subject)


@pytest.mark.parametrize(
    ("metric", "subject"),
    [
        ("entity_two_sample", "whole entities"),
        pytest.param("event_two_sample", "rows with their history", marks=pytest.mark.slow),
    ],
)
def test_trees_tell_mixed_entities_and_their_notes_say_by_what(metric, subject):
    real, own = events(1, 150), events(2, 150, first=1_000)
    mixed = FAULTS["entities_mixed"][0](own, np.random.default_rng(3))
    good, bad = alone(metric, subject, real, own), alone(metric, subject, real, mixed)
    assert good.verdict == "pass"
    assert good.value < 0.6 < bad.value
    assert bad.verdict == "fail"
    assert "alone tell most" in bad.note
    assert good.floor < 0.6 < good.ceiling


def test_the_size_of_a_side_gives_nothing_away(halves):
    real, own = halves
    few = own[own["card"].isin(own["card"].unique()[:120])]
    assert alone("event_two_sample", "rows with their history", real, few).value < 0.6


def test_digits_and_round_amounts_by_hand():
    assert list(first_digit(np.array([0.00731, 9.99, 1_000.0, -42.0, 0.0, np.nan]))) == [7, 9, 1, 4, 0, 0]
    assert list(multiple(np.array([10.0, 12.5, -5.0, 0.0, np.nan, 5.3]), 5.0)) == [1, 0, 1, 0, 0, 0]


def test_gaps_bursts_and_repeats_by_hand():
    rows = pd.DataFrame({"card": ["a"] * 4 + ["b"], "day": [0.0, 1.0, 1.0, 4.0, 9.0]})
    side = EventSide(
        sequences(np.array([0, 0, 0, 0, 1]), rows["day"].to_numpy()), np.array([5.0, 5.0, 7.0, 5.0, 5.0]),
        np.array([3, 3, 4, 3, 3]), None, None,
    )  # fmt: skip
    entity, length = gaps(side)
    assert list(entity) == [0, 0, 0]
    assert list(length) == [1.0, 0.0, 3.0]
    key = keys(side, "both")
    assert list(as_before(side, key)) == [False, True, False, False, False]
    assert list(seen_before(side, key)) == [False, True, False, True, False]
    assert list(later_rows(side)) == [False, True, True, True, False]
    assert [list(one) for one in links(side)] == [[0, 0, 1], [3, 4, 3], [3, 1, 1]]


def test_shares_of_links_by_hand():
    pairs = np.array([0, 1, 2, 3, 0, 1]), np.array([7, 7, 7, 7, 2, 5])
    everyone = degree_shares(pairs, np.ones(4, dtype=bool))
    assert everyone[2] == pytest.approx((4 + 0.5) / 6)
    assert everyone[3] == pytest.approx(2 / 6)
    assert degree_shares(pairs, np.array([True, False, False, False]))[3] == 1.0


def test_the_first_row_of_an_entity_has_no_past(halves):
    case = event_case(table(halves[0]), table(halves[0]), None, ROLES, Streams(1), QUICK)
    side = case.sides[0]
    described = event_features(case, side, "real")
    first = described.values[side.sequences.start[:-1]]
    at = {name: first[:, k] for k, name in enumerate(described.names)}
    for name in ("rows before", "counterparties before", "days since first row", "amount had before"):
        assert (at[name] == 0).all()
    assert np.isnan(at["amount over own mean"]).all()
    second = side.sequences.start[:-1][side.sequences.lengths() > 1] + 1
    place = described.names.index("counterparties before")
    assert described.values[second, place] == pytest.approx(np.log(2.0))


def test_features_of_a_row_use_nothing_later(halves):
    real = halves[0].sort_values(["card", "ts"], kind="stable").reset_index(drop=True)
    early = real[real["ts"] < "2021-07-01"]
    found = []
    for rows in (real, early):
        case = event_case(table(rows), table(rows), None, ROLES, Streams(1), QUICK)
        described = event_features(case, case.sides[0], "real", ("bad",))
        kept = [k for k, name in enumerate(described.names) if name != "entities of the counterparty"]
        days = case.sides[0].sequences.days
        found.append(described.values[days < (pd.Timestamp("2021-07-01") - pd.Timestamp(0)).days][:, kept])
    np.testing.assert_allclose(found[0], found[1], atol=1e-8)


def test_whole_days_have_no_hour_and_negative_amounts_are_signs():
    real, own = (events(seed, clock=False) for seed in (1, 2))
    found = scores(real, own.assign(amount=-own["amount"]))
    assert "hour of the day" not in {s.subject for s in found}
    assert next(s for s in found if s.subject == "signs").verdict == "fail"


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize(
    ("change", "said", "names"),
    [
        (lambda d: d.drop(columns="card"), "no column card", EVERY),
        (lambda d: d[d["card"] == d["card"].iloc[0]], "entities on the synthetic side", EVERY),
        (lambda d: d.drop(columns="merchant_id"), "counterpart", EVERY),
        (lambda d: d.drop(columns="ts"), "time", EVERY),
        (lambda d: d.assign(amount="many"), "", PLAIN),
        (lambda d: d.groupby("card").head(1), "", PLAIN),
        (lambda d: d.assign(amount=np.inf), "", EVERY),
        (lambda d: d.assign(ts=pd.NaT), "", EVERY),
        (lambda d: d.assign(merchant_id=None), "", PLAIN),
    ],
)
def test_odd_sides_are_sentences_and_never_pass(change, said, names, halves):
    real, own = (one[one["card"].isin(one["card"].unique()[:40])] for one in halves)
    roles = Roles(id="card", time="ts")
    found = scores(real, change(own), names, roles=roles)
    assert all(s.verdict in ("pass", "warn") or s.reason for s in found)
    assert said in " ".join(s.reason for s in found)
    told = {s.metric: s.verdict for s in found}
    assert "fail" in told.values() or "not computed" in told.values()


@pytest.mark.slow
def test_rows_of_the_table_are_judged_by_name_and_roles_can_be_declared(halves):
    renamed = {"amount": "x1", "merchant_id": "x2"}
    roles = Roles(id="card", time="ts", amount="x1", counterparty="x2")
    found = evaluate_events(
        *(table(side.rename(columns=renamed)) for side in halves),
        None,
        roles,
        Streams(1),
        QUICK,
    )
    assert any(s.subject.startswith("rows: ") and s.metric == "margins" for s in found)
    told = next(s for s in found if s.subject == "same counterparty")
    assert told.note.startswith("amount x1 (declared), counterparty x2 (declared)")
    assert {s.table for s in found} == {"events"}


def test_accounts_that_pay_each_other_have_returned_rows():
    rng = np.random.default_rng(1)
    size = 3_000
    payer = rng.integers(0, 60, size)
    payee = (payer + rng.integers(1, 60, size)) % 60
    ts = pd.Timestamp("2022-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 8_000_000, size)), unit="s")
    there = pd.DataFrame(
        {"from_account": payer, "to_account": payee, "ts": ts, "amount": rng.gamma(2, 50, size)}
    )
    one_way = there[there["from_account"] < there["to_account"]]
    roles = Roles(id="from_account", time="ts")
    found = scores(there, one_way, ["counterparties"], roles=roles)
    assert next(s for s in found if s.subject == "rows that are returned").value > 0.3


def test_a_single_entity_with_all_rows_fails_and_a_small_sample_is_not_computed(halves):
    real, own = (one[one["card"].isin(one["card"].unique()[:100])] for one in halves)
    (merged,) = (alone("rows_per_entity", "rows of an entity", real, own.assign(card=1)),)
    assert merged.verdict == "fail"
    assert "rows of 1 entities on the synthetic side" in merged.reason
    few = own[own["card"].isin(own["card"].unique()[:5])]
    assert alone("rows_per_entity", "rows of an entity", real, few).verdict == "not computed"


def test_entities_and_times_without_another_column_are_judged():
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(600) % 97, unit="D")
    rows = pd.DataFrame({"card": np.arange(600) % 40, "ts": days})
    found = evaluate_events(table(rows), table(rows), None, Roles(id="card", time="ts"), Streams(1), QUICK)
    told = next(s for s in found if s.metric == "block_influence")
    assert (told.verdict, told.reason) == ("not computed", "no column but the time")


STORED = {
    "dictionary": lambda shops: pa.array([f"s{k}" for k in shops]).dictionary_encode(),
    "large": lambda shops: pa.array([f"s{k}" for k in shops], pa.large_string()).dictionary_encode(),
    "text": lambda shops: pa.array([f"s{k}" for k in shops]),
    "large text": lambda shops: pa.array([f"s{k}" for k in shops], pa.large_string()),
    "whole numbers": lambda shops: pa.array(shops, pa.int64()),
}  # fmt: skip


@pytest.mark.parametrize("kind", STORED)
def test_a_counterparty_is_found_however_it_is_stored(kind, halves):
    def stored(rows: pd.DataFrame) -> pa.Table:
        made = table(rows.drop(columns=["merchant_id", "channel"]))
        note = pa.array([f"text {k % 700}" for k in range(len(rows))]).dictionary_encode()
        wait = pa.array(np.arange(len(rows)) % 300, pa.duration("s"))
        shops = STORED[kind](rows["merchant_id"].tolist())
        return made.append_column("shop_no", shops).append_column("note", note).append_column("wait", wait)

    case = event_case(*(stored(side) for side in halves), None, ROLES, Streams(1), QUICK)
    assert (case.columns.amount, case.columns.partner) == ("amount", "shop_no")
    found = METRICS.load("counterparties").compute(case)
    assert [score.verdict for score in found] == ["pass"] * len(found)


@pytest.mark.parametrize("role", ["merchant", "to_account"])
def test_a_schema_decides_amount_counterparty_and_channel(role, halves):
    rows = [side.rename(columns={"merchant_id": "where", "channel": "how"}) for side in halves]
    rows = [side.assign(fee=np.arange(len(side)) / 8.0, other_id=np.arange(len(side)) % 90) for side in rows]
    schema = Schema({
        "card": Field("id", role="from_account"), "ts": Field("ts"), "amount": Field("float", role="amount"),
        "fee": Field("float"), "where": Field("id", role=role), "how": Field("cat", role="channel"),
        "other_id": Field("id"),
    }, kind="payments")  # fmt: skip
    reading = read_as(*rows, None, None, Named(), schema, None)
    assert reading.kind == "events"
    case = event_case(reading.sides.real, reading.sides.own, None, reading.roles, Streams(1), QUICK)
    assert (
        case.columns.told == "amount amount (declared), counterparty where (declared), channel how (declared)"
    )
    assert (case.sides[0].owner is None) == (role == "merchant")
