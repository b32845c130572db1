"""A list of many labels is looked up before a kernel, which does not grow with it."""

import numpy as np
import pyarrow as pa
import pytest

import finsim
from finsim.constraints.compiled import rule_compiler

PACK = """
finsim-rules: 1
pack: {{id: t, version: "1"}}
table: t
columns:
  s: {{type: cat, null: true}}
  n: {{type: int, null: true}}
params:
  known: {{value: [{labels}], assumption: a list}}
rules:
  - {{id: member, check: s in known}}
  - {{id: other, when: n > 3, check: "not (s in known) or n in {{{more}}}"}}
"""


@pytest.mark.parametrize("count", [2, 16, 17, 300])
def test_members_are_found_in_every_tier_and_kernels_stay_short(count, monkeypatch):
    written, load = [], rule_compiler.load
    monkeypatch.setattr(rule_compiler, "load", lambda *given: written.append(str(given)) or load(*given))
    draw = np.random.default_rng(count)
    labels = [f"k{place}" for place in range(count)]
    cells = [None if place == 0 else f"k{place}" for place in draw.integers(0, count + 5, 900)]
    table = pa.table({"s": cells, "n": pa.array(draw.integers(0, 30, 900))})
    rules = finsim.RuleSet.parse(
        PACK.format(labels=", ".join(labels), more=", ".join(map(str, range(5, 25))))
    )
    found = finsim.check(table, rules, tier="compiled")
    assert found.to_dict() == finsim.check(table, rules, tier="interpreter").to_dict()
    assert found["member"].violations == sum(cell is not None and cell not in labels for cell in cells)
    assert written
    assert max(map(len, written)) < 8_000
