"""Every generator of the catalogue keeps the contract."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
from small_generators import BUDGET, clustered, fitted, settings_of

from finsim.errors import FitError
from finsim.generators import GENERATORS
from finsim.generators.generator import FitReport, Generator, Sequences
from finsim.generators.saved_models import load, save
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep

STEPS = 21


@pytest.fixture(scope="module", params=list(GENERATORS))
def model(request):
    return fitted(GENERATORS.load(request.param), Streams(5))


def test_is_a_generator_under_its_own_name(model):
    assert isinstance(model, Generator)
    assert GENERATORS.load(model.name) is type(model)
    assert dataclasses.is_dataclass(model.Settings)
    assert model.Settings.__dataclass_params__.frozen
    assert isinstance(model.report, FitReport)


@pytest.mark.parametrize("steps", [1, 7, 8, STEPS, 150])
def test_sample_has_any_length(model, streams, steps):
    paths = model.sample(2, steps, streams)
    assert paths.shape == (2, steps, 3)
    assert paths.dtype == np.float64
    assert np.isfinite(paths).all()


def test_no_path_is_asked_for(model, streams):
    assert model.sample(0, 5, streams).shape == (0, 5, 3)


@pytest.mark.parametrize("cuts", [(1, 1, 28), (7, 23), (29, 1)])
def test_bytes_of_a_path_do_not_depend_on_the_calls(model, streams, cuts):
    whole = model.sample(30, STEPS, streams, first=18)
    first, parts = 18, []
    for size in cuts:
        parts.append(model.sample(size, STEPS, streams, first=first))
        first += size
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_paths_differ_from_each_other_and_by_seed(model, streams):
    paths = model.sample(40, STEPS, streams)
    assert len(np.unique(paths.reshape(40, -1), axis=0)) == 40
    assert not np.array_equal(paths, model.sample(40, STEPS, Streams(8)))


def test_sampling_twice_gives_the_same(model, streams):
    history = clustered().values[0, :50]
    once = model.sample(3, STEPS, streams, history=history)
    assert np.array_equal(once, model.sample(3, STEPS, streams, history=history))


@pytest.mark.parametrize("length", [1, 3, 8, 60])
def test_history_of_any_length(model, streams, length):
    paths = model.sample(2, STEPS, streams, history=clustered().values[0, :length])
    assert paths.shape == (2, STEPS, 3)
    assert np.isfinite(paths).all()


@pytest.mark.parametrize("history", [np.zeros((5, 2)), np.zeros(5), np.full((5, 3), np.nan)])
def test_wrong_history_is_refused(model, streams, history):
    with pytest.raises(FitError, match="history"):
        model.sample(1, 5, streams, history=history)


def test_no_steps_are_refused(model, streams):
    with pytest.raises(FitError, match="0 steps"):
        model.sample(1, 0, streams)


def test_unit_is_the_one_of_the_data(model, streams):
    real = clustered().values[0]
    made = model.sample(20, 100, streams).reshape(-1, 3)
    ratio = made.std(axis=0) / real.std(axis=0)
    assert (ratio > 0.02).all()
    assert (ratio < 3.0).all()
    assert (np.abs(made.mean(axis=0) - real.mean(axis=0)) < 2.0 * real.std(axis=0)).all()


def test_saved_and_loaded_is_the_same(model, streams, tmp_path):
    save(model, tmp_path / "model", {"encoding": [1, 2.5, "x"]})
    other, extra = load(tmp_path / "model")
    assert extra == {"encoding": [1, 2.5, "x"]}
    assert other.report == model.report
    assert np.array_equal(other.sample(3, STEPS, streams), model.sample(3, STEPS, streams))


def test_state_survives_a_round_trip(model, streams):
    state = model.state()
    json.dumps(dict(state.facts), allow_nan=False)
    again = type(model).from_state(state).state()
    assert again.facts == state.facts
    assert set(again.arrays) == set(state.arrays)
    for name, array in state.arrays.items():
        assert array.dtype.kind in "fi", name
        assert np.array_equal(again.arrays[name], array), name


@pytest.mark.parametrize("name", list(GENERATORS))
def test_two_fits_give_equal_bytes(name, tmp_path):
    kind = GENERATORS.load(name)
    for index in (0, 1):
        save(fitted(kind, Streams(5)), tmp_path / str(index), {})
    for file in ("weights.safetensors", "model.json"):
        assert (tmp_path / "0" / file).read_bytes() == (tmp_path / "1" / file).read_bytes()


@pytest.mark.parametrize("name", list(GENERATORS))
def test_masked_steps_are_never_learned(name, streams):
    data = clustered()
    mask = np.ones((1, 400), dtype=bool)
    mask[0, 150:160] = False
    values = data.values.copy()
    values[0, 150:160] = np.nan
    model = fitted(GENERATORS.load(name), streams, Sequences(values, mask))
    assert np.isfinite(model.sample(3, 50, streams)).all()


@pytest.mark.parametrize("name", list(GENERATORS))
def test_progress_ends_within_one(name, streams):
    seen = []
    kind = GENERATORS.load(name)
    kind.fit(clustered(), settings_of(kind), streams, BUDGET, lambda share, text: seen.append((share, text)))
    assert seen
    assert all(0.0 <= share <= 1.0 and text for share, text in seen)


@pytest.mark.parametrize("name", ["daily_flow", "flow", "rcgan", "timegan", "timevae"])
def test_too_short_data_are_refused(name, streams):
    with pytest.raises(FitError):
        fitted(GENERATORS.load(name), streams, Sequences(np.zeros((1, 3, 2))))


def test_constant_channel_stays_constant(model, streams):
    data = clustered()
    values = data.values.copy()
    values[:, :, 1] = 4.25
    constant = fitted(type(model), streams, Sequences(values))
    assert np.allclose(constant.sample(2, 30, streams)[:, :, 1], 4.25, atol=1e-6)


def test_listing_the_catalogue_imports_no_torch():
    code = "import sys, finsim.generators as g; g.GENERATORS.describe(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
