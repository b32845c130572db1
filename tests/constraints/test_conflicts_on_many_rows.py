"""No claim of the conflict check is refuted by a row that `check` judges: random packs, nulls, lookups."""

import numpy as np
import pytest
from naive.claims import random_pack
from naive.rule_tables import (
    as_table,
    children_table,
    others_table,
    pack,
    random_children,
    random_others,
    random_rows,
)
from test_conflicts_on_data import TEXTS

from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.conflicts.lint import lint
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.repairing.breach_detection import blocks_of, breaches
from finsim.constraints.repairing.table_under_repair import Workpiece
from finsim.errors import RuleError


def judged(rules, tables, rows):
    """Return rule -> rows that do not break it, and rule -> rows it speaks about, as `check` has it."""
    session = Session(rules, tables, None)
    piece = Workpiece(session, "t")
    own = [rule for rule in session.own_rules("t") if not session.obstacle(rule, piece.source)]
    kept, spoken = {}, {}
    for name, broken in breaches(own, piece, 4_096, None).items():
        kept[name] = np.ones(rows, dtype=bool)
        kept[name][broken] = False
    world = piece.world(own)
    for rule in own:
        spoken[rule.id] = np.ones(rows, dtype=bool)
        run = Interpreter(world)
        for seen in blocks_of(piece, rule.order, None, run, 4_096) if rule.antecedent is not None else ():
            at = seen if isinstance(seen, slice) else np.asarray(seen)
            spoken[rule.id][at] = np.broadcast_to(run.rails(rule.antecedent).yes, (run.block.count,))
    return kept, spoken


def together(kept, rules, rows):
    found = np.ones(rows, dtype=bool)
    for one in rules:
        found &= kept[one.id]
    return found


def refuted(report, kept, spoken, rows):
    """Return the texts of claims that some row refutes."""
    silent = [one for one in report.dead if (together(kept, one.by, rows) & spoken[one.rule.id]).any()]
    added = [one for one in report.redundant if (together(kept, one.by, rows) & ~kept[one.rule.id]).any()]
    at_odds = [one for one in report.conflicts if together(kept, one.rules, rows).any()]
    return [one.to_text() for one in (*at_odds, *silent, *added)]


def hold(seeds, rows):
    claims = 0
    for seed in seeds:
        try:
            rules = pack(random_pack(seed, TEXTS))
        except RuleError:  # a changed text that is no rule any more, such as `between 0 or y`
            continue
        report = lint(rules)
        claims += len(report.conflicts) + len(report.dead) + len(report.redundant)
        tables = {"t": as_table(random_rows(seed, rows)), "o": others_table(random_others(seed))}
        tables["s"] = children_table(random_children(seed))
        kept, spoken = judged(rules, tables, rows)
        assert refuted(report, kept, spoken, rows) == [], f"pack {seed}"
    return claims


def test_no_row_refutes_what_is_claimed_of_a_few_packs():
    assert hold(range(5_000, 5_006), 2_000) > 10


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_no_row_of_ten_thousand_refutes_what_is_claimed_of_a_thousand_packs(block):
    assert hold(range(10_000 + 50 * block, 10_050 + 50 * block), 10_000) > 100
