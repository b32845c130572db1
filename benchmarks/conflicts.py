"""The conflict check: a hundred rules with and without a contradiction of three, and every shipped pack.

Run: ``python benchmarks/conflicts.py``. Prints CPU seconds, the best of three.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from finsim.constraints.conflicts.conflict_check import refuse_conflicts
from finsim.constraints.conflicts.lint import lint
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import RuleError

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from naive.hundred_rules import HARMLESS, HIDDEN, hundred  # noqa: E402


def cpu(call: Callable[[], object]) -> float:
    spent = []
    for _ in range(3):
        begin = time.process_time()
        call()
        spent.append(time.process_time() - begin)
    return min(spent)


def refused(rules: RuleSet) -> None:
    try:
        refuse_conflicts(rules)
    except RuleError:
        return
    raise SystemExit("the contradiction was not found")


def main() -> None:
    hidden, harmless = hundred(HIDDEN), hundred(HARMLESS)
    print(f"100 rules, contradiction refused with its core: {cpu(lambda: refused(hidden)):.2f} CPU-s")
    print(f"100 rules, no contradiction to find: {cpu(lambda: refuse_conflicts(harmless)):.2f} CPU-s")
    print(f"100 rules, whole report with the contradiction: {cpu(lambda: lint(hidden)):.2f} CPU-s")
    print(f"100 rules, whole report without: {cpu(lambda: lint(harmless)):.2f} CPU-s")
    for path in sorted((ROOT / "constraints").glob("*.yaml")):
        rules = RuleSet.load(path.stem)
        print(f"{path.stem}, {len(rules.rules)} rules: {cpu(lambda rules=rules: lint(rules)):.2f} CPU-s")


if __name__ == "__main__":
    main()
