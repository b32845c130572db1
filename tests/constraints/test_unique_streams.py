"""``unique`` in a stream: the report of the whole table, wherever batches are cut, whatever hashes meet."""

import naive.keys as naive
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from naive.rule_tables import as_table, pack, random_rows

from finsim.constraints.checking import repeated_keys as repeats
from finsim.constraints.checking import stream_check as streaming
from finsim.constraints.checking import tier_choice
from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.checking.repeated_keys import firsts
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables import key_columns as key_cells
from finsim.constraints.tables.key_columns import cells_of
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.parquet_batches import Batches
from finsim.constraints.tables.typed_columns import Source
from finsim.errors import DataError

pytestmark = pytest.mark.sweep

HEAD = """
finsim-rules: 1
pack: {id: keys, version: "1"}
table: t
key: [%s]
columns:
  k: {type: int, null: true}
  l: {type: id, null: true}
  c: {type: cat, null: true}
  x: {type: float, null: true}
  d: {type: date, optional: true, null: true}
  amount: {type: money, ccy: USD, unit: minor}
  narrative: {type: cat, null: true, optional: true}
rules:
  - {id: positive, check: amount > 0 USD}
"""
ALIKE = ["interpreter", "compiled"]
COUNT = 400


def rules(key="k", *texts):
    lines = [f"  - {{id: r{place}, {text}}}" for place, text in enumerate(texts)]
    return RuleSet.parse(HEAD % key + "\n".join(lines))


def table(**columns):
    """A table whose keys come once, in random order; columns given take the place of these."""
    rng = np.random.default_rng(5)
    own = {
        "k": rng.permutation(COUNT) * 3 - 200,
        "l": [f"id{number:05d}" for number in rng.permutation(COUNT)],
        "c": [f"c{number % 7}" for number in range(COUNT)],
        "x": rng.permutation(COUNT) / 8 - 20,
        "amount": np.where(np.arange(COUNT) % 50, 5, -5),
    }
    return pa.table({**own, **columns})


def with_repeats(values, pairs):
    """Put the value of one row into another."""
    changed = list(values)
    for target, origin in pairs:
        changed[target] = changed[origin]
    return changed


def alike(data, pack, **options):
    """Check a table whole and cut in many ways; return the report, which is the same."""
    whole = check(data, pack, **options).to_dict()
    for rows in (COUNT, 130, 23):
        cut = [data.slice(begin, rows) for begin in range(0, data.num_rows, rows)]
        assert check_batches(cut, pack, **options).to_dict() == whole, rows
    return {one["id"]: one for one in whole["rules"]}


@pytest.fixture(params=["usual", "tiny bitmap", "equal hashes", "many readings"], autouse=True)
def bits(request, monkeypatch):
    """Bitmaps in which some keys, most keys, or all keys meet; and suspects that need many readings."""
    if request.param == "tiny bitmap":
        monkeypatch.setattr(repeats, "FEWEST_BITS", 64)
        monkeypatch.setattr(repeats, "_BITS_A_SUSPECT", 1)
        monkeypatch.setattr(repeats, "BITS_A_ROW", 0)
    if request.param == "equal hashes":
        honest = key_cells.hashes_of
        monkeypatch.setattr(repeats, "hashes_of", lambda key: honest(key) & np.uint64(3 << 62))
    if request.param == "many readings":
        monkeypatch.setattr(repeats, "_BITS_A_SUSPECT", 16)
        monkeypatch.setattr(repeats, "FEWEST_BITS", 256)
        monkeypatch.setattr(repeats, "BITS_A_ROW", 0)
    return request.param


@pytest.mark.parametrize("key", ["k", "l", "x", "c, k", "l, x"])
@pytest.mark.parametrize("is_sorted", [False, True])
def test_keys_that_come_once(key, is_sorted):
    data = table().sort_by([(name, "ascending") for name in key.split(", ")]) if is_sorted else table()
    found = alike(data, rules(key))
    assert found["t.key"]["violations"] == 0
    assert found["t.key"]["rows"] == COUNT
    assert found["positive"]["violations"] == COUNT // 50


@pytest.mark.parametrize("key", ["k", "l", "x", "k, l", "x, c"])
def test_keys_that_come_again(key):
    pairs = [(1, 0), (205, 3), (399, 3), (300, 200), (301, 200), (302, 200), (303, 200), (304, 299)]
    columns = {name: with_repeats(table()[name].to_pylist(), pairs) for name in key.split(", ")}
    found = alike(table(**columns), rules(key))["t.key"]
    assert found["violations"] == 8
    assert [one["row"] for one in found["first"]] == [1, 205, 300, 301, 302]
    assert found["first"][1]["key"] == {name: _shown(columns[name][3], name) for name in key.split(", ")}


def _shown(value, name):
    return repr(value) if name in ("l", "c") else f"{value:.10g}"


@pytest.mark.parametrize("tier", ALIKE)
@pytest.mark.parametrize("threads", [1, 3])
def test_tiers_and_threads(tier, threads):
    data = table(k=with_repeats(range(COUNT), [(200, 10), (390, 389)]))
    texts = ("check: 'unique(c, k)'", "check: 'amount > 0 USD => unique(k)'", "check: unique(k) or x > 0")
    found = alike(data, rules("k", *texts), tier=tier, threads=threads)
    assert [found[name]["violations"] for name in ("t.key", "r0", "r1", "r2")][0::2] == [2, 1]


@pytest.mark.parametrize("tier", ALIKE)
def test_unique_as_a_part(tier):
    data = table(c=["same"] * 100 + [None] * 100 + ["other"] * 200)
    texts = (
        "when: 'x > 0', check: unique(c)",
        "when: 'not unique(c)', check: 'amount > 1 USD'",
        "check: 'unique(c) = (x > lag(x))', order: {group: [c], by: [k], sort: false}",
        "check: 'if unique(c) then x > 1 else k / (k + 200) > 0'",
    )
    found = alike(data, rules("k", *texts), tier=tier)
    assert min(found[f"r{number}"]["violations"] for number in range(4)) > 0
    assert found["r3"]["undefined"] == 1


def test_empty_cells_equal_one_another():
    gone = [None if row in (7, 8, 250) else row for row in range(COUNT)]
    for key, values in (
        ("k", gone),
        ("l", gone),
        ("x", gone),
        ("c", [None if v is None else f"c{v}" for v in gone]),
    ):
        found = alike(table(**{key: values}), rules(key))["t.key"]
        assert found["violations"] == 2, key
        assert [one["row"] for one in found["first"]] == [8, 250]
    found = alike(table(k=gone, c=[None, "a"] * 200), rules("k, c"))["t.key"]
    assert [one["row"] for one in found["first"]] == [250]


def test_what_lies_under_an_empty_cell_does_not_matter():
    whole = pa.array([f"w{row}" for row in range(COUNT)])
    bits = np.packbits(np.isin(np.arange(COUNT), (7, 8, 250), invert=True), bitorder="little")
    texts = pa.Array.from_buffers(pa.string(), COUNT, [pa.py_buffer(bits), *whole.buffers()[1:]])
    assert texts.null_count == 3
    found = alike(table(c=texts), rules("c"))["t.key"]
    assert [one["row"] for one in found["first"]] == [8, 250]


def test_numbers_that_rise_past_an_empty_cell():
    numbers = [*range(-200, 0), None, *range(1, 200)]
    assert alike(table(k=pa.array(numbers)), rules("k"))["t.key"]["violations"] == 0
    numbers[201] = None
    assert alike(table(k=pa.array(numbers)), rules("k"))["t.key"]["violations"] == 1


def test_floats_that_are_equal_in_other_bits():
    values = table()["x"].to_pylist()
    values[3], values[200], values[220], values[398] = 0.0, -0.0, float("nan"), None
    values[399] = np.uint64(0x7FF8000000000123).view(np.float64)
    alone = [999.5 if value == 0 and row not in (3, 200) else value for row, value in enumerate(values)]
    found = alike(table(x=pa.array(alone, pa.float64())), rules("x"))["t.key"]
    assert [one["row"] for one in found["first"]] == [200, 398, 399]


@pytest.mark.parametrize("key", ["l", "c", "k, c"])
def test_dictionaries_of_their_own_in_each_batch(key):
    texts = with_repeats([f"word {row}" for row in range(COUNT)], [(150, 2), (399, 398)])
    texts[40] = texts[41] = None
    name = key[-1]
    plain = table(**{name: texts, "k": [1] * COUNT})
    whole = check(plain, rules(key)).to_dict()
    for rows in (50, 7):
        parts = [plain.slice(begin, rows) for begin in range(0, COUNT, rows)]
        place = plain.schema.get_field_index(name)
        coded = [part.set_column(place, name, part[name].dictionary_encode()) for part in parts]
        assert coded[0][name].chunk(0).dictionary != coded[1][name].chunk(0).dictionary
        assert check_batches(coded, rules(key)).to_dict() == whole
        some = [new if row % 2 else old for row, (old, new) in enumerate(zip(parts, coded, strict=True))]
        assert check_batches(some, rules(key)).to_dict() == whole
        assert check_batches([pa.concat_tables(coded)], rules(key)).to_dict() == whole
    assert {one["id"]: one["violations"] for one in whole["rules"]}["t.key"] == 3


def test_a_dictionary_with_an_empty_word():
    codes = pa.array([row % 5 for row in range(COUNT)])
    words = pa.array(["a", None, "b", "c", "a"])
    data = table(c=pa.DictionaryArray.from_arrays(codes, words), k=np.arange(COUNT) // 5)
    plain = data.set_column(2, "c", data["c"].cast(pa.string()))
    assert alike(data, rules("k, c")) == alike(plain, rules("k, c"))
    chunks = [data.slice(0, 100), data.slice(100)]
    assert check(pa.concat_tables(chunks), rules("k, c")).to_dict() == check(plain, rules("k, c")).to_dict()


@pytest.mark.parametrize("tier", ALIKE)
def test_excused_rows_are_counted(tier):
    data = table(
        k=with_repeats(range(COUNT), [(100, 0), (101, 0), (102, 0), (399, 1)]),
        narrative=["tale" if row in (101, 399) else "other" for row in range(COUNT)],
    )
    found = alike(
        data,
        rules("l", "level: policy, check: unique(k)"),
        tier=tier,
        excused={"tale": {"r0"}, "other": set()},
    )["r0"]
    assert (found["violations"], found["excused"]) == (2, 2)
    assert [one["row"] for one in found["first"]] == [100, 102]


def test_a_generator_is_skipped_as_it_cannot_be_read_twice():
    data, pack_ = table(k=[1] * COUNT), rules("k", "check: 'x > 0 or unique(l)'")
    report = check_batches((data.slice(row, 50) for row in range(0, COUNT, 50)), pack_)
    for name in ("t.key", "r0"):
        assert (report[name].verdict, report[name].reason) == (
            "skipped",
            "needs the whole table, not a stream",
        )
    assert report["positive"] == check(data, pack_)["positive"]


def test_batches_that_run_out_are_not_taken_for_an_empty_table():
    class Once:
        def __init__(self):
            self.left = [table().slice(begin, 100) for begin in range(0, COUNT, 100)]

        def __iter__(self):
            while self.left:
                yield self.left.pop(0)

    class Wrapped:
        def __init__(self):
            self.held = iter(Once())

        def __iter__(self):
            return self.held

    with pytest.raises(DataError, match="300 rows and have 0 when they are read again"):
        check_batches(Once(), rules("k"))
    report = check_batches(Wrapped(), rules("k"))
    assert (report["t.key"].verdict, report["positive"].rows) == ("skipped", COUNT)


def test_what_needs_all_rows_at_once_is_skipped_with_its_unique():
    report = check_batches([table()], rules("k", "check: 'unique(l) and group_count(by: c) > 1'"))
    assert report["r0"].reason == "needs the whole table, not a stream"
    assert report["t.key"].verdict == "passed"


def test_files_are_read_again(tmp_path, monkeypatch, bits):
    data = table(l=with_repeats(table()["l"].to_pylist(), [(399, 0), (100, 99)]))
    pq.write_table(data, tmp_path / "t.parquet", row_group_size=60)
    monkeypatch.setattr(streaming, "COMPILE_ROWS", 0)
    monkeypatch.setattr(streaming, "BATCH_ROWS", 0)
    monkeypatch.setattr(tier_choice, "KERNEL_ROWS", 0)
    read, honest = [], Batches.__iter__

    def watched(self):
        read.append(self.columns)
        return honest(self)

    monkeypatch.setattr(Batches, "__iter__", watched)
    for tier in ("auto", "interpreter"):
        found = check_batches(Batches(tmp_path / "t.parquet", rows=37), rules("l"), tier=tier)
        assert found.to_dict() == check(data, rules("l")).to_dict()
    assert set(map(str, read)) == {"None", "['l']"}
    assert bits != "usual" or len(read) == 2 * 7  # twice for a look whether it can be read again


def test_keys_that_rise_are_not_hashed(monkeypatch):
    def no_hash(key):
        raise AssertionError("hashed")

    monkeypatch.setattr(repeats, "hashes_of", no_hash)
    data = table().sort_by([("c", "ascending"), ("k", "ascending")])
    assert alike(data, rules("c, k"))["t.key"]["violations"] == 0
    data = table().sort_by("l")
    assert alike(data, rules("l"))["t.key"]["violations"] == 0
    with pytest.raises(AssertionError, match="hashed"):
        alike(table(), rules("k"))
    twice = table(k=[0, *range(COUNT - 1)])
    with pytest.raises(AssertionError, match="hashed"):
        alike(twice, rules("k"))


@pytest.mark.parametrize("seed", range(6))
def test_random_keys_against_the_twin(seed):
    rng = np.random.default_rng(seed)
    spread, count = (3, 40, 10**9)[seed % 3], 600
    numbers = pa.array(rng.integers(-spread, spread, count), mask=rng.random(count) < 0.05)
    texts = pa.array(
        [f"w{number}" for number in rng.integers(0, spread, count)], mask=rng.random(count) < 0.05
    )
    wanted = naive.first_of_kind(zip(numbers.to_pylist(), texts.to_pylist(), strict=True))
    data = pa.table({"k": numbers, "c": texts})
    columns = {name: rules().tables["t"].columns[name] for name in ("k", "c")}

    def read():
        for begin in range(0, count, 70):
            part = Source("t", data.slice(begin, 70), columns, Labels())
            yield [cells_of(part, name) for name in ("k", "c")]

    found = firsts(read, count)
    assert found[0:count].tolist() == wanted
    assert found[13:15].tolist() == wanted[13:15]
    assert found[5:5].tolist() == []
    some = rng.integers(0, count, 50)
    assert found[some].tolist() == [wanted[row] for row in some]


def test_columns_of_every_kind():
    data = as_table(random_rows(11, 200))
    for names in ("n", "f", "d, i", "a, b, c", "ts", "g, j, f", "x", "y, x", "p"):
        given = pack([f"unique({names})"])
        whole = check(data, given)["r0"]
        cut = [data.slice(begin, 30) for begin in range(0, 200, 30)]
        assert check_batches(cut, given)["r0"] == whole
        assert whole.violations > 0 or names == "n"


def test_a_column_that_is_absent_or_has_a_default():
    assert alike(table(), rules("k", "check: 'unique(d, k)'"))["r0"]["reason"] == "column d is absent"
    text = HEAD.replace("{type: date, optional: true, null: true}", "{type: cat, optional: true, default: z}")
    given = RuleSet.parse(text % "k" + "  - {id: r0, check: 'unique(d, c)'}\n  - {id: r1, check: unique(d)}")
    found = alike(table(), given)
    assert (found["r0"]["violations"], found["r1"]["violations"]) == (COUNT - 7, COUNT - 1)


def test_a_batch_of_text_without_any_has_no_type():
    data = table(l=["a"] * 100 + [None] * 100 + ["b"] * 200)
    whole = check(data, rules("l")).to_dict()
    bare = data.slice(100, 100).set_column(1, "l", pa.nulls(100))
    assert check_batches([data.slice(0, 100), bare, data.slice(200)], rules("l")).to_dict() == whole
    numbers = data.slice(100, 100).set_column(1, "l", pa.array(range(100)))
    with pytest.raises(DataError, match="text in one batch and numbers in another"):
        check_batches([data.slice(0, 1), numbers], rules("l"))


def test_a_bad_cell_of_a_key_is_named_by_its_row():
    days = ["2024-01-31"] * (COUNT - 1) + ["2024-02-30"]
    for given in (table(d=days), table(d=days).slice(200)):
        with pytest.raises(DataError) as whole:
            check(given, rules("k", "check: 'unique(d)'"))
        with pytest.raises(DataError) as cut:
            check_batches([given.slice(0, 190), given.slice(190)], rules("k", "check: 'unique(d)'"))
        assert str(cut.value) == str(whole.value)
        assert f"row {given.num_rows - 1}" in str(cut.value)


def test_texts_of_a_stream_are_not_numbered_for_ever(monkeypatch):
    numbered, honest = [], Labels.code

    def watched(self, text):
        numbered.append(text)
        return honest(self, text)

    monkeypatch.setattr(Labels, "code", watched)
    given = RuleSet.parse(HEAD.replace("l: {type: id, null: true}", "l: {type: id}") % "l")
    report = check_batches([table().slice(0, 200), table().slice(200)], given, tier="interpreter")
    assert report["t.key"].verdict == report["t.complete"].verdict == "passed"
    assert report["positive"].first[1].key["l"].startswith("'id0")
    assert not [text for text in numbered if text.startswith("id0")]


@pytest.mark.parametrize("key", ["l", "c, k", "l, x"])
def test_texts_of_a_large_table_are_hashed_with_the_same_result(key, monkeypatch):
    data = table(
        l=[None if row % 90 == 0 else text for row, text in enumerate(table()["l"].to_pylist())],
        k=with_repeats(table()["k"].to_pylist(), [(14, 0), (21, 7)]),
    )
    data = pa.concat_tables([data, data.slice(40, 9)])
    numbered = check(data, rules(key)).to_dict()
    assert check(data, rules(key), tier="compiled").to_dict() == numbered
    monkeypatch.setattr(repeats, "HASHED_ROWS", 1)
    for tier in ALIKE:
        assert check(data, rules(key), tier=tier).to_dict() == numbered
    assert {one["id"]: one for one in numbered["rules"]}["t.key"]["violations"] > 0
