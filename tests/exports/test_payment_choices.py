"""What the options of a payments export do: a day, a bank, a share, a scheme; and what they refuse."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.errors import DataError, StudyError
from finsim.exports import EXPORTS
from finsim.exports.payments.rows.known_rows import hidden_from, known_labels
from finsim.exports.payments.rows.row_words import cents, hexadecimal, instants
from finsim.exports.payments.rows.scheme_shapes import shape_of
from finsim.exports.payments.rows.thinning import Counts, Thinning
from finsim.records.columns import DAY

LABELS = {"paysim": "is_fraud", "saml-d": "is_laundering"}


def frame(
    world: Path,
    name: str,
    output: Path,
    *,
    read: Callable[[Path], pd.DataFrame] = pd.read_csv,
    **options: Any,
) -> pd.DataFrame:
    folder = output / "-".join([name, *map(str, options.values())])
    finsim.export(world, name, output=folder, **options)
    return read(folder / f"{name}.{'csv' if read is pd.read_csv else 'parquet'}")


def posted(truth: pd.DataFrame) -> pd.DataFrame:
    return truth[truth["status"] == "posted"]


def test_a_day_ends_at_its_midnight(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    day = truth["ts"].iloc[len(truth) // 2].date()
    mine = posted(truth)
    found = frame(world, "saml-d", tmp_path, as_of=str(day))
    assert len(found) == (mine["ts"].dt.date <= day).sum()
    assert found["Date"].max() == str(day)
    assert len(frame(world, "paysim", tmp_path, as_of=day)) == len(found)
    with pytest.raises(StudyError, match="no row is left"):
        finsim.export(world, "paysim", output=tmp_path / "early", as_of="1999-01-01")


def test_labels_are_what_was_known_by_the_day(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    day = truth["ts"].max().date() - pd.Timedelta("2D")
    mine = posted(truth)
    mine = mine[mine["ts"].dt.date <= day].reset_index(drop=True)
    known = mine["known_on"].dt.date <= day
    by_report = (mine["known_by"] == "sar").to_numpy()
    found = frame(world, "handbook", tmp_path, as_of=day, read=pd.read_parquet).set_index("TRANSACTION_ID")
    labels = known.set_axis(mine["tx_id"])[found.index] & ~pd.Series(by_report, mine["tx_id"])[found.index]
    assert found["TX_FRAUD"].tolist() == labels.astype(int).tolist()
    laundering = frame(world, "saml-d", tmp_path, as_of=day)["Is_laundering"]
    assert laundering.tolist() == (known & by_report).astype(int).tolist()
    assert 0 < labels.sum() < mine["is_fraud"].sum()
    side = pd.read_csv(tmp_path / f"saml-d-{day}" / "saml-d_labels.csv")
    assert set(side["tx_id"]) == set(mine.loc[known & (mine["instance"] >= 0), "tx_id"])


def test_claims_are_of_fraud_and_reports_of_laundering() -> None:
    days = [datetime(2026, 1, day) for day in (3, 3, 4, 5)] + [None]
    table = pa.table({
        "is_fraud": [True] * 5, "is_laundering": [False] * 5, "instance": [1, 2, -1, 3, 4],
        "taint": [0.5] * 5,
        "known_on": pa.array(days, DAY), "known_by": ["chargeback", "sar", "alert", "recall", None],
        "narrative": pa.array(["a", "b", None, "c", "d"]).dictionary_encode(),
    })  # fmt: skip
    found = known_labels(table, date(2026, 1, 4)).to_pydict()
    assert found["is_fraud"] == [True, False, True, False, False]
    assert found["is_laundering"] == [False, True, False, False, False]
    assert found["instance"] == [1, 2, -1, -1, -1]
    assert found["narrative"] == ["a", "b", None, None, None]
    assert found["taint"] == [0.0] * 5
    assert found["known_by"] == ["chargeback", "sar", "alert", None, None]
    assert [day is not None for day in found["known_on"]] == [True, True, True, False, False]


def test_a_bank_does_not_know_what_another_found() -> None:
    table = pa.table({
        "from_bank": [1, 2, 1, 2, 2, 2], "from_account": [10, 20, 10, 20, 20, 20],
        "to_account": [20, 10, 20, 11, 12, 10], "known_on": pa.array([datetime(2026, 1, 3)] * 6, DAY),
        "known_by": ["alert", "alert", "sar", "sar", "sar", "recall"],
    })  # fmt: skip
    found = hidden_from(table, 1, pa.array([11], pa.int64()))["known_on"]
    assert found.is_valid().to_pylist() == [True, False, False, True, False, True]


def test_one_bank_has_fewer_labels_on_a_day(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    day = truth["ts"].max().date()
    mine = posted(truth)
    mine = mine[(mine["from_bank"] == 2) | (mine["to_bank"] == 2)]
    known = (mine["known_on"].dt.date <= day) & (mine["known_by"] != "sar")
    known &= (mine["known_by"] != "alert") | (mine["from_bank"] == 2)
    found = frame(world, "paysim", tmp_path, as_of=day, bank=2)
    assert found["isFraud"].tolist() == known.astype(int).tolist()


def test_labels_without_a_day_are_refused(world: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(world, old)
    labels = pd.read_parquet(old / "labels.parquet").drop(columns=["known_on", "known_by"])
    labels.to_parquet(old / "labels.parquet", index=False)
    with pytest.raises(StudyError, match="do not say when"):
        finsim.export(old, "paysim", output=tmp_path / "out", as_of="2026-01-09")


def test_no_account_of_a_later_day_is_known(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    accounts = pd.read_parquet(world / "accounts.parquet")
    day = truth["ts"].iloc[len(truth) // 2].date()
    finsim.export(world, "networkx", output=tmp_path / "out", as_of=day)
    nodes = pd.read_parquet(tmp_path / "out" / "networkx_nodes.parquet")
    assert (accounts["opened"].dt.date > day).any()
    assert set(nodes["account_id"]) == set(accounts[accounts["opened"].dt.date <= day]["account_id"])


def test_a_bank_sees_its_own_side(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    found = frame(world, "paysim", tmp_path, bank=2)
    mine = posted(truth)
    mine = mine[(mine["from_bank"] == 2) | (mine["to_bank"] == 2)].reset_index(drop=True)
    assert 0 < len(found) == len(mine) < len(posted(truth))
    for side, old, new in (
        ("from", "oldbalanceOrg", "newbalanceOrig"),
        ("to", "oldbalanceDest", "newbalanceDest"),
    ):
        own = mine[f"{side}_bank"] == 2
        assert (found[new].notna() == own).all()
        assert (found[old].notna() == own).all()
        assert (found[new][own] * 100).round().astype(int).tolist() == mine[f"{side}_balance_after"][
            own
        ].tolist()


@pytest.mark.parametrize("name", ["networkx", "duckdb"])
def test_of_other_banks_accounts_the_number_alone_is_known(world: Path, tmp_path: Path, name: str) -> None:
    if name == "duckdb":
        pytest.importorskip("duckdb")
    finsim.export(world, name, output=tmp_path / "out", bank=1)
    if name == "networkx":
        nodes = pd.read_parquet(tmp_path / "out" / "networkx_nodes.parquet")
    else:
        import duckdb

        with duckdb.connect(str(tmp_path / "out" / "payments.duckdb"), read_only=True) as database:
            nodes = database.sql("FROM accounts").df()
            rows = database.sql("FROM transactions").df()
            assert (rows["to_balance_after"].notna() == (rows["to_bank"] == 1)).all()
    accounts = pd.read_parquet(world / "accounts.parquet").set_index("account_id")
    own = nodes["bank_id"] == 1
    assert own.sum() == (accounts["bank_id"] == 1).sum()
    assert (~own).any()
    for column in ("customer_id", "kind", "opening_balance", "opened"):
        assert (nodes[column].notna() == own).all(), column
    assert nodes["bank_id"].tolist() == nodes["account_id"].map(accounts["bank_id"]).tolist()


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("share", [0.3, 0.5, 1.0])
def test_a_greater_share_is_met_exactly_by_leaving_out_ordinary_rows(
    world: Path, truth: pd.DataFrame, tmp_path: Path, name: str, share: float
) -> None:
    found = frame(world, name, tmp_path, prevalence=share)
    label = found["isFraud" if name == "paysim" else "Is_laundering"]
    total = posted(truth)[LABELS[name]].sum()
    assert label.sum() == total
    assert len(found) == total + round(total * (1 - share) / share)


def test_a_share_is_met_over_many_row_groups(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    cut = moved(world, tmp_path / "w", lambda name, table: table, 500)
    found = frame(cut, "paysim", tmp_path, prevalence=0.3)
    total = posted(truth)["is_fraud"].sum()
    assert (found["isFraud"].sum(), len(found)) == (total, total + round(total * 0.7 / 0.3))
    halves = found["step"] <= found["step"].median()
    assert 0.3 < halves.mean() < 0.7


def test_a_smaller_share_leaves_out_whole_schemes(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    mine = posted(truth)
    now = mine["is_fraud"].mean()
    found = frame(world, "paysim", tmp_path, prevalence=now / 2)
    assert 0 < found["isFraud"].mean() <= now / 2
    side = pd.read_csv(tmp_path / f"paysim-{now / 2}" / "paysim_labels.csv")
    sizes, whole = side.groupby("instance").size(), mine.groupby("instance").size()
    assert (sizes == whole[sizes.index]).all()
    assert (~found["isFraud"].astype(bool)).sum() <= (~mine["is_fraud"]).sum()
    none = frame(world, "paysim", tmp_path, prevalence=0)
    assert none["isFraud"].sum() == 0


def test_what_is_left_out_is_the_same_in_every_format_and_pass(world: Path, tmp_path: Path) -> None:
    for place in ("a", "b"):
        finsim.export(world, "networkx", output=tmp_path / place, prevalence=0.4)
    finsim.export(world, "neo4j", output=tmp_path / "c", prevalence=0.4)
    one, two = (pd.read_parquet(tmp_path / place / "networkx_edges.parquet") for place in ("a", "b"))
    assert one.equals(two)
    assert pd.read_csv(tmp_path / "c" / "neo4j_payments.csv")["tx_id:long"].tolist() == one["tx_id"].tolist()
    side = pd.read_csv(tmp_path / "a" / "networkx_labels.csv")
    assert one["tx_id"].iloc[side["row"]].tolist() == side["tx_id"].tolist()


def test_a_scheme_that_just_fits_the_share_stays() -> None:
    """Five ordinary rows and one scheme of five are one half: exactly what was asked for."""
    assert len(Thinning.towards(0.5, Counts(5, {0: 5, 1: 5}), 0, "is_fraud").dropped) == 1


def test_thinning_draws_every_ordinary_row_alike() -> None:
    """Each of 40 rows stays with the chance 10/40, in every place: checked over 2,000 seeds, 6 sigma."""
    label = np.zeros(40, bool)
    hits = np.zeros(40)
    for seed in range(2_000):
        thinner = Thinning.towards(0.5, Counts(40, {0: 10}), seed, "is_fraud").start()
        kept = np.concatenate(
            [thinner.keep(label[:25], np.full(25, -1)), thinner.keep(label[25:], np.full(15, -1))]
        )
        assert kept.sum() == 10
        hits += kept
    assert np.abs(hits / 2_000 - 0.25).max() < 6 * np.sqrt(0.25 * 0.75 / 2_000)


def test_one_scheme_and_unknown_ones(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    scheme = int(truth[truth["is_laundering"]]["instance"].iloc[0])
    finsim.export(world, "networkx", output=tmp_path / "one", instance=scheme)
    edges = pd.read_parquet(tmp_path / "one" / "networkx_edges.parquet")
    mine = posted(truth)
    mine = mine[mine["instance"] == scheme]
    assert edges["tx_id"].tolist() == mine["tx_id"].tolist()
    nodes = pd.read_parquet(tmp_path / "one" / "networkx_nodes.parquet")
    assert set(nodes["account_id"]) == {*mine["from_account"], *mine["to_account"]}
    with pytest.raises(StudyError, match="no scheme 7") as caught:
        finsim.export(world, "networkx", output=tmp_path / "none", instance=7)
    assert f"write instance={truth['instance'][truth['instance'] >= 0].min()}" in str(caught.value)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("bank", [0, 99])
def test_a_bank_that_is_not_there_is_refused(world: Path, tmp_path: Path, bank: int) -> None:
    with pytest.raises(StudyError, match="export: bank"):
        finsim.export(world, "amlworld", output=tmp_path / "out", bank=bank)
    assert not (tmp_path / "out").exists()


OPTIONS: dict[str, Any] = {
    "scenario": "base", "path": 0, "from_date": "2012-01-03", "as_of": "2026-01-05", "bank": 1,
    "prevalence": 0.5, "instance": 1, "record_price": 1.0, "cpu_price": 1.0, "currency": "EUR",
}  # fmt: skip


@pytest.mark.parametrize("name", list(EXPORTS))
def test_an_option_that_cannot_act_is_refused_by_name(world: Path, tmp_path: Path, name: str) -> None:
    idle = [option for option in OPTIONS if option not in EXPORTS.options(name)]
    assert idle
    with pytest.raises(StudyError) as caught:
        finsim.export(world, name, output=tmp_path / "out", **{option: OPTIONS[option] for option in idle})
    assert [problem.place for problem in caught.value.problems] == [f"export: {option}" for option in idle]


def test_every_option_acts_somewhere() -> None:
    assert all(EXPORTS.acted_on_by(option) for option in OPTIONS)


def test_a_world_without_scenarios_takes_none(world: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="has no scenarios"):
        finsim.export(world, "amlworld", output=tmp_path / "out", scenario="base")


def test_scenarios_of_a_run_differ(folder: Path, tmp_path: Path) -> None:
    for label in ("base", "gfc-2008@0.5"):
        finsim.export(folder, "paysim", output=tmp_path / label, scenario=label)
        stored = pd.read_parquet(folder / "transactions" / f"scenario={label}" / "transactions.parquet")
        mine = stored[stored["status"] == "posted"]["amount"]
        theirs = pd.read_csv(tmp_path / label / "paysim.csv")["amount"]
        assert (theirs * 100).round().astype(int).tolist() == mine.tolist()
    assert (tmp_path / "base" / "paysim.csv").read_bytes() != (
        tmp_path / "gfc-2008@0.5" / "paysim.csv"
    ).read_bytes()
    with pytest.raises(StudyError, match="no scenario 'gfc'"):
        finsim.export(folder, "paysim", output=tmp_path / "x", scenario="gfc")


@pytest.mark.parametrize("table", ["labels", "accounts", "patterns"])
def test_a_world_that_lacks_a_table_is_refused(world: Path, tmp_path: Path, table: str) -> None:
    for file in world.glob("*.parquet"):
        if file.stem != table:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(StudyError, match=f"no {table} here"):
        finsim.export(tmp_path, "amlworld", output=tmp_path.with_name("out"))


def moved(
    world: Path, target: Path, change: Callable[[str, pa.Table], pa.Table], rows: int | None = None
) -> Path:
    target.mkdir()
    for file in world.glob("*.parquet"):
        pq.write_table(change(file.stem, pq.read_table(file)), target / file.name, row_group_size=rows)
    return target


def test_rows_out_of_order_are_refused(world: Path, tmp_path: Path) -> None:
    def backwards(name: str, table: pa.Table) -> pa.Table:
        rows = name in ("transactions", "labels")
        return table.take(np.arange(table.num_rows)[::-1].copy()) if rows else table

    wrong = moved(world, tmp_path / "w", backwards)
    with pytest.raises(DataError, match="not in the order of time"):
        finsim.export(wrong, "paysim", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_account_that_is_not_there_is_refused(world: Path, tmp_path: Path) -> None:
    wrong = moved(
        world, tmp_path / "w", lambda name, table: table.slice(0, 50) if name == "accounts" else table
    )
    with pytest.raises(DataError, match="is not there"):
        finsim.export(wrong, "paysim", output=tmp_path / "out")


def test_a_payment_by_card_without_a_shop_is_no_purchase(
    world: Path, truth: pd.DataFrame, tmp_path: Path
) -> None:
    cards = posted(truth)["channel"].isin(["card_present", "card_not_present"])
    lost = int(posted(truth)[cards]["tx_id"].iloc[3])

    def without_shop(name: str, table: pa.Table) -> pa.Table:
        if name != "transactions":
            return table
        shops = np.where(np.asarray(table["tx_id"]) == lost, -1, np.asarray(table["merchant_id"]))
        place = table.column_names.index("merchant_id")
        return table.set_column(place, table.schema.field("merchant_id"), pa.array(shops))

    finsim.export(moved(world, tmp_path / "w", without_shop), "handbook", output=tmp_path / "out")
    found = pd.read_parquet(tmp_path / "out" / "handbook.parquet")
    assert lost not in set(found["TRANSACTION_ID"])
    assert (found["TERMINAL_ID"] >= 0).all()
    assert len(found) == cards.sum() - 1


def test_words_of_cells() -> None:
    assert cents(pa.array([5, -5, 1234, -1234, 0, None])).cast(pa.string()).to_pylist() == [
        "0.05", "-0.05", "12.34", "-12.34", "0.00", None,
    ]  # fmt: skip
    assert cents(pa.array([2**53 + 1])).cast(pa.string()).to_pylist() == ["90071992547409.93"]
    assert hexadecimal(pa.array([1, 2**33, None])).to_pylist() == ["800000001", "8200000000", None]
    times = pa.array([999_999_999, -1], pa.timestamp("ns", tz="UTC"))
    assert instants(times).to_pylist() == ["1970-01-01 00:00:00", "1969-12-31 23:59:59"]


@pytest.mark.parametrize(
    ("pairs", "shape"),
    [
        ([(1, 2), (1, 3)], "FAN-OUT"),
        ([(2, 1), (3, 1)], "FAN-IN"),
        ([(1, 3), (2, 4), (1, 4)], "BIPARTITE"),
        ([(1, 2), (2, 3), (3, 1)], "CYCLE"),
        ([(1, 9), (2, 9), (9, 3), (9, 4)], "GATHER-SCATTER"),
        ([(1, 2), (1, 3), (2, 9), (3, 9)], "SCATTER-GATHER"),
        ([(1, 3), (2, 4), (3, 5), (4, 6)], "STACK"),
    ],
)
def test_shapes(pairs: list[tuple[int, int]], shape: str) -> None:
    assert shape_of(pairs) == shape
