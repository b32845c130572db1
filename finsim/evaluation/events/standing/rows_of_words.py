"""How many rows each word has, as a ratio: a rare word that nearly vanishes is a fault, rare as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.events.entity_resamples import Counts, compared, entity_weights, tallied
from finsim.evaluation.events.event_case import EventCase, EventSide, Sequences
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.notation import Bool1D, Float1D, Float2D

MOST_WORDS, LEAST_SHARE, LEAST_ROWS = 64, 0.01, 100
MOST = 20.0


def measure(case: EventCase) -> list[Score]:
    """Return for each column of words the largest change of the rows of a word, in doublings."""
    told = {case.columns.partner, case.rows.roles.label, *case.rows.roles.secrets}
    pairs = [one for one in case.rows.columns if one.is_category and 2 <= len(one.levels) <= MOST_WORDS
             and one.name not in told]  # fmt: skip
    why = case.why or ("" if pairs else f"no column of 2 to {MOST_WORDS} words on both sides")
    if why:
        return [METRIC.missing("words", why)]
    weights = entity_weights(case)
    found = []
    for pair in pairs:
        many = np.bincount(pair.real[pair.real >= 0], minlength=len(pair.levels))
        kept = (many >= LEAST_SHARE * len(pair.real)) & (many >= LEAST_ROWS)
        if kept.any() and (many > 0).sum() > 1:
            sides = _worded(case, pair)
            only = replace(sides[0], channel=np.full(len(sides[0].sequences.days), int(np.argmax(many))))
            counts = _counts(kept)
            one = replace(case, sides=sides)
            worst = _worst(pair, kept, counts(sides[0]).sum(axis=0), counts(sides[1]).sum(axis=0))
            found.append(compared(METRIC, one, weights, pair.name, counts, doublings, [only], worst))
    return found or [METRIC.missing("words", f"no word with {LEAST_ROWS} rows and {LEAST_SHARE:.0%} of them")]


def _worded(case: EventCase, pair: ColumnPair) -> tuple[EventSide, ...]:
    """Return the sides with the words of a column in place of channels."""
    cells = (pair.real, pair.own, pair.spare)
    found = []
    for side, one in zip(case.sides, cells, strict=False):
        sequences: Sequences = side.sequences
        lacking = np.full(len(sequences.order), -1) if one is None else one[sequences.order]
        found.append(replace(side, channel=lacking.astype(np.int64)))
    return tuple(found)


def _counts(kept: Bool1D) -> Counts:
    """Return a function of a side: rows of each kept word, of all others, by entity."""
    place = np.where(kept, np.cumsum(kept) - 1, kept.sum())

    def counts(side: EventSide) -> Float2D:
        assert side.channel is not None
        cell = np.where(side.channel < 0, kept.sum(), place[np.maximum(side.channel, 0)])
        return tallied(side.sequences.entity(), cell, side.sequences.count, int(kept.sum()) + 1)

    return counts


def doublings(left: Float2D, right: Float2D) -> Float1D:
    """Return the largest change of a share between sums float64[b, K + 1], in doublings, at most ``MOST``.

    The last sum is that of all other words. Half a row more keeps the logarithm of none finite.
    """
    shares = [(one + 0.5) / (one.sum(axis=1, keepdims=True) + 0.5) for one in (left, right)]
    return np.asarray(np.minimum(np.abs(np.log2(shares[0] / shares[1]))[:, :-1].max(axis=1), MOST))


def _worst(pair: ColumnPair, kept: Bool1D, real: Float1D, own: Float1D) -> str:
    """Return the word whose share changed most, and from what to what."""
    share = [(one + 0.5) / (one.sum() + 0.5) for one in (real, own)]
    worst = int(np.argmax(np.abs(np.log2(share[1] / share[0]))[:-1]))
    word = pair.levels[int(np.flatnonzero(kept)[worst])]
    return f"{word}: {share[0][worst]:.2%} of real rows, {share[1][worst]:.2%} of synthetic ones"


METRIC = Metric(
    name="rows_of_words",
    case="events",
    use=DETECTOR,
    unit="doublings",
    lowest=0.0,
    highest=MOST,
    best=0.0,
    delta=1.0,
    origin="assumption: half as many or twice as many rows beyond resampled real entities",
    order_free=True,
    compute=measure,
    summary="Whether some word has far fewer or far more rows",
    order=66,
    how=(
        "Of each column of at most 64 words, the largest change of the share of a word that has 1 % of the "
        "real rows, as the logarithm of the ratio: 1 is half or twice as many."
    ),
    misses="Words below 1 % of the rows, and which word goes with which.",
    estimator="largest log2 ratio of shares, whole entities resampled",
    references="resampled real entities, or the hold-out / only the most frequent word",
)
