"""No claim of the conflict check is refuted by a row: the whole language, random tables with nulls."""

import pytest
from naive.claims import judge, random_pack, whole_rules
from naive.rule_tables import (
    as_table,
    children_table,
    others_table,
    pack,
    random_children,
    random_others,
    random_rows,
    verdicts,
)
from naive.rule_texts import CHILD_RULES, ROW_RULES, SEQUENCE_RULES, TIMED_RULES

from finsim.constraints.conflicts.lint import lint

pytestmark = pytest.mark.sweep

EVERY = (*ROW_RULES, *CHILD_RULES, *SEQUENCE_RULES, *TIMED_RULES)
TEXTS = [text for text in EVERY if " | " not in text]
ROWS, PACKS = 300, 20


@pytest.mark.parametrize("block", range(4))
def test_no_row_refutes_a_claim(block):
    claims = {"conflicts": 0, "where_known": 0, "dead": 0, "redundant": 0}
    for seed in range(PACKS * block, PACKS * (block + 1)):
        rules = pack(random_pack(seed, TEXTS))
        tables = {"t": as_table(random_rows(seed, ROWS)), "o": others_table(random_others(seed))}
        tables["s"] = children_table(random_children(seed))
        spoken = verdicts(rules, tables, 60, part=lambda rule: rule.antecedent or rule.check)
        report = lint(rules)
        judge(report, whole_rules(rules, tables), spoken)
        for name in claims:
            claims[name] += len(getattr(report, name))
    assert min(claims.values()) >= 4, claims


@pytest.mark.parametrize("text", EVERY)
def test_every_text_can_be_linted(text):
    assert lint(pack([text])).undecided == ()
