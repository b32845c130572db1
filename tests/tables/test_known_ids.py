"""Ids of a table that is read batch by batch, and new ones among them."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.randomness import Streams
from finsim.tables.new_ids.known_ids import KnownIds


def _fresh(ids, count=5, cut=3):
    known = KnownIds.of(ids.type)
    for first in range(0, len(ids), cut):
        known.note(ids[first : first + cut])
    return known.fresh(count, ids.type, Streams(1))


@pytest.mark.parametrize(
    ("known", "new"),
    [
        ([f"TR/2025/{n:06d}" for n in range(1, 30)], ["TR/2025/000030", "TR/2025/000031"]),
        ([str(n) for n in range(30)], ["30", "31"]),
        ([f"{10**25 + n}x" for n in range(12)], [f"{10**25 + 12}x", f"{10**25 + 13}x"]),
        (["٣a"], ["٣a-0", "٣a-1"]),
        (["a", "b", "a-0"], ["a-1", "a-2"]),
        (["K\n1", "K\n2", "K\n2\n"], ["K\n3", "K\n4"]),
    ],
)
def test_dense_texts_go_on_behind_the_last_in_their_form(known, new):
    assert _fresh(pa.array(known), 2).to_pylist() == new
    assert _fresh(pa.array(known).dictionary_encode(), 2).to_pylist() == new


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(0, 99).map(lambda n: f"A{n:02d}"), min_size=1, max_size=60)
    | st.lists(st.integers(0, 10**26).map(str), min_size=1)
    | st.lists(st.text("aB-7٣½", max_size=3), min_size=1)
)
def test_new_texts_are_none_of_the_table(known):
    new = _fresh(pa.array(known), 30).to_pylist()
    assert not set(new) & set(known)
    assert len(set(new)) == 30


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.decimal128(12, 0), pa.int16(), pa.uint64()])
def test_numbers_follow_the_last_in_their_type(kind):
    new = _fresh(pa.array([1, 2, None, 4, 3], kind), 2)
    assert (new.type, [int(one) for one in new.to_pylist()]) == (kind, [5, 6])


@pytest.mark.parametrize(
    ("first", "kind", "wider"),
    [(0, pa.int8(), pa.int64()), (-128, pa.int8(), pa.int64()), (2**63 - 128, pa.int64(), pa.uint64())],
)
def test_whole_numbers_at_the_end_of_their_type_are_widened(first, kind, wider):
    ids = pa.array(range(first, 128 if first <= 0 else first + 128), kind)
    new = _fresh(ids, 2, 64)
    assert (new.type, new.to_pylist()) == (wider, [ids[-1].as_py() + 1, ids[-1].as_py() + 2])


@pytest.mark.parametrize(
    ("last", "kind"), [(2**64 - 1, pa.uint64()), (2**53, pa.float64()), (2**24, pa.float32())]
)
def test_numbers_without_any_room_are_refused(last, kind):
    with pytest.raises(OverflowError, match="do not fit"):
        _fresh(pa.array([last - 1, last], kind))


def test_sparse_unsigned_numbers_are_drawn_between_the_others():
    new = _fresh(pa.array([2**63, 2**64 - 1, 5], pa.uint64())).to_pylist()
    assert len({*new, 2**63, 2**64 - 1, 5}) == 8


def test_infinite_numbers_are_no_ids():
    assert _fresh(pa.array([1.0, float("inf"), float("nan"), 4.0]), 2).to_pylist() == [5, 6]
    assert _fresh(pa.array([float("nan")]), 2).to_pylist() == [0, 1]
