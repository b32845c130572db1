"""Damaged files end in a DataError with a place, or are read; never in another error."""

import gzip
import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.errors import DataError
from finsim.tables import Dialect, Field, open_table

FIELDS = {
    "id": Field("id"),
    "day": Field("date"),
    "at": Field("ts"),
    "amount": Field("money", ccy="USD"),
    "rate": Field("ratio"),
    "grade": Field("cat"),
    "open": Field("bool"),
}
SPLICES = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b'"',
    b"\n",
    b"\r",
    b";",
    b",,",
    b"1e999999999",
    b"-",
    b"\xf0\x9f\x92\xb8",
    b"9" * 50,
]


def originals(folder):
    """Return the bytes of one table in several kinds of file, by ending."""
    rng = np.random.default_rng(3)
    table = pa.table(
        {
            "id": [f"A{number}" for number in range(80)],
            "day": pa.array(rng.integers(0, 20_000, 80), pa.int32()).cast(pa.date32()),
            "at": pa.array(rng.integers(0, 2 * 10**15, 80)).cast(pa.timestamp("us")),
            "amount": pa.array(np.round(rng.random(80) * 1e4, 2)).cast(pa.decimal128(12, 2)),
            "rate": rng.random(80),
            "grade": pa.array(rng.choice(["A", "B", None], 80)).dictionary_encode(),
            "open": rng.random(80) < 0.5,
            "notes": [["x"]] * 80,
        }
    )
    pq.write_table(table, folder / "t.parquet", row_group_size=32)
    rows = zip(*(table[name].cast(pa.string()).to_pylist() for name in FIELDS), strict=True)
    text = ",".join(FIELDS) + "\n" + "".join(",".join(cell or "" for cell in row) + "\n" for row in rows)
    plain = text.encode()
    packed = pa.compress(plain, "zstd", asbytes=True)
    return {
        "csv": plain, "csv.gz": gzip.compress(plain), "csv.zst": packed, "utf16.csv": text.encode("utf-16"),
        "parquet": (folder / "t.parquet").read_bytes(),
    }  # fmt: skip


def mutated(data, draw):
    """Return bytes with some of them changed, cut out, doubled or put elsewhere."""
    out = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 5, 30])):
        at, size = draw.randrange(len(out) + 1), draw.choice([1, 2, 8, 100])
        way = draw.randrange(5)
        if way == 0 and out:
            out[at % len(out)] = draw.randrange(256)
        elif way == 1:
            del out[at : at + size]
        elif way == 2:
            out[at:at] = out[at : at + size]
        elif way == 3:
            out[at:at] = draw.choice(SPLICES)
        else:
            out = out[: max(at, 1)] if draw.random() < 0.3 else out
    return bytes(out)


def end_well(folder, seeds):
    """Read mutated files; return how many were read and how many refused."""
    kinds, ends = originals(folder), {"read": 0, "refused": 0, "silent": 0}
    for seed in seeds:
        draw = random.Random(seed)
        kind = draw.choice(list(kinds))
        path = folder / f"m{seed}.{kind}"
        path.write_bytes(mutated(kinds[kind], draw))
        try:
            source = open_table(path, FIELDS, Dialect() if draw.random() < 0.7 else Dialect(sep=","))
            for names in (None, ["amount", "grade"]):
                source.table(names)
            source.table(rename=False)
            end = "read"
        except DataError as bad:
            end = "refused" if all(problem.place and problem.found for problem in bad.problems) else "silent"
        ends[end] += 1
        path.unlink()
    return ends


def test_the_files_are_read_as_they_were(tmp_path):
    for kind, data in originals(tmp_path).items():
        (tmp_path / f"whole.{kind}").write_bytes(data)
        table = open_table(tmp_path / f"whole.{kind}", FIELDS).table()
        assert (table.num_rows, table["id"][79].as_py()) == (80, "A79")


def test_damaged_files_are_refused_or_read(tmp_path):
    ends = end_well(tmp_path, range(120))
    assert ends["refused"] > 50
    assert not ends["silent"]


@pytest.mark.slow
def test_two_thousand_damaged_files_are_refused_or_read(tmp_path):
    ends = end_well(tmp_path, range(1_000, 3_000))
    assert ends["refused"] > 1_000
    assert not ends["silent"]
