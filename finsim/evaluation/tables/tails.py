"""Both ends of every column of numbers: how many rows lie beyond real quantiles, and how far out they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.metric import NO_POWER, PASS, STRESS, Evidence, Metric, Score, judge_distance
from finsim.evaluation.tables.column_pairs import NUMBER, ColumnPair
from finsim.evaluation.tables.resampled_rows import RowDraw, clustering, relabeled, row_draws, thinned
from finsim.evaluation.tables.share_gap import share_chance, share_interval
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D, Float1D

LEVELS = (0.95, 0.975, 0.99)
LEAST, DISTINCT = 100, 20
ROWS_BEYOND = 20
ALLOWED = 0.05 / (len(LEVELS) + 1)
OUTERMOST = 0.002
MOST_ROWS = 50_000


@dataclass(frozen=True)
class End:
    """The upper end of a column, or of its negative: present values of each side, and their row numbers."""

    subject: str
    real: Float1D
    own: Float1D
    spare: Float1D | None
    real_rows: Array
    own_rows: Array


def measure(case: TableCase) -> list[Score]:
    """Return two scores for each end of a column of numbers: rows beyond, and expected shortfall."""
    some = thinned(case, MOST_ROWS, "tails")
    found = [end for column in some.columns for end in ends_of(column)]
    if not found:
        reason = (
            "no shared column"
            if not some.columns
            else f"no column of numbers has {LEAST} rows and {DISTINCT} different values on both sides"
        )
        return [METRIC.missing("all columns", reason)]
    draws = list(row_draws(some, "tails", some.settings.bootstrap))
    labels = list(relabeled(some, "tails", some.settings.bootstrap))
    noise = tuple(1.0 / clustering(entity) for entity in (some.entity_real, some.entity_own))
    scores = []
    for end in found:
        scores.append(beyond(end, (noise[0], noise[1])))
        scores += shortfall(end, draws, labels)
    return scores


def ends_of(column: ColumnPair) -> Iterator[End]:
    """Yield the ends of a column of numbers that has enough values to have ends."""
    if column.kind != NUMBER:
        return
    rows = [np.flatnonzero(~np.isnan(side)) for side in (column.real, column.own)]
    real, own = column.real[rows[0]], column.own[rows[1]]
    if min(len(real), len(own)) < LEAST or len(np.unique(real)) < DISTINCT:
        return
    spare = None if column.spare is None else column.spare[~np.isnan(column.spare)]
    spare = None if spare is None or len(spare) < LEAST else spare
    for name, sign in (("upper", 1.0), ("lower", -1.0)):
        yield End(
            f"{column.name}, {name} end", sign * real, sign * own,
            None if spare is None else sign * spare, rows[0], rows[1],
        )  # fmt: skip


def beyond(end: End, noise: tuple[float, float]) -> Score:
    """Return the score of the rows beyond real quantiles, at the level where the sides differ most.

    Judged too is whether the end is cut (``_Cut``). Exact tests, Bonferroni over them.
    """
    rows = (len(end.real), len(end.own))
    tests = [_level(end, level, noise) for level in LEVELS]
    tests.append(_cut(end, noise))
    worst = min(tests, key=lambda test: test.chance)
    verdict = judge_distance(worst.value, worst.goal, None)
    blind = _Judge(_counts(end, LEVELS[0])[0], rows, noise, 0.0).chance(0) > ALLOWED
    if verdict[0] == PASS and blind:
        verdict = (
            NO_POWER,
            f"an end that is cut at the {LEVELS[0]:.0%} quantile would pass too, on these rows",
        )
    share = worst.shares[0]
    low, high = share_interval(worst.shares[1] * rows[1] * noise[1], rows[1] * noise[1])
    span = sorted((abs(low - share), abs(high - share)))
    note = f"{worst.what}: {worst.shares[1]:.2%} synthetic, {share:.2%} real"
    found = METRIC.scored(
        f"{end.subject}, rows beyond", worst.value,
        (0.0 if low <= share <= high else min(span[0], worst.value), max(span[1], worst.value)), min(rows),
        (0.0, max(share, 1.0 - share), worst.goal), verdict, note,
    )  # fmt: skip
    return replace(found, p=min(1.0, worst.chance * len(tests)))


@dataclass(frozen=True)
class _Test:
    """One exact test of an end: what is counted, shares (real, synthetic), its chance, and the goal."""

    what: str
    shares: tuple[float, float]
    chance: float
    goal: float

    @property
    def value(self) -> float:
        """The gap of the shares."""
        return abs(self.shares[1] - self.shares[0])


def _level(end: End, level: float, noise: tuple[float, float]) -> _Test:
    hits, others = _counts(end, level)
    rows = (len(end.real), len(end.own))
    judge = _Judge(hits, rows, noise, _held_out(end, hits))
    shares = (hits / rows[0], others / rows[1])
    what = f"rows beyond the real {level:.1%} quantile"
    return _Test(what, shares, judge.chance(others), judge.goal(shares[1] > shares[0]))


def _cut(end: End, noise: tuple[float, float]) -> _Test:
    """Test whether an end is cut: real rows beyond all synthetic ones, synthetic rows piled at the limit.

    The two chances are combined by Fisher's method. Source: Nelson 1963 (precedence test); Fisher 1932.
    """
    rows, limit = (len(end.real), len(end.own)), float(end.own.max())
    hits = int(np.sum(end.real > limit))
    at = [int(np.sum(side == limit)) for side in (end.real, end.own)]
    piled = _Judge(at[0], rows, noise, 0.0).chance(at[1]) if at[1] * rows[0] > at[0] * rows[1] else 1.0

    def chance(count: int) -> float:
        both = _Judge(count, rows, noise, _held_out(end, count)).chance(0) * piled
        return float(both * (1.0 - np.log(max(both, 1e-300))))

    inside, outside = 0, hits
    if chance(hits) > ALLOWED:
        inside = hits
    while outside - inside > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if chance(middle) > ALLOWED else (inside, middle)
    what = f"rows beyond the largest synthetic value ({at[1]} synthetic rows at it)"
    return _Test(what, (hits / rows[0], 0.0), chance(hits), inside / rows[0])


def _counts(end: End, level: float) -> tuple[int, int]:
    cut = float(np.quantile(end.real, level, method="higher"))
    return int(np.sum(end.real > cut)), int(np.sum(end.own > cut))


def _held_out(end: End, hits: int) -> float:
    """Return how far the hold-out's share of rows beyond is from the real one, 0 without a hold-out."""
    if end.spare is None or not 0 < hits < len(end.real):
        return 0.0
    share = hits / len(end.real)
    cut = np.quantile(end.real, 1.0 - share, method="higher")
    return abs(float(np.mean(end.spare > cut)) - share)


class _Judge:
    """The exact test of one level: real hits, rows of both sides, rows that count as one, hold-out gap."""

    def __init__(self, hits: int, rows: tuple[int, int], noise: tuple[float, float], held_out: float) -> None:
        self.hits, self.rows, self.noise = hits, rows, noise
        self.margin = max(METRIC.delta * hits / rows[0], held_out, OUTERMOST)

    def chance(self, others: int) -> float:
        """Return the two-sided chance of so many synthetic rows beyond."""
        noise, rows = self.noise, self.rows
        real = (self.hits * noise[0], rows[0] * noise[0])
        return share_chance(real, (others * noise[1], rows[1] * noise[1]), self.margin)

    def goal(self, up: bool) -> float:
        """Return the largest gap of shares that the test lets pass, in one direction."""
        share = self.hits / self.rows[0]
        inside = int(share * self.rows[1])
        outside = self.rows[1] if up else 0
        if self.chance(outside) > ALLOWED:
            return abs(outside / self.rows[1] - share)
        while abs(outside - inside) > 1:
            middle = (inside + outside) // 2
            if self.chance(middle) > ALLOWED:
                inside = middle
            else:
                outside = middle
        return abs(inside / self.rows[1] - share)


def shortfall(end: End, draws: list[RowDraw], labels: list[Bool1D]) -> list[Score]:
    """Return the score of the mean of the largest 1 % of rows (at least 20 rows), as a distance in log.

    Its null are new labels for the rows of both sides (``relabeled``).
    """
    share = max(0.01, ROWS_BEYOND / min(len(end.real), len(end.own)))
    subject = f"{end.subject}, ES {1 - share:.1%}"
    middle = float(np.median(end.real))
    real_rows = len(labels[0]) - len(draws[0].own)
    both = _Top(
        np.concatenate([end.real, end.own]), np.concatenate([end.real_rows, real_rows + end.own_rows]),
        share, middle,
    )  # fmt: skip
    mine = _Top(end.own, end.own_rows, share, middle)
    real, own = _Top(end.real, end.real_rows, share, middle).mean(None), mine.mean(None)
    if real <= 0:
        return []  # an end that is flat: its rows beyond are judged, and there is no shortfall

    def log(value: float) -> float:
        return float(np.log(max(value, real * 1e-6)))

    floors = [abs(log(both.mean(label)) - log(both.mean(~label))) for label in labels]
    spread = [abs(log(mine.mean(draw.own)) - log(real)) for draw in draws]
    spare = None
    if end.spare is not None:
        held = _Top(end.spare, np.arange(len(end.spare)), share, middle).mean(None)
        spare = abs(log(held) - log(real))
    evidence = Evidence(
        abs(log(own) - log(real)), np.array(spread), np.array(floors), spare, spare is not None
    )
    note = f"distance of ES from the real median {middle:.6g}: {own:.6g} synthetic, {real:.6g} real"
    rows = min(len(end.real), len(end.own))
    return [METRIC.compared(subject, evidence, ceiling=float(-np.log(1e-6)), n=rows, note=note)]


class _Top:
    """The largest rows of one side, enough of them for every resample."""

    def __init__(self, values: Float1D, rows: Array, share: float, middle: float) -> None:
        kept = min(len(values), int(np.ceil(6 * share * len(values))) + 50)
        order = np.argsort(-values, kind="stable")[:kept]
        self.values, self.rows = values[order] - middle, rows[order]
        self.all_rows, self.share = rows, share

    def mean(self, weights: Float1D | Bool1D | None) -> float:
        """Return the mean of the largest share of the weighted rows, less the real median."""
        if weights is None:
            weight, total = np.ones(len(self.rows)), float(len(self.all_rows))
        else:
            weight = weights[self.rows].astype(np.float64)
            total = float(weights[self.all_rows].sum())
        size = self.share * total
        used = np.minimum(np.cumsum(weight), size)
        parts = np.diff(used, prepend=0.0)
        return float((parts * self.values).sum() / max(parts.sum(), 1e-12))


METRIC = Metric(
    name="tails",
    case="table",
    use=STRESS,
    unit="share of rows; log ratio for ES",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.1,
    origin="assumption: a tenth of the rows beyond, or of the expected shortfall, beyond sampling noise",
    order_free=True,
    compute=measure,
    summary="Both ends of every column of numbers: rows beyond real quantiles, expected shortfall",
    order=30,
    how=(
        "For each end of a column of numbers: the share of synthetic rows beyond the 95, 97.5 and 99 % "
        "quantile of the real rows, or real rows beyond all synthetic ones with synthetic rows piled at the "
        "limit (exact tests); and the mean of the outermost 1 % of rows, at least 20, measured from the real "
        "median, as a log ratio."
    ),
    misses="Ends of combinations of columns, and columns with fewer than 20 different values.",
    estimator=(
        "share of rows beyond the real 95, 97.5, 99 % quantiles, and beyond all synthetic rows, the worst of "
        "them (hypergeometric, Bonferroni); log ratio of ES of the outermost 1 %, at least 20 rows"
    ),
    references="resampled real rows or the hold-out / a constant column",
)
