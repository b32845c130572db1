"""The daily flow: it beats noise in its own encoding, and its state, laws and tuning do what they say."""

import dataclasses

import numpy as np
import pytest
import torch
from small_generators import DAILY, clustered, fitted, quiet

from finsim.documents import shipped
from finsim.engine.market_model.fit_and_sample import fit, sample, sequences_of
from finsim.errors import FitError
from finsim.evaluation.columns import between, side
from finsim.evaluation.fidelity.window_features import windows
from finsim.evaluation.learner import fitted_scores, fold_of, weighted_auc
from finsim.generators.channel_layout import Layout
from finsim.generators.daily.channel_laws import ChannelLaws
from finsim.generators.daily.daily_flow import DailyFlow
from finsim.generators.daily.day_decoding import DayOutput
from finsim.generators.daily.day_encoding import DayEncoding
from finsim.generators.daily.day_network import DayNetwork, DayShape, carried
from finsim.generators.daily.day_training import DayRecipe, held_out_days
from finsim.generators.daily.final_law import FinalLaw
from finsim.generators.daily.persistence_tuning import at_rest, tuned
from finsim.generators.daily.settling import settle
from finsim.generators.daily.volatility_state import VolatilityState
from finsim.generators.generator import Budget, Sequences
from finsim.generators.training.device import torch_stream
from finsim.markets.features import encode
from finsim.markets.prices import read_prices
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep

BARS = Layout(1, ("move", "gap", "upper", "lower", "other"), np.array([[0.004, 0.005]]))


@pytest.fixture(scope="module")
def bars():
    """Return real bars of two assets as sequences, 2,000 sessions."""
    prices = read_prices(shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz")
    return sequences_of(*encode(between(prices, 0, 2_000)))


def walked(encoding, pool, chosen, memory, draw):
    """Return what paths make of chosen days, in eras that are drawn."""
    eras = encoding.eras.course([draw] * len(chosen), chosen.shape[1], memory.place)
    return encoding.walk(pool, chosen, eras, memory)


def crossed(days):
    """Return days float64[n, F] with powers of their sizes, and powers times other channels."""
    rows, columns = np.triu_indices(days.shape[1], 1)
    sizes = np.abs(days) ** 1.5
    parts = [days, sizes, sizes[:, rows] * days[:, columns], days[:, rows] * sizes[:, columns]]
    return np.clip(np.concatenate([np.ones((len(days), 1)), *parts], axis=1), -9, 9)


def days_auc(real, made):
    """Return the AUC of a linear discriminant, fitted on every other month, of real against made days."""
    rows = crossed(np.concatenate([real, made[: len(real)]]))
    label = np.repeat([False, True], len(real))
    learned = np.arange(len(rows)) // 21 % 2 == 0
    gram = rows[learned].T @ rows[learned] + 20.0 * np.eye(rows.shape[1])
    weights = np.linalg.solve(gram, rows[learned].T @ np.where(label[learned], 1.0, -1.0))
    weight = np.ones((1, int((~learned).sum())))
    return float(weighted_auc(rows[~learned] @ weights, label[~learned], weight)[0])


def test_a_trained_flow_beats_noise_in_its_own_encoding(bars):
    """Days of a trained model are told from real ones by at least .1 AUC less than Gaussian noise is."""
    settings = dataclasses.replace(DAILY, width=64, layers=2, batch=256, pool=4_000, learning_rate=3e-3)
    model = fitted(DailyFlow, Streams(3), bars, settings, Budget(300))
    encoding = model.settled.encoding
    real = encoding.innovations(encoding.course(bars.values, bars.observed()))[0]
    noise = encoding.made(Streams(1).at("noise").standard_normal((4_000, encoding.scaling.components)))
    order = Streams(1).at("order").permutation(len(model.settled.pool))
    assert days_auc(real, noise) - days_auc(real, model.settled.pool[order]) > 0.1


def test_a_value_that_is_made_again_and_again_goes_to_the_middle_of_its_quantiles():
    rng = np.random.default_rng(4)
    moves = rng.standard_normal(4_000) * (rng.random(4_000) < 0.03)
    law = FinalLaw.fit(moves.reshape(10, 400, 1), np.r_[np.zeros(78), 0.01, -0.01][:, None], 20.0)
    still = np.zeros((1, 5, 1))
    law.apply(still)
    assert np.abs(still).max() < 1e-4
    assert (np.diff(law.starts, axis=1) >= 0.0).all()


def test_the_final_law_brings_made_values_to_the_law_of_the_data(streams):
    draw = streams.at("law")
    real, made = draw.standard_t(4, (3000, 2)) * [1.0, 20.0], draw.standard_normal((40, 500, 2)) * 3 + 1
    law = FinalLaw.fit(made, real, 20.0)
    law.apply(made)
    for level in (0.001, 0.01, 0.2, 0.5, 0.9, 0.99):
        wanted, found = np.quantile(real, level, axis=0), np.quantile(made, level, axis=(0, 1))
        assert np.abs(found - wanted).max() < 0.25 * np.abs(wanted).max() + 0.1
    assert made.max() <= np.abs(real).max() * 3


def test_scaled_values_come_back_and_shadows_of_zero_stay(streams):
    draw = streams.at("bars")
    values = np.abs(draw.standard_normal((1, 50, 5)))
    values[0, ::7, 2] = -0.25
    state = VolatilityState.fit(values, np.ones((1, 50), dtype=bool), BARS, 20.0)
    scales = draw.standard_normal((1, 50, 1))
    scaled = state.scaled(values, scales)
    assert np.allclose(state.restored(scaled, scales), values)
    assert np.array_equal(scaled[0, ::7, 2], values[0, ::7, 2])
    assert np.array_equal(scaled[..., 4], values[..., 4] - state.centre[4])
    assert np.allclose(scaled[0, 1, 0], (values[0, 1, 0] - state.centre[0]) * np.exp(-scales[0, 1, 0]))


def test_a_state_follows_volatility_that_its_past_tells(streams):
    """GARCH(1, 1): the log scale of the state correlates with the log of the true deviation."""
    draw, variance, moves, truth = streams.at("garch"), 1.0, [], []
    for _ in range(4_000):
        truth.append(0.5 * np.log(variance))
        moves.append(np.sqrt(variance) * draw.standard_normal())
        variance = 0.02 + 0.08 * moves[-1] ** 2 + 0.9 * variance
    values = np.array(moves)[None, :, None]
    seen = np.ones((1, 4_000), dtype=bool)
    state = VolatilityState.fit(values, seen, Layout.plain(1), 20.0)
    found = state.log_scales(state.trace_all(values, seen)[0])[0, 500:-1, 0]
    assert np.corrcoef(found, truth[500:])[0, 1] > 0.85
    assert found.std() == pytest.approx(np.std(truth[500:]), rel=0.3)


def test_leverage_is_fitted_with_its_sign(streams):
    """Falls raise the next variance: the sum of weights of signed moves is negative."""
    draw, scale, moves = streams.at("leverage"), 1.0, []
    for _ in range(4_000):
        moves.append(scale * draw.standard_normal())
        scale = np.exp(0.9 * np.log(scale) - 0.15 * np.clip(moves[-1] / scale, -3, 3))
    values = np.array(moves)[None, :, None]
    state = VolatilityState.fit(values, np.ones((1, 4_000), dtype=bool), Layout.plain(1), 20.0)
    assert state.weights[0, 3 + 6 : 3 + 12].sum() < -0.1
    assert not state.weights[0, 3 + 10 : 3 + 12].any()  # nothing beyond a month


def test_one_crash_does_not_set_the_scale_of_years(streams):
    values = streams.at("calm").standard_normal((1, 1_000, 1))
    crash = values.copy()
    crash[0, 100] = -200.0
    seen = np.ones((1, 1_000), dtype=bool)
    calm, shaken = (VolatilityState.fit(one, seen, Layout.plain(1), 20.0) for one in (values, crash))
    assert shaken.limits[0, 0] == pytest.approx(calm.limits[0, 0], rel=0.1)
    late = [
        state.log_scales(state.trace_all(one, seen)[0])[0, 700:]
        for state, one in ((calm, values), (shaken, crash))
    ]
    assert np.abs(late[0].mean() - late[1].mean()) < 0.1


@pytest.mark.parametrize(("slope", "kept"), [(-0.2, True), (0.2, True), (0.0, False)])
def test_an_answer_to_the_last_move_is_kept_where_the_data_are_sure(streams, slope, kept):
    draw, moves = streams.at("answer"), [0.0]
    for _ in range(3_000):
        moves.append(slope * moves[-1] + draw.standard_normal())
    values = np.array(moves)[None, :, None]
    encoding, _ = DayEncoding.fit(Sequences(values), Layout.plain(1), 20.0, (60.0, 20.0), draw)
    pool = draw.standard_normal((5_000, 1))
    every = np.repeat(pool, encoding.stretches, axis=0)
    chosen, memory = draw.integers(5_000, size=(30, 1_500)), at_rest(encoding, 30)
    made = walked(encoding, every, chosen, memory, draw)[..., 0]
    found = np.mean([np.corrcoef(path[1:], path[:-1])[0, 1] for path in made])
    assert found == pytest.approx(slope, abs=0.05)
    assert (np.abs(encoding.laws.weights[0, 0, 3:]).max() > 0) == kept


def test_innovations_walk_back_to_the_data(bars):
    """What the encoding takes apart, the kernel puts together: the same days, step by step."""
    encoding, course = DayEncoding.fit(bars, bars.layout, 20.0, (60.0, 20.0), np.random.default_rng(1))
    pool = np.ascontiguousarray(encoding.innovations(course)[0])
    every = np.tile(pool, (encoding.stretches, 1))
    memory = at_rest(encoding, 1)
    eras = course.at[:, :-1]
    made = encoding.walk(every, np.arange(len(pool))[None], eras, memory)
    wanted = bars.values[0]
    inside = np.abs(course.scores[0]) < 4.0
    # Atoms and tails are spread or bounded by the marginal map; the rest comes back.
    near = np.isclose(made[0], wanted, rtol=0.02, atol=0.02 * wanted.std(axis=0))
    assert near[inside].mean() > 0.97
    assert np.allclose(memory.variances[0], course.after.variances[0], rtol=0.1)
    assert np.allclose(memory.unity, course.after.unity, atol=0.01)


def test_days_of_a_tense_market_come_from_their_stretch(streams):
    """Innovations of the tensest stretch are told: paths take them exactly when their log scale is high."""
    data = clustered(1_200, 1)
    encoding, course = DayEncoding.fit(data, Layout.plain(1), 20.0, (60.0, 20.0), streams.at("atoms"))
    parts = len(encoding.edges) + 1
    days = np.bincount(np.searchsorted(encoding.edges, course.log_scales[0, :-1, 0]))
    assert parts == 4
    assert days.tolist() == [300, 300, 300, 300]
    draw = streams.at("walk")
    pool = np.concatenate([np.full((50, 1), float(part)) for part in range(parts)]) - 1.5
    memory = at_rest(encoding, 5)
    made = walked(encoding, pool, draw.integers(50, size=(5, 100)), memory, draw)
    tension = encoding.state.log_scales(encoding.state.trace_all(made, np.ones((5, 100), bool))[0])[:, :-1, 0]
    course = encoding.course(made, np.ones((5, 100), dtype=bool))
    found = np.rint(encoding.innovations(course)[..., 0] + 1.5)
    assert np.array_equal(found, np.searchsorted(encoding.edges, tension))


def test_every_tenth_month_is_held_out():
    held = held_out_days(2_100)
    assert held.sum() == 210
    assert set(np.flatnonzero(held) // 21 % 10) == {3}
    assert not held_out_days(200).any()


def test_the_flow_is_carried_exactly_along_a_straight_field():
    class Straight(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.times = []

        def forward(self, vectors, time, told):
            self.times.append(float(time[0]))
            return told[:, :1].expand_as(vectors)

    field, noise = Straight(), torch.randn(5, 3, generator=torch_stream(1))
    told = torch.arange(10.0).reshape(5, 2)
    assert torch.allclose(carried(field, noise, told, 3), noise + told[:, :1], atol=1e-6)
    assert max(field.times) == pytest.approx(2 / 3)


def test_output_in_torch_is_the_encoding_and_its_slopes_are_right(bars):
    encoding, course = DayEncoding.fit(bars, bars.layout, 20.0, (60.0, 20.0), np.random.default_rng(1))
    output = DayOutput(encoding, course, bars.observed(), 4, torch.device("cpu"))
    starts = output.starts[[5, 300]]
    steps = starts[:, 1][:, None] + np.arange(4)
    components = torch.from_numpy(encoding.components(course)[0][steps]).requires_grad_()
    values = output.values(components, starts)
    wanted = bars.values[0][steps]
    smooth = np.array([role in ("move", "gap") for role in bars.layout.roles] * 2)
    assert np.allclose(values.detach().numpy()[..., smooth], wanted[..., smooth], rtol=1e-6, atol=1e-8)
    draw = torch_stream(1)
    far = (1.5 * torch.randn(1, 2, components.shape[2], generator=draw)).double().requires_grad_()
    output.steps = 2
    assert torch.autograd.gradcheck(lambda x: output.values(x, starts[:1]), far, eps=1e-8, atol=1e-3)
    output.steps = 4
    assert np.allclose(output.told_of(starts), encoding.told(course)[0][steps], atol=1e-6)


def test_a_history_is_gone_on_from(bars, streams):
    """After a crash paths are wilder than after calm, and the difference fades."""
    model = fitted(DailyFlow, streams, bars, DAILY, Budget(20))
    calm = np.tile(bars.values[0].mean(axis=0), (300, 1))
    crash = calm.copy()
    crash[-5:, 0::5] = -0.08
    sizes = [
        np.abs(model.sample(60, 400, streams, history=past)[..., 0]).mean(axis=0) for past in (calm, crash)
    ]
    ratio = sizes[1] / sizes[0]
    assert ratio[:20].mean() > 1.3
    assert ratio[-100:].mean() < ratio[:20].mean() - 0.2


def test_paths_go_through_the_final_law(streams):
    """A final law that is 1,000 higher makes every value 1,000 higher, and changes nothing else."""
    model = fitted(DailyFlow, streams)
    before, law = model.sample(2, 30, streams), model.settled.law
    model.settled = dataclasses.replace(model.settled, law=dataclasses.replace(law, stops=law.stops + 1e3))
    assert np.allclose(model.sample(2, 30, streams), before + 1e3)


def test_held_out_loss_counts_only_held_out_days():
    days = np.zeros((420, 2))
    held = held_out_days(840)[:420]
    days[held] = 3.0
    network = DayNetwork(DayShape(2, 4, 1))
    recipe = DayRecipe(network, days, np.zeros((420, 2)), held, 8, "x")
    assert torch.equal(recipe.judged[:, :2], torch.full((int(held.sum()), 2), 3.0))
    assert float(recipe.learned[:, :2].abs().max()) == 0.0


def shaken(bars):
    """Return an encoding whose state is too short of memory and too wild, its pool of real days, and both."""
    encoding, course = DayEncoding.fit(bars, bars.layout, 20.0, (60.0, 20.0), np.random.default_rng(1))
    every = np.tile(encoding.innovations(course)[0], (encoding.stretches, 1))
    wrong = encoding.state.tuned(np.full(2, 0.6), np.full(2, 0.6), np.full(2, 0.3))
    return dataclasses.replace(encoding, state=wrong), course, every


def test_tuning_brings_memory_and_level_back(bars, streams):
    encoding, _, pool = shaken(bars)
    found, _ = tuned(encoding, bars.values, bars.observed(), pool, 6, streams.at("tune"))
    wanted = np.log(encoding.state.variances(bars.values[0])).mean(axis=0)
    draw, gaps, lags = streams.at("judge"), [], []
    for one in (encoding, found):
        chosen = draw.integers(one.choices(pool), size=(10, 3_000))
        made = walked(one, pool, chosen, at_rest(one, 10), draw)[:, 1_000:]
        gaps.append(np.abs(np.log(one.state.variances(made)).mean(axis=(0, 1)) - wanted).max())
        sizes = np.abs(one.state.returns(made))[..., 1]
        lags.append(np.mean([np.corrcoef(path[30:], path[:-30])[0, 1] for path in sizes]))
    assert gaps[1] < 0.25 < gaps[0]
    assert lags[1] > lags[0] + 0.02


def test_settling_tunes_the_state_and_maps_what_paths_make(bars, streams):
    """Days are the real ones twice as large, in a wrong state: the long run has the law of the data."""
    encoding, course, _ = shaken(bars)
    days = np.tile(encoding.components(course)[0], (encoding.stretches, 1)) * 2.0
    found = settle(encoding, course, bars, bars.observed(), days, 20.0, 6, streams)
    assert not np.array_equal(found.encoding.state.weights, encoding.state.weights)
    chosen = streams.at("days").integers(found.encoding.choices(found.pool), size=(24, 1_500))
    made = walked(found.encoding, found.pool, chosen, found.starts.take(np.arange(24)), streams.at("eras"))
    assert not np.allclose(found.law.starts, found.law.stops, rtol=0.02)
    found.law.apply(made)
    for level in (0.02, 0.1, 0.5, 0.9, 0.98):
        gap = np.quantile(made, level, axis=(0, 1)) - np.quantile(bars.values[0], level, axis=0)
        assert (np.abs(gap) < 0.3 * bars.values[0].std(axis=0)).all()


@pytest.mark.parametrize(
    ("change", "words"), [({"width": 0}, "width"), ({"pool": 0}, "pool"), ({"settling": 0}, "settling")]
)
def test_impossible_sizes_are_refused(change, words, streams):
    with pytest.raises(FitError, match=words):
        DailyFlow.fit(clustered(), dataclasses.replace(DAILY, **change), streams, Budget(5), quiet)


def test_a_layout_of_other_channels_is_refused():
    with pytest.raises(FitError, match="layout"):
        Sequences(np.zeros((1, 5, 4)), layout=BARS)
    with pytest.raises(FitError, match="one move"):
        Layout(1, ("gap",), np.ones((1, 2)))
    for scale in (0.0, -0.01, np.nan, np.inf):
        with pytest.raises(FitError, match="above zero"):
            Layout(1, ("move", "upper"), np.array([[0.01, scale]]))


def test_laws_survive_their_arrays(streams):
    draw = streams.at("laws")
    features, scores = draw.standard_normal((1, 301, 2, 15)), draw.standard_normal((1, 300, 2))
    laws = ChannelLaws.fit(scores, features, np.ones((1, 300), dtype=bool), Layout.plain(2), (60.0, 20.0))
    assert np.array_equal(ChannelLaws.from_arrays(laws.arrays()).weights, laws.weights)


@pytest.mark.slow
def test_windows_of_the_bundled_bars_are_hardly_told_from_real_ones():
    """Boosted trees, folds by half-year, defaults, seed 0: measured .549, with seed 1 .536."""
    prices = read_prices(shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz")
    learned = between(prices, 0, 3_270)
    body = fit(learned, "daily_flow", seed=0)
    made = sample(body, 40, 2_520, seed=100)
    draw = Streams(1).at("windows")
    real, own = windows(side(learned), 32, 8), windows(side(made), 32, 16)
    own = own.take(np.sort(draw.choice(len(own.start), 4 * len(real.start), replace=False)))
    rows = np.concatenate([real.features, own.features])
    label = np.repeat([False, True], [len(real.start), len(own.start)])
    groups = [2 * real.group, 2 * own.group + 1]
    fold = np.concatenate([fold_of(part, 5, draw) for part in groups])
    scores = np.zeros(len(label))
    for k in range(5):
        out = fold == k
        scores[out] = fitted_scores(rows[~out], label[~out], rows[out], k, 40)
    assert float(weighted_auc(scores, label, np.ones((1, len(label))))[0]) < 0.6
