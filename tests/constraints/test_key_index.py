"""Keys of another table, found again by equal values, at both ends of 64 bits."""

import numpy as np
import pytest

from finsim.constraints.evaluating.key_index import key_index
from finsim.constraints.tables.nullable_vectors import Vec

LEAST, MOST = -(2**63), 2**63 - 1
NUMBERS = [LEAST, LEAST + 1, LEAST + 4, -7, -1, 0, 1, 5, 6, 9, MOST - 4, MOST - 1, MOST]


@pytest.mark.parametrize(
    "held", [[5, 6, 9], [LEAST, LEAST + 4], [MOST - 4, MOST], [MOST], [LEAST, MOST], [-1, 0, -7], []]
)
@pytest.mark.parametrize("columns", [1, 2])
def test_every_number_finds_its_row(held, columns):
    keys = [Vec(np.array(held, dtype=np.int64))] * columns
    index = key_index(keys, None, len(held))
    found = index.find([Vec(np.array(NUMBERS, dtype=np.int64))] * columns, len(NUMBERS))
    assert found.valid is None
    rows = [int(index.rows[key]) if key >= 0 else None for key in found.values.tolist()]
    assert rows == [held.index(one) if one in held else None for one in NUMBERS]


def test_keys_that_differ_in_one_column_are_not_found():
    index = key_index([Vec(np.array([1, 2])), Vec(np.array([3, 4]))], None, 2)
    asked = [Vec(np.array([1, 1, 2, 9])), Vec(np.array([3, 4, 4, 3]))]
    assert (index.find(asked, 4).values >= 0).tolist() == [True, False, True, False]


def test_rows_that_do_not_count_have_no_key():
    index = key_index([Vec(np.array([4, 4, 6]))], np.array([False, True, True]), 3)
    assert index.rows[index.find([Vec(np.array([4, 6]))], 2).values].tolist() == [1, 2]


def test_few_numbers_find_their_rows_among_many_that_lie_far_apart():
    keys = np.arange(50, dtype=np.int64)[::-1] * 10**12
    index = key_index([Vec(keys)], None, 50)
    found = index.find([Vec(np.array([3 * 10**12, 7, 49 * 10**12, -1]))], 4)
    assert [int(index.rows[key]) if key >= 0 else None for key in found.values.tolist()] == [
        46,
        None,
        0,
        None,
    ]
