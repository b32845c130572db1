"""A `let` inside a `let` is bounded by its size once written out, in time that grows with the file."""

import numpy as np
import pyarrow as pa
import pytest

from finsim.constraints.checking.check import check
from finsim.constraints.language.expanded_size import MAX_LEVELS, WrittenOut
from finsim.constraints.language.grammar import MAX_CHARACTERS, parse
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import RuleError


def pack(lets: dict[str, str], rule: str) -> str:
    lines = [
        "finsim-rules: 1",
        "pack: {id: nested, version: 1}",
        "table: t",
        "columns: {x: {type: float}}",
        "let:",
    ]
    lines += [f'  {name}: "{text}"' for name, text in lets.items()]
    return "\n".join([*lines, "rules:", f"  - {{id: r, check: {rule}}}"])


def doubling(count: int) -> dict[str, str]:
    return {"a0": "x + 1"} | {f"a{i}": f"a{i - 1} + a{i - 1}" for i in range(1, count)}


def chain(count: int) -> dict[str, str]:
    return {"a0": "x + 1"} | {f"a{i}": f"a{i - 1} + 1" for i in range(1, count)}


def size_by_writing_out(text: str, lets: dict[str, str]) -> int:
    """Count the nodes of a text after replacing every name, as a plain twin."""
    expr = parse(text)
    return sum(
        size_by_writing_out(lets[part.text], lets) if part.op == "name" and part.text in lets else 1
        for part in expr.parts()
    )


@pytest.mark.parametrize("lets", [doubling(9), chain(20), {"a": "max(x, x * 2)", "b": "a + a * a"}])
def test_size_is_that_of_the_text_written_out(lets):
    sizes = WrittenOut({name: parse(text) for name, text in lets.items()})
    for text in lets.values():
        assert sizes.size(parse(text)).nodes == size_by_writing_out(text, lets)


@pytest.mark.parametrize("count", [16, 24, 200])
def test_lets_that_double_are_refused_where_they_pass_the_limit(count):
    with pytest.raises(RuleError) as error:
        RuleSet.parse(pack(doubling(count), f"a{count - 1} > 0"))
    assert f"at most {MAX_CHARACTERS:,}" in str(error.value)
    assert len(error.value.problems) == 1  # said once, where the limit is passed, not at each use


def test_a_long_chain_is_refused_and_not_a_fault():
    with pytest.raises(RuleError, match=f"at most {MAX_LEVELS}"):
        RuleSet.parse(pack(chain(2_000), "a1999 > 0"))


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
def test_the_deepest_chain_that_is_let_through_is_judged(tier):
    count = MAX_LEVELS - 2
    rules = RuleSet.parse(pack(chain(count), f"a{count - 1} > {count}"))
    table = pa.table({"x": np.array([0.0, 0.5, -1.0])})
    assert check(table, rules, tier=tier).counts()["r"] == 2


def test_lets_that_only_lead_into_a_circle_are_not_called_circular():
    with pytest.raises(RuleError) as error:
        RuleSet.parse(pack({"a": "b + 1", "b": "a + 1", "c": "a + 2"}, "c > 0"))
    found = [problem.found for problem in error.value.problems]
    assert [text for text in found if "defined by itself" in text] == [
        "`let` 'a' is defined by itself",
        "`let` 'b' is defined by itself",
    ]
