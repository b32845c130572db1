"""Texts that come as views, coded or not, in every form of a table: plain strings from the door on."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.tables import open_table
from finsim.tables.sources.opening import stored_schema

pytestmark = pytest.mark.sweep

ROWS = 4_000
_RNG = np.random.default_rng(4)
CELLS = {
    "card_id": [f"C{k:04d}" for k in np.sort(_RNG.integers(0, 100, ROWS))],
    "merchant": [f"M{k:02d}" for k in _RNG.integers(0, 30, ROWS)],
    "category": [str(one) for one in _RNG.choice(["food", "fuel"], ROWS)],
    "channel": [None if k % 9 == 0 else "online" for k in range(ROWS)],
}


def coded(cells, index, ordered=False, kind=None):
    plain = pa.array(cells).dictionary_encode()
    words = plain.dictionary.cast(kind or pa.string_view())
    return pa.DictionaryArray.from_arrays(plain.indices.cast(index), words, ordered=ordered)


def views():
    """Return a ledger as polars hands it out: views, categories with codes of 32 bits, enumerations."""
    rng = np.random.default_rng(5)
    times = np.sort(rng.integers(0, 90 * 86_400, ROWS)) + 1_700_000_000
    return pa.table({
        "card_id": pa.array(CELLS["card_id"], pa.string_view()),
        "ts": pa.array(times, pa.timestamp("s")),
        "merchant": pa.array(CELLS["merchant"], pa.string_view()),
        "category": coded(CELLS["category"], pa.uint32()),
        "channel": coded(CELLS["channel"], pa.uint8(), ordered=True),
        "amount": np.round(rng.lognormal(3, 1, ROWS), 2),
    })  # fmt: skip


class Stream:
    """What a data frame that hands out an Arrow stream looks like."""

    def __arrow_c_stream__(self, requested_schema=None):
        return views().__arrow_c_stream__(requested_schema)


def form(name, folder):
    if name == "table":
        return views()
    if name == "stream":
        return Stream()
    path = folder / name
    if name.endswith(".parquet"):
        pq.write_table(views().select(["card_id", "ts", "merchant", "amount"]), path)  # codes of views: none
        return path
    with pa.OSFile(str(path), "wb") as file:
        opened = pa.ipc.new_stream if name.endswith(".arrows") else pa.ipc.new_file
        with opened(file, views().schema) as out:
            out.write_table(views(), 1_500)
    return path


FORMS = ["table", "stream", "t.parquet", "t.arrow", "t.arrows"]


def is_plain(kind):
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return not pa.types.is_string_view(kind)


@pytest.mark.parametrize("name", FORMS)
def test_rows_come_as_plain_strings_and_the_values_stay(tmp_path, name):
    data = form(name, tmp_path)
    found = open_table(data, {}).table(rename=False)
    assert all(is_plain(kind) for kind in found.schema.types)
    wanted = {**CELLS, "ts": views()["ts"].to_pylist(), "amount": views()["amount"].to_pylist()}
    assert found.to_pydict() == {header: wanted[header] for header in found.column_names}
    if "category" in found.column_names:
        assert found.schema.field("category").type == pa.dictionary(pa.uint32(), pa.string())
        assert found.schema.field("channel").type.ordered
    if not isinstance(data, pa.Table | Stream):
        assert all(is_plain(kind) for kind in stored_schema(data).types)


@pytest.mark.parametrize("name", ["table", "t.parquet", "t.arrow"])
def test_inject_and_fit_take_them(tmp_path, name):
    data = form(name, tmp_path)
    made = finsim.inject(
        data, output=tmp_path / "out", narratives="card_testing_escalation", rate=0.02, progress=False
    )
    rows = pq.read_table(made.transactions)
    real = rows.filter(pa.compute.equal(rows["instance"], -1))
    for header in set(CELLS) & set(real.column_names):
        assert real[header].to_pylist() == CELLS[header]
    model = finsim.fit(data, "habits", kind="events", progress=False)
    sampled = finsim.sample(model, entities=5, progress=False).arrow
    assert all(is_plain(kind) for kind in sampled.schema.types)


def test_evaluate_takes_them():
    real = views().slice(0, 600)
    found = finsim.evaluate(real, Stream(), kind="table", id="none", progress=False,
                            settings=finsim.EvaluationSettings(bootstrap=20))  # fmt: skip
    assert len(found)
