"""New identifiers look like those of a table and are none of them."""

import uuid

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.errors import FitError
from finsim.tables.new_ids.id_form import IdForm, plain_remarks

FORMS = [
    st.integers(-500, 500).map(str),
    st.integers(0, 10**30).map(str),
    st.from_regex(r"0{0,3}[0-9]{1,4}", fullmatch=True),
    st.tuples(st.sampled_from(["PL", "DE", "new-", "-", ""]), st.integers(0, 99).map(str)).map("".join),
    st.integers(0, 40).map(lambda n: f"new-{n:03d}"),
    st.uuids().map(str),
    st.integers(0, 999).map(lambda n: f"5eed1d00-0000-4000-8000-{n:012x}"),
    st.integers(0, 2**40).map(lambda n: f"{n:010X}"),
    st.integers(0, 60).map(lambda n: f"{n}.0"),
    st.text(max_size=6),
    st.text("٣३7½n-", max_size=4),
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.one_of(FORMS), min_size=1, max_size=40)
    | st.one_of(*(st.lists(one, min_size=1) for one in FORMS))
)
def test_a_new_identifier_is_never_one_of_the_table(known):
    form = IdForm.of(known)
    new = form.new(0, 200)
    assert not set(new) & set(known)
    assert len(set(new)) == 200
    assert IdForm.of(known[::-1]) == form


@pytest.mark.parametrize(
    ("known", "new"),
    [
        (["PL61109010140000071219812874", "DE89370400440532013000"], "DE89370400440532013001"),
        (["0" * 20 + "000483", "0" * 20 + "000329"], "0" * 20 + "000484"),
        (["9000000000000000001", "5"], "9000000000000000002"),
        (["A-1", "B-7", "A-4", "B-2"], "A-5"),
        (["new-000", "new-001"], "new-002"),
        (["-150", "149"], "150"),
        (["7.0", "9.0"], "10"),
        (["00ff10ab", "9c0d0e1f"], "9c0d0e20"),
        (["A000001B", "A000002B"], "A000003B"),
    ],
)
def test_the_form_of_the_old_ones_is_kept(known, new):
    assert IdForm.of(known).new(0, 1) == [new]


def test_payees_keep_new_accounts_off_their_words_and_have_no_part_in_the_form() -> None:
    accounts, shops = ["ACC01", "ACC02"], [f"Shop {k}" for k in range(9)]
    assert IdForm.of(accounts, (*accounts, *shops)).new(0, 1) == ["ACC03"]
    assert IdForm.of(accounts, (*shops, "ACC77")).new(0, 1) == ["ACC78"]


@pytest.mark.parametrize("spelled", [str.lower, str.upper])
def test_new_uuids_are_uuids(spelled):
    known = [spelled(str(uuid.UUID(int=n * 7919**9, version=4))) for n in range(1, 9)]
    new = IdForm.of(known).new(0, 3)
    assert [uuid.UUID(one).version for one in new] == [4, 4, 4]
    assert all(one == spelled(one) for one in new)


@pytest.mark.parametrize("kind", [pa.int8(), pa.float32(), pa.decimal128(9, 0), pa.uint64(), pa.float64()])
def test_numbers_follow_the_last_in_their_type(kind):
    cells = pa.array([3, None, 90], kind)
    made = IdForm.of_cells(cells).cells(1, 2, kind)
    assert (made.type, [int(one) for one in made.to_pylist()]) == (kind, [92, 93])


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (127, pa.int8()),
        (2**63 - 1, pa.int64()),
        (2**64 - 1, pa.uint64()),
        (2**24, pa.float32()),
        (2**53, pa.float64()),
    ],
)
def test_numbers_without_room_are_refused(last, kind):
    with pytest.raises(FitError, match="do not fit"):
        IdForm.of_cells(pa.array([last], kind)).cells(0, 2, kind)


def test_a_column_without_a_form_is_told():
    forms = {"who": IdForm.of(["anna", "bea"]), "nr": IdForm.of(["K-1", "K-2"])}
    assert plain_remarks(forms) == [
        "who: new identifiers are new-1 and so on, as the old ones have no form in common"
    ]
    assert np.all([one.startswith("new-") for one in forms["who"].new(0, 3)])


@pytest.mark.parametrize(
    "known", [["L-0007x", "L-0012x"], ["a9", "a10"], ["7", "12"], ["0000abcd", "00ffabcd"]]
)
@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string())])
def test_new_ids_as_cells_are_those_one_by_one(known, kind):
    form = IdForm.of(known)
    cells = form.cells(5, 3, kind)
    assert cells.type == kind
    assert cells.to_pylist() == form.new(5, 3)
