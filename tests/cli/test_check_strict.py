"""``finsim check`` never passes in silence: a missing table is an error; ``--strict`` wants rules to pass."""

import json

import pandas as pd
import pytest

from finsim.cli.main import main

ORDERS = """
finsim-rules: 1
pack: {id: orders, version: "1"}
table: orders
columns: {n: {type: int}, extra: {type: float, optional: true}}
rules:
"""
TWO = """
finsim-rules: 1
pack: {id: orders, version: "1"}
tables:
  orders: {columns: {n: {type: int}}}
  refunds: {columns: {n: {type: int}}}
rules:
  - {id: r, table: refunds, check: n > 0}
"""


@pytest.fixture
def finsim(tmp_path, capsys):
    (tmp_path / "data").mkdir()
    frame = pd.DataFrame({"n": [1, 2]})
    frame.to_csv(tmp_path / "data" / "orders.csv", index=False)

    def run(rules, data, *words):
        (tmp_path / "rules.yaml").write_text(rules)
        with pytest.raises(SystemExit) as stop:
            main(["check", str(tmp_path / data), "--rules", str(tmp_path / "rules.yaml"), *words])
        return stop.value.code, capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("rule", "strict"),
    [
        ("id: fine, check: n > 0", 0),
        ("id: quiet, when: n > 9, check: n > 10", 1),
        ("id: lacking, check: extra > 0", 1),
        ("id: undecided, check: 1 / (n - n) > 0", 1),
    ],
)
def test_strict_fails_on_whatever_did_not_pass(finsim, rule, strict):
    rules = f"{ORDERS}  - {{{rule}}}\n"
    assert finsim(rules, "data/orders.csv")[0] == 0
    assert finsim(rules, "data/orders.csv", "--strict")[0] == strict


def test_a_folder_without_a_table_of_the_pack_ends_with_2_and_the_remedy(finsim):
    code, said = finsim(TWO, "data")
    assert code == 2
    assert "table 'refunds' is not given" in said.err
    assert "--table" in said.err


def test_one_table_of_the_pack_may_be_asked_for(finsim):
    code, said = finsim(TWO, "data", "--table", "orders", "--json")
    assert code == 0
    assert json.loads(said.out)["result"]["verdicts"] == {
        "broken": 0, "passed": 1, "silent": 0, "skipped": 2, "unknown": 0,
    }  # fmt: skip
    code, said = finsim(TWO, "data", "--table", "order")
    assert code == 2
    assert "did you mean 'orders'" in said.err
