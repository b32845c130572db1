"""The conflict check against z3: the same answer to every question, in rules whose cells may be empty."""

import pytest

from finsim.constraints.conflicts.lint import lint
from finsim.constraints.packs.ruleset import RuleSet

z3_rules = pytest.importorskip("naive.z3_rules", reason="z3-solver is not installed", exc_type=ImportError)
possible = z3_rules.possible


def compare(seed):
    """Assert that every claim is z3's, and that no conflict is missed; return how many claims there were."""
    text, formulas = z3_rules.random_rules(seed)
    report = lint(RuleSet.parse(text))
    assert report.undecided == ()
    holds = {name: one[0] for name, one in formulas.items()}
    for conflict in report.conflicts:
        core = [one.id for one in conflict.rules]
        assert not possible(*(holds[name] for name in core)), conflict.to_text()
        for left_out in core:
            assert possible(*(holds[name] for name in core if name != left_out)), conflict.to_text()
    left = [name for name in holds if name not in {one.rules[-1].id for one in report.conflicts}]
    assert possible(*(holds[name] for name in left)), f"pack {seed}: a conflict was missed"
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
        assert said or not follows or report.redundant, f"pack {seed}: {name} follows from the others"
    return len(report.conflicts), len(report.dead), len(report.redundant)


def test_a_few_packs():
    counts = [compare(seed) for seed in range(40)]
    assert min(sum(column) for column in zip(*counts, strict=True)) > 0


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_five_hundred_packs(block):
    counts = [compare(seed) for seed in range(1_000 + 50 * block, 1_050 + 50 * block)]
    assert min(sum(column) for column in zip(*counts, strict=True)) > 0
