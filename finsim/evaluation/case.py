"""``PathCase``: what every path metric gets to see, and the way from statistics to a score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from finsim.errors import DataError
from finsim.evaluation.columns import (
    MANY,
    RETURN,
    Side,
    between,
    common_assets,
    moving_assets,
    shared_start,
    side,
    thinned,
)
from finsim.evaluation.metric import Evidence
from finsim.evaluation.price_like_series import priced
from finsim.evaluation.ranks.equal_lengths import EqualLengths, equal_lengths
from finsim.evaluation.ranks.folded_intervals import folded_interval, shrunk_interval
from finsim.evaluation.ranks.rank_evidence import rank_evidence
from finsim.evaluation.resampling import (
    Distance,
    Estimates,
    Resamples,
    Statistic,
    draw_resamples,
    moment_estimates,
    path_estimates,
    path_means,
    series_estimates,
)
from finsim.evaluation.settings import Settings
from finsim.notation import Float1D, Float2D, Float3D
from finsim.randomness import Streams
from finsim.records.paths import Paths


@dataclass(frozen=True)
class Pieces:
    """All synthetic paths, a block at a time: how many there are, and a call that reads them anew."""

    count: int
    read: Callable[[], Iterator[Paths]]

    def __iter__(self) -> Iterator[Paths]:
        """Read the blocks, in the order of the paths."""
        return self.read()


@dataclass(frozen=True)
class PathCase:
    """Real bars, an optional real hold-out, synthetic bars, the shared resamples, streams and settings.

    ``synthetic`` is thinned to ``settings.max_paths`` paths; ``everything`` holds the synthetic paths at
    hand, ``stored`` all of them where they do not fit in memory (the copy checks look at every row).
    Leading dates that all synthetic paths share are left out of all three, and so are the assets ``still``,
    which never move on one of the two sides. ``cut`` holds both sides as paths of one length where there are
    many synthetic ones.
    """

    real: Side
    holdout: Side | None
    synthetic: Side
    everything: Paths
    resamples: Resamples
    streams: Streams
    settings: Settings
    stored: Pieces | None = None
    still: tuple[str, ...] = ()
    cut: EqualLengths | None = None

    @property
    def pieces(self) -> Pieces:
        """Every synthetic path, stored or at hand."""
        return self.stored or Pieces(self.everything.count, lambda: iter([self.everything]))

    def assets(self) -> Iterator[tuple[int, str]]:
        """Yield index and name of every asset."""
        return iter(enumerate(self.real.paths.assets))

    def columns(self) -> Iterator[tuple[str, str, int]]:
        """Yield (subject, column, asset index) of every column both sides have."""
        for name in self.real.columns:
            if name in self.synthetic.columns:
                for index, asset in self.assets():
                    yield f"{asset} {name}", name, index

    @property
    def rows_used(self) -> int:
        """Number of synthetic rows of one asset behind a score."""
        return self.synthetic.count * self.synthetic.steps

    @property
    def reference(self) -> Side:
        """The real side as it is compared: cut to the length of the synthetic paths where there are many."""
        return self.real if self.cut is None else self.cut.real

    @property
    def compared(self) -> Side:
        """The synthetic side as it is compared: cut to the length of the real paths where there are many."""
        return self.synthetic if self.cut is None else self.cut.own

    def shuffled_real(self) -> Float3D:
        """Return the real returns that are compared, days in random order, float64[N, T-1, A]."""
        rng = self.streams.at("ceiling", "shuffled")
        values = self.reference.columns[RETURN].copy()
        for path in values:
            rng.shuffle(path, axis=0)
        return values

    def gaussian_real(self) -> Float3D:
        """Return Gaussian returns with the mean and variance of each real asset, float64[N, T-1, A]."""
        rng = self.streams.at("ceiling", "gaussian")
        values = self.reference.columns[RETURN]
        return np.asarray(
            values.mean(axis=(0, 1)) + values.std(axis=(0, 1)) * rng.standard_normal(values.shape)
        )

    @property
    def ranked(self) -> bool:
        """Whether few real paths are ranked among many synthetic ones."""
        return self.cut is not None and self.cut.ranked

    def series(
        self, column: str, asset: int, statistic: Statistic, distance: Distance
    ) -> tuple[Evidence, Estimates]:
        """Compare a statistic of whole series of one column."""
        found = self.series_of(column, asset, statistic)
        spare = None
        if self.holdout is not None:
            spare = statistic(self.holdout.column(column, asset)).mean(axis=0)
        return self.evidence(found, distance, spare), found

    def series_of(self, column: str, asset: int, statistic: Statistic) -> Estimates:
        """Estimate a statistic of whole series of one column, float64[n, T] -> [n, J]."""
        real, own = self.reference.column(column, asset), self.compared.column(column, asset)
        if self.cut is None or not self.cut.ranked:
            return series_estimates(real, own, statistic, self.resamples)
        return path_estimates(statistic(real), statistic(own), self.cut.blocks, self.resamples)

    def moments(
        self,
        pick: Callable[[Side], Float2D],
        features: Callable[[Float2D], Float3D],
        statistic: Statistic,
        distance: Distance,
    ) -> tuple[Evidence, Estimates]:
        """Compare a function of row means; ``pick`` takes float64[N, T, ...] out of a side."""
        real, own = pick(self.reference), pick(self.compared)
        if self.cut is not None and self.cut.ranked:
            left, right = (statistic(path_means(values, features)) for values in (real, own))
            found = path_estimates(left, right, self.cut.blocks, self.resamples)
        else:
            found = moment_estimates(real, own, features, statistic, self.resamples)
        spare = None
        if self.holdout is not None:
            spare = statistic(features(pick(self.holdout)).mean(axis=1)).mean(axis=0)
        return self.evidence(found, distance, spare), found

    def evidence(
        self,
        found: Estimates,
        distance: Distance,
        holdout: Float1D | None = None,
        normal: bool = False,
    ) -> Evidence:
        """Return the distance of the two sides with its reference draws and its interval.

        Many synthetic paths beside few real ones: the rank of the real side among them; ``normal`` says that
        the statistic is nearly so over paths. Else: distances of real resamples from each other.
        """
        spare = None if holdout is None else float(distance(holdout[None], found.real[None])[0])
        if self.cut is not None and self.cut.ranked:
            return replace(rank_evidence(found, distance, self.cut, normal), holdout=spare)
        value = float(distance(found.synthetic[None], found.real[None])[0])
        draws = distance(found.synthetic_draws, found.real[None])
        floors = distance(found.twin_draws, found.real_draws)
        span = None
        if self.cut is not None:
            noise = found.synthetic_draws - found.synthetic
            span = shrunk_interval(found.synthetic, noise, found.real, distance)
            if len(found.real) == 1:
                span = folded_interval(found.synthetic_draws, found.real, distance)
        return Evidence(value, draws, floors, spare, not self.synthetic.many, span)


def path_case(
    train: Paths,
    holdout: Paths | None,
    synthetic: Paths,
    streams: Streams,
    settings: Settings,
    stored: Pieces | None = None,
) -> PathCase:
    """Match assets, build the columns and draw the resamples; raises DataError for unusable prices.

    Levels and returns are judged as prices that move alike. ``synthetic`` are the first paths of
    ``stored`` where both are given.
    """
    if stored is not None and train.kinds:
        blocks = stored
        stored = Pieces(blocks.count, lambda: (priced(block, train) for block in blocks))
    real, own, still = moving_assets(*common_assets(priced(train, train), priced(synthetic, train)))
    spare = None
    if holdout is not None:
        holdout = priced(holdout, train)
        kept = common_assets(real, holdout)[1]
        if kept.assets != real.assets or set(kept.columns) != set(real.columns):
            raise DataError(
                f"hold-out with assets {holdout.assets} and fields {sorted(holdout.columns)}",
                expected=f"{real.assets} and {sorted(real.columns)} as in the training part",
            )
        spare = side(kept)
    begun = shared_start(own)
    moving = between(own, max(begun - 1, 0), len(own.dates))
    left, right = side(real), side(thinned(moving, settings.max_paths, streams))
    draws = draw_resamples(
        streams.at("bootstrap"),
        (left.count, left.steps),
        (right.count, right.steps),
        (settings.bootstrap, settings.block),
        MANY,
    )
    cut = equal_lengths(left, right, settings.block, streams.at("equal lengths")) if right.many else None
    made = between(own, begun, len(own.dates))
    pieces = None if stored is None else Pieces(stored.count, lambda: _made(real, stored, begun))
    return PathCase(left, spare, right, made, draws, streams, settings, pieces, still, cut)


def _made(train: Paths, stored: Pieces, begun: int) -> Iterator[Paths]:
    """Yield the stored paths with the assets of the real side, without what was given to the generator."""
    for block in stored:
        own = common_assets(train, block)[1]
        yield between(own, begun, len(own.dates))


def mean_gap(left: Float2D, right: Float2D) -> Float1D:
    """Return the mean absolute difference over the statistics: float64[b]."""
    return np.asarray(np.abs(left - right).mean(axis=1))


def log_gap(left: Float2D, right: Float2D) -> Float1D:
    """Return the mean absolute log ratio over the statistics: float64[b]."""
    return np.asarray(np.abs(np.log(left) - np.log(right)).mean(axis=1))
