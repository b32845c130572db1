"""Times and durations are written in the form of the input, with as many decimals."""

import numpy as np
import pyarrow as pa
import pytest

from finsim.tables import Dialect, Field
from finsim.tables.cells.written import from_text
from finsim.tables.proposing.preview import preview
from finsim.tables.rewriting.look_of_text import iso_form
from finsim.tables.schema import Schema
from finsim.tables.writing.span_texts import clock_text, moment_texts, span_form, span_texts

SPANS = [
    (["11", "0", "7"], "s", "%s"),
    (["1.5", "0.2"], "s", "%s.%1f"),
    (["1.5", "2"], "s", "%s.%-1f"),
    (["1500", "-20"], "ms", "%ms"),
    (["0:00:11", "101:02:03"], "", "%h:%M:%S"),
    (["00:00:11", "-09:02:03"], "", "%H:%M:%S"),
    (["10:00:11.250", "1:00:00.001"], "", "%h:%M:%S.%3f"),
]


@pytest.mark.parametrize(("cells", "unit", "form"), SPANS)
def test_durations_come_out_as_they_were_written(cells, unit, form):
    assert span_form(["", *cells], unit) == form
    read = from_text(pa.array(cells), Field("dur", unit=unit), Dialect())
    assert span_texts(read, form).to_pylist() == cells


def test_durations_without_a_common_form_have_none():
    assert span_form(["1:00:00", "7"], "s") == span_form(["7"], "") == span_form(["", " "], "s") == ""
    assert span_form(["7 s"], "s") == ""


def test_durations_are_rounded_to_the_decimals_of_the_input():
    made = pa.array([1_949_999_999, -1_950_000_000, 40_000_000, None], pa.duration("ns"))
    assert span_texts(made, "%s.%1f").to_pylist() == ["1.9", "-2.0", "0.0", None]
    assert span_texts(made, "%s.%-1f", ",").to_pylist() == ["1,9", "-2", "0", None]
    assert span_texts(made, "%h:%M:%S").to_pylist() == ["0:00:02", "-0:00:02", "0:00:00", None]


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["2024-01-05T11:32:37+02:00", "2024-07-05T11:32:37+01:00"], "%Y-%m-%dT%H:%M:%SZ"),
        (["2024-01-05 11:32:37.125", "2024-01-05 11:32:37"], "%Y-%m-%d %H:%M:%S.%3f"),
        (["2024-01-05 11:32:37.123456789Z"], "%Y-%m-%d %H:%M:%S.%9fZ"),
        (["2024-01-05", "2024-01-05 11:32"], "%Y-%m-%d %H:%M"),
        (["2024-01-05", "2024-01-06"], ""),
        (["2024-01-05 11:32", "noon"], ""),
    ],
)
def test_times_have_the_decimals_of_the_longest_cell(cells, form):
    assert iso_form(cells) == form


def test_decimals_of_times_before_1970_count_forward():
    stamps = pa.array([-1, 1_500_000_000, None], pa.timestamp("ns", tz="UTC"))
    told = moment_texts(stamps, "%H:%M:%S.%3fZ", "").to_pylist()
    assert told == ["23:59:59.999Z", "00:00:01.500Z", None]
    assert moment_texts(stamps, "%H:%M", "Asia/Tokyo").to_pylist() == ["08:59", "09:00", None]


def test_a_duration_is_shown_as_a_clock_before_any_work(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("n,k\n11,a\n,b\n3700.5,c\n-1,d\n")
    found = preview(path, Schema({"n": Field("dur", unit="s", null=True), "k": Field("cat")}))
    told = found.to_dict()["columns"]["n"]
    assert (told["min"], told["max"]) == ("-0:00:01", "1:01:40.5")
    assert told["first"] == ["0:00:11", "", "1:01:40.5", "-0:00:01"]
    assert (told["empty"], told["refused"]) == (1, 0)


def test_a_clock_reads_back():
    rng = np.random.default_rng(2)
    spans = rng.integers(-(10**15), 10**15, 50)
    read = from_text(pa.array([clock_text(int(one)) for one in spans]), Field("dur"), Dialect())
    assert np.array_equal(read.cast(pa.int64()).to_numpy(), spans)
