"""A repaired table is written as it was read: new values read again, everything else byte for byte."""

import csv
import gzip
import io
import random
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import random_tables

from finsim.errors import DataError
from finsim.tables import Dialect, Field, canonical, open_table, rewrite

STEADY = {"utf-8-sig": "utf-8", "utf-16": "utf-16"}


def unpacked(data, name):
    if name.endswith(".gz"):
        return gzip.decompress(data)
    return pa.CompressedInputStream(pa.py_buffer(data), "zstd").read() if name.endswith(".zst") else data


def naive_records(text, sep):
    """Return each record of a text with its line end, and its raw fields: one letter at a time."""
    records, fields, cell, line, quoted, at = [], [], "", "", False, 0
    while at < len(text):
        sign = text[at]
        line += sign
        if quoted:
            cell += sign
            if sign == '"' and text[at + 1 : at + 2] == '"':
                cell, line, at = cell + '"', line + '"', at + 1
            elif sign == '"':
                quoted = False
        elif sign == '"' and not cell:
            cell, quoted = sign, True
        elif sign == sep:
            fields, cell = [*fields, cell], ""
        elif sign in "\r\n":
            if sign == "\r" and text[at + 1 : at + 2] == "\n":
                line, at = line + "\n", at + 1
            records.append((line, [*fields, cell] if fields or cell else []))
            fields, cell, line = [], "", ""
        else:
            cell += sign
        at += 1
    return [*records, (line, [*fields, cell])] if line else records


def edited(written, seed, source):
    """Return the table before and after random edits, and the rows that stay."""
    rng = random.Random(seed)
    rows = len(next(iter(written.values.values())))
    kept = [row for row in range(rows) if rng.random() < 0.8]
    after = {}
    for header, field in written.fields.items():
        kind = canonical(field)
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        cells = list(written.values[header])
        for row in kept:
            if rng.random() < 0.3:
                empty = field.null and rng.random() < 0.2
                cells[row] = None if empty else random_tables.value(rng, field.type, row)
        after[header] = pa.array([cells[row] for row in kept], kind)
    return source.table(), pa.table(after), kept


@pytest.mark.parametrize("block", range(12))
def test_new_values_read_again_and_all_else_stays(tmp_path, block):
    for seed in range(15 * block, 15 * block + 15):
        written = random_tables.table(seed)
        path, out = tmp_path / written.name, tmp_path / f"new-{written.name}"
        path.write_bytes(written.data)
        source = open_table(path, written.fields, written.dialect)
        before, after, kept = edited(written, seed, source)
        rewrite(source, before, after, kept, out)
        again = open_table(out, written.fields, written.dialect)
        if kept:
            assert again.table().cast(after.schema).equals(after), seed
        old, new = (
            unpacked(file.read_bytes(), written.name).decode(written.dialect.encoding) for file in (path, out)
        )
        assert stayed(old, new, written, before, after, kept), seed


def stayed(old, new, written, before, after, kept):
    """Tell whether header, lines above it, blank lines, untouched rows and cells are the same letters."""
    above = written.dialect.skip_rows
    olds, news = (naive_records(text, written.dialect.sep) for text in (old, new))
    assert olds[: above + 1] == news[: above + 1]
    blank = [line for line, fields in olds[above + 1 :] if not fields]
    assert blank == [line for line, fields in news[above + 1 :] if not fields]
    olds, news = ([one for one in side[above + 1 :] if one[1]] for side in (olds, news))
    assert len(news) == len(kept)
    for at, row in enumerate(kept):
        same = [before[name][row].as_py() == after[name][at].as_py() for name in written.fields]
        (line, fields), (new_line, new_fields) = olds[row], news[at]
        assert all(a == b for a, b, stays in zip(fields, new_fields, same, strict=True) if stays)
        assert line == new_line or not all(same)
    return True


def repaired(tmp_path, data, fields, dialect, change, name="t.csv", out="out.csv", kept=None):
    """Write bytes, change cells ``{column: {row: value}}`` and return the bytes written."""
    path = tmp_path / name
    path.write_bytes(data)
    source = open_table(path, fields, dialect)
    before = source.table()
    kept = list(range(before.num_rows)) if kept is None else kept
    after = {}
    for name in before.column_names:
        kind = before[name].type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        cells = (
            before[name].to_pylist()
            if not pa.types.is_timestamp(kind)
            else before[name].cast(kind).to_pylist()
        )
        cells = [change.get(name, {}).get(row, cell) for row, cell in enumerate(cells)]
        after[name] = pa.array([cells[row] for row in kept], kind)
    rewrite(source, before, pa.table(after), kept, tmp_path / out)
    return (tmp_path / out).read_bytes()


MONEY = Field("money", ccy="EUR", null=True)


@pytest.mark.parametrize(
    ("field", "dialect", "cells", "value", "wanted"),
    [
        (MONEY, {"decimal": ",", "thousands": "."}, ["1.250,00", "16,00"], Decimal("12345.60"), "12345,60"),
        (MONEY, {"decimal": ",", "thousands": "."}, ["16,00", "1.250,00"], Decimal("12345.60"), "12.345,60"),
        (MONEY, {}, ["1500", "20"], Decimal("7.00"), "7"),
        (MONEY, {}, ["1500", "20"], Decimal("7.50"), "7.50"),
        (Field("money", ccy="EUR", unit="minor"), {}, ["1500", "20"], Decimal("7.50"), "750"),
        (Field("money", ccy="USD", strip=("$",)), {}, ["$15.00", "$2.10"], Decimal("7.50"), "$7.50"),
        (Field("int"), {}, ["   7", "  12"], 345, " 345"),
        (Field("int", strip=("months",)), {}, ["36 months", "60 months"], 12, "12 months"),
        (Field("int", unit="years"), {}, ["1", "5"], 36, "3"),
        (Field("ratio", unit="percent"), {"decimal": ","}, ["12,50", "3,00"], 0.075, "7,50"),
        (Field("ratio"), {}, ["12.5%", "3%"], 0.0825, "8.25%"),
        (Field("float"), {}, ["1.50", "2.25"], 3.0, "3.00"),
        (Field("float"), {}, ["1.50", "2.25"], 0.1 + 0.2, "0.30000000000000004"),
        (Field("bool", true=("J", "ja"), false=("N",)), {}, ["ja", "N"], False, "N"),
        (Field("bool", true=("J", "ja"), false=("N",)), {}, ["N", "ja"], True, "ja"),
        (Field("float", null=True, nulls=("n/a",)), {}, ["n/a", "2.5"], None, "n/a"),
        (Field("float", null=True), {"null": ("", "NULL")}, ["NULL", "2.5"], None, "NULL"),
        (Field("float", null=True), {}, ["1", "2.5"], None, ""),
        (Field("date", format="%d.%m.%Y"), {}, ["01.02.2024", "3.2.2024"], date(2025, 12, 1), "01.12.2025"),
        (Field("date"), {"dates": "%Y%m%d"}, ["20240201", "20240203"], date(2025, 12, 31), "20251231"),
        (Field("cat"), {}, ["NA", "007"], "7", "7"),
        (Field("cat"), {}, ['"x"', '"y"'], "z", '"z"'),
        (Field("cat"), {}, ["x", "y"], 'a,"b"', '"a,""b"""'),
    ],
)  # fmt: skip
def test_a_new_value_looks_like_its_column(tmp_path, field, dialect, cells, value, wanted):
    form = Dialect.of({"sep": ";" if dialect.get("decimal") == "," else ",", **dialect})
    text = f"k{form.sep}x\n" + "".join(f"a{form.sep}{cell}\n" for cell in cells)
    fields = {"k": Field("id"), "x": field}
    new = repaired(tmp_path, text.encode(), fields, form, {"x": {1: value}}).decode()
    assert new == f"k{form.sep}x\na{form.sep}{cells[0]}\na{form.sep}{wanted}\n"


@pytest.mark.parametrize(
    ("cells", "zone", "wanted"),
    [
        (["2024-01-01 10:00:00", "2024-01-02 11:00:00"], "", "2024-07-01 09:30:00"),
        (["2024-01-01T10:00:00Z", "2024-01-02T11:00:00Z"], "", "2024-07-01T09:30:00Z"),
        (["2024-01-01 10:00", "2024-01-02 11:00"], "", "2024-07-01 09:30"),
        (["2024-01-01 10:00:00.000", "2024-01-02 11:00:00.500"], "", "2024-07-01 09:30:00.000"),
        (["2024-01-01T10:00:00+02:00", "2024-01-02T11:00:00+02:00"], "", "2024-07-01T11:30:00+02:00"),
        (["2024-01-01 10:00:00", "2024-01-02 11:00:00"], "Europe/Berlin", "2024-07-01 11:30:00"),
    ],
)
def test_a_new_time_keeps_the_form_of_the_old_one(tmp_path, cells, zone, wanted):
    text = "k,x\n" + "".join(f"a,{cell}\n" for cell in cells)
    fields = {"k": Field("id"), "x": Field("ts", zone=zone)}
    moment = datetime(2024, 7, 1, 9, 30, tzinfo=UTC)
    new = repaired(tmp_path, text.encode(), fields, Dialect(), {"x": {1: moment}}).decode()
    assert new.splitlines()[-1] == f"a,{wanted}"


@pytest.mark.parametrize(("unit", "wanted"), [("s", "1719826200"), ("ms", "1719826200000")])
def test_a_new_time_in_seconds_is_a_number(tmp_path, unit, wanted):
    one = {"s": 1, "ms": 1000}[unit]
    text = f"k,x\na,{1719000000 * one}\nb,{1719100000 * one}\n"
    fields = {"k": Field("id"), "x": Field("ts", unit=unit)}
    moment = datetime(2024, 7, 1, 9, 30, tzinfo=UTC)
    new = repaired(tmp_path, text.encode(), fields, Dialect(), {"x": {1: moment}}).decode()
    assert new.splitlines()[-1] == f"b,{wanted}"


def test_untouched_cells_with_odd_forms_stay(tmp_path):
    text = b'\xef\xbb\xbfBericht;\r\n"nr";betrag;text\r\n007; 1,0 ;"a;""b"""\r\n\r\n7;+2,0;5" Rohr\r\n'
    text += b'0007;3,;"zwei\r\nZeilen"'
    form = Dialect.of({"sep": ";", "decimal": ",", "thousands": ".", "skip_rows": 1})
    fields = {"betrag": Field("float")}
    new = repaired(tmp_path, text, fields, form, {"betrag": {1: 9.5}})
    assert new == text.replace(b"+2,0", b"9,5")
    assert repaired(tmp_path, text, fields, form, {}) == text
    last = repaired(tmp_path, text, fields, form, {}, kept=[0, 2])
    assert last == text.replace(b'7;+2,0;5" Rohr\r\n', b"")


def test_two_lines_of_headers_stay_and_a_flag_is_a_last_column(tmp_path):
    path, out = tmp_path / "t.csv", tmp_path / "out.csv"
    path.write_bytes(b"Price,Close,Close\r\nTicker,AAA,BBB\r\n2024-01-02,1.5,2\r\n2024-01-03,1.6,\r\n")
    source = open_table(path, {"Close BBB": Field("float", null=True)}, Dialect(header_rows=2))
    before = source.table()
    after = pa.table({"Close BBB": [2.0, 3.0], "_rules": ["a,b", None]})
    rewrite(source, before, after, [0, 1], out)
    assert out.read_bytes() == (
        b'Price,Close,Close,_rules\r\nTicker,AAA,BBB,\r\n2024-01-02,1.5,2,"a,b"\r\n2024-01-03,1.6,3,\r\n'
    )


def test_a_value_without_a_form_is_refused_and_nothing_is_written(tmp_path):
    text, out = "k,x\na,2024-01-01\nb,2024-01-02\n", tmp_path / "out.csv"
    fields = {"x": Field("cat", null=True), "k": Field("id")}
    with pytest.raises(DataError, match=r"row 1, column 'x': the new value ś") as stop:
        repaired(tmp_path, text.encode(), fields, Dialect(encoding="cp1252"), {"x": {1: "ś"}})
    assert "-o OUT.parquet" in str(stop.value)
    with pytest.raises(DataError, match="no form"):  # it would be read as null
        repaired(tmp_path, text.encode(), fields, Dialect(), {"x": {1: ""}})
    assert not out.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_rows_that_do_not_match_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x\n1\n2\n")
    source = open_table(path, {"x": Field("int")})
    before = source.table()
    for kept in ([0], [1, 0], [0, 2]):
        with pytest.raises(DataError, match="rows"):
            rewrite(source, before, before, kept, tmp_path / "out.csv")
    path.write_text("x\n1\n2\n3\n")
    with pytest.raises(DataError, match="changed since it was read"):
        rewrite(source, before, before, [0, 1], tmp_path / "out.csv")


def test_another_ending_writes_parquet_of_typed_columns(tmp_path):
    path, out = tmp_path / "t.csv", tmp_path / "out.parquet"
    path.write_text("k;betrag\n007;1.250,00\n7;2,50\n")
    source = open_table(path, {"betrag": MONEY}, Dialect(sep=";", decimal=",", thousands="."))
    before = source.table()
    after = pa.table({"betrag": pa.array([Decimal("3.00")], before["betrag"].type)})
    rewrite(source, before, after, [1], out)
    assert pq.read_table(out).to_pydict() == {"k": ["7"], "betrag": [Decimal("3.00")]}


def test_a_packed_table_stays_packed_and_may_be_unpacked(tmp_path):
    data = gzip.compress(b"x,y\n1,a\n2,b\n")
    fields = {"x": Field("int")}
    new = repaired(tmp_path, data, fields, Dialect(), {"x": {0: 5}}, "t.csv.gz", "out.csv.gz")
    assert gzip.decompress(new) == b"x,y\n5,a\n2,b\n"
    assert repaired(tmp_path, data, fields, Dialect(), {}, "t.csv.gz", "out.csv") == b"x,y\n1,a\n2,b\n"


@pytest.mark.parametrize(
    ("stored", "field", "value", "wanted"),
    [
        (pa.array([100, 250]), Field("money", ccy="EUR", unit="minor"), Decimal("3.50"), 350),
        (pa.array([1.5, 2.5]), MONEY, Decimal("3.50"), 3.5),
        (pa.array([12.5, 20.0]), Field("ratio", unit="percent"), 0.075, 7.5),
        (pa.array([1719000000, 1719100000]), Field("ts", unit="s"),
         datetime(2024, 7, 1, 9, 30, tzinfo=UTC), 1719826200),
        (pa.array([20240101, 20240102]), Field("date", format="%Y%m%d"), date(2025, 12, 31), 20251231),
        (pa.array(["1,50", "2,50"]), MONEY, Decimal("3.00"), "3,00"),
        (pa.array(["a", "b"]).dictionary_encode(), Field("cat"), "c", "c"),
        (pa.array([1, 2], pa.int16()), Field("int"), 7, 7),
    ],
)  # fmt: skip
def test_stored_columns_keep_type_and_unit(tmp_path, stored, field, value, wanted):
    path, out = tmp_path / "t.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"x": stored, "other": [[1], [2]]}), path)
    source = open_table(path, {"x": field}, Dialect(decimal=","))
    before = source.table()
    kind = before["x"].type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    after = pa.table({"x": pa.array([before["x"][0].as_py(), value], kind)})
    rewrite(source, before, after, [0, 1], out)
    again = pq.read_table(out)
    assert again.schema.field("x").type == stored.type
    assert again["x"].to_pylist() == [stored[0].as_py(), wanted]
    assert again["other"].to_pylist() == [[1], [2]]


def test_a_stored_column_that_is_too_narrow_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": pa.array([1, 2], pa.int8())}), path)
    source = open_table(path, {"x": Field("int")})
    after = pa.table({"x": pa.array([1, 300])})
    with pytest.raises(DataError, match="int8 cannot hold"):
        rewrite(source, source.table(), after, np.array([0, 1]), tmp_path / "out.parquet")


def test_the_naive_records_are_those_of_csv():
    text = 'a,"b,c"\r\n"x\ny",z\r\n\r\n1,2'
    fields = [one for _, one in naive_records(text, ",") if one]
    assert [len(one) for one in fields] == [
        len(one) for one in csv.reader(io.StringIO(text, newline="")) if one
    ]
