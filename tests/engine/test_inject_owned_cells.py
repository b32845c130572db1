"""What an account has in all of its rows, as its branch or the sort code of whom it pays, added rows have."""

import numpy as np
import pandas as pd
from bank_statement import statement, written

import finsim
from finsim.engine.injection.following.owned_cells import _rows_of


def test_branches_and_sort_codes_are_those_of_the_accounts(tmp_path):
    table = statement()
    code = table["Account"].astype(int) // 7
    table["Branch"] = "B" + (code % 9).astype(str)
    other = pd.to_numeric(table["Other Account"], errors="coerce")
    table["Sort"] = ("20-" + (other // 7 % 11).astype("Int64").astype(str)).where(other.notna(), "")
    table["Teller"] = "T" + pd.Series(np.random.default_rng(1).integers(0, 9, len(table))).astype(str)
    data, schema = written(tmp_path, table)
    schema.write_text(schema.read_text() + "".join(
        f"  {name}: {{type: cat, null: true}}\n" for name in ("Branch", "Sort", "Teller")
    ))  # fmt: skip
    made = finsim.inject(
        data, narratives=["mule_network", "card_testing_escalation"], schema=schema, rate=0.06, seed=3,
        output=tmp_path / "o", progress=False,
    )  # fmt: skip
    rows = pd.read_parquet(made.transactions)
    added = rows[rows["narrative"].notna()].astype(object)
    paid = added[added["Other Account"].notna()]
    assert len(paid) > 60
    assert (added["Branch"] == "B" + (added["Account"].astype(int) // 7 % 9).astype(str)).all()
    assert (paid["Sort"] == "20-" + (paid["Other Account"].astype(int) // 7 % 11).astype(str)).all()
    assert added.loc[added["Other Account"].isna(), "Sort"].isna().all()
    assert added["Teller"].nunique() == 9


def test_cells_that_an_account_has_not_always_are_not_its_own():
    account = np.repeat(np.arange(10), 20)
    word = account % 3
    assert _rows_of(account, word)[:10].tolist() == list(range(0, 200, 20))
    assert _rows_of(account, word)[-1] == -1
    changed = word.copy()
    changed[1::20] = 7  # an account's second row
    assert _rows_of(account, changed) is None
    assert _rows_of(account, np.zeros(200, int)) is None  # all alike
    assert _rows_of(np.arange(200), np.arange(200)) is None  # nobody twice
    assert _rows_of(np.repeat(np.arange(4), 50), np.repeat(np.arange(4), 50)) is None  # few accounts
    assert _rows_of(np.full(9, -1), np.zeros(9, int)) is None
