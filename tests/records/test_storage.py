"""Storage: whole files or none, and bytes that depend on the rows alone."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.provenance.outputs import other_files, table_files
from finsim.records import storage
from finsim.records.storage import (
    canonical_json,
    digest_file,
    digest_text,
    read_batches,
    read_table,
    write_table,
)

SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("word", pa.dictionary(pa.int32(), pa.string())),
        ("share", pa.float64()),
        ("flag", pa.bool_()),
        ("members", pa.list_(pa.int64())),
    ]
)
WORDS = ("posted", "declined", "déclin", "", "x" * 40, None)


def rows(count: int, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    words = [WORDS[k] for k in np.minimum(rng.geometric(0.4, count), len(WORDS)) - 1]
    shares = [
        None if rng.random() < 0.1 else float(rng.choice([np.nan, -0.0, 0.0, rng.random()])) for _ in words
    ]
    return pa.table(
        {
            "number": rng.integers(-(2**62), 2**62, count),
            "word": pa.array(words, pa.string()),
            "share": pa.array(shares, pa.float64()),
            "flag": rng.random(count) < 0.5,
            "members": [list(range(int(k))) for k in rng.integers(0, 4, count)],
        }
    )


def cut(table: pa.Table, sizes: list[int], style: str) -> Iterator[pa.Table | pa.RecordBatch]:
    """Yield a table in pieces, with dictionaries that differ from piece to piece as ``style`` says."""
    start, turn = 0, 0
    order = [word for word in WORDS if word is not None]
    while start < table.num_rows:
        piece = table.slice(start, sizes[turn % len(sizes)])
        start, turn = start + piece.num_rows, turn + 1
        words = piece["word"].combine_chunks()
        if style == "own":
            words = words.dictionary_encode()
        elif style != "plain":
            known = pa.array(order if style == "all" or turn % 2 else [*order[::-1], "never used"])
            words = pa.DictionaryArray.from_arrays(pa.compute.index_in(words, known), known)
        piece = piece.set_column(1, "word", words)
        yield piece if turn % 2 else piece.combine_chunks().to_batches()[0]


@given(
    st.integers(1, 700),
    st.lists(st.integers(1, 300), min_size=1, max_size=5),
    st.sampled_from(["plain", "own", "all", "turning"]),
    st.sampled_from([64, 100, 256]),
)
@settings(deadline=None, max_examples=40)
def test_the_same_rows_give_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, count: int, sizes: list[int], style: str, group: int
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    table = rows(count)
    assert write_table(folder / "whole.parquet", SCHEMA, [table], group) == count
    assert write_table(folder / "cut.parquet", SCHEMA, cut(table, sizes, style), group) == count
    assert digest_file(folder / "whole.parquet") == digest_file(folder / "cut.parquet")


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    table, file = rows(1000), tmp_path / "a" / "b" / "t.parquet"
    write_table(file, SCHEMA, cut(table, [33, 190], "turning"), 128)
    facts = pq.read_metadata(file)
    assert [facts.row_group(i).num_rows for i in range(facts.num_row_groups)] == [128] * 7 + [104]
    found = read_table(file)
    assert found.schema == SCHEMA
    for name in SCHEMA.names:
        assert repr(found[name].to_pylist()) == repr(table[name].to_pylist())
    assert sum(batch.num_rows for batch in read_batches(file, 100)) == 1000
    assert read_table(file, ["flag"]).column_names == ["flag"]


def test_a_folder_name_adds_no_column(tmp_path: Path) -> None:
    file = tmp_path / "seed=7" / "t.parquet"
    write_table(file, SCHEMA, [rows(5)])
    assert read_table(file).column_names == SCHEMA.names


def test_columns_are_put_in_the_order_of_the_schema_and_cast(tmp_path: Path) -> None:
    table = rows(10)
    turned = table.select(["members", "flag", "share", "word", "number"])
    small = turned.set_column(3, "word", table["word"].cast(pa.dictionary(pa.int8(), pa.string())))
    write_table(tmp_path / "a.parquet", SCHEMA, [table])
    write_table(tmp_path / "b.parquet", SCHEMA, [small])
    assert digest_file(tmp_path / "a.parquet") == digest_file(tmp_path / "b.parquet")


def test_no_rows_make_a_table_with_columns(tmp_path: Path) -> None:
    assert write_table(tmp_path / "t.parquet", SCHEMA, []) == 0
    assert write_table(tmp_path / "u.parquet", SCHEMA, [SCHEMA.empty_table()]) == 0
    assert read_table(tmp_path / "t.parquet").schema == SCHEMA
    assert digest_file(tmp_path / "t.parquet") == digest_file(tmp_path / "u.parquet")


def test_a_failing_writer_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    write_table(file, SCHEMA, [rows(10)])
    before = digest_file(file)

    def broken() -> Iterator[pa.Table]:
        yield rows(10)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_table(file, SCHEMA, broken(), 4)
    assert digest_file(file) == before
    assert os.listdir(tmp_path) == ["t.parquet"]


WRITER = """
import sys
import numpy as np, pyarrow as pa
from pathlib import Path
from finsim.records.storage import write_table
schema = pa.schema([("n", pa.int64())])
def batches():
    for k in range(10**6):
        yield pa.table({"n": np.arange(1000) + 1000 * k}, schema=schema)
        if k == 40:
            print("writing", flush=True)
write_table(Path(sys.argv[1]) / "bars" / "scenario=base" / "bars.parquet", schema, batches(), 4096)
"""


def test_a_killed_writer_leaves_no_table_and_a_leftover_is_ignored(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline().strip() == b"writing"
        writer.send_signal(signal.SIGKILL)
    folder = tmp_path / "bars" / "scenario=base"
    left = os.listdir(folder)
    assert len(left) == 1
    assert left[0].startswith(".bars.parquet.")
    assert left[0].endswith(".part")
    assert table_files(tmp_path) == other_files(tmp_path) == []
    write_table(folder / "bars.parquet", SCHEMA, [rows(3)])
    assert table_files(tmp_path) == ["bars/scenario=base/bars.parquet"]


def test_a_writer_killed_at_any_moment_leaves_a_whole_file_or_none(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom finsim.records.storage import write_json\n"
        "print('ready', flush=True)\n"
        "for k in range(10**6):\n    write_json(Path(sys.argv[1]), {'k': k, 'text': 'x' * 20000})\n"
    )
    file = tmp_path / "facts.json"
    for pause in (0.0, 0.003, 0.01, 0.02):
        with subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(pause)
            writer.kill()
        if file.exists():
            assert len(json.loads(file.read_text())["text"]) == 20_000


def test_the_file_is_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    sync, rename = storage._fsync, os.replace
    monkeypatch.setattr(storage, "_fsync", lambda path: (steps.append(f"sync {path.name[:6]}"), sync(path)))
    monkeypatch.setattr(os, "replace", lambda a, b: (steps.append("rename"), rename(a, b)))
    storage.write_text(tmp_path / "notes", "x")
    assert steps == ["sync .notes", "rename", f"sync {tmp_path.name[:6]}"]


def test_canonical_json_and_digests() -> None:
    assert (
        canonical_json({"b": [1, 2.5, None], "a": {"é": True}}) == '{"a":{"\\u00e9":true},"b":[1,2.5,null]}'
    )
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json({"a": float("nan")})
    # FIPS 180-2, appendix B.1.
    assert digest_text("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_readable_json_ends_with_a_line(tmp_path: Path) -> None:
    storage.write_json(tmp_path / "x.json", {"b": 1, "a": 2})
    assert (tmp_path / "x.json").read_text() == '{\n "a": 2,\n "b": 1\n}\n'
