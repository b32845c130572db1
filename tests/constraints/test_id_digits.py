"""Whole numbers as identifiers: their digits have one code, block after block, near or far apart."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from finsim.constraints.checking.check import check, fed_check
from finsim.constraints.checking.texts_asked import texts_asked
from finsim.constraints.evaluating import text_functions
from finsim.constraints.evaluating.text_functions import Digits
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.label_codes import Labels

BLOCKS = [
    [5, 3, 3, -1], [], [9, 3, -7], [10**15, 3], [-1], [2**63 - 1, -(2**63)], [1_000, 4, 4], [-600, 1_000],
]  # fmt: skip


@pytest.mark.parametrize("widest", [1, 16, 1 << 20])
def test_digits_have_one_code_whatever_the_blocks(widest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_functions, "WIDEST_TABLE", widest)
    labels = Labels()
    words = [labels.code(word) for word in ("-1", "x", "1000")]
    digits = Digits(labels)
    seen: dict[int, int] = {}
    for block in BLOCKS:
        codes = digits.codes(np.array(block, dtype=np.int64))
        assert [labels.text(int(code)) for code in codes] == [str(number) for number in block]
        for number, code in zip(block, codes.tolist(), strict=True):
            assert seen.setdefault(number, code) == code
    assert (seen[-1], seen[1_000]) == (words[0], words[2])
    assert len(labels) == len({*map(str, seen), "x"})


def test_new_numbers_are_coded_in_their_order_and_a_table_stays_small() -> None:
    labels = Labels()
    digits = Digits(labels)
    assert digits.codes(np.array([7, 2, 5, 2])).tolist() == [2, 0, 1, 0]
    assert digits.codes(np.array([6, 7, 1])).tolist() == [4, 2, 3]
    digits.codes(np.array([10**9]))
    assert len(digits._codes) == 7


PACK = """
finsim-rules: 1
pack: {id: p, version: "1"}
table: t
columns: {id: {type: id, null: true}, other: {type: id, null: true}, kind: {type: cat}}
rules:
  - {id: none, check: "id != '-1'"}
  - {id: some, check: "id = '-1' or id = '12' or id = '2000000000000'"}
  - {id: digits, check: "id != '012' and id != '' and id != '9223372036854775808'"}
  - {id: alike, check: "other = kind or other != '12'"}
"""


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
def test_ids_stand_beside_literals_as_their_texts_would(tier: str) -> None:
    rules = RuleSet.parse(PACK)
    numbers = [-1, 12, 2 * 10**12, None, 0, 12, 2**63 - 1, 1]
    kinds = ["12", "12", "x", "", "0", "-1", "a", "1"]
    plain = pa.table({"id": pa.array(numbers, pa.int64()), "other": numbers, "kind": kinds})
    texts = [None if number is None else str(number) for number in numbers]
    told = check({"t": plain}, rules, tier=tier)
    as_text = check({"t": pa.table({"id": texts, "other": texts, "kind": kinds})}, rules, tier=tier)
    for found, twin in zip(told.to_dict()["rules"], as_text.to_dict()["rules"], strict=True):
        assert found | {"first": []} == twin | {"first": []}
    counts = [told[rule].violations for rule in ("none", "some", "digits", "alike")]
    assert counts == [1, 3, 0, 1]
    fed = fed_check(rules, table="t")
    for row in range(len(numbers)):
        fed.feed(plain.slice(row, 1))
    report = fed.report()
    assert [report[rule].violations for rule in ("none", "some", "digits", "alike")] == counts
    (broken,) = next(one for one in told.to_dict()["rules"] if one["id"] == "alike")["first"]
    assert broken["operands"]["other"] == "12"


def test_an_id_that_meets_another_column_keeps_its_text() -> None:
    rules = RuleSet.parse(PACK)
    asked = {str(node.args[0].data): texts for node, texts in texts_asked(rules.rules).items()}
    assert asked == {"id": ("-1", "12", "2000000000000", "012", "", "9223372036854775808")}
