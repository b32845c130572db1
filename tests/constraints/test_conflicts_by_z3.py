"""The conflict check against z3: the same answer to every question, in rules whose cells may be empty."""

import pytest

from finsim.constraints.conflicts.lint import lint
from finsim.constraints.packs.ruleset import RuleSet

pytestmark = pytest.mark.sweep

z3_rules = pytest.importorskip("naive.z3_rules", reason="z3-solver is not installed", exc_type=ImportError)
possible = z3_rules.possible


def compare(seed):
    """Assert that every claim is z3's, and that none is missed but for what lint says it did not decide.

    Return how many conflicts, dead rules, redundant rules and undecided questions there were.
    """
    text, formulas = z3_rules.random_rules(seed)
    report = lint(RuleSet.parse(text))
    holds = {name: one[0] for name, one in formulas.items()}
    for conflict in report.conflicts:
        core = [one.id for one in conflict.rules]
        assert not possible(*(holds[name] for name in core)), conflict.to_text()
        for left_out in core:
            assert possible(*(holds[name] for name in core if name != left_out)), conflict.to_text()
    left = [name for name in holds if name not in {one.rules[-1].id for one in report.conflicts}]
    is_sure = not report.undecided
    assert possible(*(holds[name] for name in left)) or not is_sure, f"pack {seed}: a conflict was missed"
    for one in report.dead:
        speaks = formulas[one.rule.id][1]
        if speaks is not None:
            assert not possible(*(holds[other.id] for other in one.by), speaks), one.to_text()
    for one in report.redundant:
        assert not possible(*(holds[other.id] for other in one.by), z3_rules.z3.Not(holds[one.rule.id]))
    for name in left:
        others = [holds[other] for other in left if other != name]
        follows = not possible(*others, z3_rules.z3.Not(holds[name]))
        said = name in {one.rule.id for one in (*report.redundant, *report.dead)}
        assert said or not follows or report.redundant or not is_sure, (
            f"pack {seed}: {name} follows from the others"
        )
    return len(report.conflicts), len(report.dead), len(report.redundant), len(report.undecided)


def test_a_few_packs():
    conflicts, dead, redundant, undecided = map(sum, zip(*map(compare, range(40)), strict=True))
    assert min(conflicts, dead, redundant) > 0
    assert undecided == 0


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_five_hundred_packs(block):
    counts = [compare(seed) for seed in range(1_000 + 50 * block, 1_050 + 50 * block)]
    assert sum(map(sum, counts)) > 10
    assert sum(undecided > 0 for *_, undecided in counts) <= 2  # of 50: where the budget of work runs out
