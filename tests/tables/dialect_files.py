# ruff: noqa: E501
"""Random text tables whose cells may be anything: written by ``csv`` in one of ten dialects."""

import csv
import gzip
import io
import random
from dataclasses import dataclass

import pyarrow as pa

from finsim.tables import Dialect, Field


@dataclass(frozen=True)
class Way:
    """A dialect, the encoding and line ends of the file, and the scripts of its headers."""

    dialect: Dialect
    encoding: str
    ends: str
    quoting: int
    headers: tuple[str, ...]
    packing: str = ""


LATIN = ("id", "Loan Amount", "rate_%", "Größe", "opened", "is open", "x-1", "ñandú")
OTHERS = ("年齢", "金額", "Сумма", "ημερομηνία", "ราคา", "שם", "राशि", "العملة")
WAYS = [
    Way(Dialect(), "utf-8", "\n", csv.QUOTE_MINIMAL, LATIN),
    Way(Dialect(sep=";", decimal=",", thousands="."), "utf-8-sig", "\r\n", csv.QUOTE_MINIMAL, LATIN),
    Way(Dialect(sep="\t", decimal=".", thousands=","), "utf-16", "\r\n", csv.QUOTE_MINIMAL, OTHERS),
    Way(Dialect(sep="|", null=("", "NA", "-")), "utf-8", "\n", csv.QUOTE_ALL, OTHERS),
    Way(Dialect(sep=";", decimal=",", encoding="cp1252", dates="%d.%m.%Y"), "cp1252", "\r\n", csv.QUOTE_ALL, LATIN),
    Way(Dialect(dates="%m/%d/%Y", zone="America/New_York"), "utf-8", "\r\n", csv.QUOTE_MINIMAL, LATIN, "gz"),
    Way(Dialect(sep=";", thousands="'", dates="%Y%m%d"), "utf-8", "\n", csv.QUOTE_NONNUMERIC, OTHERS, "zst"),
    Way(Dialect(sep=",", thousands=" ", true=("yes", "Y"), false=("no", "N")), "utf-8", "\r", csv.QUOTE_ALL, LATIN),
    Way(Dialect(zone="Europe/Berlin", null=("", "n/a")), "utf-8-sig", "\n", csv.QUOTE_MINIMAL, OTHERS),
    Way(Dialect(sep="\t", decimal=",", skip_rows=2, dates="%d %b %Y %H:%M | %d.%m.%y"), "utf-8", "\n", csv.QUOTE_MINIMAL, LATIN),
]  # fmt: skip

FIELDS = [
    Field("bool"), Field("bool", true=("ja",), false=("nein",)), Field("int"), Field("int", unit="years"),
    Field("int", strip=(" months",)), Field("float"), Field("float", nulls=("?", "0", "2")), Field("float", unit="percent"),
    Field("ratio"), Field("ratio", unit="bp"), Field("ratio", unit="percent"), Field("money", ccy="USD"),
    Field("money", ccy="JPY"), Field("money", ccy="EUR", unit="minor"), Field("money", ccy="USD", strip=("$",)),
    Field("date"), Field("date", format="%d.%m.%Y"), Field("date", unit="days"), Field("date", zone="Asia/Tokyo"),
    Field("ts"), Field("ts", unit="s"), Field("ts", zone="Europe/Berlin"), Field("ts", format="%Y-%m-%d %H:%M:%S.%f"),
    Field("cat"), Field("cat", nulls=("none",)), Field("cat", strip=("#",)), Field("id"),
]  # fmt: skip

ODD = [
    "", " ", "NA", "n/a", "-", "?", "none", "None", "nan", "NaN", "inf", "-Infinity", "0x1F", "1_000", "1e3",
    "1.5e-2", "007", "+5", " 5 ", "12.0", "12,0", "1.234", "1,234", "1.234,50", "1,234.50", "1'234.5", "1 234",
    "1234567", "12.345", "-0", ".5", "5.", "12.5%", "12,5 %", "$5", "2", "36 months", "9223372036854775807",
    "9223372036854775808", "1e400", "true", "TRUE", "yes", "no", "Y", "ja", "nein", "0", "1", "2", "x", "a b",
    'say "hi"', "two\nlines", "semi;colon", "a,b", "tab\there", "#7", "é", "2025-02-28", "2025-02-30",
    "2024-02-29T23:59:59Z", "2025-03-30 02:30:00", "2025-10-26 02:30", "2025-03-09T02:30", "9999-12-31",
    "2025-06-01T12:00:00.123456789+05:30", "2025-06-01T12-0330", "1.2.2025", "31.12.2024", "12/31/2024",
    "20250330", "2025033", "30 Jun 2025 09:15", "30.06.25", "1735689600", "2025-06-01 12:00:00.5",
]  # fmt: skip


def plain_cell(field: Field, way: Way, draw: random.Random) -> str:
    """Return a cell that is of the type, most likely."""
    point, group = way.dialect.decimal or ".", way.dialect.thousands
    value = draw.choice([draw.randint(0, 999), draw.randint(-(10**6), 10**6), draw.randint(0, 10**10)])
    whole = f"{value:,}".replace(",", group) if group and draw.random() < 0.7 else str(value)
    year, month, day = draw.randint(1970, 2100), draw.randint(1, 12), draw.randint(1, 28)
    if field.type == "bool":
        return draw.choice(
            [*(field.true or way.dialect.true or ("true",)), *(field.false or way.dialect.false or ("0",))]
        )
    if field.type == "int" or field.unit in ("minor", "days", "s"):
        return (str(value) if field.unit in ("days", "s") else whole) + (
            field.strip[0] if field.strip else ""
        )
    if field.type in ("float", "ratio"):
        return f"{whole}{point}{draw.randint(0, 10**6)}" + (
            "%" if field.type == "ratio" and draw.random() < 0.2 else ""
        )
    if field.type == "money":
        cents = "" if field.decimals == 0 else f"{point}{draw.randint(0, 99):02d}"
        return draw.choice(["$", ""] if field.strip else [""]) + whole + cents
    if field.type == "date":
        form = (field.format or way.dialect.dates or "%Y-%m-%d").split(" | ")[-1]
        return (
            form.replace("%d", f"{day:02d}")
            .replace("%m", f"{month:02d}")
            .replace("%Y", str(year))
            .replace("%y", f"{year % 100:02d}")
        )
    if field.type == "ts":
        return f"{year}-{month:02d}-{day:02d}" + draw.choice(
            ["", "T09:30", " 09:30:15", "T09:30:15Z", "T09:30:15.25+02:00"]
        )
    return draw.choice(["red", "blue", "größe", "007", "7", "NA", "x;y", "p,q"])


def random_table(seed: int) -> tuple[Way, dict[str, Field], list[list[str]], bytes]:
    """Return how a table is written, its fields by header, its rows as text, and the bytes of its file."""
    draw = random.Random(seed)
    way = draw.choice(WAYS)
    headers = draw.sample(way.headers, draw.randint(2, 6))
    fields = {header: draw.choice(FIELDS) for header in headers}
    oddity = draw.choice([0.0, 0.0, 0.02, 0.5])
    rows = [
        [
            draw.choice(ODD) if draw.random() < oddity else plain_cell(field, way, draw)
            for field in fields.values()
        ]
        for _ in range(draw.choice([1, 3, 30]))
    ]
    if way.encoding == "cp1252":
        rows = [[cell.encode("cp1252", "replace").decode("cp1252") for cell in row] for row in rows]
    out = io.StringIO(newline="")
    out.write("".join(f"a report{way.ends}" for _ in range(way.dialect.skip_rows)))
    writer = csv.writer(out, delimiter=way.dialect.sep or ",", lineterminator=way.ends, quoting=way.quoting)
    writer.writerows([headers, *rows])
    data = out.getvalue().encode(way.encoding)
    if way.packing == "gz":
        data = gzip.compress(data)
    if way.packing == "zst":
        data = pa.compress(data, "zstd", asbytes=True)
    return way, fields, rows, data
