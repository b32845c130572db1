"""Small CSV and Parquet files of payments, bars and loans, damaged in one way each."""

import csv
import gzip
import io
from datetime import date, timedelta
from decimal import Decimal
from math import exp

import pyarrow as pa
import pyarrow.parquet as pq

ODD = (
    "", " ", "NaN", "inf", "-inf", "1e400", "1e-320", "-", "--5", "5.", ".5", "1_000", "0x10", "+5",
    "-0", "007", "5%", "$5", "(5)", "1,5", "1.2.3", "9" * 40, "9223372036854775807",
    "9223372036854775808", "1e308", "-1", "0", "nan()", "None", "NULL", "true", "2024-02-30",
    "0001-01-01", "9999-12-31", "99999-01-01", "1677-09-21", "2262-04-12", "2024-01-01T25:00:00",
    "24:00", "2024-01-01 00:00:00+99:00", "20240101", "31.12.2024", "\0", "\ufeff", "\u00a0",
    "\u0661\u0662", "\u2212" + "5", "'", '"', "a\nb", "\t", ";", "\u202e", "x" * 70_000,
)  # fmt: skip
WILD = (
    "0",
    "1",
    "",
    "0.0001",
    "1e-300",
    "1e300",
    "1e15",
    "0.5",
    "1000000",
    "9007199254740993",
    "600",
    "1e-9",
    "0.99999",
)
STORED = {
    "lists": lambda n: pa.array([[1, 2]] * n),
    "structs": lambda n: pa.array([{"a": 1}] * n),
    "bytes": lambda n: pa.array([b"\xff"] * n),
    "nothing": pa.nulls,
    "wide decimals": lambda n: pa.array([Decimal("1" * 60)] * n, pa.decimal256(76, 5)),
    "unsigned": lambda n: pa.array([2**64 - 1] * n, pa.uint64()),
    "far times": lambda n: pa.array([2**62] * n, pa.timestamp("us")),
    "far days": lambda n: pa.array([2**31 - 1] * n, pa.date32()),
    "infinite": lambda n: pa.array([float("inf")] * n),
    "gaps": lambda n: pa.array([float("nan")] * n),
    "truths": lambda n: pa.array([True] * n),
    "labels": lambda n: pa.array([str(i % 3) for i in range(n)]).dictionary_encode(),
    "long texts": lambda n: pa.array(["z"] * n, pa.large_string()),
    "zoned": lambda n: pa.array([10**15] * n, pa.timestamp("us", "America/New_York")),
    "clock": lambda n: pa.array([5] * n, pa.time32("s")),
    "spans": lambda n: pa.array([10**6] * n, pa.duration("us")),
    "largest": lambda n: pa.array([2**63 - 1] * n),
    "small": lambda n: pa.array([7] * n, pa.uint8()),
}
WAYS = (
    "wild", "wild", "wild", "wild", "cell", "cell", "column", "empty", "twin", "lost", "ragged",
    "header", "swapped", "few",
    "bytes", "cut", "shell", "stored", "stored", "pages",
)  # fmt: skip


def payments(draw, count=40):
    rows = [
        ["tx_id", "ts", "from_account", "to_account", "amount", "status", "channel", "purpose", "is_fraud"]
    ]
    for i in range(count):
        when = f"2024-01-{1 + i % 28:02}T{i % 24:02}:{i % 60:02}:00"
        rows.append(
            [
                f"T{i}",
                when,
                f"A{i % 5}",
                f"A{(i * 3 + 1) % 5}",
                f"{draw.uniform(1, 9000):.2f}",
                "posted",
                "wire",
                "food",
                "false",
            ]
        )
    return rows


def bars(draw, count=130):
    rows, prices = [["Date", "Ticker", "Open", "High", "Low", "Close", "Volume"]], [100.0, 50.0]
    for i in range(count):
        prices = [price * exp(draw.gauss(0, 0.01)) for price in prices]
        for name, last in zip(("AAA", "BBB"), prices, strict=True):
            day = (date(2020, 1, 1) + timedelta(days=i)).isoformat()
            cells = (last, last * 1.01, last * 0.99, last * 1.002)
            rows.append([day, name, *(f"{cell:.4f}" for cell in cells), str(draw.randrange(10**6))])
    return rows


def loans(draw, count=80):
    rows = [["loan_id", "amount", "balance", "rate", "term_months", "purpose", "pd", "lgd", "bad"]]
    for i in range(count):
        amount = draw.randrange(500, 20_000)
        numbers = [amount, amount // 2, round(draw.uniform(0.01, 0.3), 4), draw.choice([12, 24, 36])]
        shares = [round(draw.uniform(0.001, 0.3), 4), round(draw.random(), 2)]
        rows.append(
            [
                f"L{i:03}",
                *map(str, numbers),
                draw.choice(["car", "home"]),
                *map(str, shares),
                draw.choice(["good", "good", "bad"]),
            ]
        )
    return rows


def damaged(rows, path, draw):
    """Write rows with one damage as CSV or Parquet; return the file."""
    way = draw.choice(WAYS)
    rows = [list(row) for row in rows]
    _damage_cells(rows, way, draw)
    if way in ("stored", "pages") or (way == "wild" and draw.random() < 0.3):
        return _as_parquet(rows, path.with_suffix(".parquet"), way, draw)
    out = io.StringIO(newline="")
    csv.writer(
        out, delimiter=draw.choice(",,,;\t"), lineterminator=draw.choice(["\n", "\n", "\r\n"])
    ).writerows(rows)
    data, ending = _damage_bytes(out.getvalue(), way, draw)
    path = path.with_name(path.name + ending)
    path.write_bytes(data)
    return path


def _damage_cells(rows, way, draw):
    wide, one, other = len(rows[0]), draw.randrange(len(rows[0])), draw.randrange(len(rows[0]))
    body = rows[1:]
    if way in ("wild", "cell"):
        for _ in range(draw.choice([1, 1, 3, 20])):
            draw.choice(body)[draw.randrange(wide)] = draw.choice(WILD if way == "wild" else ODD)
    elif way in ("column", "empty"):
        cell = "" if way == "empty" else draw.choice(ODD + WILD)
        for row in body:
            row[one] = cell if draw.random() < 0.97 else row[one]
    elif way == "twin":
        rows[0][one] = draw.choice([rows[0][other], rows[0][other].upper(), f" {rows[0][other]} "])
    elif way == "lost":
        for row in rows:
            del row[one]
    elif way == "ragged":
        row = draw.choice(rows)
        row[one:] = [] if draw.random() < 0.5 else ["x"] * 12
    elif way == "header":
        rows[0][one] = draw.choice([*ODD, "_rules", "amount", "date", "a.b", "select"])
    elif way == "swapped":
        for row in body:
            row[one], row[other] = row[other], row[one]
    elif way == "few":
        del rows[draw.choice([1, 2, 3]) :]


def _damage_bytes(text, way, draw):
    data = bytearray(text.encode("utf-8", "replace"))
    if way == "bytes":
        for _ in range(draw.choice([1, 5, 50])):
            data[draw.randrange(len(data))] = draw.randrange(256)
    elif way == "cut":
        del data[draw.randrange(len(data)) :]
    elif way == "shell":
        packed = gzip.compress(bytes(data))
        return draw.choice([
            (packed, ".csv.gz"), (packed, ".csv"), (packed[: len(packed) // 2], ".csv.gz"),
            (packed + b"junk", ".csv.gz"), (bytes(data), ".parquet"), (bytes(data), ".csv.zst"),
            (pa.compress(bytes(data), "zstd", asbytes=True), ".csv.zst"), (b"", ".csv"),
            (b"\xef\xbb\xbf", ".csv"), (b"\x00", ".csv"), (b"PAR1", ".parquet"),
            (text.encode("utf-16"), ".csv"),
            (text.replace("a", "\u00e4").encode("cp1252", "replace"), ".csv"),
            (text.replace("\n", "\r").encode(), ".csv"),
        ])  # fmt: skip
    return bytes(data), ".csv"


def _as_parquet(rows, path, way, draw):
    columns = [_column([row[at] for row in rows[1:]]) for at in range(len(rows[0]))]
    if way == "stored":
        columns[draw.randrange(len(columns))] = STORED[draw.choice(list(STORED))](len(rows) - 1)
    pq.write_table(pa.Table.from_arrays(columns, names=rows[0]), path)
    if way == "pages":
        data = bytearray(path.read_bytes())
        for _ in range(draw.choice([1, 4, 20])):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(bytes(data))
    return path


def _column(cells):
    for read in (int, float):
        try:
            return pa.array([read(cell) if cell else None for cell in cells])
        except (ValueError, OverflowError):
            continue
    return pa.array(cells)
