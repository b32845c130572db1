"""The conflict check takes text and zones for unknowns: no claim that it makes is refuted by a row."""

import json

import pytest
from naive.claims import judge, random_pack, whole_rules
from naive.rule_tables import as_table, verdicts
from naive.text_rules import FIELDS, HEAD, MOD_RULES, TEXT_RULES, TIME_RULES, text_rows

from finsim.constraints.conflicts.lint import lint
from finsim.constraints.packs.ruleset import RuleSet

pytestmark = pytest.mark.sweep

TEXTS = [text for text in (*TEXT_RULES, *TIME_RULES, *MOD_RULES) if "today" not in text and "\n" not in text]
ROWS, PACKS = 300, 12


def pack(rules, zone):
    lines = []
    for number, rule in enumerate(rules):
        check, _, rest = rule.partition(" | ")
        keys = f", {rest}" if rest else ""
        lines.append(
            f"  - {{id: r{number}, table: t, check: {json.dumps(check, ensure_ascii=False)}{keys}}}\n"
        )
    return RuleSet.parse(HEAD.replace("%ZONE%", zone) + "".join(lines))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Sao_Paulo"])
def test_no_row_refutes_a_claim(zone):
    claims = dict.fromkeys(("conflicts", "dead", "redundant"), 0)
    for seed in range(PACKS):
        rules = pack(random_pack(seed, TEXTS), zone)
        tables = {"t": as_table(text_rows(seed, ROWS, (1_743_292_800, 1_541_300_400)), FIELDS)}
        spoken = verdicts(rules, tables, 60, part=lambda rule: rule.antecedent or rule.check)
        report = lint(rules)
        judge(report, whole_rules(rules, tables), spoken)
        for name in claims:
            claims[name] += len(getattr(report, name))
    assert min(claims.values()) >= 3, claims


@pytest.mark.parametrize("text", [*TEXT_RULES, *TIME_RULES, *MOD_RULES])
def test_every_text_can_be_linted(text):
    assert lint(pack([text], "Europe/Berlin")).undecided == ()


@pytest.mark.parametrize(
    ("text", "conflicts"),
    [
        ("hour(ts) >= 23", 0), ("hour(ts) >= 24", 1), ("hour(ts) <= 0", 0), ("hour(ts) < 0", 1),
        ("minute(ts) >= 59", 0), ("minute(ts) > 59", 1),
        ("time(ts) >= 86_399s", 0), ("time(ts) >= 24h", 1),
        ("time(ts) <= 0h", 0), ("length(s) <= 0", 0), ("length(s) < 0", 1), ("length('O''B') != 3", 1),
        ("mod(7, 3) = 1 and mod(-7, 3) = -1", 0), ("mod(7, 3) = 2", 1), ("mod(i, 3) > 5", 0),
        ("mod(i, 0) = 1", 0),
        ("hour(d + 30h) = 6", 0), ("d'2025-03-30' + 30h < d'2025-03-31'", 1), ("upper(s) = 'x'", 0),
    ],
)  # fmt: skip
def test_what_is_known_of_results(text, conflicts):
    report = lint(pack([text], "Europe/Berlin"))
    assert len(report.conflicts) + len(report.where_known) == conflicts  # columns may be empty: where known


LINTED = """
finsim-rules: 1
pack: {id: p, version: "1"}
table: t
zone: Europe/Berlin
columns: {s: {type: cat}, ts: {type: ts}, d: {type: date}}
rules:
  - {id: a, check: "starts_with(s, 'O''B')"}
  - {id: b, check: "not starts_with(s, 'O''B')"}
  - {id: c, check: "length(s) >= 0"}
  - {id: e, check: "ts < d'2020-01-01'"}
  - {id: f, when: "ts > d'2020-01-02'", check: "length(s) > 3"}
  - {id: h, check: "d < today"}
  - {id: i, when: d > today, check: "upper(s) = 'X'"}
"""


def test_what_follows_whatever_a_text_or_a_day_is_is_found():
    report = lint(RuleSet.parse(LINTED))
    assert [[one.id for one in conflict.rules] for conflict in report.conflicts] == [["a", "b"]]
    assert [one.rule.id for one in report.dead] == ["f", "i"]
    assert [one.rule.id for one in report.redundant] == ["c"]
    told = [text for one in report.partial for text in one.parts]
    assert ("length(s)", "is a function of text") in told
    assert ("today", "is the current date") in told
    assert not any("2020-01-01" in text for text, _ in told)  # a constant in a zone is a constant
