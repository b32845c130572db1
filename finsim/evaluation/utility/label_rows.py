"""A table with a label -> features and labels of both sides, and real rows kept apart for testing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.real_data.given_away import given_away
from finsim.evaluation.tables.column_pairs import DATE, ColumnPair
from finsim.evaluation.tables.enough import too_little
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D, Float2D, Int1D

POOLED = 100
MOST_ROWS = 20_000
TEST_SHARE = 0.3
LEAST = 10
FEW_VALUES = 2
CLASSES = 10
SHOWN = 3


@dataclass(frozen=True)
class LabelRows:
    """Features float64[n, F], labels bool[n], and int64[n] the group of rows resampled together."""

    features: Float2D
    label: Bool1D
    group: Int1D

    def only(self, rows: Array) -> LabelRows:
        """Return some rows, by number or by flag."""
        return LabelRows(self.features[rows], self.label[rows], self.group[rows])

    @property
    def fits(self) -> bool:
        """Whether there are rows of both labels to learn from."""
        return min(int(self.label.sum()), int((~self.label).sum())) >= LEAST


@dataclass(frozen=True)
class LabelSplit:
    """Real rows to train on, synthetic rows to train on, real rows to test on, and what is told of them.

    ``told`` begins with what the label means; ``pooled`` says that it stands for several classes together;
    ``without`` are columns that give the real label away, which no model sees.
    """

    train: LabelRows
    own: LabelRows
    test: LabelRows
    names: tuple[str, ...]
    told: str
    pooled: bool = False
    without: tuple[str, ...] = ()

    def named(self, subject: str) -> str:
        """Return the subject of a score with the columns left out, and what a label of classes means."""
        subject = f"{subject}{left_out(self.without)}"
        return f"{subject} ({self.told.partition(';')[0]})" if self.pooled else subject


def left_out(names: Sequence[str]) -> str:
    """Return in words which columns were left out, three at most by name."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f", without {', '.join(names[:SHOWN])}{more}" if names else ""


def without_giveaways(split: LabelSplit) -> LabelSplit | str:
    """Return the split without the columns that by themselves tell the label of the real rows.

    A model that sees one need not learn anything else, so that any twin with that column reaches 1.
    """
    train = split.train
    away = given_away(train.features, train.label, train.group, split.names)
    if not away:
        return split
    said = ", ".join(f"{name} (AUC {area:.3f})" for name, area in away.items())
    kept = np.array([name not in away for name in split.names])
    if not kept.any():
        return f"every other column tells the real label by itself: {said}"
    parts = [replace(rows, features=rows.features[:, kept]) for rows in (train, split.own, split.test)]
    told = f"{split.told}; left out, as by itself it tells the label of the real rows: {said}"
    names = tuple(name for name in split.names if name not in away)
    return replace(
        split, train=parts[0], own=parts[1], test=parts[2], names=names, told=told, without=tuple(away)
    )


def class_splits(case: TableCase, most: int) -> list[LabelSplit] | str:
    """Return one split for each class of the label against the rest, of the same rows, or why there is none.

    Of two values it is the rarer one, of an outcome its default; classes with fewer than ten real rows to
    train or to test on are left out.
    """
    pair = case.column(case.roles.label)
    why = split_refusal(case, pair)
    if pair is None or why:
        return why
    classes: list[float | None] = [None] if pair.bad else [*judged_classes(pair)]
    found = [label_split(case, most, one=one) for one in classes]
    kept = [one for one in found if isinstance(one, LabelSplit)]
    return kept or next(one for one in found if isinstance(one, str))


def label_split(
    case: TableCase, most: int, by_time: bool = False, one: float | None = None
) -> LabelSplit | str:
    """Return the rows of a labelled table, or why there are none.

    The test rows are the hold-out; without one, real rows kept apart by entity, or the latest by time, which
    the real reference is not trained on. At most ``most`` rows of each, whole entities.
    """
    pair = case.column(case.roles.label)
    why = split_refusal(case, pair)
    if pair is None or why:
        return why
    own_label, told = is_positive(pair, pair.own, one)
    left = {case.roles.label, case.roles.time}
    pairs = [column for column in case.columns if column.name not in left]
    if not pairs:
        return "there is no other column to predict the label from"
    real = _rows(case, pair, pairs, "real", one)
    own = LabelRows(_features(pairs, "own"), own_label, _groups(case.entity_own, len(own_label)))
    own = own.only(known(pair, pair.own))
    if why := too_little(len(pairs), {"synthetic": len(own.label)}, 2 * LEAST):
        return why
    if pair.spare is not None:
        train, test = real, _rows(case, pair, pairs, "spare", one)
        told = f"{told}; tested on the hold-out"
    else:
        late = _kept_apart(case, by_time)[known(pair, pair.real)]
        train, test = real.only(~late), real.only(late)
        how = "the latest rows" if by_time else "30 % of the real rows"
        told = f"{told}; no hold-out: tested on {how}, which the generator has seen"
    for name, rows in (("to train on", train), ("to test on", test)):
        if not rows.fits:
            count = int(rows.label.sum())
            return (
                f"{count} real rows {name} have the label and {len(rows.label) - count} do not; needs {LEAST}"
            )
    parts = [
        thinned(case, rows, most, role) for rows, role in ((train, "train"), (own, "own"), (test, "test"))
    ]
    names = tuple(column.name for column in pairs)
    pooled = one is None and len(judged_classes(pair)) > 1
    return without_giveaways(LabelSplit(parts[0], parts[1], parts[2], names, told, pooled))


def label_refusal(case: TableCase, pair: ColumnPair | None) -> str:
    """Return why the label cannot be judged, or nothing."""
    if case.roles.label is None:
        return "no label column is given (--label)"
    if pair is None:
        left = {one.name: one.reason for one in case.left_out}
        return f"label {case.roles.label}: {left.get(case.roles.label, 'there is no such column')}"
    if pair.kind == DATE:
        return f"label {pair.name} is a date"
    values = len(np.unique(pair.real[known(pair, pair.real)]))
    if values < FEW_VALUES:
        return f"label {pair.name} has {'one value' if values else 'no value'} on the real side"
    if values > CLASSES:
        return f"label {pair.name} has {values:,} values; a label has {FEW_VALUES} to {CLASSES} classes"
    return ""


def split_refusal(case: TableCase, pair: ColumnPair | None) -> str:
    """Return why rows are not told by the label: it cannot be judged, or no word is known as the default."""
    why = label_refusal(case, pair)
    if why or pair is None or not case.roles.unsaid:
        return why
    words = [pair.levels[int(one)] if pair.is_category else f"{one:g}" for one in judged_classes(pair)]
    return (
        f"which of {', '.join(words)} in {pair.name} means a default is not known: declare it in the schema, "
        f"`role: outcome, is: [..]`"
    )


def known(pair: ColumnPair, values: Array) -> Bool1D:
    """Return which values are not missing."""
    return np.asarray(values >= 0 if pair.is_category else np.isfinite(values))


def judged_classes(pair: ColumnPair) -> list[float]:
    """Return the values that are told from all others: the rarer of two real ones, else each."""
    found, counts = np.unique(pair.real[known(pair, pair.real)], return_counts=True)
    return [found[int(np.argmin(counts))]] if len(found) == FEW_VALUES else list(found)


def is_positive(pair: ColumnPair, values: Array, one: float | None = None) -> tuple[Bool1D, str]:
    """Return which rows have the label, and what that means.

    The class ``one`` where it is given. What means a default, where that is known. Of two values the rarer
    real one; of several classes all but the most frequent; of numbers those above the real median.
    """
    if one is None and pair.bad:
        names = [pair.levels[int(bad)] if pair.is_category else f"{bad:g}" for bad in pair.bad]
        return np.isin(values, pair.bad), f"{pair.name} is {' or '.join(names)}"
    real = pair.real[known(pair, pair.real)]
    found, counts = np.unique(real, return_counts=True)
    if one is None and len(found) == FEW_VALUES:
        one = found[int(np.argmin(counts))]
    if one is not None:
        shown = pair.levels[int(one)] if pair.is_category else f"{one:g}"
        return np.asarray(values == one), f"{pair.name} is {shown}"
    if pair.is_category:
        common = found[int(np.argmax(counts))]
        return np.asarray(
            (values != common) & (values >= 0)
        ), f"{pair.name} is not {pair.levels[int(common)]}"
    middle = float(np.median(real))
    with np.errstate(invalid="ignore"):
        return np.asarray(values > middle), f"{pair.name} is above {middle:g}"


def _rows(
    case: TableCase, pair: ColumnPair, pairs: list[ColumnPair], role: str, one: float | None
) -> LabelRows:
    values: Array = getattr(pair, role)
    who = case.entity_real if role == "real" else case.entity_spare
    rows = LabelRows(_features(pairs, role), is_positive(pair, values, one)[0], _groups(who, len(values)))
    return rows.only(known(pair, values))


def _groups(entity: Int1D | None, size: int) -> Int1D:
    return np.arange(size) if entity is None else entity


def _features(pairs: list[ColumnPair], role: str) -> Float2D:
    return np.stack([_feature(pair, getattr(pair, role)) for pair in pairs], axis=1)


def _feature(pair: ColumnPair, values: Array) -> Array:
    """Return a column as numbers: categories by decreasing real frequency, the rare ones pooled."""
    if not pair.is_category:
        return np.where(np.isfinite(values), values, np.nan)
    counts = np.bincount(pair.real[pair.real >= 0], minlength=len(pair.levels))
    rank = np.zeros(max(len(pair.levels), 1))
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.where(values < 0, np.nan, np.minimum(rank[np.maximum(values, 0)], POOLED))


def _kept_apart(case: TableCase, by_time: bool) -> Bool1D:
    """Return which real rows are for testing: the latest 30 % by time, else whole entities."""
    moment = case.column(case.roles.time)
    if by_time and moment is not None:
        times = np.where(np.isfinite(moment.real), moment.real, -np.inf)
        return np.asarray(times > np.quantile(times, 1.0 - TEST_SHARE, method="inverted_cdf"))
    group = _groups(case.entity_real, case.rows_real)
    names = np.unique(group)
    rng = case.streams.at("utility", "test")
    return np.isin(group, rng.permutation(names)[: max(1, int(TEST_SHARE * len(names)))])


def thinned(case: TableCase, rows: LabelRows, most: int, role: str) -> LabelRows:
    """Return random groups with at most ``most`` rows together."""
    if len(rows.label) <= most:
        return rows
    names, codes, sizes = np.unique(rows.group, return_inverse=True, return_counts=True)
    order = case.streams.at("utility", "thinned", role).permutation(len(names))
    kept = order[: max(1, int(np.searchsorted(np.cumsum(sizes[order]), most, side="right")))]
    return rows.only(np.isin(codes, kept))
