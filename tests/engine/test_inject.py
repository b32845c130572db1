"""Schemes put into a table: real rows as they were, labels on added rows alone, the same bytes for a seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_ledgers import ACCOUNTS_ONLY, accounts, cards, statements, table

import finsim
from finsim.engine.injection.ledger_columns import LABELS
from finsim.errors import DataError, NarrativeError, StudyError

CARD = "card_testing_escalation"
CARD_ROLES = {"when": "date", "card": "from_account", "shop": "merchant", "amount": "amount"}


def schema(frame: pd.DataFrame, roles: dict[str, str], folder: Path) -> Path:
    lines = ["finsim: schema/1", "kind: payments", "columns:"]
    for name, kind in frame.dtypes.items():
        word = "ts" if str(kind).startswith("datetime") else "float" if kind == np.dtype(float) else "id"
        role = f", role: {roles[str(name)]}" if name in roles else ""
        lines.append(f"  {name}: {{type: {word}, null: true{role}}}")
    path = folder / "made.schema.yaml"
    path.write_text("\n".join(lines))
    return path


def put(data: Any, folder: Path, name: str = "out", **more: Any) -> Any:
    return finsim.inject(data, output=folder / name, progress=False, **more)


@pytest.fixture(scope="module")
def carded(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Any]:
    folder, frame = tmp_path_factory.mktemp("cards"), cards()
    frame.to_parquet(folder / "cards.parquet", index=False)
    made = put(folder / "cards.parquet", folder, narratives=CARD, rate=0.05, seed=3,
               schema=schema(frame, CARD_ROLES, folder))  # fmt: skip
    return frame, made


def split(made: Any) -> tuple[pa.Table, pa.Table]:
    rows = pq.read_table(made.transactions)
    added = pa.compute.greater_equal(rows["instance"], 0)
    return rows.filter(pa.compute.invert(added)), rows.filter(added)


def test_real_rows_stay_as_they_are_in_value_type_and_order(carded: tuple[pd.DataFrame, Any]) -> None:
    frame, made = carded
    real, added = split(made)
    before = pq.read_table(made.folder.parent / "cards.parquet")
    assert real.select(before.column_names).cast(before.schema).equals(before)
    assert [real.schema.field(name).type for name in before.column_names] == before.schema.types
    assert real.num_rows == made.rows == len(frame)
    assert added.num_rows == made.added == pytest.approx(0.05 * len(frame), rel=0.1)


def test_labels_are_on_added_rows_alone(carded: tuple[pd.DataFrame, Any]) -> None:
    real, added = split(carded[1])
    assert not any(real["is_fraud"].to_pylist())
    assert real["narrative"].null_count == real.num_rows
    assert all(added["is_fraud"].to_pylist())
    assert not any(added["is_laundering"].to_pylist())
    assert set(added["narrative"].to_pylist()) == {CARD}
    assert set(added["phase"].to_pylist()) == {"test", "escalate"}


def test_rows_are_in_time_order(carded: tuple[pd.DataFrame, Any]) -> None:
    when = pq.read_table(carded[1].transactions)["when"].to_numpy()
    assert (np.diff(when) >= np.timedelta64(0, "s")).all()


def test_added_rows_are_between_entities_that_the_table_has(carded: tuple[pd.DataFrame, Any]) -> None:
    frame, made = carded
    added = split(made)[1].to_pandas()
    assert set(added["card"]) <= set(frame["card"])
    assert set(added["shop"]) <= set(frame["shop"])
    home = frame.groupby("card")["region"].first()
    assert (added["region"] == added["card"].map(home)).all()
    sector = frame.groupby("shop")["sector"].first()
    assert (added["sector"] == added["shop"].map(sector)).all()


def test_references_are_new_in_the_old_form_and_gaps_are_as_frequent(
    carded: tuple[pd.DataFrame, Any],
) -> None:
    frame, made = carded
    notes = split(made)[1].to_pandas()["note"]
    assert notes.dropna().str.fullmatch(r"R\d{9}").all()
    assert not set(notes.dropna()) & set(frame["note"].dropna())
    assert notes.isna().mean() == pytest.approx(frame["note"].isna().mean(), abs=0.1)


def test_phases_are_in_order_and_amounts_escalate(carded: tuple[pd.DataFrame, Any]) -> None:
    added = split(carded[1])[1].to_pandas()
    after, larger = [], []
    for _, one in added.groupby("instance"):
        test, spent = one[one["phase"] == "test"], one[one["phase"] == "escalate"]
        if len(test) and len(spent):
            after.append(test["when"].min() <= spent["when"].min())
            larger.append(test["amount"].median() < spent["amount"].median())
    assert len(after) > 20
    assert all(after)
    assert np.mean(larger) > 0.9


def test_patterns_say_what_the_rows_say(carded: tuple[pd.DataFrame, Any]) -> None:
    made = carded[1]
    added, told = split(made)[1].to_pandas(), pq.read_table(made.patterns).to_pandas().set_index("instance")
    by = added.groupby("instance")
    assert by.size().to_dict() == told["rows"].to_dict()
    assert np.allclose(by["amount"].sum().sort_index(), told["amount"].sort_index())
    assert (by["when"].min().dt.tz_localize("UTC").sort_index() == told["start"].sort_index()).all()
    for instance, one in by:
        assert set(told.loc[instance, "entities"]) == {*one["card"].astype(str), *one["shop"]}


def test_no_column_gives_the_added_rows_away(carded: tuple[pd.DataFrame, Any]) -> None:
    (found,) = carded[1].separations
    assert found.rows == carded[1].added
    assert found.column_auc <= 0.75
    assert found.pair_auc <= 0.75
    assert found.meets_goal


def test_a_planted_giveaway_is_found() -> None:
    from finsim.evaluation.added_rows.column_codes import column_codes
    from finsim.evaluation.added_rows.separation import separation

    rng, n = np.random.default_rng(0), 4_000
    added = np.arange(n) >= 3_600
    a, b = rng.integers(0, 2, n), rng.integers(0, 2, n)
    rows = pa.table(
        {
            "t": np.arange(n),
            "odd": np.where(added, 9.0, rng.normal(size=n)),
            "a": a,
            "b": np.where(added, a, b),
        }
    )
    instance = np.where(added, np.arange(n) // 10, -1)
    codes = column_codes(rows, np.zeros(n, dtype=np.int64), ~added, ("t", ()))
    given = (~added, added), instance, np.arange(n) // 10, rng
    alone = separation("x", codes, *given)
    assert alone.column == "odd"
    assert alone.column_auc > 0.99
    assert not alone.meets_goal
    rest = [one for one in codes if one.name in ("a", "b")]
    found = separation("x", rest, *given)
    assert found.column_auc < 0.6
    assert found.pair == "a and b"
    assert found.pair_auc > 0.7


def test_a_seed_decides_and_batches_do_not(tmp_path: Path) -> None:
    frame = cards(3_000)
    columns = schema(frame, CARD_ROLES, tmp_path)
    bytes_of = {}
    for name, batch, seed in (("whole", 0, 1), ("small", 97, 1), ("other", 0, 2)):
        made = put(table(frame, batch), tmp_path, name, narratives=CARD, rate=0.02, seed=seed, schema=columns)
        bytes_of[name] = made.transactions.read_bytes(), made.patterns.read_bytes()
    assert bytes_of["whole"] == bytes_of["small"] != bytes_of["other"]


def test_a_bounded_sample_of_entities_serves_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from finsim.engine.injection import inject as module
    from finsim.engine.injection.ledger_sample import sample_ledger

    kept: list[Any] = []

    def few(ledger: Any, salt: int) -> Any:
        kept.append(sample_ledger(ledger, salt, 2_000))
        return kept[-1]

    monkeypatch.setattr(module, "sample_ledger", few)
    frame = cards()
    columns = schema(frame, CARD_ROLES, tmp_path)
    sizes = []
    for batch in (0, 211):
        made = put(table(frame, batch), tmp_path, f"b{batch}", narratives=CARD, rate=0.02, schema=columns)
        sizes.append(made.transactions.read_bytes())
        real = split(made)[0].select(list(frame))
        assert real.cast(table(frame).schema).equals(table(frame))
        whole = kept[-1].cells.to_pandas()
        assert len(whole) <= 2_000
        assert (
            whole["card"]
            .value_counts()
            .sort_index()
            .equals(frame[frame["card"].isin(whole["card"])]["card"].value_counts().sort_index())
        )
    assert sizes[0] == sizes[1]


def test_accounts_pass_on_less_than_they_receive(tmp_path: Path) -> None:
    story = tmp_path / "mule_ring.yaml"
    story.write_text(ACCOUNTS_ONLY)
    frame = accounts()
    made = put(frame, tmp_path, narratives=[story], rate=0.05, seed=1)
    real, added = split(made)
    assert real.select(list(frame)).to_pandas().equals(frame)
    assert added["tx_id"].to_pylist() == list(range(len(frame), len(frame) + made.added))
    kept = []
    for _, one in added.to_pandas().groupby("instance"):
        into = one[one["phase"] == "collect"].groupby("receiver")["amount"].sum()
        out = one[one["phase"] == "gather"].groupby("sender")["amount"].sum()
        kept += [out[mule] / into[mule] for mule in out.index]
    assert len(kept) > 40
    assert max(kept) <= 1.001
    assert np.median(kept) > 0.8
    assert max(one.column_auc for one in made.separations) <= 0.75


def test_what_a_table_does_not_know_is_refused_by_name_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as told:
        put(accounts(), tmp_path, narratives="account_takeover,scatter_gather_structuring,payroll_fan_out")
    text = str(told.value)
    assert "account_takeover: role 'exit' needs outside accounts" in text
    assert "scatter_gather_structuring: role 'cash' needs outside accounts that pay (cash)" in text
    assert "payroll" not in text
    assert not (tmp_path / "out").exists()
    with pytest.raises(StudyError, match="role 'victim' needs accounts"):
        put(cards(), tmp_path, narratives="account_takeover", schema=schema(cards(), CARD_ROLES, tmp_path))


def test_a_phase_that_need_not_happen_is_left_out_where_it_is_not_known(tmp_path: Path) -> None:
    frame = accounts()
    only_paid = frame.sample(60, random_state=1).assign(receiver=[f"XX{k % 12:08d}" for k in range(60)])
    frame = pd.concat([frame, only_paid]).sort_values("ts", ignore_index=True)
    made = put(frame, tmp_path, narratives="account_takeover", rate=0.02)
    assert any("phase 'spend': merchants" in one for one in made.remarks)
    added = split(made)[1].to_pandas()
    assert "spend" not in set(added["phase"])
    assert added[added["phase"] == "pass_on"]["receiver"].str.startswith("XX").all()


def test_a_statement_shows_both_sides_behind_the_rows_of_each_account(tmp_path: Path) -> None:
    frame = statements()
    made = put(frame, tmp_path, narratives="account_takeover", rate=0.05, seed=2)
    real, added = split(made)
    assert real.select(list(frame)).to_pandas().equals(frame)
    rows = pq.read_table(made.transactions).to_pandas()
    assert (np.diff(rows["account"]) >= 0).all()
    assert (rows.groupby("account")["date"].diff().dropna() >= pd.Timedelta(0)).all()
    drains = added.to_pandas().query("phase == 'drain'")
    assert (drains["amount"] < 0).any()
    assert (drains["amount"] > 0).any()
    assert (drains["text"] == np.where(drains["amount"] < 0, "payment", "receipt")).all()


def test_a_direction_column_and_cash_are_known_from_their_words(tmp_path: Path) -> None:
    frame = statements()
    frame["direction"] = np.where(frame["amount"] < 0, "debit", "credit")
    frame["amount"] = frame["amount"].abs()
    with pytest.raises(StudyError, match="role 'cash'"):
        put(frame, tmp_path, narratives="scatter_gather_structuring")
    frame["text"] = np.where(np.arange(len(frame)) % 9 == 0, "cash", frame["text"])
    made = put(frame, tmp_path, narratives="scatter_gather_structuring", rate=0.05)
    added = split(made)[1].to_pandas()
    assert (added["amount"] > 0).all()
    assert set(added.loc[added["phase"] == "placement", "direction"]) == {"credit"}
    assert set(added.loc[added["phase"] == "gather", "direction"]) == {"credit", "debit"}


def test_a_csv_of_another_country_comes_through_its_schema(tmp_path: Path) -> None:
    frame = cards(3_000)
    text = pd.DataFrame(
        {
            "Buchungstag": frame["when"].dt.strftime("%d.%m.%Y"),
            "Karte": frame["card"].map("{:010d}".format),
            "Händler": frame["shop"],
            "Betrag": frame["amount"].map(lambda one: f"{one:,.2f}".translate(str.maketrans(",.", ".,"))),
            "Art": frame["channel"],
        }
    )
    file, columns = tmp_path / "umsatz.csv", tmp_path / "umsatz.schema.yaml"
    text.to_csv(file, sep=";", index=False, encoding="latin-1")
    columns.write_text(
        "finsim: schema/1\nkind: payments\n"
        'read: {sep: ";", decimal: ",", thousands: ".", encoding: latin-1}\n'
        "columns:\n  day: {type: date, format: '%d.%m.%Y', from: Buchungstag, role: date}\n"
        "  card: {type: id, from: Karte, role: from_account}\n"
        "  shop: {type: id, from: Händler, role: merchant}\n"
        "  amount: {type: money, ccy: EUR, from: Betrag, role: amount}\n"
    )
    made = put(file, tmp_path, narratives=CARD, rate=0.03, schema=columns)
    real, added = split(made)
    assert real.column_names == [*text.columns, *LABELS]
    assert real["Karte"].to_pylist() == text["Karte"].tolist()
    assert [float(one) for one in real["Betrag"].to_pylist()] == frame["amount"].tolist()
    assert [one.strftime("%d.%m.%Y") for one in real["Buchungstag"].to_pylist()] == text[
        "Buchungstag"
    ].tolist()
    assert real["Art"].to_pylist() == text["Art"].tolist()
    days = pq.read_table(made.transactions)["Buchungstag"].to_pylist()
    assert days == sorted(days)
    assert added["Betrag"].type == real["Betrag"].type


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"narratives": "card_testing_escalaton"}, NarrativeError, "did you mean 'card_testing_escalation'"),
        ({"narratives": f"{CARD},{CARD}"}, StudyError, "named twice"),
        ({"narratives": None}, StudyError, "narratives by name"),
        ({"rate": 0.0}, StudyError, "above 0"),
        ({"output": None}, StudyError, "a new folder"),
    ],
)
def test_wrong_arguments_are_told(change: dict[str, Any], error: type, words: str, tmp_path: Path) -> None:
    given = {"narratives": CARD, "output": tmp_path / "out", **change}
    with pytest.raises(error, match=words):
        finsim.inject(cards(500), progress=False, schema=schema(cards(500), CARD_ROLES, tmp_path), **given)
    assert not (tmp_path / "out").exists()


def test_a_table_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    columns = schema(cards(500), CARD_ROLES, tmp_path)
    with pytest.raises(DataError, match="are labels of an earlier run"):
        put(cards(500).assign(**dict.fromkeys(LABELS, 0)), tmp_path, narratives=CARD, schema=columns)
    with pytest.raises(DataError, match="no column is the date") as told:
        put(cards(500).drop(columns=["when", "amount"]), tmp_path, narratives=CARD)
    assert "no column is the amount" in str(told.value)
    with pytest.raises(DataError, match="no column 'amount'") as told:
        put(cards(500).rename(columns={"amount": "amuont"}), tmp_path, narratives=CARD, schema=columns)
    assert "did you mean 'amuont'" in str(told.value)
    with pytest.raises(DataError, match="entities with three payments"):
        put(cards(30), tmp_path, narratives=CARD, schema=columns)
    (tmp_path / "out").mkdir()
    with pytest.raises(StudyError, match="the output exists"):
        put(cards(500), tmp_path, narratives=CARD, schema=columns)


def test_a_column_that_is_called_as_a_label_stays_and_the_label_has_another_name(tmp_path: Path) -> None:
    texts = [f"payment {k % 40}" for k in range(500)]
    frame = cards(500).assign(narrative=texts, role="x", finsim_role="y")
    made = put(frame, tmp_path, narratives=CARD, seed=2, schema=schema(frame, CARD_ROLES, tmp_path))
    real, added = split(made)
    assert set(added["narrative"].to_pylist()) <= set(texts)
    assert set(added["finsim_narrative"].to_pylist()) == {CARD}
    assert set(added["finsim_role"].to_pylist()) == {"y"}
    assert None not in added["finsim_finsim_role"].to_pylist()
    assert (real["narrative"].to_pylist(), real["finsim_narrative"].null_count) == (texts, real.num_rows)
    assert real.column_names[-len(LABELS) :] == [
        "is_fraud", "is_laundering", "finsim_narrative", "instance", "phase", "finsim_finsim_role",
    ]  # fmt: skip
    told = [one for one in made.remarks if one.startswith("the label")]
    assert told[0].startswith("the label narrative is the column finsim_narrative")
    assert len(told) == 2


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from finsim.engine.injection import inject as module

    def broken(*_: Any) -> Any:
        raise DataError("a stop in the second pass")
        yield

    monkeypatch.setattr(module, "merged", broken)
    with pytest.raises(DataError, match="a stop"):
        put(cards(), tmp_path, narratives=CARD, schema=schema(cards(), CARD_ROLES, tmp_path))
    assert [one.name for one in tmp_path.iterdir()] == ["made.schema.yaml"]


def test_own_rates_are_schemes_per_entity_and_year(tmp_path: Path) -> None:
    frame = cards()
    made = put(frame, tmp_path, narratives=CARD, seed=5, schema=schema(frame, CARD_ROLES, tmp_path))
    expected = 0.13 * 120 * 200 / 365
    assert abs(made.schemes[CARD] - expected) < 4 * expected**0.5


def test_own_rates_put_no_more_schemes_in_than_there_are_entities(tmp_path: Path) -> None:
    story = tmp_path / "mule_ring.yaml"
    story.write_text(ACCOUNTS_ONLY.replace("value: 0.2", "value: 5"))
    made = put(accounts(), tmp_path, narratives=story)
    assert made.schemes == {"mule_ring": 300}
    assert any("asks for" in one for one in made.remarks)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_days_and_balances_that_do_not_follow_are_named(ending: str, tmp_path: Path) -> None:
    """The best column and pair are below the goal, and a booking lag alone gives all added rows away."""
    frame = cards()
    booked = frame.assign(booked=frame["when"].dt.normalize() + pd.Timedelta(days=1), balance=100.0)
    for name, one, named in (("a", frame, False), ("b", booked, True)):
        file = tmp_path / f"{name}.{ending}"
        one.to_csv(file, index=False) if ending == "csv" else one.to_parquet(file, index=False)
        roles = CARD_ROLES | ({"balance": "balance"} if named else {})
        made = put(
            file, tmp_path, name, narratives=CARD, rate=0.05, seed=3, schema=schema(one, roles, tmp_path)
        )
        told = [text for text in made.remarks if "cells of other rows" in text]
        assert [text.split(":")[0] for text in told] == (["balance"] if named else [])
        told = [text for text in made.remarks if "days behind their time" in text]
        assert [text.split(":")[0] for text in told] == (["booked"] if named else [])
