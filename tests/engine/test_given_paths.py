"""Conditions on sampled paths: what is written is met, what cannot be met is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.engine.market_model.body import Body
from finsim.engine.market_model.fit_and_sample import fit
from finsim.engine.market_model.given.bridge import Bridge, clocks
from finsim.engine.market_model.given.condition_parsing import conditions_of
from finsim.engine.market_model.given.conditioned_paths import ConditionedPaths
from finsim.engine.market_model.given.conditions import EndPoint, Regime, Volatility
from finsim.engine.market_model.given.path_facts import facts_of, is_mostly
from finsim.errors import FinsimError, StudyError
from finsim.markets.features import encode
from finsim.randomness import Streams
from finsim.records.paths import Paths
from finsim.verbs.sample import Wanted, sample, sample_to_file

ASSETS = ("AAPL", "BRK.B", "a,b", "vol")


def history(kinds: tuple[str, ...] = (), days: int = 300) -> Paths:
    """Return closes of four assets that move together, in slow waves of volatility."""
    draw = np.random.default_rng(5)
    scale = 0.01 * np.exp(np.sin(np.arange(days) / 20.0))[:, None]
    moves = scale * (draw.standard_normal((days, 1)) + draw.standard_normal((days, 4)))
    dates = np.busday_offset("2020-01-01", np.arange(days), roll="forward")
    return Paths(ASSETS, dates, {"close": 100.0 * np.exp(np.cumsum(moves, axis=0))[None]}, kinds=kinds)


@pytest.fixture(scope="module")
def body() -> Body:
    return fit(history(), "bootstrap")


def written(text: str, kinds: tuple[str, ...] = ()):
    return conditions_of(text, encode(history(kinds))[1])


def test_what_can_be_written() -> None:
    last = encode(history())[1].last_close
    found = written('regime=crisis, vol=40%,BRK.B.vol=0.2..0.3,AAPL=-20%,"a,b"=120,vol.end=90')
    assert found[0] == Regime("regime=crisis", "crisis")
    assert isinstance(found[1], Volatility)
    assert (found[1].low, found[1].high) == pytest.approx((0.36, 0.44))
    assert isinstance(found[2], Volatility)
    assert found[2].asset == 1
    ends = [one for one in found if isinstance(one, EndPoint)]
    assert [one.asset for one in ends] == [0, 2, 3]
    assert [one.move for one in ends] == pytest.approx(np.log([0.8, 120 / last[2], 90 / last[3]]))


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("regime=crises", "given regime", "did you mean 'crisis'?"),
        ("AAPLE=120", "given AAPLE", "did you mean 'AAPL'?"),
        ("vol=hgih", "given vol", "did you mean 'high'?"),
        ("vol=-0.4", "given vol", "0.3..0.5"),
        ("vol=0.5..0.3", "given vol", "0.3..0.5"),
        ("vol=inf", "given vol", "one of"),
        ("vol=1e999", "given vol", "0.3..0.5"),
        ("AAPL=-5", "given AAPL", "never falls"),
        ("AAPL=-100%", "given AAPL", "never falls"),
        ("AAPL=1e400", "given AAPL", "write the number"),
        ("AAPL=soon", "given AAPL", "write the number"),
        ("AAPL", "given AAPL", "AAPL=..."),
        ("", "given", "regime=..."),
        ("vol=0.4,vol=0.5", "given vol", "leave one out"),
        ("AAPL=120,AAPL.end=121", "given AAPL.end", "leave one out"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(text: str, place: str, remedy: str) -> None:
    with pytest.raises(StudyError) as caught:
        written(text)
    problem = caught.value.problems[0]
    assert problem.place == f"sample: {place}"
    assert problem.found
    assert problem.expected
    assert remedy in problem.remedy


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(StudyError) as caught:
        written("regime=wild,IBM=3,vol=x")
    assert len(caught.value.problems) == 3


def test_levels_and_returns_have_end_points_of_their_own() -> None:
    kinds = ("difference", "price", "price", "return")
    encoding = encode(history(kinds))[1]
    level, grown = conditions_of("AAPL=-3,vol.end=10%", encoding)
    assert isinstance(level, EndPoint)
    assert level.move == pytest.approx(-3 - encoding.last_close[0])
    assert isinstance(grown, EndPoint)
    assert grown.move == pytest.approx(np.log(1.1))
    with pytest.raises(StudyError) as caught:
        conditions_of("AAPL=5%,vol.end=120", encoding)
    assert len(caught.value.problems) == 2


def test_every_condition_holds_in_what_is_sampled(body: Body) -> None:
    made = sample(
        body, 30, 64, given='AAPL=150,"a,b"=-10%,vol=high', start="2021-01-04", seed=3, progress=False
    )
    assert made.close[:, -1, 0] == pytest.approx(150.0, rel=1e-12)
    assert made.close[:, -1, 2] == pytest.approx(0.9 * body.encoding.last_close[2], rel=1e-12)
    assert all(one["hit_rate"] >= 0.9 for one in made.given["conditions"])
    free = sample(body, 300, 64, seed=4, progress=False)
    yearly = [one.returns().std(axis=1).mean(axis=-1) for one in (made, free)]
    assert (yearly[0] > np.quantile(yearly[1], 0.55)).mean() > 0.9


def test_thirds_and_regimes_are_told_apart(body: Body) -> None:
    def volatility(given: str) -> float:
        found = sample(body, 20, 40, given=given, progress=False)
        assert found.given["conditions"][0]["hit_rate"] >= 0.9
        return float(found.returns().std(axis=1).mean())

    thirds = [volatility(f"vol={word}") for word in ("low", "mid", "high")]
    regimes = [volatility(f"regime={word}") for word in ("calm", "normal", "crisis")]
    assert sorted(thirds) == thirds
    assert sorted(regimes) == regimes


def test_bytes_do_not_depend_on_how_a_run_is_cut(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    def made() -> np.ndarray:
        return sample(body, 7, 30, given="vol=high,AAPL=+5%", seed=9, progress=False).close

    whole = made()
    monkeypatch.setattr("finsim.engine.market_model.sampling.SHARD_PATHS", 3)
    monkeypatch.setattr("finsim.engine.market_model.given.conditioned_paths._CELLS", 30 * 4 * 5)
    assert np.array_equal(made(), whole)
    assert not np.array_equal(
        sample(body, 7, 30, given="vol=high,AAPL=+5%", seed=8, progress=False).close, whole
    )


@pytest.mark.parametrize(
    ("given", "steps", "word"),
    [
        ("vol=9", 64, "vol=9"),
        ("regime=crisis", 2000, "regime"),
        ("AAPL=1e9", 64, "AAPL"),
        ("AAPL=+60%,BRK.B=-60%", 30, "AAPL"),
        ("vol=low,regime=crisis", 30, "none of"),
    ],
)
def test_what_no_path_meets_is_refused_and_nothing_is_written(body: Body, tmp_path, given, steps, word):
    with pytest.raises(FinsimError) as caught:
        sample_to_file(Wanted(body, 5, steps, given=given), tmp_path / "p.parquet", progress=False)
    problem = caught.value.problems[0]
    assert word in str(problem)
    assert problem.expected
    assert problem.remedy
    assert not list(tmp_path.iterdir())


def test_a_regime_is_at_least_half_of_the_steps() -> None:
    encoding = encode(history())[1]
    features = np.zeros((2, 60, 4))
    features[0, :45], features[1, :20] = 1.0, 1.0
    facts = facts_of(features, encoding, np.ones(4))
    assert is_mostly(facts, 0.5, np.inf).tolist() == [True, False]


def test_rejection_keeps_the_joint_law_and_the_bridge_the_normal_one() -> None:
    """Independent normal moves of variance 1 with correlation .6: the bridge's laws are known."""
    encoding = encode(history())[1]
    steps, root = 50, np.array([[1.0, 0, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])

    def make(count: int, length: int, streams: Streams, first: int) -> np.ndarray:
        draws = [streams.at("path", first + row).standard_normal((length, 4)) for row in range(count)]
        return 0.01 * np.stack(draws) @ root.T

    end = EndPoint("AAPL=x", 0, 0.01 * 2.0 * np.sqrt(steps))
    given = ConditionedPaths.prepare((end,), make, make, encoding, steps, is_continued=False)
    made = given.features(200, 0, Streams(1))
    assert made[..., 0].sum(axis=1) == pytest.approx(end.move)
    # The other asset follows with its correlation, and keeps the rest of its variance.
    other = made[..., 1].sum(axis=1) / (0.01 * np.sqrt(steps))
    assert other.mean() == pytest.approx(1.2, abs=0.2)
    assert other.std() == pytest.approx(0.8, abs=0.12)
    # Half way a Brownian bridge has half of the way behind it, and variance 1/4.
    half = made[:, : steps // 2, 0].sum(axis=1) / (0.01 * np.sqrt(steps))
    assert half.mean() == pytest.approx(1.0, abs=0.12)
    assert half.std() == pytest.approx(0.5, abs=0.08)


def test_clocks_share_out_everything() -> None:
    moves = np.random.default_rng(0).standard_normal((3, 40, 2))
    moves[0, :, 1] = 0.0
    moves[1, :20] *= 10.0
    shares = clocks(moves)
    assert shares.sum(axis=1) == pytest.approx(1.0)
    assert shares[0, :, 1] == pytest.approx(1 / 40)
    assert (shares[1, :9].sum(axis=0) > shares[1, 31:].sum(axis=0)).all()


def test_other_assets_go_along_with_the_one_that_is_led() -> None:
    encoding = encode(history())[1]
    moves = 0.01 * np.random.default_rng(7).standard_normal((400, 30, 4))
    moves[..., 1] += 2.0 * moves[..., 0]
    end = EndPoint("AAPL=x", 0, 0.1)
    bridge = Bridge.fit((end,), facts_of(moves, encoding, np.ones(4)))
    led = (bridge.led(moves, encoding) - moves).sum(axis=1)
    left = 0.1 - moves[..., 0].sum(axis=1)
    assert led[:, 0] == pytest.approx(left)
    assert led[:, 1] == pytest.approx(2.0 * left, rel=0.15)
    assert np.abs(led[:, 2]).max() < 0.2 * np.abs(left).max()
