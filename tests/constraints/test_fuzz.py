"""Whatever is fed to the parser: a rule, or a RuleError. Nothing else, and not slowly."""

import random
import time

import pytest
from naive.rule_tables import HEAD, pack

from finsim.constraints.grammar import Misread, parse
from finsim.constraints.ruleset import RuleSet
from finsim.documents import shipped
from finsim.errors import RuleError

SEEDS = [
    "if i < 18 then a <= 2_000 USD else x > 1", "x >= max(y, i) and not (x is not null)",
    "c not in {'red', 'blue'} or y between 1k and 2.5 m", "f => big => not f",
    "-x ^ 2 + 3 * y - 4 > lag(x, 2, default: 0)",
    "sum_in(if c = 'red' then a else 0 USD, 72h) <= 2 * limit", "d > d'2026-01-31'",
    "parent(o.v, o.id = p) > 0",
    "round(annuity(a, rate / 12, j)) = b", "ts - d'2026-01-01' > 36h", "c in colours", "unique(c, i)",
]  # fmt: skip
PIECES = [
    "(", ")", "{", "}", ",", ":", ":=", "=>", "<", "<=", "=", "!=", "+", "-", "*", "/", "^", ".",
    "'", "d'", "%", "bp",
    " USD", "24h", "1e9", "1_0", "if ", " then ", " else ", " and ", " or ", "not ", " in ", " is ",
    "null", "between ",
    "lag", "x", "__class__", "\n", "\t", "\0", "é", '"', "\\", "[", "lambda", "0x1", "1.2.3", "``",
    ";", "#", "@",
]  # fmt: skip


def mutated(rng, text, most=4, reach=10_000):
    for _ in range(rng.randint(1, most)):
        at = rng.randint(0, len(text))
        end = min(len(text), at + rng.randint(0, min(reach, len(text))))
        kind = rng.randint(0, 4)
        if kind == 0:
            text = text[:at] + text[end:]
        elif kind == 1:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif kind == 2:
            text = text[:at] + text[at:end] * 2 + text[end:]
        elif kind == 3:
            other = rng.choice(SEEDS)
            text = text[:at] + other[rng.randint(0, len(other)) :] + text[end:]
        else:
            text = text[:at] + chr(rng.randint(1, 0x2FF)) + text[at:]
    return text


def test_mutated_expressions_parse_or_are_misread():
    rng, rules, outside = random.Random(11), 0, 0
    for _ in range(6_000):
        text = mutated(rng, rng.choice(SEEDS))
        try:
            parse(text)
            rules += 1
        except Misread as bad:
            outside += not (bad.found and 0 <= bad.start <= len(text) + 1)
    assert outside == 0
    assert 300 < rules < 5_000  # the mutations are neither all harmless nor all fatal


@pytest.mark.parametrize("seed", range(2))
def test_mutated_rules_bind_or_are_refused(seed):
    rng, texts = random.Random(seed), []
    while len(texts) < 150:
        text = mutated(rng, rng.choice(SEEDS), 2, 3)
        try:
            parse(text)
        except Misread:
            continue
        if text.isprintable() and " | " not in text:
            texts.append(text)
    bound, unplaced = 0, []
    for text in texts:
        try:
            pack([text])
            bound += 1
        except RuleError as bad:
            unplaced += [problem for problem in bad.problems if not problem.place.startswith("<rules>:")]
    assert unplaced == []
    assert 10 < bound < len(texts)


def test_mutated_files_load_or_are_refused():
    rng = random.Random(5)
    text = (shipped("constraints") / "ohlcv.yaml").read_text()
    loaded, unplaced = 0, []
    for _ in range(120):
        try:
            RuleSet.parse(mutated(rng, text, 2, 8), "ohlcv.yaml")
            loaded += 1
        except RuleError as bad:
            unplaced += [problem for problem in bad.problems if not problem.place.startswith("ohlcv.yaml")]
    assert unplaced == []
    assert 5 < loaded < 110


HOSTILE = {
    "deep brackets": "(" * 4_000 + "x" + ")" * 4_000,
    "unclosed brackets": "(" * 9_999,
    "deep negation": "not " * 2_400 + "f",
    "deep minus": "-" * 9_000 + "x > 0",
    "deep if": "if f then " * 900 + "f",
    "deep arrows": "f => " * 1_900 + "f",
    "deep calls": "abs(" * 2_000 + "x" + ")" * 2_000,
    "long sum": "x + " * 2_400 + "x > 0",
    "long and": "f and " * 1_600 + "f",
    "powers": "2 ^ " * 2_400 + "2 > 0",
    "1 MB rule": "x > 0 and " * 100_000 + "f",
    "1 MB name": "a" * 1_000_000,
    "1 MB number": "1" * 1_000_000 + " > 0",
    "attribute": "x.__class__.__mro__ > 0",
    "call": "().__class__() > 0",
    "import": "__import__('os').system('true')",
    "comprehension": "[y for y in (1, 2)]",
    "string code": "eval('1') = 1",
    "walrus": "(x := 1) > 0",
    "format": "'{0.__class__}' = c",
    "statement": "import os; f",
    "decorator": "@f",
    "subscript": "c['a'] = 1",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_rules_are_refused(name):
    started = time.process_time()
    with pytest.raises(RuleError):
        pack([HOSTILE[name].replace("\n", " ")])
    assert time.process_time() - started < 30  # no blow-up; this is not a speed test


def test_a_thousand_rules_load_and_one_more_is_refused():
    line = "  - {id: r%d, table: t, check: x > 0}\n"
    assert (
        len(RuleSet.parse(HEAD.replace("%ORDER%", "") + "".join(line % k for k in range(1_000))).rules)
        > 1_000
    )
    with pytest.raises(RuleError, match="1001 rules"):
        RuleSet.parse(HEAD.replace("%ORDER%", "") + "".join(line % k for k in range(1_001)))
