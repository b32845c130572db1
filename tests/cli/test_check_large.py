"""``finsim check`` on a file that is too large to hold: the words and numbers of the whole table."""

import functools
import json

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from naive.rule_tables import as_table, pack, random_rows, sorted_rules, sorted_table

from finsim.cli.main import main
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.parquet_batches import Batches
from finsim.engine import check_in_batches as large_files
from finsim.engine import tables_to_check as gathering
from finsim.errors import DataError, RuleError

PIECE = 50  # rows of a batch: every table of these tests comes in several
ROW_TEXTS = [
    "x > 0",
    "a >= 3 USD or f",
    "i / j > 0",
    "if c = 'red' then y < 2",
    "n < 390",
    "exists(o.id = p)",
]
STORY = "scatter_gather_structuring"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command; return its exit code, what it printed, and whether the file was read whole."""
    monkeypatch.setattr(large_files, "Batches", functools.partial(Batches, rows=PIECE))
    gather, read = gathering.gather, []

    def watched(path, rules, *, whole=False):
        read.append(path)
        return gather(path, rules, whole=whole)

    monkeypatch.setattr(gathering, "gather", watched)

    def once(*arguments, limit):
        monkeypatch.setattr(large_files, "HELD_BYTES", limit)
        read.clear()
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main(["check", *[str(one) for one in arguments]])
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err, bool(read)

    return once


@pytest.fixture
def same(run, tmp_path):
    """Check a table whole and as a large file: all that is said is the same. Return how and what."""

    def both(table, rules, *options):
        path, file = tmp_path / "t.parquet", tmp_path / "pack.yaml"
        pq.write_table(table, path, row_group_size=2 * PIECE)
        rules.save(file)
        for more in (options, (*options, "--json")):
            *whole, was_whole = run(path, "--rules", file, *more, limit=1 << 30)
            *large, is_whole = run(path, "--rules", file, *more, limit=0)
            assert was_whole
            assert large == whole
        return is_whole, large[0], json.loads(large[1])["result"]

    return both


def counts(said):
    return {rule["id"]: rule["violations"] for rule in said["rules"]}


def in_order(rows):
    return sorted(rows, key=lambda row: (row["ts"] is None, row["ts"] or 0, row["n"]))


def test_rules_that_see_one_row(same):
    is_whole, code, said = same(as_table(random_rows(3, 400)), pack(ROW_TEXTS), "--set", "limit=4 USD")
    assert (is_whole, code) == (False, 1)
    assert said["overrides"] == {"limit": {"old": "3 USD", "new": "4 USD"}}
    rules = {rule["id"]: rule for rule in said["rules"]}
    assert rules["r0"]["violations"] > 20
    assert rules["r0"]["first"][0]["row"] < PIECE
    assert rules["r2"]["undefined"] > 0
    assert rules["r5"]["reason"] == rules["o.key"]["reason"] == "table o is not given"


@pytest.mark.parametrize("threads", [1, 2])
def test_rules_that_see_the_rows_before(same, threads):
    table = as_table(in_order(random_rows(5, 400)))
    texts = ["x > lag(x)", "cumsum(a) < 20 USD", "runlen(f) < 3", "sum_in(i, 24h) > 1", "sum_day(a) > 1 USD"]
    is_whole, code, said = same(table, pack([*texts, "x > 0"]), "--threads", threads)
    assert (is_whole, code) == (False, 1)
    assert min(counts(said)[f"r{number}"] for number in range(6)) > 0
    late = [first["row"] for rule in said["rules"] for first in rule["first"]]
    assert max(late) > PIECE


def test_groups_that_come_one_after_the_other(same):
    is_whole, _, said = same(sorted_table(900, nulls=True), RuleSet.parse(sorted_rules(nulls=True)))
    assert not is_whole
    assert min(counts(said)[name] for name in ("ledger", "day", "count", "whole_table")) > 0


def test_rows_out_of_order_are_arranged_whole(same):
    table = as_table(in_order(random_rows(5, 400))[::-1])
    is_whole, _, said = same(table, pack(["x > lag(x)", "x > 0"]))
    assert is_whole
    assert counts(said)["r0"] > 0


@pytest.mark.parametrize(
    "text",
    [
        "unique(n) or group_count() > 3",
        "group_sum(a) > 0 USD",
        "n > 0 | when: 'group_count(by: c) > 1'",
    ],
)
def test_rules_that_need_the_whole_table_get_it(same, text):
    is_whole, _, said = same(as_table(in_order(random_rows(5, 200))), pack(["x > 0", text]))
    assert is_whole
    assert [rule["verdict"] for rule in said["rules"] if rule["id"] == "r1"] != ["skipped"]


@pytest.mark.parametrize("threads", [1, 2])
def test_keys_are_compared_in_a_stream(same, threads):
    table = as_table(in_order(random_rows(5, 400)))
    texts = ["unique(n)", "unique(c, i)", "x > 0 => unique(j, d)", "unique(g, ts) or x > lag(x)", "x > 0"]
    is_whole, code, said = same(table, pack(texts), "--threads", threads)
    assert (is_whole, code) == (False, 1)
    assert counts(said)["r0"] == 0
    assert min(counts(said)[f"r{number}"] for number in range(1, 5)) > 0


KEYED = """
finsim-rules: 1
pack: {id: keyed, version: "1"}
table: t
key: [k]
columns: {k: {type: id, alias: [name]}, x: {type: float}, m: {type: int, optional: true, alias: [x]}}
rules:
  - {id: positive, check: x > 0}
"""


@pytest.mark.parametrize("again", [[], [(5, 3)], [(399, 0), (120, 110), (121, 110)]])
def test_a_key_of_the_pack_is_compared_in_a_stream(same, again):
    texts = [f"key {row * 7 % 400:03d}" for row in range(400)]
    for target, origin in again:
        texts[target] = texts[origin]
    table = pa.table({"name": texts, "x": np.ones(400)})
    is_whole, code, said = same(table, RuleSet.parse(KEYED))
    assert (is_whole, code) == (False, 1 if again else 0)
    assert counts(said)["t.key"] == len(again)
    first = {one["row"]: one["key"]["k"] for rule in said["rules"] for one in rule["first"]}
    assert first == {target: repr(texts[origin]) for target, origin in again}


def test_a_rule_that_is_skipped_anyway_asks_for_nothing(same):
    rules = pack(["x > 0", "unique(p, i) and exists(o.id = p)"])
    assert not same(as_table(random_rows(5, 200)), rules)[0]


def test_empty_columns_and_other_headers(same):
    table = as_table(random_rows(6, 200))
    gone = table.set_column(3, "x", pa.nulls(200, pa.float64())).append_column(
        "unread", pa.array([[1]] * 200)
    )
    turned = gone.rename_columns([name.upper() for name in gone.column_names])
    is_whole, _, said = same(turned, pack(["x > 0", "i > 0"]))
    assert not is_whole
    assert [rule["unknown"] for rule in said["rules"] if rule["id"] == "r0"] == [200]


POLICY = """
finsim-rules: 1
pack: {id: policy, version: "1"}
table: payments
columns:
  amount: {type: money, ccy: USD, unit: minor}
  narrative: {type: cat, null: true}
rules:
  - {id: structuring, level: policy, check: amount < 9_000 USD}
"""


@pytest.mark.parametrize("coded", [False, True])
def test_narratives_are_excused(same, coded):
    labels = pa.array([None, "own tale", STORY, "own tale"] * 50)
    table = pa.table(
        {"amount": [950_000] * 200, "narrative": labels.dictionary_encode() if coded else labels}
    )
    is_whole, code, said = same(table, RuleSet.parse(POLICY))
    (rule,) = [rule for rule in said["rules"] if rule["id"] == "structuring"]
    assert (is_whole, code, rule["excused"], rule["violations"]) == (False, 1, 50, 150)


ONE = """
finsim-rules: 1
pack: {id: one, version: "1"}
table: t
columns: {q: {type: int}}
rules:
  - {id: small, check: q < 10}
"""
DATES = """
finsim-rules: 1
pack: {id: dates, version: "1"}
table: t
columns: {d: {type: date}, k: {type: int}}
rules:
  - {id: late, check: d > d'2020-01-01'}
  - {id: small, check: k < 5}
"""


@pytest.mark.parametrize(("name", "value"), [("d", "2024-02-30"), ("k", 2 * 10**18)])
def test_a_cell_of_another_type_is_named_by_its_row_in_the_file(run, tmp_path, name, value):
    days, numbers = ["2024-01-31"] * 200, [1] * 200
    (days if name == "d" else numbers)[130] = value
    pq.write_table(pa.table({"d": days, "k": numbers}), tmp_path / "t.parquet")
    (tmp_path / "dates.yaml").write_text(DATES)
    given = (tmp_path / "t.parquet", "--rules", tmp_path / "dates.yaml")
    code, _, said, is_whole = run(*given, limit=0)
    assert (code, is_whole) == (2, False)
    assert f"{tmp_path / 't.parquet'}, row 130" in said
    assert run(*given, limit=1 << 30)[:3] == (2, "", said)


def test_what_is_no_large_files_file_is_read_whole(run, tmp_path):
    table, file = sorted_table(200, nulls=False), tmp_path / "pack.yaml"
    RuleSet.parse(sorted_rules(nulls=False)).save(file)
    (tmp_path / "parts").mkdir()
    pq.write_table(table, tmp_path / "parts" / "0.parquet")
    arrow_csv.write_csv(table.set_column(4, "c", table["c"].cast(pa.string())), tmp_path / "t.csv")
    for place in ("parts", "t.csv"):
        whole, large = (run(tmp_path / place, "--rules", file, limit=limit) for limit in (1 << 30, 0))
        assert whole == large
        assert whole[3]
    (tmp_path / "empty.parquet").write_bytes(b"")
    code, _, said, _ = run(tmp_path / "empty.parquet", "--rules", file, limit=0)
    assert (code, "the file is empty" in said) == (2, True)
    pq.write_table(table.slice(0, 0), tmp_path / "none.parquet")
    code, _, said, _ = run(tmp_path / "none.parquet", "--rules", file, limit=0)
    assert (code, "the table has no rows" in said) == (2, True)


def test_one_row_explained_and_a_repair_read_the_table_whole(run, tmp_path):
    path, file = tmp_path / "t.parquet", tmp_path / "pack.yaml"
    pq.write_table(as_table(random_rows(3, 120)), path)
    pack(["x > 0 | repair: {do: drop}"]).save(file)
    assert run(path, "--rules", file, limit=0)[3] is False
    _, said, _, is_whole = run(path, "--rules", file, "--explain", 7, limit=0)
    assert is_whole
    assert said.startswith("row 7 of t")
    assert run(path, "--rules", file, "--repair", "-o", tmp_path / "clean.parquet", limit=0)[::3] == (0, True)


def test_a_file_that_fits_no_table_is_refused_unread(run, tmp_path):
    pq.write_table(pa.table({"q": [1]}), tmp_path / "t.parquet")
    whole = run(tmp_path / "t.parquet", "--rules", "ohlcv", limit=1 << 30)
    assert run(tmp_path / "t.parquet", "--rules", "ohlcv", limit=0) == (*whole[:3], False)
    assert whole[::3] == (2, False)
    with pytest.raises(RuleError, match="no such parameter"):
        large_files.large_file(tmp_path / "t.parquet", RuleSet.parse(ONE), {"z": 1})


@pytest.mark.parametrize("threads", ["0", "-1", "x"])
def test_a_number_of_threads_that_is_none_is_refused(run, tmp_path, threads):
    code, _, said, is_whole = run(tmp_path, "--rules", "ohlcv", f"--threads={threads}", limit=0)
    assert (code, is_whole) == (2, False)
    assert "--threads" in said


def test_size_is_that_of_the_cells_and_not_of_the_file(tmp_path):
    equal = pa.table({"a": np.zeros(10_000, dtype=np.int64), "b": np.zeros(10_000)})
    pq.write_table(equal, tmp_path / "equal.parquet")
    assert large_files.held_bytes(Batches(tmp_path / "equal.parquet")) == 160_000
    long = pa.table({"text": [f"{number:0>100}" for number in range(1_000)]})
    pq.write_table(long, tmp_path / "long.parquet", use_dictionary=False)
    assert large_files.held_bytes(Batches(tmp_path / "long.parquet")) >= 100_000


def test_progress_counts_rows_to_the_last(tmp_path, monkeypatch):
    monkeypatch.setattr(large_files, "HELD_BYTES", 0)
    monkeypatch.setattr(large_files, "Batches", functools.partial(Batches, rows=PIECE))
    pq.write_table(as_table(random_rows(3, 120)), tmp_path / "t.parquet")
    rules, steps = pack(["x > 0"]), []
    file = large_files.large_file(tmp_path / "t.parquet", rules, progress=lambda *step: steps.append(step))
    large_files.check_large(file, rules)
    assert steps == [("checking rows", done, 120) for done in (0, 50, 100, 120)]


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    path, rules = tmp_path / "t.parquet", RuleSet.parse(ONE)
    table = pa.table({"q": np.random.default_rng(1).integers(0, 10**6, 20_000)})
    pq.write_table(table, path, use_dictionary=False, compression="zstd")
    damaged = bytearray(path.read_bytes())
    damaged[4:1_000] = bytes(996)
    path.write_bytes(damaged)
    monkeypatch.setattr(large_files, "HELD_BYTES", 0)
    file = large_files.large_file(path, rules)
    assert (file.table, file.batches.columns, file.narrative) == ("t", ["q"], "")
    with pytest.raises(DataError, match="not a Parquet file") as caught:
        large_files.check_large(file, rules)
    assert str(path) in str(caught.value)
