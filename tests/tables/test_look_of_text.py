"""Rows that are written in the form of a file are that file, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from finsim.engine.learned.text_form import TextForm, as_declared, text_form_of
from finsim.tables import Dialect, Field, open_table
from finsim.tables.proposing.propose import propose
from finsim.tables.rewriting.look_of_text import iso_form, number_form
from finsim.tables.writing.text_look import number_texts
from finsim.tables.writing.write import write_by_ending

GERMAN = (
    "Bank X\r\nKonto: 12; Stand 1.1.2024\r\n\r\n"
    '"Nr";"Name";"Betrag";"Saldo";"Zins";"Datum"\r\n'
    '"K1";"A;B";€ 26.367,69;1.244,33-;5,0 %;02.10.2023\r\n'
    '"K2";"C";€ 55,73;254,38;10,5 %;02.01.2023\r\n'
    '"K3";"A ""x""";€ 1.055,00;12.254,38-;0,5 %;12.01.2023\r\n'
)
SWISS = "id,paid,part\n1,CHF 1'200.50,(12.5%)\n2,CHF 12.00,3%\n3,CHF 3'000'001.05,4.25%\n"
DOLLAR = 'id,paid,when\n1,"$1,200.50",2024-01-02\n2,-$3.00,2024-01-03\n3,"-$1,000,000.00",2024-01-04\n'
ROUND = "id\tsum\tn\n1\t(1 200.50)\t+5\n2\t17.25\t-3\n3\t(3.10)\t+12\n"
PLAIN = "id,x,y\n1,1.5,3\n2,-2.25,4\n3,0.5,-7\n"
STAMPS = (
    "id,a,b,c\n1,2024-01-01 07:54:14,2024-01-02T08:00Z,2024-01-02 08:00:00.250000\n"
    "2,2024-01-01 07:55:00,2024-01-02T09:30Z,2024-01-02 08:00:01.500000\n"
)
MINUS_ONLY = "id,x\n1,3.10-\n2,4.25-\n3,1.00-\n"
EMPTY = "id,amount\n1,12 EUR\n2,\n3,1500 EUR\n4,-7 EUR\n"


def _again(folder: Path, data: bytes, fields: dict[str, Field] | None, dialect: Dialect) -> bytes:
    """Return a file as it comes out when its own rows are written in its form."""
    file = folder / "in.csv"
    file.write_bytes(data)
    if fields is None:
        found = propose(file)
        fields, dialect = dict(found.fields), found.dialect
    source = open_table(file, fields, dialect)
    table = source.table([name for name in fields if name in source.bound])
    table = table.rename_columns([source.bound[name] for name in table.column_names]).select(source.headers)
    kinds = [
        pa.field(one.name, pa.float64() if pa.types.is_decimal(one.type) else one.type)
        for one in table.schema
    ]
    form = TextForm.from_dict(text_form_of(source, fields).to_dict())
    batches = table.cast(pa.schema(kinds)).to_batches()
    schema, rows, written = as_declared(folder / "out.csv", pa.schema(kinds), batches, form)
    write_by_ending(folder / "out.csv", schema, rows, dialect=written, look=form.look)
    return (folder / "out.csv").read_bytes()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_german_file_comes_out_as_it_is(encoding: str, tmp_path: Path) -> None:
    data = GERMAN.encode(encoding)
    assert _again(tmp_path, data, None, Dialect()) == data


@pytest.mark.parametrize("form", ["($%s)", "-$%s", "$-%s", "$%s-"])
def test_amounts_with_currency_and_sign_are_proposed_as_money(form: str, tmp_path: Path) -> None:
    cells = [form % f"{n}.50" if n % 3 else f"${n}.50" for n in range(1, 60)]
    text = "day,card,paid\n" + "".join(
        f"2024-01-{n % 28 + 1:02d},C{n % 5},{cell}\n" for n, cell in enumerate(cells)
    )
    assert _again(tmp_path, text.encode(), None, Dialect()).decode() == text
    found = propose(tmp_path / "in.csv").fields["paid"]
    assert (found.type, found.ccy) == ("money", "USD")


@pytest.mark.parametrize(
    ("text", "sign", "types"),
    [
        (DOLLAR, ",", {"paid": Field("money", ccy="USD", strip=("$",)), "when": Field("date")}),
        (SWISS.replace("(12.5%)", "-12.5%"), "'",
         {"paid": Field("money", ccy="CHF", strip=("CHF ",)), "part": Field("ratio")}),
        (ROUND, " ", {"sum": Field("money", ccy="EUR"), "n": Field("int")}),
        (PLAIN, "", {"x": Field("float"), "y": Field("int")}),
        (STAMPS, "", {"a": Field("ts"), "b": Field("ts"), "c": Field("ts")}),
        (MINUS_ONLY, "", {"x": Field("money", ccy="EUR")}),
        (EMPTY, "", {"amount": Field("money", ccy="EUR", scale=0, strip=(" EUR",), null=True)}),
    ],
)  # fmt: skip
def test_signs_groups_and_currencies_stand_where_they_stood(
    text: str, sign: str, types: dict[str, Field], tmp_path: Path
) -> None:
    fields = {"id": Field("id"), **types}
    dialect = Dialect(sep="\t" if "\t" in text else ",", thousands=sign)
    assert _again(tmp_path, text.encode(), fields, dialect).decode() == text


def test_two_lines_of_headers_and_a_private_model(tmp_path: Path) -> None:
    text = "secret of a bank\r\n,Sum,Sum\r\nid,in,out\r\na,$1.50,2\r\nb,$2.25,3\r\n"
    fields = {"id": Field("id"), "Sum in": Field("money", ccy="USD", strip=("$",)), "Sum out": Field("int")}
    dialect = Dialect(skip_rows=1, header_rows=2)
    file = tmp_path / "in.csv"
    file.write_text(text, encoding="utf-8", newline="")
    source = open_table(file, fields, dialect)
    form = text_form_of(source, {name: field for name, field in fields.items() if name in source.bound})
    assert form.look.header == (("", "Sum", "Sum"), ("id", "in", "out"))
    assert form.look.above == "secret of a bank\r\n"
    private = form.declared().look
    assert (private.above, dict(private.numbers), private.quoted) == ("", {}, ())
    schema = pa.schema([pa.field(name, pa.string()) for name in source.headers])
    rows = [pa.record_batch([["a"], ["1"], ["2"]], schema=schema)]
    write_by_ending(tmp_path / "o.csv", schema, rows, dialect=source.dialect, look=private)
    assert (tmp_path / "o.csv").read_bytes() == b"\r\n,Sum,Sum\r\nid,in,out\r\na,1,2\r\n"


@pytest.mark.parametrize(
    ("cells", "form"),
    [(["2024-01-02 08:00", "", "2024-01-02 09:00"], "%Y-%m-%d %H:%M"), (["2024-01-02"], ""), ([], ""),
     (["2024-01-02T08:00:00Z", "2024-01-02 08:00:00Z"], "%Y-%m-%dT%H:%M:%SZ"),
     (["2024-01-02T08:00:00+01:00"], "%Y-%m-%dT%H:%M:%SZ"),
     (["2024-01-02T08:00:00.123"], "%Y-%m-%dT%H:%M:%S.%3f")],
)  # fmt: skip
def test_times_of_one_iso_form_have_it(cells: list[str], form: str) -> None:
    assert iso_form(cells) == form


def test_what_has_no_common_form_is_plain() -> None:
    money = Field("money", ccy="EUR")
    assert number_form(["1.50", "-2.25", "", "3"], money, Dialect()) is None
    assert number_form(["a", "b"], money, Dialect()) is None
    assert number_form([], money, Dialect()) is None
    form = number_form(["$5", "$7", "$11"], money, Dialect())
    assert form is not None
    found = number_texts(pa.array([-0.0, -3.0, None, float("nan"), 12.0]), form, Dialect())
    assert found.to_pylist() == ["$0", "-$3", None, None, "$12"]
