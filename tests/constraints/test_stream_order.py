"""Groups of a stream: a batch is refused exactly when one of its groups has come further already."""

import numpy as np
import pytest

from finsim.constraints.language.row_order import Order
from finsim.constraints.tables.group_layout import RowsOutOfOrder, StreamGroups
from finsim.constraints.tables.nullable_vectors import Vec

ORDER = Order(("g",), ("t", "x"))


def null_last(key):
    return [(part is None, 0 if part is None else part) for part in key]


def batch(rng, rows, start):
    """Return rows of three columns with empty cells; later batches tend to have later times."""
    group = [None if rng.random() < 0.1 else int(rng.integers(0, 40)) for _ in range(rows)]
    time = [None if rng.random() < 0.05 else start + int(rng.integers(0, 3)) for _ in range(rows)]
    rest = [None if rng.random() < 0.3 else float(rng.integers(0, 2)) for _ in range(rows)]
    return list(zip(group, time, rest, strict=True))


def columns(rows):
    group, time, rest = zip(*rows, strict=True)
    whole = [
        Vec(np.array([cell or 0 for cell in cells]), np.array([cell is not None for cell in cells]))
        for cells in (group, time)
    ]
    return whole[:1], [whole[1], Vec(np.array([np.nan if cell is None else cell for cell in rest]))]


@pytest.mark.parametrize("seed", range(60))
def test_a_batch_is_refused_when_a_group_steps_back_and_not_otherwise(seed):
    rng = np.random.default_rng(seed)
    groups, slots, furthest = StreamGroups(ORDER, "t"), {}, {}
    for number in range(12):
        rows = batch(rng, int(rng.integers(1, 9)), start=2 * number)
        keys = {}
        for group, *by in rows:
            keys.setdefault(group, []).append(null_last(by))
        steps_back = any(group in furthest and min(seen) < furthest[group] for group, seen in keys.items())
        if steps_back:
            with pytest.raises(RowsOutOfOrder, match="out of order"):
                groups.arrange(*columns(rows), len(rows))
            return
        placed = groups.arrange(*columns(rows), len(rows))
        permutation = np.arange(len(rows)) if placed.permutation is None else placed.permutation
        for row, slot in zip(permutation.tolist(), placed.slots.tolist(), strict=True):
            assert slots.setdefault(rows[row][0], slot) == slot
        furthest |= {group: max(seen) for group, seen in keys.items()}
        assert placed.slot_count == len(slots) == len(set(slots.values()))


def test_the_message_names_both_times_and_an_empty_one():
    groups = StreamGroups(ORDER, "payments")
    groups.arrange(*columns([(1, None, 0.0)]), 1)
    with pytest.raises(RowsOutOfOrder) as caught:
        groups.arrange(*columns([(2, 3, 0.0), (1, 7, None)]), 2)
    (problem,) = caught.value.problems
    assert problem.found == "rows of one group come out of order (7 after None)"
    assert (problem.place, problem.expected) == ("table payments", "each group sorted by t, x")
