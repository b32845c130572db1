"""Tables that features of payments are made from: own names by schema, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from finsim.errors import DataError, FinsimError, StudyError
from finsim.evaluation.detector_features import features, split_by_time
from finsim.evaluation.detector_features.definitions import OF_RECEIPTS

SCHEMA = """finsim: schema/1
kind: payments
read: {sep: ";", decimal: ","}
columns:
  Nr: {type: id, role: id}
  Zeit: {type: ts, format: "%d.%m.%Y %H:%M", role: date}
  Von: {type: id, role: from_account}
  An: {type: id, role: to_account}
  Betrag: {type: money, ccy: EUR, role: amount}
  Art: {type: cat, role: channel, optional: true}
  betrug: {type: bool, role: fraud}
"""
LEDGER = """Nr;Zeit;Von;An;Betrag;Art;betrug
A1;01.03.2026 08:00;007;7;1250,00;wire;true
A2;01.03.2026 09:30;7;007;80,5;ach;false
A3;02.03.2026 09:30;007;7;10,00;wire;true
"""


def plain():
    return pd.DataFrame(
        {
            "ts": pd.to_datetime(["2026-03-01 08:00", "2026-03-01 09:30", "2026-03-02 09:30"], utc=True),
            "from_account": ["007", "7", "007"],
            "to_account": ["7", "007", "7"],
            "amount": [125_000, 8_050, 1_000],
            "channel": ["wire", "ach", "wire"],
        }
    )


@pytest.fixture
def schema(tmp_path):
    path = tmp_path / "ledger.schema.yaml"
    path.write_text(SCHEMA)
    return path


def test_an_own_ledger_is_read_through_its_schema(tmp_path, schema):
    file = tmp_path / "ledger.csv"
    file.write_text(LEDGER)
    found = features(file, schema=schema)
    wanted = features(plain())
    assert found.index.tolist() == ["A1", "A2", "A3"]
    assert found.to_numpy().tobytes() == wanted.to_numpy().tobytes()
    assert found["pair_count"].tolist() == [0, 0, 1]
    assert found["reverse_count"].tolist() == [0, 1, 1]


def test_all_faults_of_a_schema_are_told_at_once(schema):
    schema.write_text(
        SCHEMA.replace("money, ccy: EUR", "float").replace("role: to_account", "role: from_account")
        .replace(', role: date', '')
    )  # fmt: skip
    with pytest.raises(DataError) as error:
        features(plain(), schema=schema)
    said = str(error.value)
    for part in (
        "no column is ts", "`role: date`", "'Von' and 'An' both have the role from_account",
        "'Betrag' is declared float; expected money", "no column is to_account",
    ):  # fmt: skip
        assert part in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ts": None}, "row 0: column 'ts' is empty (and 2 more)"),
        ({"from_account": ["1", None, "2"]}, "row 1: column 'from_account' is empty; expected"),
        ({"amount": [1.0, 2.0, np.nan]}, "row 2: column 'amount' is empty"),
        ({"tx_id": [1, 2, 1]}, "tx_id 1 stands twice"),
        ({"amount": [2**61, 2**61, 2**61]}, "more than 64 bits"),
        ({"amount": "a lot"}, "'a lot'"),
        ({"ts": "yesterday"}, "'yesterday'"),
        ({"channel": [[1], [2], [3]]}, "list"),
    ],
)
def test_cells_that_cannot_be_used_are_refused(change, said):
    with pytest.raises(DataError) as error:
        features(plain().assign(**change))
    assert said in str(error.value)


def test_every_missing_column_is_named_with_the_way_out():
    with pytest.raises(DataError) as error:
        features(plain().drop(columns=["ts", "amount"]))
    assert "no column 'ts' among from_account, to_account, channel" in str(error.value)
    assert "`role: amount`" in str(error.value)


@pytest.mark.parametrize(
    "given",
    [{"groups": None}, {"groups": 3}, {"csv": "sepp=;"}, {"schema": "no-such.yaml"}, {"accounts": [1]},
     {"accounts": pd.DataFrame({"account_id": ["7", "7"]})}, {"accounts": pd.DataFrame({"id": [7]})}],
)  # fmt: skip
def test_wrong_arguments_are_refused(given):
    with pytest.raises(FinsimError):
        features(plain(), **given)
    with pytest.raises(DataError, match="is no table"):
        features(None)


def test_a_split_by_time_keeps_schemes_and_moments_whole():
    ts = [1, 2, 2, 2, 3, 4, 5, 6]
    scheme = [-1, -1, 7, -1, 7, 8, None, 8]
    train, test = split_by_time(ts, scheme, share=0.3)
    assert train.tolist() == [True] * 4 + [False] * 4
    assert test.tolist() == [False] * 5 + [True] * 3
    order = [5, 0, 3, 7, 1, 6, 2, 4]
    mixed = split_by_time([ts[k] for k in order], [scheme[k] for k in order], share=0.3)
    assert [side[order.index(k)] for side in mixed for k in range(8)] == [*train, *test]
    train, test = split_by_time(pd.Series(pd.to_datetime(["2026-01-02", "2026-01-01"])), share=0.5)
    assert (train.tolist(), test.tolist()) == ([False, True], [True, False])
    assert split_by_time([])[0].tolist() == []
    for share in (0, 1, -3, float("nan"), "half"):
        with pytest.raises(StudyError, match="between 0 and 1"):
            split_by_time(ts, share=share)
    with pytest.raises(DataError, match="2 instances for 8 times"):
        split_by_time(ts, [1, 2])


CARDS = """finsim: schema/1
kind: payments
columns:
  ts: {type: ts, role: date}
  card: {type: id, role: from_account}
  shop: {type: id, role: merchant}
  amount: {type: money, ccy: EUR, unit: minor, role: amount}
"""


def test_a_table_of_cards_at_merchants_needs_no_second_schema(tmp_path):
    """A card and a shop of one name are two; what only transfers tell is left out."""
    (tmp_path / "cards.schema.yaml").write_text(CARDS)
    frame = plain().drop(columns=["channel", "to_account"])
    frame = frame.rename(columns={"from_account": "card"}).assign(shop=["7", "8", "7"])
    found = features(frame, schema=tmp_path / "cards.schema.yaml")
    assert found["to_merchant"].tolist() == [1, 1, 1]
    assert found["pair_count"].tolist() == [0, 0, 1]
    assert found["payer_purchases"].tolist() == [0, 0, 1]
    assert found["payee_in_count"].tolist() == [0, 0, 1]
    assert not set(found) & OF_RECEIPTS
    assert list(found.attrs["features"]) == list(found)
    again = features(frame.rename(columns={"card": "from_account", "shop": "merchant_id"}))
    assert again.to_numpy().tobytes() == found.to_numpy().tobytes()
    assert set(features(plain())) >= OF_RECEIPTS - {"balance_share"}
    with pytest.raises(DataError, match="column 'shop' is empty"):
        features(frame.assign(shop=["7", None, "7"]), schema=tmp_path / "cards.schema.yaml")


def test_an_input_without_a_value_in_any_row_is_missing():
    """Merchants of no payment leave out what needs them, as a table without the column does, and say so."""
    bare = features(plain())
    for empty in ({"merchant_id": [-1, -1, -1], "category": None}, {"merchant_id": None}):
        found = features(plain().assign(**empty))
        assert list(found) == list(bare)
        assert found.attrs["left_out"]["payer_new_shop_share"] == "no merchant_id"
        assert not set(found.attrs["left_out"]) & set(found)
    shops = features(plain().assign(merchant_id=[-1, 5, -1]))
    assert "payer_new_shop_share" in shops
    assert "payer_new_shop_share" not in shops.attrs["left_out"]
