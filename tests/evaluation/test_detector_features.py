"""Features of payments: equal to their definitions, blind to labels and to the future."""

import naive.marked_payments as marked
import naive.payments as naive
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from naive.nasty_payments import KINDS, arrays, nasty

from finsim.errors import StudyError
from finsim.evaluation.detector_features import FEATURES, GROUPS, feature_definitions, features
from finsim.evaluation.detector_features.marked_definitions import FLOWS, MEASURES
from finsim.evaluation.detector_features.reading import ACCOUNT_FIELDS, FIELDS
from finsim.records.transactions import Transactions
from finsim.verbs.simulate import simulate

LABELS = (
    "is_fraud", "is_laundering", "narrative", "instance", "phase", "role", "order_id", "_fs_src", "_fs_seq",
)  # fmt: skip


def frame(rows):
    time, payer, payee, amount, posted = arrays(rows)
    return pd.DataFrame(
        {
            "tx_id": np.arange(len(rows)) + 100,
            "ts": pd.to_datetime(time, utc=True),
            "from_account": payer,
            "to_account": payee,
            "amount": amount,
            "status": np.where(posted, "posted", "declined"),
            "channel": np.where(amount % 2 == 0, "wire", "smoke signal"),
        }
    )


@pytest.fixture(scope="module")
def world():
    return simulate(accounts=300, days=20, seed=3, progress=False)


def same(found, wanted):
    assert list(found.columns) == list(wanted.columns)
    assert found.index.equals(wanted.index)
    assert found.to_numpy().tobytes() == wanted.to_numpy().tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_every_feature_is_what_its_definition_says(kind):
    rows = nasty(kind)
    found = features(frame(rows), groups=("history", "graph"))
    told = [one | other for one, other in zip(naive.history(rows), naive.graph(rows), strict=True)]
    flows = [one.name for one in MEASURES if one.group == "graph"] + [name for name, *_ in FLOWS]
    names = [one.name for one in FEATURES if one.group != "raw" and not one.needs and one.name not in flows]
    assert [name for name in found if name not in names] == [
        "payer_channel_count", "payer_channel_share", *flows
    ]  # fmt: skip
    assert found.dtypes.unique().tolist() == [np.dtype("float32")]
    for name in names:
        wanted = np.array([one[name] for one in told], dtype=np.float64).astype(np.float32)
        np.testing.assert_array_equal(found[name].to_numpy(), wanted, err_msg=name)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "empty"])
def test_purchases_and_first_transfers_are_what_their_definitions_say(kind):
    rng = np.random.default_rng(len(kind))
    rows = nasty(kind)
    shop = rng.random(len(rows)) < 0.4
    channel = rng.choice(["wire", "cash", "card_not_present", "card_present"], len(rows))
    category = [rng.choice(["fuel", "travel"]) if one else None for one in shop]
    table = frame(rows).assign(
        merchant_id=[int(row[2]) if one else -1 for row, one in zip(rows, shop, strict=True)],
        channel=channel, category=category,
    )  # fmt: skip
    full = [(*row, bool(one), str(way), word)
            for row, one, way, word in zip(rows, shop, channel, category, strict=True)]  # fmt: skip
    found = features(table, groups=("history", "graph"))
    told = [one | other for one, other in zip(marked.purchases(full), marked.transfers(full), strict=True)]
    assert len(told[0]) == 45
    for name in told[0]:
        wanted = np.array([one[name] for one in told], dtype=np.float64)
        np.testing.assert_allclose(found[name].to_numpy(), wanted, rtol=1e-6, err_msg=name)


def test_raw_features_and_channels():
    rows = [
        (naive.DAY * 3 + naive.HOUR * 30, 0, 1, 12_000, True),
        (naive.DAY * 9, 0, 1, 12_345, False),
        (naive.DAY * 9 + 1, 0, 2, 2, True),
    ]
    table = frame(rows).assign(merchant_id=[None, 5, None], from_bank=[1, 1, None], to_bank=[1, 2, 1])
    table["from_balance_after"] = [3_000, 3_000, 2_998]
    accounts = pd.DataFrame(
        {"account_id": [1, 0], "kind": ["merchant", "ship"], "opened": ["1970-01-02"] * 2}
    )
    found = features(table, groups="raw", accounts=accounts)
    assert found["amount"].tolist() == [12_000, 12_345, 2]
    assert found["amount_cents"].tolist() == [0, 45, 2]
    assert found["is_round"].tolist() == [1, 0, 0]
    assert found["hour"].iloc[0] == 6.0
    assert found["weekday"].tolist() == [0, 5, 5]  # 5 January 1970 was a Monday
    assert found["month_day"].tolist() == [5, 10, 10]
    assert found["channel"].iloc[0] == 4  # wire
    assert found["channel"].iloc[1] == found["channel"].max() >= 1_000
    assert found["to_merchant"].tolist() == [0, 1, 0]
    np.testing.assert_array_equal(found["same_bank"], np.float32([1, 0, np.nan]))
    assert found["payer_balance"].tolist() == [15_000, 3_000, 3_000]
    assert found["payee_kind"].tolist() == [4, 4, -1]
    np.testing.assert_array_equal(found["payee_age"], np.float32([3, 8, np.nan]))
    assert "payee_balance" not in found
    assert "category" not in found
    counts = features(table, groups="history")["payer_channel_count"]
    assert counts.tolist() == [0, 0, 1]  # the declined one does not count


def test_labels_are_never_read(world):
    table = world.rows.to_pandas()
    plain = features(world)
    assert not set(LABELS) & {*FIELDS, *ACCOUNT_FIELDS}
    without = table.drop(columns=[name for name in LABELS if name in table])
    rng = np.random.default_rng(1)
    shuffled = table.assign(
        **{name: table[name].to_numpy()[rng.permutation(len(table))] for name in LABELS if name in table}
    )
    for other in (without, shuffled):
        same(features(other, accounts=world.accounts), plain)


@pytest.mark.parametrize("kind", ["sparse", "dense", "crowded", "one moment"])
def test_the_future_changes_nothing(kind):
    table = frame(nasty(kind))
    whole = features(table)
    rng = np.random.default_rng(5)
    for cut in (1, len(table) // 3, len(table) // 2, len(table) - 1):
        same(features(table.iloc[:cut]), whole.iloc[:cut])
        altered = table.copy()
        later = altered.index[cut:]
        altered.loc[later, "amount"] = rng.integers(1, 9_999, len(later))
        altered.loc[later, "to_account"] = rng.integers(0, 99, len(later))
        altered.loc[later, "from_account"] = rng.permutation(altered.loc[later, "from_account"])
        altered.loc[later, "channel"] = "cash"
        altered.loc[later, "status"] = rng.permutation(altered.loc[later, "status"])
        same(features(altered).iloc[:cut], whole.iloc[:cut])


@pytest.mark.parametrize("kind", ["sparse", "dense"])
@pytest.mark.parametrize("group", ["history", "graph"])
def test_an_earlier_row_changes_only_later_rows_of_linked_accounts(kind, group):
    table = frame(nasty(kind))
    whole = features(table, groups=group)
    for place in (10, 40, 90):
        altered = table.copy()
        altered.loc[place, "amount"] += 1_234_567
        altered.loc[place, "status"] = "posted"
        changed = (features(altered, groups=group) != whole) & ~(
            features(altered, groups=group).isna() & whole.isna()
        )
        rows = np.flatnonzero(changed.any(axis=1))
        assert len(rows) > 1
        reached = set(table.loc[place, ["from_account", "to_account"]])
        for row in rows:
            if row == place:
                continue
            assert table.ts[row] > table.ts[place]
            sides = set(table.loc[row, ["from_account", "to_account"]])
            assert sides & reached
            if group == "graph":  # what a row passes on reaches the next account
                reached |= sides


def test_the_status_of_a_row_is_not_among_its_own_features():
    table = frame(nasty("sparse"))
    for place in (20, 80):
        altered = table.copy()
        altered.loc[place, "status"] = "declined" if table.status[place] == "posted" else "posted"
        groups = ("history", "graph")
        same(features(altered, groups=groups).iloc[[place]], features(table, groups=groups).iloc[[place]])


def test_rows_in_any_order_and_tables_of_any_kind_are_the_same(world):
    pl = pytest.importorskip("polars", reason="polars is not installed")
    wanted = features(world)
    order = np.random.default_rng(2).permutation(world.rows.num_rows)
    shuffled = world.rows.take(pa.array(order))
    found = features(Transactions(shuffled, world.accounts, world.patterns))
    assert found.index.tolist() == shuffled["tx_id"].to_pylist()
    same(found.loc[wanted.index], wanted)
    kept = [name for name in FIELDS if name in world.rows.column_names]
    for table in (world.rows, world.rows.to_pandas(), pl.from_arrow(world.rows.select(kept))):
        same(features(table, accounts=world.accounts), wanted)


@pytest.mark.parametrize("kind", ["sparse", "dense", "one moment"])
def test_rows_of_one_time_are_in_order_of_their_numbers(kind):
    table = frame(nasty(kind))
    order = np.random.default_rng(4).permutation(len(table))
    same(features(table.iloc[order]).loc[table["tx_id"]], features(table))


def test_a_word_has_one_code_in_every_table():
    table = frame(nasty("dense"))[:4]
    codes = [
        dict(zip(words, features(table.assign(channel=words), groups="raw")["channel"], strict=True))
        for words in (["kite", "wire", "raven", "ach"], ["raven", "ach", "smoke", "kite"])
    ]
    shared = set(codes[0]) & set(codes[1])
    assert len(shared) == 3
    assert all(codes[0][word] == codes[1][word] for word in shared)
    assert len(set(codes[0].values())) == 4


def test_account_numbers_may_be_text(world):
    wanted = features(world)
    table = world.rows.to_pandas()
    for side in ("from_account", "to_account"):
        table[side] = "DE" + table[side].astype(str)
    accounts = world.accounts.to_pandas()
    accounts["account_id"] = "DE" + accounts["account_id"].astype(str)
    same(features(table, accounts=accounts), wanted)


def test_groups_are_chosen_and_defined():
    table = frame(nasty("dense"))
    parts = [features(table, groups=group) for group in GROUPS]
    whole = features(table, groups=("graph", "raw", "history"))
    assert list(whole) == [name for part in parts for name in part]
    assert whole.attrs["features"] == {
        one.name: one.definition for one in FEATURES if one.name in whole.columns
    }
    defined = feature_definitions()
    assert defined["name"].is_unique
    assert defined["definition"].str.len().between(5, 110).all()
    assert set(defined["group"]) == set(GROUPS)
    for wrong, said in (
        ("grpah", "did you mean 'graph'"),
        ((), "no group"),
        (("raw", "x"), "unknown group 'x'"),
    ):
        with pytest.raises(StudyError, match=said):
            features(table, groups=wrong)


def test_features_of_nothing():
    found = features(frame([]))
    assert found.shape == (0, len([one for one in FEATURES if {*one.needs} <= {"channel"}]))
