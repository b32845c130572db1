"""Random tables in random dialects: the bytes of a file beside the values that it holds."""

import csv
import gzip
import io
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from finsim.tables import Dialect, Field

WORDS = [
    "red",
    "blue",
    "größe",
    "a b",
    "x;y",
    "p,q",
    "tab\there",
    'say "hi"',
    "two\nlines",
    "NA-1",
    "naïve",
    "5% off",
]
DAYS = ["", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y%m%d", "%Y/%m/%d"]
ENCODINGS = ["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"]
HEADERS = {
    "id": ["invoice_no", "Konto Nr", "loan_id"], "cat": ["colour", "Größe", "text note"],
    "int": ["units", "count_1"],
    "float": ["weight", "Länge (cm)"], "money": ["Betrag", "total price"], "date": ["Datum", "booked on"],
    "ts": ["created_at", "Zeit"], "bool": ["is_open", "paid?"],
}  # fmt: skip


@dataclass(frozen=True)
class Written:
    """A file: its name and bytes, how it is written, its declared columns by header, and its values."""

    name: str
    data: bytes
    dialect: Dialect
    fields: dict[str, Field]
    values: dict[str, list[object]]
    line: str


def grouped(digits: str, sign: str) -> str:
    return f"{int(digits):,}".replace(",", sign)


def number(text: str, dialect: Dialect) -> str:
    sign = "-" if text.startswith("-") else ""
    whole, point, part = text.lstrip("-").partition(".")
    whole = grouped(whole, dialect.thousands) if dialect.thousands else whole
    return sign + whole + (dialect.decimal + part if point else "")


def cell(value: object, field: Field, dialect: Dialect) -> str:
    """Return a value as a person would write it in a dialect."""
    if value is None:
        return field.nulls[0] if field.nulls else ""
    if field.type == "bool":
        return (field.true if value else field.false)[0]
    if field.type == "money":
        return number(f"{value:.2f}", dialect)
    if field.type == "int":
        return number(str(value), dialect)
    if field.type == "float":
        return repr(value).replace(".", dialect.decimal)
    if field.type == "date":
        return value.strftime(field.format) if field.format else value.isoformat()
    if field.type == "ts":
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def value(rng: random.Random, kind: str, row: int) -> object:
    """Return a random value of a declared type."""
    if kind == "id":
        return f"INV-{row}" if rng.random() < 0.4 else f"{10_000 + row}"
    if kind == "cat":
        return rng.choice(WORDS)
    if kind == "int":
        return rng.choice([rng.randrange(-9, 30), rng.randrange(10_000), rng.randrange(-(10**9), 10**9)])
    if kind == "money":
        return Decimal(rng.randrange(-(10**4), 10 ** rng.randrange(3, 10))).scaleb(-2)
    if kind == "float":
        return rng.choice([round(rng.gauss(0, 100), 4), rng.random(), round(rng.uniform(-5, 5), 1)])
    if kind == "date":
        return date(2000, 1, 1) + timedelta(days=rng.randrange(9000))
    if kind == "ts":
        return datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(10**8))
    return rng.random() < 0.5


def field(rng: random.Random, kind: str) -> Field:
    null = rng.random() < 0.4
    nulls = ("n/a",) if null and kind not in ("id", "cat", "bool") and rng.random() < 0.4 else ()
    true, false = rng.choice([("yes", "no"), ("J", "N"), ("true", "false"), ("oui", "non")])
    return Field(
        kind,
        ccy="EUR" if kind == "money" else "",
        format=rng.choice(DAYS) if kind == "date" else "",
        null=null,
        nulls=nulls,
        true=(true,) if kind == "bool" else (),
        false=(false,) if kind == "bool" else (),
    )


def encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding)


def table(seed: int, rows: int | None = None) -> Written:
    """Return a random table; every seed gives another form."""
    rng = random.Random(seed)
    rows = rng.randrange(1, 60) if rows is None else rows
    decimal = rng.choice(".,")
    thousands = rng.choice(["", {".": ",", ",": "."}[decimal], "'"])
    encoding = rng.choice(ENCODINGS)
    sep = rng.choice(",;\t|")
    above = rng.choice([0, 0, 1, 2])
    dialect = Dialect(
        sep=sep,
        decimal=decimal,
        thousands=thousands,
        encoding=encoding,
        quote='"',
        skip_rows=above,
        header_rows=1,
    )
    kinds = [
        "id",
        "money",
        "float",
        *rng.sample(["cat", "int", "date", "ts", "bool", "float", "cat"], rng.randrange(2, 6)),
    ]
    rng.shuffle(kinds)
    fields: dict[str, Field] = {}
    for kind in kinds:
        free = [header for header in HEADERS[kind] if header not in fields]
        if free:
            fields[rng.choice(free)] = field(rng, kind)
    values = {
        header: [
            None if one.null and rng.random() < 0.2 else value(rng, one.type, row) for row in range(rows)
        ]
        for header, one in fields.items()
    }
    line = rng.choice(["\n", "\r\n"])
    text = written_text(rng, dialect, fields, values, line)
    text = "".join(f"Report {i} of the house{line}" for i in range(above)) + text
    if rng.random() < 0.3:
        text = text.removesuffix(line)
    data, name = encoded(text, encoding), "table.csv"
    packed = rng.choice(["", "", "gz", "zst"])
    if packed == "gz":
        data, name = gzip.compress(data, mtime=0), "table.csv.gz"
    elif packed == "zst":
        data, name = pa.compress(data, codec="zstd", asbytes=True), "table.csv.zst"
    return Written(name, data, dialect, fields, values, line)


def written_text(
    rng: random.Random, dialect: Dialect, fields: dict[str, Field], values: dict[str, list[object]], line: str
) -> str:
    out = io.StringIO()
    style = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.writer(out, delimiter=dialect.sep, quotechar='"', quoting=style, lineterminator=line)
    writer.writerow(fields)
    for row in zip(*values.values(), strict=True):
        writer.writerow([cell(one, fields[header], dialect) for header, one in zip(fields, row, strict=True)])
        if rng.random() < 0.03:
            out.write(line)
    return out.getvalue()
