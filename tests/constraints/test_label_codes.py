"""Texts as numbers, few in Python and many in Arrow: one code a text, whichever way it comes."""

import numpy as np
import pyarrow as pa
import pytest

from finsim.constraints.checking.check import check
from finsim.constraints.evaluating import text_functions
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables import label_codes
from finsim.constraints.tables.label_codes import Labels

PACK = """
finsim-rules: 1
pack: {{id: words, version: "1"}}
table: t
columns: {{a: {{type: id}}, b: {{type: cat}}}}
rules: [{{id: r, check: "{rule}"}}]
"""
RULES = {
    "lower(a) = b": lambda a, b: a.lower() == b,
    "length(a) > 3": lambda a, b: len(a) > 3,
    "contains(a, 'a1')": lambda a, b: "a1" in a,
    "trim(upper(a)) != 'A17'": lambda a, b: a.upper().strip() != "A17",
    "ends_with(b, '7')": lambda a, b: b.endswith("7"),
}


@pytest.fixture(params=[1, 5, 20_000])
def many(request, monkeypatch):
    monkeypatch.setattr(label_codes, "MANY", request.param)
    monkeypatch.setattr(text_functions, "MANY", request.param)


def test_every_text_keeps_its_code(many):
    labels, rng, known = Labels(), np.random.default_rng(3), {}
    for turn in range(12):
        texts = [f"{number}é" for number in np.unique(rng.integers(0, 60, 15)).tolist()]
        codes = labels.encoded([*texts, None]) if turn % 3 else labels.coded(pa.array(texts))
        for text, code in zip(texts, codes.tolist()[: len(texts)], strict=True):
            assert known.setdefault(text, code) == code
    assert sorted(known.values()) == list(range(len(labels)))
    asked = rng.permutation([*known.values(), *known.values()])
    assert [labels.code(text) for text in known] == list(known.values())
    backwards = {code: text for text, code in known.items()}
    assert labels.texts(asked).to_pylist() == [backwards[code] for code in asked.tolist()]
    assert len(labels.texts(asked[:0])) == 0


@pytest.mark.parametrize("rule", RULES)
def test_functions_of_many_different_texts(rule, many):
    rng = np.random.default_rng(5)
    a = [
        f"{'aA'[number % 2]}{number} " if number % 7 == 0 else f"A{number}" for number in rng.permutation(200)
    ]
    b = [f"a{number}" for number in rng.integers(0, 60, 200)]
    table = pa.table({"a": a, "b": b})
    found = check(table, RuleSet.parse(PACK.format(rule=rule)), blocks=30)["r"].violations
    assert found == sum(not RULES[rule](*row) for row in zip(a, b, strict=True)) > 0


def test_words_are_looked_for_once_and_not_once_a_block(monkeypatch):
    monkeypatch.setattr(label_codes, "MANY", 10)
    monkeypatch.setattr(text_functions, "MANY", 10)
    asked, held = [], Labels._held
    monkeypatch.setattr(Labels, "_held", lambda self, texts: asked.append(len(texts)) or held(self, texts))
    table = pa.table({"a": [f"A{number}" for number in range(600)], "b": ["b"] * 600})
    assert check(table, RuleSet.parse(PACK.format(rule="lower(a) != b")), blocks=20)["r"].violations == 0
    assert len(asked) < 10
