"""Whatever is fed to the parser: a rule, or a RuleError. Nothing else, and not slowly."""

import copy
import json
import random

import pytest
import yaml
from naive.rule_tables import HEAD, pack

from finsim.constraints.language.grammar import Misread, parse
from finsim.constraints.packs.rule import Rule
from finsim.constraints.packs.ruleset import RuleSet
from finsim.documents import shipped
from finsim.errors import RuleError

pytestmark = pytest.mark.sweep

SEEDS = [
    "if i < 18 then a <= 2_000 USD else x > 1", "x >= max(y, i) and not (x is not null)",
    "c not in {'red', 'blue'} or y between 1k and 2.5 m", "f => big => not f",
    "-x ^ 2 + 3 * y - 4 > lag(x, 2, default: 0)",
    "sum_in(if c = 'red' then a else 0 USD, 72h) <= 2 * limit", "d > d'2026-01-31'",
    "parent(o.v, o.id = p) > 0",
    "round(annuity(a, rate / 12, j)) = b", "ts - d'2026-01-01' > 36h", "c in colours", "unique(c, i)",
    "matches(trim(c), 'O''B(a|b){2}') and starts_with(upper(g), '\\d\n')",
    "hour(ts, zone: 'Asia/Tokyo') = mod(i, 3)",
    "date(ts) <= today => length(c) > 2",
    "x > group_q(x, 90%, by: c)", "round_to(a, 5 USD) = a", "lookup(cap, c, j, d) <= 5%",
]  # fmt: skip
PIECES = [
    "(", ")", "{", "}", ",", ":", ":=", "=>", "<", "<=", "=", "!=", "+", "-", "*", "/", "^", ".",
    "'", "d'", "%", "bp",
    " USD", "24h", "1e9", "1_0", "if ", " then ", " else ", " and ", " or ", "not ", " in ", " is ",
    "null", "between ",
    "lag", "x", "__class__", "\n", "\t", "\0", "é", '"', "\\", "[", "lambda", "0x1", "1.2.3", "``",
    ";", "#", "@",
]  # fmt: skip
ODD = [
    None, True, 0, -1, 1e308, float("nan"), float("inf"), 10**30, "", " ", "x" * 300, [], {}, [[]], [None],
    {"a": {"b": {}}}, "../../etc/passwd", "*", "no", "1e3", "2026-13-01", "finsim", ["a", 1, None],
    {"do": "set"}, "\\", "é" * 40,
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


def regrown(rng, data):
    """Return plain data with one to three of its parts replaced, taken out or put elsewhere."""
    data = copy.deepcopy(data)
    for _ in range(rng.randint(1, 3)):
        parts = [(owner, key) for owner in containers(data) for key in keys(owner)]
        owner, key = rng.choice(parts)
        other, place = rng.choice(parts)
        kind = rng.randint(0, 3)
        if kind == 0:
            owner[key] = copy.deepcopy(rng.choice(ODD))
        elif kind == 1:
            del owner[key]
        elif kind == 2 and place in keys(other):
            owner[key] = copy.deepcopy(other[place])
        elif isinstance(owner[key], str):
            owner[key] = mutated(rng, owner[key], 2, 5)
    return data


def containers(data):
    found = [data] if isinstance(data, dict | list) and data else []
    for key in keys(data) if found else ():
        found += containers(data[key])
    return found


def keys(owner):
    return list(owner) if isinstance(owner, dict) else list(range(len(owner)))


def fuzz_texts(seed, count):
    """Feed mutated expressions to the parser, and a hundred at a time to the loader."""
    rng, parsed, outside = random.Random(seed), 0, []
    for _ in range(count // 100):
        texts = [mutated(rng, rng.choice(SEEDS), *rng.choice([(4, 10_000), (2, 3)])) for _ in range(100)]
        for text in texts:
            try:
                parse(text)
                parsed += 1
            except Misread as bad:
                outside += [text] * (not (bad.found and 0 <= bad.start <= len(text) + 1))
        lines = [f"  - {{id: r{k}, table: t, check: {json.dumps(text)}}}\n" for k, text in enumerate(texts)]
        outside += loaded(HEAD.replace("%ORDER%", "") + "".join(lines), "<rules>")[1]
    assert outside == []
    assert 0.1 * count < parsed < 0.8 * count  # the mutations are neither all harmless nor all fatal


def loaded(text, path):
    """Load a rule file; return whether it is one, and the problems that name neither it nor its CSV files."""
    known = (path.rpartition("/")[2], ".csv")
    try:
        rules = RuleSet.parse(text, path)
    except RuleError as bad:
        return 0, [one for one in bad.problems if not any(name in one.place for name in known)]
    assert all(isinstance(rule, Rule) for rule in rules.rules)
    return 1, []


def fuzz_files(seed, count):
    """Feed mutated packs to the loader: letters changed in the text, and parts changed in the data."""
    rng, fine, unplaced = random.Random(seed), 0, []
    packs = [(str(path), path.read_text()) for path in sorted(shipped("constraints").glob("*.yaml"))]
    packs = [(path, text, yaml.safe_load(text)) for path, text in packs]
    for number in range(count):
        path, text, data = packs[number % len(packs)]
        changed = mutated(rng, text, 2, 8)
        if number % 2:
            changed = yaml.safe_dump(regrown(rng, data), sort_keys=False)
        good, bad = loaded(changed, path)
        fine, unplaced = fine + good, unplaced + bad
    assert unplaced == []
    assert 0.02 * count < fine < 0.9 * count


def test_mutated_expressions_are_rules_or_refused():
    fuzz_texts(11, 4_700)


def test_mutated_files_are_packs_or_refused():
    fuzz_files(5, 300)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_many_mutated_expressions_are_rules_or_refused(seed):
    fuzz_texts(100 + seed, 8_000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_many_mutated_files_are_packs_or_refused(seed):
    fuzz_files(200 + seed, 2_000)


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
    with pytest.raises(RuleError):
        pack([HOSTILE[name].replace("\n", " ")])


HOSTILE_FILES = {
    "object tag": "!!python/object/apply:os.system ['true']",
    "alias bomb": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{n}: &{n} [{', '.join(['*' + m] * 9)}]\n" for m, n in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "deep lists": "a: " + "[" * 100_000,
    "deep maps": "\n".join(" " * k + "a:" for k in range(2_000)),
    "3 MB": "a: " + "x" * 3_000_000,
    "binary": "\x00\x01\x02",
    "two documents": "finsim-rules: 1\n---\nfinsim-rules: 1\n",
    "a list": "- 1\n- 2\n",
    "a number": "5",
    "endless number": "finsim-rules: " + "9" * 5_000,
    "names of dunder": HEAD.replace("%ORDER%", "").replace("g: {type: cat", "__class__: {type: cat"),
    "template": HEAD.replace("%ORDER%", "")
    + "  - {id: r, table: t, check: f, why: '{0.__class__}', tol: '{}'}\n",
}


@pytest.mark.parametrize("name", HOSTILE_FILES)
def test_hostile_files_are_refused(name):
    with pytest.raises(RuleError):
        RuleSet.parse(HOSTILE_FILES[name])


def test_a_thousand_rules_load_and_one_more_is_refused():
    line = "  - {id: r%d, table: t, check: x > 0}\n"
    assert (
        len(RuleSet.parse(HEAD.replace("%ORDER%", "") + "".join(line % k for k in range(1_000))).rules)
        > 1_000
    )
    with pytest.raises(RuleError, match="1001 rules"):
        RuleSet.parse(HEAD.replace("%ORDER%", "") + "".join(line % k for k in range(1_001)))
