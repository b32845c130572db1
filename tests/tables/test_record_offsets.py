"""Records and fields are found where pyarrow's reader finds them, on any text and in any chunks."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.tables.rewriting.record_offsets import split
from finsim.tables.rewriting.streams import head
from finsim.tables.rewriting.style import unquoted

TEXTS = st.lists(
    st.sampled_from(["a", "b", ",", '"', "\n", "\r", "\r\n", ' "', '""', ',"', '",', '"\n']), max_size=25
)


def cells_of(text, columns, chunk):
    found = []
    for records in split(io.BytesIO(text), b",", b'"', chunk):
        rows = records.rows
        spans = [records.fields(rows, column) for column in range(columns)]
        assert (records.fields(rows, columns)[0] == -1).all()
        for i in range(len(rows)):
            cells = [records.data[starts[i] : stops[i]].decode() for starts, stops in spans]
            found.append([unquoted(cell, '"')[0] for cell in cells])
    return found


@given(TEXTS, st.integers(1, 9))
def test_cells_are_those_that_pyarrow_reads(parts, chunk):
    text = "".join(parts).encode()
    columns = {"c0": pa.string(), "c1": pa.string()}
    try:
        table = pc.read_csv(
            io.BytesIO(text),
            read_options=pc.ReadOptions(column_names=list(columns)),
            parse_options=pc.ParseOptions(newlines_in_values=True),
            convert_options=pc.ConvertOptions(column_types=columns),
        )
    except pa.ArrowInvalid:
        return
    assert cells_of(text, 2, chunk) == [list(row.values()) for row in table.to_pylist()]


@given(TEXTS, st.integers(1, 9))
def test_records_make_up_the_text(parts, chunk):
    text = "".join(parts).encode()
    pieces = []
    for records in split(io.BytesIO(text), b",", b'"', chunk):
        assert records.begin[0] == 0
        assert (records.begin[1:] == records.end[:-1]).all()
        assert (records.begin <= records.stop).all()
        assert (records.stop <= records.end).all()
        pieces.append(records.data[: records.end[-1]])
    assert b"".join(pieces) == text


def test_a_record_longer_than_many_chunks_is_one_record():
    text = b'a,"' + b"x\n" * 10_000 + b'"\nb,c\n'
    found = list(split(io.BytesIO(text), b",", b'"', 64))
    assert sum(len(records.rows) for records in found) == 2


def test_a_quote_inside_a_plain_field_is_a_character():
    text = b'5" pipe,a\n6" pipe,"b\nc"\n'
    assert cells_of(text, 2, 4096) == [['5" pipe', "a"], ['6" pipe', "b\nc"]]


@pytest.mark.parametrize("line", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("lines", [0, 1, 3])
def test_the_head_is_a_mark_and_whole_lines(line, mark, lines):
    above = b"".join(b"report %d" % i + line for i in range(lines))
    body = b"a,b" + line + b"1,2"
    taken, rest = head(io.BytesIO(mark + above + body), lines)
    assert taken == mark + above
    assert rest.read(100) == body


def test_offsets_are_whole_numbers_of_64_bits():
    records = next(split(io.BytesIO(b"a,b\n"), b",", b'"'))
    assert {records.begin.dtype, records.stop.dtype, records.end.dtype, records.seps.dtype} == {
        np.dtype(np.int64)
    }


@pytest.mark.parametrize("chunk", range(1, 12))
def test_a_line_end_of_two_signs_is_never_cut(chunk):
    text = b"a,b\r\n\r\nc,d\r\n"
    found = [
        records.data[begin:end]
        for records in split(io.BytesIO(text), b",", b'"', chunk)
        for begin, end in zip(records.begin, records.end, strict=True)
    ]
    assert found == [b"a,b\r\n", b"\r\n", b"c,d\r\n"]
