"""``role: category``: proposed, read by learning and by injection, and it follows the merchant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_ledgers import cards

import finsim
from finsim.cli.main import main
from finsim.records.event_log import EventRoles
from finsim.tables.proposing.roles import roles


@pytest.mark.parametrize("header", ["category", "MCC", "Kategorie", "Händler-Kategorie", "merchant_category"])
def test_headers_of_categories_are_known(header: str) -> None:
    assert roles(["date", "amount", "card", header], "payments")[header] == "category"


def test_a_proposal_declares_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.csv"
    cards(300).rename(columns={"when": "date", "shop": "merchant", "sector": "mcc"}).to_csv(file, index=False)
    with pytest.raises(SystemExit):
        main(["new", "schema", str(file)])
    said = capsys.readouterr().out
    assert "mcc: {type: cat, role: category}" in said


def test_numbers_may_be_categories(tmp_path: Path) -> None:
    """A code such as an MCC is a word, and comes out as the whole number that it was."""
    from finsim.engine.learned.event_parts import ledger_of
    from finsim.engine.learned.reading import read_to_learn
    from finsim.evaluation.reading.guessed_roles import Named
    from finsim.evaluation.reading.kinds import EVENTS

    frame = cards(2_000).drop(columns=["channel", "note"])
    frame["mcc"] = frame.pop("sector").map({"food": 5411, "fuel": 5541, "web": 5815, "home": 5712})
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    read = read_to_learn(tmp_path / "a.parquet", EVENTS, Named(), None, None)
    found: EventRoles = ledger_of(read).log.roles
    assert found.category == "mcc"
    model = finsim.fit(tmp_path / "a.parquet", generator="habits", kind="events", seed=1, progress=False)
    new = finsim.sample(model, entities=60, seed=1, progress=False).to_pandas()
    assert np.issubdtype(new["mcc"].dtype, np.integer)
    home = frame.groupby("shop")["mcc"].first()
    assert (new["mcc"].to_numpy() == new["shop"].map(home).to_numpy()).mean() > 0.95


@pytest.mark.parametrize("declared", [True, False])
def test_an_added_row_has_the_category_of_its_merchant(declared: bool, tmp_path: Path) -> None:
    """Merchants sell in a usual category and now and then in another, less often than cards do."""
    frame = cards()
    rng = np.random.default_rng(3)
    usual = np.array(["food", "fuel", "web", "home"])
    frame["kind_of_card"] = frame["card"] % 4  # the card tells more than the merchant does
    frame["sector"] = np.where(rng.random(len(frame)) < 0.9, usual[frame["kind_of_card"]], frame["sector"])
    role = ", role: category" if declared else ""
    schema = tmp_path / "s.yaml"
    schema.write_text(
        "finsim: schema/1\nkind: payments\ncolumns:\n  when: {type: ts, role: date}\n"
        "  card: {type: id, role: from_account}\n  shop: {type: id, role: merchant}\n"
        f"  amount: {{type: float, role: amount}}\n  was: {{from: goods, type: cat{role}}}\n"
    )
    made = finsim.inject(
        pa.Table.from_pandas(frame.rename(columns={"sector": "goods"}), preserve_index=False),
        narratives="card_testing_escalation", rate=0.05, seed=1, schema=schema, output=tmp_path / "out",
        progress=False,
    )  # fmt: skip
    rows = pq.read_table(made.transactions).to_pandas()
    added = rows[rows["instance"] >= 0]
    of_card = (added["goods"] == usual[added["card"] % 4]).mean()
    assert (
        set(zip(added["shop"], added["goods"], strict=True))
        <= set(zip(frame["shop"], frame["sector"], strict=True))
        or not declared
    )
    assert (of_card < 0.5) == declared
