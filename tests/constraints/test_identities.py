"""Identities: what need not be learned, and what a decoder computes back, exactly."""

import numpy as np
import pyarrow as pa
import pytest

from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.training.computed_columns import derived_columns, free_columns, recomputed
from finsim.errors import DataError, RuleError

HEAD = "finsim-rules: 1\npack: {id: t, version: '1'}\n"
CHAIN = (
    HEAD
    + """
table: t
order: {group: [g], by: [n]}
columns:
  g: {type: id}
  n: {type: int}
  a: {type: money, ccy: USD, unit: minor}
  b: {type: money, ccy: USD, unit: minor}
  total: {type: money, ccy: USD, unit: minor}
  tax: {type: money, ccy: USD, unit: minor}
  due: {type: date}
  share: {type: ratio}
  high: {type: money, ccy: USD, unit: minor}
  state: {type: cat, values: [even, odd]}
let: {when: "add_months(d'2026-01-31', n)", word: "if n > 1 then 'odd' else 'even'"}
rules:
  - {id: gross, check: total = a + tax, repair: {do: set, expr: "total := a + tax"}}
  - {id: taxed, check: tax = round(b * 5%), repair: {do: set, expr: "tax := round(b * 5%)"}}
  - {id: shared, check: share = a / total, tol: 1e-12, repair: {do: set, expr: "share := a / total"}}
  - {id: dated, check: due = when, repair: {do: set, expr: "due := when"}}
  - {id: top, check: "high >= max(a, b)", repair: {do: set, expr: "high := max(high, a, b)"}}
  - {id: parity, check: state = word, repair: {do: set, expr: "state := word"}}
"""
)


def test_the_annuity_is_exact_to_the_cent_on_two_thousand_loans():
    rules = RuleSet.load("consumer-loans")
    rng = np.random.default_rng(1)
    rows = 2_000
    learned = pa.table(
        {
            "loan_id": np.arange(rows),
            "income": rng.integers(100_000, 900_000, rows),
            "amount": rng.integers(100_000, 4_000_000, rows),
            "rate": rng.uniform(0.02, 0.2, rows),
            "term_months": rng.integers(6, 84, rows),
        }
    )
    assert {"payment", "dti"} <= set(derived_columns(rules, "loans"))
    assert not {"payment", "dti"} & set(free_columns(rules, "loans"))
    blank = learned.append_column("payment", pa.array(np.zeros(rows, dtype=np.int64)))
    table = recomputed(blank.append_column("dti", pa.array(np.zeros(rows))), rules)
    frame = table.to_pandas()
    monthly = frame["rate"] / 12
    exact = np.rint(frame["amount"] * monthly / (1 - (1 + monthly) ** -frame["term_months"]))
    assert (frame["payment"] == exact).all()
    assert frame["payment"].dtype == np.int64
    assert (frame["dti"] == frame["payment"] / frame["income"]).all()
    report = check(table, rules)
    assert not {"annuity_identity", "dti_identity"} & set(report.broken())
    assert recomputed(table, rules).equals(table)


def test_a_chain_is_computed_in_the_order_of_its_dependencies_and_absent_columns_appear():
    rules = RuleSet.parse(CHAIN)
    assert derived_columns(rules, "t") == {
        "total": "gross", "tax": "taxed", "share": "shared", "due": "dated", "state": "parity"
    }  # fmt: skip
    assert free_columns(rules, "t") == ("g", "n", "a", "b", "high")
    learned = pa.table(
        {"g": [1, 1, 2], "n": [1, 2, 1], "a": [100, 50, 0], "b": [990, 1010, 30], "high": [5, 5, 5]}
    )
    table = recomputed(learned, rules)
    assert table.select(learned.column_names).equals(learned)
    assert table["tax"].to_pylist() == [50, 50, 2]  # 49.5, 50.5 and 1.5: halves to even
    assert table["total"].to_pylist() == [150, 100, 2]
    assert table["share"].to_pylist() == [100 / 150, 0.5, 0.0]
    assert [str(day) for day in table["due"].to_pylist()] == ["2026-02-28", "2026-03-31", "2026-02-28"]
    assert table["state"].to_pylist() == ["even", "odd", "even"]
    assert set(check(table, rules).broken()) == {"top"}  # a bound is no identity


LEDGER = (
    HEAD
    + """
table: legs
order: {group: [account], by: [seq]}
columns:
  account: {type: id}
  seq: {type: int}
  opening: {type: money, ccy: USD, unit: minor}
  signed: {type: money, ccy: USD, unit: minor, null: true}
  balance: {type: money, ccy: USD, unit: minor}
rules:
  - id: ledger
    check: "balance = lag(balance, default: opening) + signed"
    repair: {do: set, expr: "balance := lag(balance, default: opening) + signed"}
"""
)


def legs(rows=20_000, accounts=300, seed=2):
    rng = np.random.default_rng(seed)
    account = rng.integers(0, accounts, rows)
    return pa.table(
        {
            "account": account,
            "seq": rng.permutation(rows),
            "opening": 1_000 * account,
            "signed": rng.integers(-5_000, 5_000, rows),
        }
    )


def test_a_ledger_is_computed_in_the_order_of_its_rows():
    rules, table = RuleSet.parse(LEDGER), legs()
    assert free_columns(rules, "legs") == ("account", "seq", "opening", "signed")
    found = recomputed(table, rules)
    frame = table.to_pandas().assign(row=np.arange(table.num_rows)).sort_values(["account", "seq"])
    wanted = (frame["opening"] + frame.groupby("account")["signed"].cumsum()).sort_index()
    assert found["balance"].to_pylist() == wanted.tolist()
    assert check(found, rules).ok


def test_an_empty_cell_in_a_ledger_is_named():
    table = legs(50)
    signed = pa.array([None, *table["signed"].to_pylist()[1:]], pa.int64())
    with pytest.raises(DataError, match="'balance' cannot be computed past an empty cell"):
        recomputed(table.set_column(3, "signed", signed), RuleSet.parse(LEDGER))


def test_identities_under_a_condition_are_learned_and_then_put_right():
    rules = RuleSet.load("consumer-loans")
    assert not {"loss", "balance"} & set(derived_columns(rules, "months"))
    months = pa.table(
        {
            "loan_id": [1, 1, 2], "month": pa.array([20_454, 20_485, 20_454], pa.date32()),
            "status": ["current", "default", "prepaid"], "balance": [900, 900, 77], "pd": [0.1, 0.1, 0.1],
            "lgd": [0.45, 0.45, 0.45], "loss": [0, 1, 0],
        }
    )  # fmt: skip
    table = recomputed(months, rules, name="months")
    assert table["loss"].to_pylist() == [0, 405, 0]
    assert table["balance"].to_pylist() == [900, 900, 0]


def test_a_balance_without_a_default_starts_from_its_own_first_value():
    rules = RuleSet.parse(LEDGER.replace(", default: opening", ""))
    assert "balance" in free_columns(rules, "legs")
    table = pa.table(
        {
            "account": [1, 1, 1],
            "seq": [1, 2, 3],
            "opening": [0, 0, 0],
            "signed": [5, 5, 5],
            "balance": [100, 0, 0],
        }
    )
    assert recomputed(table, rules)["balance"].to_pylist() == [100, 105, 110]


def test_a_float_recursion_is_carried_on_too():
    text = LEDGER.replace("money, ccy: USD, unit: minor", "float").replace(
        "  - id: ledger", "  - id: ledger\n    tol: 1e-9"
    )
    rules, table = RuleSet.parse(text), legs(200, 5)
    blank = table.append_column("balance", pa.array(np.full(200, -1.0)))
    assert check(recomputed(blank, rules), rules).ok


def test_missing_columns_and_tables_are_named():
    rules = RuleSet.parse(LEDGER)
    with pytest.raises(RuleError, match="no column 'signed'"):
        recomputed(legs().drop(["signed"]), rules)
    with pytest.raises(RuleError, match="no table 'leg'"):
        free_columns(rules, "leg")
