"""A table in every form that finsim writes: the real clients and finsim's own reader give it back."""

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tables.table_files import ENDINGS, FLOATS, TABLES, TEXTS, by_duckdb, by_pandas, by_polars, same

from finsim.errors import DataError, StudyError
from finsim.tables import Field, open_table
from finsim.tables.endings import ENDINGS as KNOWN
from finsim.tables.endings import WRITTEN, ending_of, known_ending
from finsim.tables.sources.opening import stored_schema
from finsim.tables.writing.write import refuse_unwritable, write_by_ending

CLIENTS = {"pandas": by_pandas, "polars": by_polars, "duckdb": by_duckdb}
READS = {
    "pandas": (".parquet", ".csv", ".csv.gz", ".arrow"),  # zstd needs one more package there
    "polars": (".parquet", ".csv", ".csv.gz", ".csv.zst", ".arrow"),
    "duckdb": (".parquet", ".csv", ".csv.gz", ".csv.zst", ".duckdb"),
}
NUMBERS = pa.table({"n": [1, 2, 3], "x": [0.5, None, 2.0]})


def write(path, table, name="rows", money=None, rows=97):
    return write_by_ending(path, table.schema, iter(table.to_batches(rows)), table=name, money=money or {})


def test_the_endings_are_those_that_are_promised():
    assert {*WRITTEN} == {*ENDINGS, ".tsv", ".tsv.gz", ".tsv.zst"}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize(("client", "ending"), [(c, e) for c, known in READS.items() for e in known])
def test_real_clients_read_every_value(client, ending, kind, tmp_path):
    table, money = TABLES[kind]
    path = tmp_path / f"t{ending}"
    assert write(path, table, kind, money) == table.num_rows
    found = CLIENTS[client](path, ending, table, money if ending.startswith(".csv") else {})
    if ending.startswith(".csv") and client != "pandas":  # they read times to the microsecond
        found, table = (to_microseconds(one) for one in (found, table))
    same(found, table, kinds=client == "duckdb" and ending in (".parquet", ".duckdb"))


def to_microseconds(table):
    kinds = [
        one.with_type(pa.timestamp("us", one.type.tz)) if pa.types.is_timestamp(one.type) else one
        for one in table.schema
    ]
    return table.cast(pa.schema(kinds), safe=False)


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_our_reader_gives_back_values_and_types(ending, kind, tmp_path):
    table, money = TABLES[kind]
    path = tmp_path / f"t{ending}"
    write(path, table, kind, money)
    if not ending.startswith(".csv"):
        same(open_table(path, {}).table(rename=False), table, kinds=True)
        return
    fields = {one.name: declared(one, money.get(one.name)) for one in table.schema}
    same(open_table(path, fields).table(minor=True), table, kinds=False)


def declared(column, places):
    kind = column.type
    if places is not None:
        return Field("money", scale=places, unit="stored_minor")
    if pa.types.is_dictionary(kind):
        return Field("cat", null=True)
    words = {"bool": "bool", "date32[day]": "date", "timestamp[us]": "date", "double": "float"}
    words |= {"timestamp[ns, tz=UTC]": "ts", "float": "float"}
    return Field(words.get(str(kind), "int"))


def test_every_type_has_one_form_in_text(tmp_path):
    at = pa.array([0, None, -1_500_000_001])
    table = pa.table({
        "ns": at.cast(pa.timestamp("ns", "Europe/Berlin")),
        "s": pa.array([0, 1, None]).cast(pa.timestamp("s")),
        "day": pa.array([0, None, -1], pa.int32()).cast(pa.date32()), "late": at.cast(pa.duration("ns")),
        "wait": pa.array([3661, None, -59]).cast(pa.duration("s")), "flag": [True, False, None],
        "half": pa.array([1.0, None, 0.1], pa.float32()), "nan": [float("nan"), 1.0, -2.5],
        "text": ["", None, "x"],
        "none": pa.nulls(3), "decimal": pa.array(["1.20", None, "-0.05"]).cast(pa.decimal128(9, 2)),
        "cents": pa.array([1234, None, -5]), "code": pa.array([7, None, 7]).dictionary_encode(),
    })  # fmt: skip
    write(tmp_path / "t.csv", table, money={"cents": 2})
    assert (tmp_path / "t.csv").read_bytes().decode().split("\n") == [
        ",".join(table.column_names),
        '1970-01-01T00:00:00.000000000Z,1970-01-01T00:00:00,1970-01-01,0:00:00.000000000,1:01:01,true,1.0,,"",,1.20,12.34,7',
        ",1970-01-01T00:00:01,,,,false,,1.0,,,,,",
        "1969-12-31T23:59:58.499999999Z,,1969-12-31,-0:00:01.500000001,-0:00:59,,0.1,-2.5,x,,-0.05,-0.05,7",
        "",
    ]


def test_python_reads_the_floats_and_texts_of_a_csv(tmp_path):
    import csv

    table = pa.table({"x": list(FLOATS), "t": [*TEXTS, None]})
    write(tmp_path / "t.csv", table)
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    assert [float(x) for x, _ in rows] == list(FLOATS)
    assert [str(float(x)) for x, _ in rows] == [str(x) for x in FLOATS]  # -0.0 too
    assert [t for _, t in rows] == [*TEXTS, ""]
    assert all("." in x or "e" in x for x, _ in rows)


def test_a_column_alone_keeps_its_empty_rows(tmp_path):
    write(tmp_path / "t.csv", pa.table({"x": [1.5, None, None, 2.5]}))
    assert len(pd.read_csv(tmp_path / "t.csv")) == 4


@pytest.mark.parametrize("ending", [e for e in ENDINGS if e != ".duckdb"])
def test_bytes_depend_on_the_rows_alone(ending, tmp_path):
    table, money = TABLES["transactions"]
    files = [tmp_path / f"{name}{ending}" for name in ("first", "second")]
    write(files[0], table, money=money, rows=500)
    time.sleep(1.1 if ending == ".csv.gz" else 0)  # a time of writing would show
    write(files[1], table, money=money, rows=13)
    assert files[0].read_bytes() == files[1].read_bytes()
    if ending == ".csv.gz":
        head = files[0].read_bytes()[:10]
        assert head[3:8] == bytes(5)  # no name and no time
        assert gzip.decompress(files[0].read_bytes()).startswith(b"tx_id,")


class Stopped(Exception):
    """What a source raises in the middle."""


@pytest.mark.parametrize("ending", ENDINGS)
def test_batches_are_consumed_as_they_come_and_let_go(ending, tmp_path):
    before, held, size = pa.total_allocated_bytes(), [], 20_000

    def batches():
        for k in range(100):
            yield pa.record_batch(
                {"n": pa.array(np.arange(k * size, (k + 1) * size)), "w": pa.array(["w"] * size)}
            )
            held.append(pa.total_allocated_bytes() - before)

    schema = pa.schema([("n", pa.int64()), ("w", pa.dictionary(pa.int32(), pa.string()))])
    assert write_by_ending(tmp_path / f"t{ending}", schema, batches()) == 100 * size
    whole = 100 * size * 12
    assert max(held[:50]) < 0.75 * whole
    assert max(held[50:]) < 1.25 * max(held[:50])  # more rows take no more memory
    assert max(held) < 0.75 * whole


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("was_there", [True, False])
def test_a_source_that_fails_leaves_nothing(ending, was_there, tmp_path):
    path = tmp_path / f"t{ending}"
    if was_there and ending != ".duckdb":
        write(path, NUMBERS)
    old = path.read_bytes() if path.exists() else None

    def batches():
        yield from pa.table({"n": np.arange(600_000), "w": pa.array(["w"] * 600_000)}).to_batches(100_000)
        raise Stopped

    schema = pa.schema([("n", pa.int64()), ("w", pa.dictionary(pa.int32(), pa.string()))])
    with pytest.raises(Stopped):
        write_by_ending(path, schema, batches())
    assert (path.read_bytes() if path.exists() else None) == old
    assert [one.name for one in tmp_path.iterdir()] == ([path.name] if old else [])


KILLED = """
import sys, time
from pathlib import Path
import numpy as np, pyarrow as pa
from finsim.tables.writing.write import write_by_ending
def batches():
    for k in range(40):
        yield pa.record_batch({"n": np.arange(50_000)})
    print("half", flush=True)
    time.sleep(60)
write_by_ending(Path(sys.argv[1]), pa.schema([("n", pa.int64())]), batches())
"""


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_killed_writer_leaves_no_file_of_that_name(ending, tmp_path):
    path = tmp_path / f"t{ending}"
    root = str(Path(__file__).resolve().parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"half\n"
        writer.send_signal(signal.SIGKILL)
    assert not path.exists()
    assert all(one.name.startswith(".") for one in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "shown", "hint"),
    [
        ("t.xlsx", ".xlsx", "t.csv"), ("t.txt", ".txt", "'.csv'"), ("table", "", "table.csv"),
        ("t.cvs", ".cvs", "'.csv'"), ("t.pq", ".pq", "'.parquet'"), ("t.txt.gz", ".txt.gz", "'.csv.gz'"),
        ("t.feather", ".feather", "'.arrow'"), ("t.csv.xz", ".csv.xz", ".csv"), (".csv", "", ".csv"),
        ("t.parquet.gz", ".parquet.gz", ".parquet"), ("t.duckd", ".duckd", "'.duckdb'"),
        ("t.json", ".json", "t.csv"), ("a.csv/t", "", "t.csv"),
    ],
)  # fmt: skip
def test_other_endings_are_refused_by_name(name, shown, hint, tmp_path):
    for refuse in (known_ending, refuse_unwritable, lambda path: write(path, NUMBERS)):
        with pytest.raises(StudyError) as error:
            refuse(tmp_path / name)
        problem = error.value.problems[0]
        assert problem.place == str(tmp_path / name)
        assert (repr(shown) if shown else "without an ending") in problem.found
        assert all(ending in problem.expected for ending in ENDINGS)
        assert hint in problem.remedy
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["T.CSV", "t.Csv.GZ", "t.v2.PARQUET", "a.txt.arrow", "t.DuckDB"])
def test_case_and_further_points_do_not_count(name, tmp_path):
    assert known_ending(tmp_path / name) in ENDINGS
    write(tmp_path / name, NUMBERS)
    same(
        open_table(tmp_path / name, {"n": Field("int"), "x": Field("float", null=True)}).table(),
        NUMBERS,
        kinds=True,
    )


def test_every_text_that_is_read_may_keep_its_ending():
    texts = [ending for ending, facts in KNOWN.items() if facts.form == "text"]
    assert [known_ending(f"t{ending}", from_text=True) for ending in texts] == texts
    with pytest.raises(StudyError):
        known_ending("t.xlsx", from_text=True)
    with pytest.raises(StudyError):
        known_ending("t.feather", from_text=True)


def test_each_ending_is_found_whole():
    assert all(ending_of(f"x{ending}") == ending for ending in KNOWN)


def test_a_database_that_is_there_is_refused(tmp_path):
    path = tmp_path / "t.duckdb"
    write(path, NUMBERS)
    old = path.read_bytes()
    with pytest.raises(StudyError, match="the database exists"):
        refuse_unwritable(path)
    with pytest.raises(StudyError, match="the database exists"):
        write(path, NUMBERS)
    assert path.read_bytes() == old


def test_without_duckdb_the_pip_line_is_the_answer(tmp_path, monkeypatch):
    write(tmp_path / "t.duckdb", NUMBERS)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    for touch in (
        lambda: open_table(tmp_path / "t.duckdb", {}),
        lambda: refuse_unwritable(tmp_path / "new.duckdb"),
    ):
        with pytest.raises(DataError) as error:
            touch()
        assert error.value.exit_code == 2
        assert error.value.problems[0].remedy == 'pip install "finsim[db]"'
    write(tmp_path / "t.csv", NUMBERS)  # the other forms need nothing


def test_the_table_of_a_database_has_the_name_that_is_given(tmp_path):
    write(tmp_path / "t.duckdb", NUMBERS, 'odd "name')
    with duckdb.connect(str(tmp_path / "t.duckdb"), read_only=True) as base:
        assert base.sql("SELECT table_name FROM duckdb_tables()").fetchall() == [('odd "name',)]
    same(open_table(tmp_path / "t.duckdb", {}).table(rename=False), NUMBERS, kinds=True)


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".duckdb"])
def test_what_a_schema_says_of_the_table_is_kept(ending, tmp_path):
    table = NUMBERS.replace_schema_metadata({"finsim.bars": '{"it\'s": 1}'})
    write(tmp_path / f"t{ending}", table)
    assert stored_schema(tmp_path / f"t{ending}").metadata[b"finsim.bars"] == b'{"it\'s": 1}'


def test_a_comment_of_a_person_says_nothing_of_the_table(tmp_path):
    for text in ("my table", "[1]", '{"a": 1}'):
        path = tmp_path / "t.duckdb"
        path.unlink(missing_ok=True)
        write(path, NUMBERS)
        with duckdb.connect(str(path)) as base:
            base.execute(f"COMMENT ON TABLE rows IS '{text}'")
        assert not stored_schema(path).metadata


def test_several_tables_in_a_database_are_named(tmp_path):
    with duckdb.connect(str(tmp_path / "t.duckdb")) as base:
        base.execute("CREATE TABLE b AS SELECT 1 AS x")
        base.execute("CREATE SCHEMA s")
        base.execute("CREATE VIEW s.a AS SELECT 2 AS x")
    with pytest.raises(DataError, match=r"holds 2 tables: b, s\.a; expected one table"):
        open_table(tmp_path / "t.duckdb", {})
    with duckdb.connect(str(tmp_path / "t.duckdb")) as base:
        base.execute("DROP TABLE b")
    assert open_table(tmp_path / "t.duckdb", {}).table(rename=False)["x"].to_pylist() == [2]
    with duckdb.connect(str(tmp_path / "t.duckdb")) as base:
        base.execute("DROP VIEW s.a")
    with pytest.raises(DataError, match="the database holds no table"):
        open_table(tmp_path / "t.duckdb", {})


def test_files_of_other_writers_are_read(tmp_path):
    frame = pl.DataFrame(
        {"n": [1, 2, 3], "x": [0.5, None, 2.0], "w": ["a", None, "b"]}, schema_overrides={"w": pl.Categorical}
    )
    frame.write_ipc(tmp_path / "a.arrow", compression="zstd")
    frame.write_ipc_stream(tmp_path / "b.arrows")
    frame.to_pandas().to_feather(tmp_path / "c.feather")
    (tmp_path / "d").write_bytes((tmp_path / "a.arrow").read_bytes())  # found by its bytes
    fields = {"w": Field("cat", null=True), "n": Field("int")}
    for name in ("a.arrow", "b.arrows", "c.feather", "d"):
        opened = open_table(tmp_path / name, fields)
        assert opened.headers == ("n", "x", "w")
        found = opened.table(["w", "n"])
        assert found["n"].to_pylist() == [1, 2, 3]
        assert found["w"].to_pylist() == ["a", None, "b"]
        assert opened.table(["n"]).column_names == ["n"]
        assert next(opened.batches([])).num_rows == 3


@pytest.mark.parametrize("ending", [".arrow", ".arrows", ".feather", ".duckdb"])
@pytest.mark.parametrize("damage", ["cut", "empty", "zeros", "text"])
def test_damaged_files_are_refused_in_our_words(ending, damage, tmp_path):
    path = tmp_path / f"t{ending}"
    write(tmp_path / f"w{'.duckdb' if ending == '.duckdb' else '.arrow'}", NUMBERS)
    whole = next(tmp_path.glob("w.*")).read_bytes()
    path.write_bytes(
        {"cut": whole[: len(whole) // 2], "empty": b"", "zeros": bytes(500), "text": b"n,x\n1,2\n"}[damage]
    )
    with pytest.raises(DataError) as error:
        open_table(path, {}).table(rename=False)
    assert error.value.problems[0].place.startswith(str(path))
    assert error.value.problems[0].remedy


def test_a_table_without_rows(tmp_path):
    none = NUMBERS.slice(0, 0)
    for ending in ENDINGS:
        assert write_by_ending(tmp_path / f"t{ending}", none.schema, []) == 0
        with pytest.raises(DataError, match="no rows"):
            open_table(tmp_path / f"t{ending}", {"n": Field("int")}).table()


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.zst"])
def test_lists_have_no_place_in_text(ending, tmp_path):
    with pytest.raises(DataError, match=r"column 'members' holds list<.*>, which"):
        write(tmp_path / f"t{ending}", pa.table({"members": [[1], [2]]}))
    assert not list(tmp_path.iterdir())


def test_names_that_differ_in_case_only_have_no_place_in_a_database(tmp_path):
    with pytest.raises(DataError, match="two columns are called 'n'"):
        write(tmp_path / "t.duckdb", pa.table({"n": [1], "N": [2]}))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ENDINGS)
def test_row_groups_with_other_words_are_joined(ending, tmp_path):
    words = [["a", "b", None], ["c", "b", "a"], [None, "d", "a"]]
    cells = [word for part in words for word in part * 100_000]  # several groups in every form
    table = pa.table({"w": pa.array(cells).dictionary_encode(), "n": np.arange(900_000)})
    write(tmp_path / f"t{ending}", table, rows=100_000)
    found = open_table(tmp_path / f"t{ending}", {"w": Field("cat", null=True), "n": Field("int")}).table()
    assert found["w"].cast(pa.string()).equals(table["w"].cast(pa.string()))
    assert found["n"].equals(table["n"])


def test_words_of_all_rows_fit_the_dictionary_or_are_refused(tmp_path):
    kind = pa.dictionary(pa.int8(), pa.string())
    schema = pa.schema([("w", kind)])
    many = [
        pa.record_batch([pa.array([f"w{k}"]).dictionary_encode().cast(kind)], schema=schema)
        for k in range(300)
    ]
    with pytest.raises(DataError, match="no arrow file can hold it"):
        write_by_ending(tmp_path / "t.arrow", schema, many)
    assert not list(tmp_path.iterdir())
    assert write_by_ending(tmp_path / "t.arrow", schema, many[:120]) == 120
