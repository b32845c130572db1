"""A table's own flag of fraud: set in added rows of fraud, kept in real ones and read as their label."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_ledgers import ACCOUNTS_ONLY, accounts, cards

import finsim
from finsim.engine.injection.ledger_columns import CARDS, LedgerColumns, Part
from finsim.engine.injection.own_flag import OwnFlag, own_flag
from finsim.errors import DataError
from finsim.tables import Field

SOME = np.arange(2_000) % 97 == 0
WORDS = {
    "in German": (np.where(SOME, "ja", "nein"), "ja", "nein"),
    "numbers": (np.where(SOME, 1, 0), 1, 0),
    "nobody is": (np.full(2_000, "N"), "Y", "N"),
    "else empty": (np.where(SOME, "X", None), "X", None),
}


@pytest.mark.parametrize("name", WORDS)
def test_the_flag_speaks_the_words_of_the_table(name: str) -> None:
    cells, yes, no = WORDS[name]
    table = pa.table({"flag": pa.array(cells.tolist())})
    part = Part("flag", 0, Field("cat", role="fraud"))
    flag = own_flag(table, LedgerColumns({"fraud": part}, CARDS), "made.csv")
    assert isinstance(flag, OwnFlag)
    assert flag.of(table).tolist() == (SOME if name != "nobody is" else SOME & False).tolist()
    made = flag.cells([True, False], table.schema.field(0).type)
    assert made.to_pylist() == [yes, no]
    assert made.type == table.schema.field(0).type


@pytest.mark.parametrize("role", ["fraud", ""])
def test_what_does_not_say_yes_and_no_is_refused_where_it_is_declared(role: str) -> None:
    table = pa.table({"class": ["gold", "silver"] * 9})
    columns = LedgerColumns({"fraud": Part("class", 0, Field("cat", role=role))}, CARDS)
    if not role:
        assert own_flag(table, columns, "made.csv") is None
        return
    with pytest.raises(DataError, match=r"made\.csv: column 'class': holds 'gold'"):
        own_flag(table, columns, "made.csv")


def test_real_frauds_are_labelled_and_added_ones_are_flagged(tmp_path: Path) -> None:
    frame = cards(2_000).rename(columns={"when": "date", "shop": "merchant"}).assign(fraud=SOME)
    made = finsim.inject(frame, narratives="card_testing_escalation", output=tmp_path / "out", rate=0.02,
                         seed=1, progress=False)  # fmt: skip
    rows = pq.read_table(made.transactions).to_pandas()
    added = rows["instance"] >= 0
    assert rows.loc[~added, "fraud"].tolist() == SOME.tolist()
    assert (rows["is_fraud"] == rows["fraud"]).all()
    assert rows["fraud"][added].all()
    assert rows.loc[~added, "narrative"].isna().all()
    assert any(f"the {SOME.sum()} real rows that it marks are is_fraud" in one for one in made.remarks)
    assert not any("fraud" in f"{one.column} {one.pair}" for one in made.separations)


def test_laundering_leaves_the_flag_of_fraud_unset(tmp_path: Path) -> None:
    (tmp_path / "mule_ring.yaml").write_text(ACCOUNTS_ONLY)
    frame = accounts(1_500).assign(fraud=np.where(SOME[:1_500], "yes", "no"))
    made = finsim.inject(frame, narratives=tmp_path / "mule_ring.yaml", output=tmp_path / "out", rate=0.02,
                         seed=1, progress=False)  # fmt: skip
    rows = pq.read_table(made.transactions).to_pandas()
    added = rows[rows["instance"] >= 0]
    assert added["is_laundering"].all()
    assert set(added["fraud"]) == {"no"}
    assert rows["is_fraud"].sum() == SOME[:1_500].sum()
