"""Columns of plain text with gaps, in small pieces of a table in chunks: as the interpreter judges them."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet

ROWS = 500
PACK = """
finsim-rules: 1
pack: {id: t, version: "1"}
table: t
order: {group: [card], by: [seq], sort: false}
columns:
  card: {type: int}
  seq: {type: int}
  place: {type: cat, null: true}
  kind: {type: cat, null: true}
rules:
  - {id: few, check: "place in {'here', 'there'}"}
  - {id: many, check: "kind in {'a', 'b', 'c', 'd', 'e', 'f and more'}"}
  - {id: strict, check: "place = 'here'", nulls: fail}
  - {id: follows, check: "lag(place) != 'here' or kind != 'a'"}
"""


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("chunks", [1, 2, 7])
@pytest.mark.parametrize("text", [pa.string(), pa.large_string()], ids=str)
def test_pieces_of_text_are_judged_as_the_interpreter_judges_them(chunks, text):
    draw = np.random.default_rng(chunks)
    places = draw.choice(["here", "there", "nowhere", None], ROWS).tolist()
    kinds = draw.choice(["a", "b", "c", "d", "e", "f and more", "f and less", None], ROWS).tolist()
    table = pa.table({
        "card": np.arange(ROWS) // 10, "seq": np.arange(ROWS), "place": pa.array(places, text),
        "kind": pa.array(kinds, text),
    })  # fmt: skip
    cuts = [0, *sorted(draw.integers(0, ROWS, chunks - 1).tolist()), ROWS]
    table = pa.concat_tables([table.slice(low, high - low) for low, high in pairwise(cuts)])
    rules = RuleSet.parse(PACK)
    found = check(table, rules, tier="compiled")
    assert found.to_dict() == check(table, rules, tier="interpreter").to_dict()
    assert found["few"].violations == places.count("nowhere")
    assert found["many"].violations == kinds.count("f and less")
    assert found["few"].unknown == places.count(None)
    assert found["strict"].violations == ROWS - places.count("here")
