"""Every table generator of the catalogue keeps the contract."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
from small_tables import BUDGET, DAY, fitted, loans, quiet

from finsim.errors import FitError
from finsim.generators import TABLE_GENERATORS
from finsim.generators.generator import FitReport
from finsim.generators.tables.table_generator import HasRowLoss, TableGenerator
from finsim.randomness import Streams
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable, joined

pytestmark = pytest.mark.sweep

GIVEN = {"grade": "C", "term": 60.0, "state": None}


@pytest.fixture(scope="module", params=list(TABLE_GENERATORS))
def model(request):
    return fitted(TABLE_GENERATORS.load(request.param), Streams(5))


def test_is_a_table_generator_under_its_own_name(model):
    assert isinstance(model, TableGenerator)
    assert TABLE_GENERATORS.load(model.name) is type(model)
    assert dataclasses.is_dataclass(model.Settings)
    assert model.Settings.__dataclass_params__.frozen
    assert isinstance(model.report, FitReport)


@pytest.mark.parametrize("count", [0, 1, 63, 200])
def test_columns_kinds_grids_and_words_are_those_of_the_table(model, streams, count):
    real, made = loans(), model.sample(count, streams)
    assert made.rows == count
    assert list(made.columns) == list(real.columns)
    for name, column in made.columns.items():
        assert (column.kind, column.step) == (real[name].kind, real[name].step)
        assert set(column.words) <= set(real[name].words)
        present = column.values[~column.missing()]
        if column.kind == NUMBER and len(present):
            scaled = present / column.step
            assert np.abs(scaled - np.round(scaled)).max() < 1e-4, name
        if column.kind == TIME:
            assert (present % DAY == 0).all(), name


def test_ranges_and_missing_cells_are_those_of_the_table(model, streams):
    real, made = loans(), model.sample(2_000, streams)
    for name, column in made.columns.items():
        share, own = real[name].missing().mean(), column.missing().mean()
        assert abs(share - own) < 0.08, name
        assert own == 0 or share > 0, name
        if column.kind != WORD:
            wide = real[name].values[~real[name].missing()]
            mine = column.values[~column.missing()]
            assert mine.min() >= wide.min() - 1e-6, name
            assert mine.max() <= wide.max() + 1e-6, name


@pytest.mark.parametrize("cuts", [(1, 1, 148), (70, 80), (149, 1)])
@pytest.mark.parametrize("given", [None, GIVEN])
def test_bytes_of_a_row_do_not_depend_on_the_calls(model, streams, cuts, given):
    whole = model.sample(150, streams, first=50, given=given)
    first, parts = 50, []
    for size in cuts:
        parts.append(model.sample(size, streams, first=first, given=given))
        first += size
    assert joined(parts).digest() == whole.digest()


def test_rows_differ_by_seed_and_from_each_other(model, streams):
    made = model.sample(100, streams)
    assert made.digest() == model.sample(100, streams).digest()
    assert made.digest() != model.sample(100, Streams(8)).digest()
    assert len(np.unique(made["amount"].values)) > 50


@pytest.mark.parametrize(
    "given",
    [
        {"grade": "B"},
        {"term": 36.0, "default": "yes"},
        {"state": None},
        {"joint_income": None, "rate": 8.4},
        {"issued": float(18_100 * DAY)},
        {"closed": None},
        GIVEN,
    ],
)
def test_given_cells_hold_in_every_row(model, streams, given):
    made = model.sample(90, streams, given=given)
    for name, cell in given.items():
        column = made[name]
        if cell is None:
            assert column.missing().all()
        elif column.kind == WORD:
            assert {column.words[code] for code in column.values} == {cell}
        else:
            assert (column.values == cell).all()
    assert len(np.unique(made["amount"].values)) > (5 if not getattr(model, "copies", False) else 0)


def test_given_cells_change_the_others(model, streams):
    low, high = (model.sample(400, streams, given={"grade": grade}) for grade in "AD")
    assert high["rate"].values.mean() > low["rate"].values.mean() + 5


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"grad": "A"}, "did you mean 'grade'"),
        ({"grade": "E"}, "never seen"),
        ({"state": "CAL"}, "did you mean 'CA'"),
        ({"amount": 1e12}, "never seen"),
        ({"amount": "much"}, "a number"),
        ({"amount": None}, "never missing"),
        ({"grad": "A", "amount": 1e12}, "(?s)grade.*never seen"),
    ],
)
def test_unknown_given_is_refused(model, streams, given, found):
    with pytest.raises(FitError, match=found):
        model.sample(1, streams, given=given)


@pytest.mark.parametrize(("count", "first"), [(-1, 0), (1, -1)])
def test_negative_rows_are_refused(model, streams, count, first):
    with pytest.raises(FitError, match="rows"):
        model.sample(count, streams, first=first)


def test_state_survives_a_round_trip(model, streams):
    state = model.state()
    facts = json.loads(json.dumps(dict(state.facts), allow_nan=False))
    again = type(model).from_state(type(state)(dict(state.arrays), facts))
    assert again.sample(70, streams).digest() == model.sample(70, streams).digest()
    assert again.sample(9, streams, given=GIVEN).digest() == model.sample(9, streams, given=GIVEN).digest()
    for name, array in state.arrays.items():
        assert array.dtype.kind in "fi", name
        assert np.array_equal(again.state().arrays[name], array, equal_nan=True), name


@pytest.mark.parametrize("name", list(TABLE_GENERATORS))
def test_two_fits_give_equal_bytes(name, streams):
    made = [fitted(TABLE_GENERATORS.load(name), streams).sample(50, streams).digest() for _ in range(2)]
    assert made[0] == made[1]


def test_a_row_of_the_table_is_likelier_than_a_mixed_one(model, streams):
    if not isinstance(model, HasRowLoss):
        pytest.skip(f"{model.name} has no likelihood")
    real = loans(seed=4)
    draw = np.random.default_rng(1)
    mixed = real.with_columns(
        {name: one.take(draw.permutation(real.rows)) for name, one in real.columns.items()}
    )
    losses = [model.row_losses(rows, streams) for rows in (real, mixed)]
    assert all(one.shape == (real.rows,) and np.isfinite(one).all() for one in losses)
    assert losses[0].mean() < losses[1].mean() - 0.5


def test_copies_are_not_beyond_chance(model, streams):
    if getattr(model, "copies", False):
        pytest.skip(f"{model.name} copies by design")
    real, spare = loans(), loans(seed=9)
    made = model.sample(2_000, streams)["amount"].values
    # Amounts in cents over a wide range: of values of one row each, chance repeats few.
    own = np.isin(made, real["amount"].values).mean()
    other = np.isin(made, spare["amount"].values).mean()
    assert own < other + 3 * np.sqrt((other + 1e-3) / len(made))


@pytest.mark.parametrize("name", list(TABLE_GENERATORS))
@pytest.mark.parametrize(
    "columns",
    [
        {"word": MixedColumn(WORD, np.arange(60, dtype=np.int32) % 3, ("x", "y", "z"))},
        {"number": MixedColumn(NUMBER, np.random.default_rng(1).random(60))},
        {"constant": MixedColumn(NUMBER, np.full(60, 3.0), (), 1.0)},
        {"empty": MixedColumn(NUMBER, np.full(60, np.nan))},
        {"empty": MixedColumn(TIME, np.full(60, MISSING_TIME), (), float(DAY))},
        {"empty": MixedColumn(WORD, np.full(60, -1, np.int32), ())},
        {
            "empty": MixedColumn(WORD, np.full(60, -1, np.int32), ()),
            "constant": MixedColumn(NUMBER, np.full(60, 3.0), (), 1.0),
            "instant": MixedColumn(TIME, np.arange(60, dtype=np.int64) * 1_000_000_007),
        },
    ],
)
def test_degenerate_tables(name, columns, streams):
    table = MixedTable(columns, 60)
    model = fitted(TABLE_GENERATORS.load(name), streams, table)
    made = model.sample(80, streams)
    for key, column in columns.items():
        share = column.missing().mean()
        assert (made[key].missing().mean() == share) if share in (0, 1) else True
        if key == "constant":
            assert (made[key].values == 3.0).all()
    given = {"empty": None} if "empty" in columns else {}
    assert model.sample(3, streams, given=given).rows == 3
    if "empty" in columns:
        with pytest.raises(FitError, match="no other"):
            model.sample(1, streams, given={"empty": 1.0})


@pytest.mark.parametrize("name", list(TABLE_GENERATORS))
@pytest.mark.parametrize("rows", [0, 1])
def test_tables_without_rows_to_learn_from_are_refused(name, rows, streams):
    kind = TABLE_GENERATORS.load(name)
    table = loans().take(slice(0, rows))
    with pytest.raises(FitError, match="rows"):
        kind.refuse(table, kind.Settings())
    with pytest.raises(FitError, match="rows"):
        kind.fit(table, kind.Settings(), streams, BUDGET, quiet)
    with pytest.raises(FitError, match="columns"):
        kind.refuse(MixedTable({}, 100), kind.Settings())


@pytest.mark.parametrize("name", list(TABLE_GENERATORS))
def test_four_thousand_words(name, streams):
    draw = np.random.default_rng(2)
    codes = np.concatenate([np.arange(4_000), draw.integers(0, 40, 2_000)]).astype(np.int32)
    word = MixedColumn(WORD, codes, tuple(f"town {k}" for k in range(4_000)))
    number = MixedColumn(NUMBER, (codes < 40) * 10.0 + draw.integers(0, 3, 6_000), (), 1.0)
    model = fitted(TABLE_GENERATORS.load(name), streams, MixedTable({"town": word, "n": number}, 6_000))
    made = model.sample(3_000, streams)
    assert abs((made["town"].values < 40).mean() - (codes < 40).mean()) < 0.05
    assert len(np.unique(made["town"].values)) > 500


def test_no_torch_is_imported(tmp_path):
    code = (
        "import sys\nfrom finsim.generators import TABLE_GENERATORS\n"
        "[TABLE_GENERATORS.load(n) for n in ('bayes', 'resample_rows')]\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
