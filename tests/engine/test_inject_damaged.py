"""``inject`` and damaged tables: place, found, expected, remedy, exit 2, and nothing half-written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_ledgers import cards

import finsim
from finsim.cli.main import main
from finsim.engine.injection.ledger_columns import LABELS

pytestmark = pytest.mark.sweep

CARD = "card_testing_escalation"
Damage = Callable[[pd.DataFrame], pd.DataFrame]


def ledger() -> pd.DataFrame:
    return cards(2_000).rename(columns={"when": "date", "shop": "merchant"})


def with_cell(column: str, value: object) -> Damage:
    def damage(frame: pd.DataFrame) -> pd.DataFrame:
        cells = frame[column].astype(object)
        cells.iloc[7] = value
        return frame.assign(**{column: cells})

    return damage


DAMAGED: dict[str, tuple[Damage, str]] = {
    "no rows": (lambda one: one.head(0), "the table has no rows"),
    "one entity": (lambda one: one.assign(card=1), "expected at least 20"),
    "amounts of nought": (lambda one: one.assign(amount=0.0), "'amount': no amount but 0"),
    "two rows each": (lambda one: one.groupby("card").head(2), "0 entities with three payments or more"),
    "the last day": (
        lambda one: with_cell("date", "9999-12-31")(one.assign(date=one["date"].astype(str).str[:10])),
        "'date': holds '9999-12-31'; expected a date",
    ),
    "dates far behind": (lambda one: one.assign(date="9999-12-31"), "'date', row 1: 9999-12-31; expected"),
    "no card": (lambda one: one.drop(columns="card"), "role: from_account"),
    "no amount": (lambda one: one.drop(columns="amount"), "role: amount"),
    "no date": (lambda one: one.drop(columns="date"), "role: date"),
    "no amounts": (lambda one: one.assign(amount=np.nan), "'amount': read as"),
    "a word for an amount": (with_cell("amount", "ten"), "'amount': holds 'ten'; expected a money"),
    "a word for a date": (with_cell("date", "yesterday"), "'date': holds 'yesterday'; expected a ts"),
    "an endless amount": (with_cell("amount", np.inf), "'amount': holds 'inf'"),
    "a huge amount": (with_cell("amount", 1e300), "'amount', row 8: 1e+300; expected amounts up to 9"),
    "a date far off": (with_cell("date", "1900-01-01 00:00:00"), "expected at most 3,660"),
    "old labels": (lambda one: one.assign(**dict.fromkeys(LABELS, 0)), "drop them before new ones"),
}


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main(["inject", *map(str, words), "--narratives", CARD, "--rate", "0.02", "-q"])
    return int(end.value.code or 0)


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_tables_are_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damage, told = DAMAGED[name]
    damage(ledger()).to_csv(tmp_path / "a.csv", index=False)
    assert run(tmp_path / "a.csv", "-o", tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert told in said
    assert "remedy:" in said
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("name", ["equal amounts", "amounts below 0", "no order", "rows twice"])
def test_odd_tables_are_taken_and_kept(name: str, tmp_path: Path) -> None:
    frame = ledger()
    frame = {
        "equal amounts": frame.assign(amount=10.0), "amounts below 0": frame.assign(amount=-frame["amount"]),
        "no order": frame.sample(frac=1, random_state=1, ignore_index=True),
        "rows twice": pd.concat([frame, frame], ignore_index=True),
    }[name]  # fmt: skip
    made = finsim.inject(frame, narratives=CARD, rate=0.02, output=tmp_path / "out", progress=False)
    rows = pq.read_table(made.transactions).to_pandas()
    kept = rows[rows["instance"] < 0].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept[list(frame)], frame, check_dtype=False)
    if name == "amounts below 0":
        assert (rows["amount"] < 0).all()


@pytest.mark.parametrize(
    ("sep", "decimal", "encoding", "end"),
    [(",", ".", "utf-8", "\n"), (";", ",", "utf-8-sig", "\r\n"), ("\t", ".", "utf-16", "\n")],
)
def test_text_is_kept_in_every_dialect(
    sep: str, decimal: str, encoding: str, end: str, tmp_path: Path
) -> None:
    frame = ledger()
    frame["card"] = [f"{one:08d}" for one in frame["card"]]
    frame["note"] = frame["note"].fillna("") + '\nsaid "a"; b, c\t'
    frame["pad"] = [" before", "behind ", "", "x"] * 500
    file = tmp_path / "a.csv"
    frame.to_csv(file, index=False, sep=sep, decimal=decimal, encoding=encoding, lineterminator=end)
    made = finsim.inject(
        file, narratives=CARD, rate=0.02, output=tmp_path / "out", progress=False, csv=f"decimal={decimal}"
    )
    rows = pq.read_table(made.transactions).to_pandas()
    kept = rows[rows["instance"] < 0].reset_index(drop=True)
    for name in ("card", "merchant", "sector", "region", "channel", "note", "pad"):
        assert (kept[name].fillna("") == frame[name]).all(), name
    assert (kept["amount"].astype(float) == frame["amount"]).all()
    assert (kept["date"].dt.tz_localize(None) == frame["date"]).all()


def test_words_that_mean_empty_are_told(tmp_path: Path) -> None:
    with_cell("amount", "n/a")(ledger()).to_csv(tmp_path / "a.csv", index=False)
    made = finsim.inject(
        tmp_path / "a.csv", narratives=CARD, rate=0.02, output=tmp_path / "out", progress=False
    )
    assert "amount: n/a: written as empty cells" in made.remarks


def test_keys_of_few_merchants_give_nothing_away() -> None:
    """A count that leaves out a row itself is one lower in real rows: an area of .95 of nothing."""
    import pyarrow as pa

    from finsim.evaluation.added_rows.column_codes import column_codes
    from finsim.evaluation.added_rows.separation import separation

    rng = np.random.default_rng(0)
    n, added = 8_000, np.arange(8_000) >= 7_600
    shop = (rng.beta(0.5, 2, n) * 60).astype(np.int64)
    words = np.array([f"R{k}" for k in np.random.default_rng(1).permutation(n)])
    fresh = np.where(rng.random(n) < 0.5, None, words)
    rows = pa.table({"t": np.arange(n), "shop": shop, "reference": pa.array(fresh.tolist(), pa.string())})
    instance = np.where(added, np.arange(n) // 10, -1)
    codes = column_codes(rows, np.random.default_rng(2).permutation(n), ~added, ("t", ("shop",)))
    codes = [one for one in codes if one.column != "t"]
    assert "reference: order" in {one.name for one in codes}
    found = separation("x", codes, (~added, added), instance, shop, rng)
    assert found.column_auc < 0.56
    assert found.pair_auc < 0.58
    assert 0.48 < found.column_chance < 0.58
    assert 0.48 < found.pair_chance < 0.6


def test_a_table_without_receipts_is_a_purchase_log(tmp_path: Path) -> None:
    frame = ledger().drop(columns=["merchant", "sector"])
    made = finsim.inject(frame, narratives=CARD, rate=0.02, output=tmp_path / "out", progress=False)
    assert any("purchases at the one who keeps the table" in one for one in made.remarks)
    with pytest.raises(finsim.FinsimError, match=r"role 'victim' needs accounts \(current\)"):
        finsim.inject(frame, narratives="account_takeover", output=tmp_path / "no", progress=False)
    assert not (tmp_path / "no").exists()
