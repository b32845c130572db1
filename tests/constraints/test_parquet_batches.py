"""Parquet batch by batch: texts that repeat come as codes, others as they are, and the report is the same."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.parquet_batches import Batches

ROWS = 3_000
PACK = """
finsim-rules: 1
pack: {id: t, version: "1"}
table: t
order: {group: [card], by: [seq], sort: false}
columns:
  card: {type: id}
  seq: {type: int}
  key: {type: id}
  place: {type: cat, null: true}
  kind: {type: cat, null: true}
rules:
  - {id: known, check: "place in {'', 'here', 'there'}"}
  - {id: kinds, check: "kind in {'a', 'b'}"}
  - {id: follows, check: "place != lag(place) or kind = 'a'"}
  - {id: single, check: unique(key)}
"""


@pytest.fixture
def table():
    draw = np.random.default_rng(3)
    places = draw.choice(["", "here", "there", "nowhere", None], ROWS)
    return pa.table({
        "card": np.repeat(np.arange(ROWS // 10), 10).astype(str),
        "seq": np.arange(ROWS),
        "key": [f"K{draw.integers(10**9)}" for _ in range(ROWS)],
        "place": pa.array(places.tolist()),
        "kind": pa.array(draw.choice(["a", "b", "c"], ROWS).tolist()).dictionary_encode(),
    })  # fmt: skip


def test_texts_that_repeat_are_read_as_codes_of_their_dictionary(table, tmp_path):
    later = ["same"] * 2_000 + [f"other {row}" for row in range(ROWS - 2_000)]
    table = table.append_column("later", pa.array(later))  # they repeat in some row groups only
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=1_000)
    kinds = next(iter(Batches(tmp_path / "t.parquet", rows=700))).schema
    coded = [name for name in table.column_names if pa.types.is_dictionary(kinds.field(name).type)]
    assert coded == ["card", "place", "kind"]


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
@pytest.mark.parametrize("options", [{}, {"use_dictionary": False}, {"row_group_size": 170}], ids=str)
def test_the_report_does_not_depend_on_how_a_file_is_encoded(table, tmp_path, options, tier):
    pq.write_table(table, tmp_path / "t.parquet", **options)
    rules = RuleSet.parse(PACK)
    found = check_batches(Batches(tmp_path / "t.parquet", rows=700), rules, tier=tier).to_dict()
    assert found == check(table, rules, tier="interpreter").to_dict()
    assert 0 < {one["id"]: one["violations"] for one in found["rules"]}["known"] < ROWS
