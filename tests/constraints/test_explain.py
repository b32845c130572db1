"""One row explained: every rule's verdict, the values that went in, and what a repair would do."""

import numpy as np
import pyarrow as pa
import pytest
from naive.rule_tables import as_table, others_table, pack, random_others, random_rows, verdicts
from test_twin import ROW_RULES, SEQUENCE_RULES, TIMED_RULES

from finsim.constraints.checking.check import check
from finsim.constraints.explaining.explain import explain
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair
from finsim.errors import DataError

LEDGER = """
finsim-rules: 1
pack: {id: ledger, version: "1"}
table: legs
key: [tx]
order: {group: [account], by: [day]}
columns:
  tx: {type: id}
  account: {type: id}
  day: {type: date}
  amount: {type: money, ccy: USD, unit: minor}
  balance: {type: money, ccy: USD, unit: minor}
  narrative: {type: cat, null: true, optional: true}
params: {cap: {value: 50 USD, assumption: a limit}}
rules:
  - id: carried
    check: "balance = lag(balance, default: 0 USD) + amount"
    repair: {do: set, expr: "balance := lag(balance, default: 0 USD) + amount"}
    why: Balances follow from amounts
    cite: double entry
  - id: large
    level: policy
    when: amount > 0
    check: amount <= cap
    repair: {do: clip, on: amount}
    why: Nothing above {cap}
    assumption: a limit
  - {id: spaced, check: "day > lag(day)", repair: {do: drop}}
"""


def legs():
    """Two accounts, rows not sorted; the balance of row 3 is wrong, and row 0 is large."""
    return pa.table(
        {
            "tx": [10, 11, 12, 13, 14],
            "account": [2, 1, 1, 2, 1],
            "day": pa.array([20_002, 20_003, 20_001, 20_001, 20_002], pa.date32()),
            "amount": [9_000, 300, 100, 1_000, -200],
            "balance": [10_000, 200, 100, 999, -100],
            "narrative": ["mule", None, None, None, None],
        }
    )


def test_a_row_is_judged_in_its_group_and_the_repair_is_foretold():
    rules, table = RuleSet.parse(LEDGER), legs()
    found = explain(table, rules, 3)
    assert found.key == {"tx": "13"}
    (breach,) = found.breaches
    assert (breach.id, breach.level, breach.state) == ("carried", "invariant", "broken")
    assert breach.here == "9.99 USD = 0.00 USD + 10.00 USD"
    assert breach.proposed == {"balance": "10.00 USD"}
    assert breach.source == "double entry"
    assert found.held == ("legs.key", "legs.complete", "large")
    assert set(found.undecided) == {"spaced"}  # the first row of its group
    assert table.equals(legs())
    mended, _ = repair(table, rules)
    assert mended["balance"][3].as_py() == 1_000


def test_a_row_knows_its_predecessor_in_another_place_of_the_table():
    found = explain(legs(), RuleSet.parse(LEDGER), 0)
    texts = {breach.id: breach.here for breach in found.breaches}
    assert texts["carried"] == "100.00 USD = 9.99 USD + 90.00 USD"
    assert texts["large"] == "if 90.00 USD > 0 then 90.00 USD <= 50.00 USD"
    large = next(breach for breach in found.breaches if breach.id == "large")
    assert large.why == "Nothing above 50.00 USD"
    assert large.source == "assumption: a limit"
    assert large.proposed == {"amount": "50.00 USD"}
    overridden = explain(legs(), RuleSet.parse(LEDGER), 0, {"cap": "100 USD"})
    assert [breach.id for breach in overridden.breaches] == ["carried"]


def test_an_excused_breach_is_shown_and_not_counted():
    rules = RuleSet.parse(LEDGER)
    table = legs().set_column(4, "balance", pa.array([9_999, 200, 100, 999, -100]))
    assert not explain(table, rules, 0).ok
    found = explain(table, rules, 0, excused={"mule": ["large"]})
    assert found.ok
    assert [breach.state for breach in found.breaches] == ["excused"]
    assert "large (policy) (excused by its narrative)" in str(found)


def test_rules_that_say_nothing_of_a_row_are_counted_apart():
    found = explain(legs(), RuleSet.parse(LEDGER), 4)
    assert found.vacuous == ("large",)
    assert set(found.vacuous) < set(found.held)
    assert "1 of them because they do not apply" in str(found)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("texts", [ROW_RULES, SEQUENCE_RULES, TIMED_RULES])
def test_it_agrees_with_check_row_by_row(texts, seed):
    rows, others = random_rows(seed, 40), others_table(random_others(1))
    rules, table = pack(texts), as_table(rows)
    wanted = verdicts(rules, {"t": table, "o": others})
    for row in range(0, 40, 7):
        found = explain(table, rules, row, name="t", others={"o": others})
        broken = {breach.id for breach in found.breaches}
        for rule, cells in wanted.items():
            state = False if rule in broken else (None if rule in found.undecided else True)
            assert state == cells[row], rules.rule(rule).text


def test_coverage_adds_up_in_the_report():
    texts = ["x > 0 => y > 0", "x > 0 | nulls: fail", "x > 0 | when: f", "lag(i) > 0 => i > 0 | nulls: fail"]
    report = check(as_table(random_rows(2, 500)), pack(texts))
    for result in report.results:
        if result.id in ("r0", "r2"):
            assert min(result.fired, result.vacuous, result.violations, result.unknown) > 0
            assert result.fired + result.vacuous <= result.rows
    for place, unknown in ((0, True), (2, True)):
        one = report[f"r{place}"]
        held = one.rows - one.vacuous - one.violations - (one.unknown if unknown else 0)
        assert 0 < held < one.fired
    assert report["r1"].vacuous == 0
    assert "outside its condition" in report.to_text()
    assert report.to_dict()["rules"][-1]["vacuous"] == report["r3"].vacuous > 0


def test_a_row_that_would_be_dropped_is_told():
    rules = RuleSet.load("ohlcv")
    table = pa.table({"date": ["2024-01-02", "2024-01-02"], "close": [1.0, 1.0]})
    (breach,) = explain(table, rules, 1).breaches
    assert (breach.id, breach.repair, breach.proposed) == ("dates_distinct", "drop the row", {})


def test_json_has_the_same_facts():
    found = explain(legs(), RuleSet.parse(LEDGER), 3).to_dict()
    assert found["ok"] is False
    assert found["breaches"][0]["operands"] == {
        "balance": "9.99 USD", "lag(balance, default: 0 USD)": "0.00 USD", "amount": "10.00 USD"
    }  # fmt: skip
    assert found["held"] == ("legs.key", "legs.complete", "large")


def test_a_row_that_is_not_there_is_refused():
    with pytest.raises(DataError, match="no row 5"):
        explain(legs(), RuleSet.parse(LEDGER), 5)


def test_a_large_table_is_explained_from_its_group_alone():
    rows = 300_000
    rng = np.random.default_rng(0)
    table = pa.table(
        {
            "tx": np.arange(rows), "account": rng.integers(0, 3_000, rows),
            "day": pa.array(rng.integers(18_000, 20_000, rows).astype(np.int32)).cast(pa.date32()),
            "amount": np.full(rows, 5), "balance": np.zeros(rows, dtype=np.int64),
        }
    )  # fmt: skip
    rules = RuleSet.parse(LEDGER)
    report = check(table, rules)
    row = report["carried"].first[0].row
    (breach,) = [one for one in explain(table, rules, row).breaches if one.id == "carried"]
    assert breach.here == report["carried"].first[0].text


SPREAD = """
finsim-rules: 1
pack: {id: spread, version: "1"}
table: quotes
columns:
  symbol: {type: cat}
  bid: {type: money, ccy: USD, unit: minor}
  ask: {type: money, ccy: USD, unit: minor}
  size: {type: int}
params: {least: {value: 0.02 USD, assumption: a tick}}
rules:
  - {id: uncrossed, check: bid + least <= ask, repair: {do: project, on: [bid, ask]}}
  - {id: lots, check: "on_tick(size, 100)", repair: {do: resample, on: [size], max: 4, else: drop}}
"""


def quotes():
    return pa.table(
        {
            "symbol": ["A", "A", "B"],
            "bid": [1_000, 1_005, 2_000],
            "ask": [1_004, 1_001, 2_003],
            "size": [100, 300, 7],
        }
    )


def test_a_repair_of_several_cells_is_tried_on_a_copy():
    rules, table = RuleSet.parse(SPREAD), quotes()
    (crossed,) = explain(table, rules, 1).breaches
    assert crossed.proposed == {"ask": "10.07 USD"}
    assert "(gives ask = 10.07 USD)" in str(explain(table, rules, 1))
    (odd,) = explain(table, rules, 2).breaches
    assert odd.proposed in ({"size": "100"}, {"size": "300"})
    mended, _ = repair(table, rules)
    assert {"size": str(mended["size"][2].as_py())} == odd.proposed
    assert table.equals(quotes())
