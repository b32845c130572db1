"""Paths that meet conditions: tried until they do, each from streams of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from finsim.engine.market_model.given.bands import Band, bands_of, ends_of, total_miss, unmet
from finsim.engine.market_model.given.bridge import Bridge
from finsim.engine.market_model.given.conditions import Condition, EndPoint
from finsim.engine.market_model.given.path_facts import PathFacts, facts_of, squared_sizes
from finsim.errors import StudyError
from finsim.markets.encoding import Encoding
from finsim.notation import Float1D, Float3D
from finsim.randomness import Streams

PILOT = 400
"""Paths tried before: they tell thirds, regimes, what can be met, and how often."""

_CELLS = 4_000_000
# Of as many paths that meet all bands the one that ends nearest is led to its end points.
_NEAREST = 24
# A path is tried so often that one in a thousand ends without meeting its bands.
_MISSED = 7.0
_FEWEST, _LARGEST = 4, 64
_CLOSE = 1e-9

Make = Callable[[int, int, Streams, int], Float3D]
"""Count, steps, streams and number of the first path -> features float64[count, steps, C]."""


@dataclass
class Tally:
    """What was met so far: paths, tries, hits by condition, the largest distance that was bridged."""

    paths: int = 0
    tries: int = 0
    hits: dict[str, int] = field(default_factory=dict)
    bridged: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON: tries of a path, and the hit rate of every condition."""
        paths = max(self.paths, 1)
        found: dict[str, Any] = {
            "tries_per_path": round(self.tries / paths, 2),
            "conditions": [{"condition": name, "hit_rate": hit / paths} for name, hit in self.hits.items()],
        }
        return {**found, "bridged_deviations": round(self.bridged, 3)} if self.bridged else found


@dataclass(frozen=True)
class ConditionedPaths:
    """A model's paths of a length under bands and end points.

    Path i is chosen among tries that come from the streams of path i alone, so its bytes do not depend on
    how a run is cut. Bands are met by choosing among free paths, so what else holds of them is the law of
    the model given the bands. Source: rejection sampling (von Neumann 1951); the bridge is own.
    """

    make: Make
    encoding: Encoding
    steps: int
    sizes: Float1D
    bands: tuple[Band, ...]
    ends: tuple[EndPoint, ...]
    bridge: Bridge | None
    rate: float
    tally: Tally = field(default_factory=Tally, compare=False)

    @classmethod
    def prepare(
        cls,
        conditions: tuple[Condition, ...],
        make: Make,
        free: Make,
        encoding: Encoding,
        steps: int,
        is_continued: bool,
    ) -> ConditionedPaths:
        """Return the sampler of paths; ``free`` makes those that do not go on from a history.

        Raises StudyError, all at once, for conditions that no tried path meets.
        """
        if steps < 2:
            raise StudyError(f"paths of {steps} step", place="sample: given", expected="at least 2 steps",
                             remedy="ask for more --steps")  # fmt: skip
        pilot = Streams(0).under("given", "pilot")
        sizes, known = _pilot(free, encoding, steps, pilot, None)
        tried = known
        if is_continued:
            tried = _pilot(make, encoding, steps, pilot.under("continued"), sizes)[1]
        bands, ends = bands_of(conditions, known, encoding), ends_of(conditions)
        problems = unmet(bands, tried, encoding, steps)
        bridge = Bridge.fit(ends, tried) if ends else None
        problems += bridge.unmet(ends, tried) if bridge else []
        if problems:
            raise StudyError.of(problems)
        rate = float((total_miss(bands, tried, encoding) == 0.0).mean())
        return cls(make, encoding, steps, sizes, bands, ends, bridge, rate)

    def features(self, count: int, first: int, streams: Streams) -> Float3D:
        """Return features float64[count, steps, C] of the paths from number ``first`` on."""
        found = np.stack([self._one(streams.under("given", first + row)) for row in range(count)])
        if self.bridge is not None:
            found = self.bridge.led(found, self.encoding)
        self._count(found)
        return found

    def _one(self, streams: Streams) -> Float3D:
        """Return features float64[steps, C] of the best try of one path."""
        wanted = _NEAREST if self.bridge else 1
        at_once = int(np.clip(np.ceil(2.0 * wanted / self.rate), _FEWEST, _LARGEST))
        most = int(np.ceil((wanted + _MISSED) / self.rate)) + at_once
        best, least, met, tries = None, (np.inf, np.inf), 0, 0
        while met < wanted and tries < most:
            made = _made(self.make, self.encoding, at_once, self.steps, streams, tries)
            for part in made:
                facts = facts_of(part, self.encoding, self.sizes)
                miss = total_miss(self.bands, facts, self.encoding)
                away = self.bridge.distances(facts) if self.bridge else np.zeros(len(miss))
                place = int(np.lexsort((away, miss))[0])
                if (miss[place], away[place]) < least:
                    best, least = part[place], (float(miss[place]), float(away[place]))
                met += int((miss == 0.0).sum())
            tries += at_once
        self.tally.tries += tries
        self.tally.bridged = max(self.tally.bridged, least[1])
        assert best is not None
        return np.asarray(best)

    def _count(self, features: Float3D) -> None:
        """Note which of the finished paths meet which condition."""
        facts, tally = facts_of(features, self.encoding, self.sizes), self.tally
        tally.paths += len(features)
        for band in self.bands:
            hits = int((band.misses(facts, self.encoding) == 0.0).sum())
            tally.hits[band.written] = tally.hits.get(band.written, 0) + hits
        for end in self.ends:
            near = np.abs(facts.moves[:, end.asset] - end.move) <= _CLOSE * (1.0 + abs(end.move))
            tally.hits[end.written] = tally.hits.get(end.written, 0) + int(near.sum())


def _made(
    make: Make, encoding: Encoding, count: int, steps: int, streams: Streams, first: int
) -> Iterator[Float3D]:
    """Yield features of ``count`` paths in parts that fit in memory; the parts change no byte."""
    part = max(1, _CELLS // (steps * len(encoding.channels)))
    for start in range(0, count, part):
        yield make(min(part, count - start), steps, streams, first + start)


def _pilot(
    make: Make, encoding: Encoding, steps: int, streams: Streams, sizes: Float1D | None
) -> tuple[Float1D, PathFacts]:
    """Return mean squared moves float64[A], those given or of the first part, and facts of tried paths."""
    found = []
    for features in _made(make, encoding, PILOT, steps, streams, 0):
        sizes = squared_sizes(features, encoding) if sizes is None else sizes
        found.append(facts_of(features, encoding, sizes))
    assert sizes is not None
    joined = {name: np.concatenate([getattr(one, name) for one in found])
              for name in ("volatility", "market", "moves")}  # fmt: skip
    return sizes, PathFacts(**joined)
