"""Shortcut audit: how far one raw column, or the graph degrees alone, give the illicit label away."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.evaluation.learner import fitted_scores, fold_of, weighted_auc
from finsim.evaluation.metric import DETECTOR, FAIL, PASS, WARN, Metric, Score
from finsim.evaluation.utility.detection import LEAST_ROWS, TransactionCase, mean_draws, scheme_draws
from finsim.evaluation.utility.transaction_arrays import DAY, MILLIS, Events, codes_of, hashed, sampled
from finsim.notation import NANOS_PER_SECOND, Array, Bool1D, Float1D, Float2D, Int1D
from finsim.records.transactions import LABEL_SCHEMA

IDENTIFIERS = ("tx_id", "from_account", "to_account", "merchant_id", "order_id")
LABELS = tuple(
    name for name in LABEL_SCHEMA.names if name not in (*IDENTIFIERS, "purpose") and name[0] != "_"
)
"""The answers of a payment. The purpose, which a bank knows in part, is judged as a column."""
TARGET, LIMIT = 0.80, 0.95
_MINUTE, _HOUR = 60 * NANOS_PER_SECOND, 3_600 * NANOS_PER_SECOND
_GRIDS = (DAY * MILLIS, _HOUR, _MINUTE, NANOS_PER_SECOND, MILLIS, 1)
_ON_GRID = 0.999  # assumption: share of ordinary times on a grid that makes it theirs
_READ_OFF, _MANY_READ_OFF = 0.505, 0.525  # assumption: 1 and 5 in 100 illicit rows told beyond doubt
HALVES = 0x5EED  # another hash than the one that picked the benign rows


def raw_columns(rows: Events, chosen: Int1D) -> tuple[dict[str, Float1D], dict[str, Int1D]]:
    """Return numeric and categorical raw columns of the chosen rows, labels and lineage tags left out.

    Beside the table's own columns: hour, minute, second with its parts, weekday and cents, kind and age of
    both accounts.
    """
    numeric: dict[str, Float1D] = {}
    categorical: dict[str, Int1D] = {}
    for name in rows.table.column_names:
        if name in LABELS or name.startswith("_fs_") or name == "ts":
            continue
        column = rows.table[name]
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            numeric[name] = pc.fill_null(column, -1).to_numpy().astype(np.float64)[chosen]
        elif pa.types.is_boolean(column.type):
            numeric[name] = pc.fill_null(column, False).to_numpy().astype(np.float64)[chosen]
        elif pa.types.is_dictionary(column.type) or _is_text(column.type):
            categorical[name] = codes_of(column)[chosen]
    millis = rows.clock[chosen] // 1_000_000
    numeric["ts"] = rows.time[chosen].astype(np.float64)
    numeric["hour"] = (millis % DAY).astype(np.float64)
    numeric["minute"] = (rows.clock[chosen] % _HOUR // _MINUTE).astype(np.float64)
    numeric["second"] = (rows.clock[chosen] % _MINUTE).astype(np.float64)
    numeric["cents"] = rows.amount[chosen] % 100
    categorical["weekday"] = (millis // DAY) % 7
    for side, account in (("from", rows.payer), ("to", rows.payee)):
        categorical[f"{side}_kind"] = rows.kind[account[chosen]]
        numeric[f"{side}_age"] = millis / DAY - rows.opened[account[chosen]]
    return numeric, categorical


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def placement(values: Float1D, illicit: Bool1D) -> Float1D:
    """Return for each illicit row P(benign value < its value) + half the ties; their mean is the AUC."""
    benign = np.sort(values[~illicit])
    left = np.searchsorted(benign, values[illicit], side="left")
    right = np.searchsorted(benign, values[illicit], side="right")
    return (left + right) / (2.0 * max(len(benign), 1))


def by_rate(codes: Int1D, illicit: Bool1D, learn: Bool1D) -> Float1D:
    """Return the illicit rate of each row's category, learnt on the rows of ``learn``, lightly smoothed."""
    size = codes.max() + 2
    shifted = codes + 1
    total = np.bincount(shifted[learn], minlength=size)
    hits = np.bincount(shifted[learn & illicit], minlength=size)
    base = illicit[learn].mean() if learn.any() else 0.0
    return np.asarray(((hits + base) / (total + 1.0))[shifted])


def single_column_aucs(case: TransactionCase) -> tuple[dict[str, Float1D], Int1D]:
    """Return placements of illicit rows by column name, and the scheme of each of those rows.

    Categorical columns are ordered by rates learnt on one half of the rows and scored on the other;
    the half is decided by a hash of the scheme, so no scheme is on both sides.
    """
    rows = case.events
    chosen, _ = sampled(np.ones(rows.rows, dtype=bool), rows.illicit, rows.tx_id, case.settings.max_rows)
    illicit, instance = rows.illicit[chosen], rows.instance[chosen]
    numeric, categorical = raw_columns(rows, chosen)
    half = hashed(np.where(instance >= 0, instance, rows.tx_id[chosen]), HALVES) < 0.5
    found = {name: placement(values, illicit) for name, values in numeric.items()}
    for name, codes in categorical.items():
        placed = np.empty(int(illicit.sum()))
        for learn in (half, ~half):
            rates = by_rate(codes, illicit, learn)
            test = ~learn
            placed[test[illicit]] = placement(rates[test], illicit[test])
        found[name] = placed
    return found, instance[illicit]


def measure(case: TransactionCase) -> list[Score]:
    """Return the best single raw column, the best identifier and the AUC of graph degrees alone."""
    if int(case.events.illicit.sum()) < LEAST_ROWS:
        return [METRIC.missing("raw columns", f"fewer than {LEAST_ROWS} illicit rows")]
    found, instance = single_column_aucs(case)
    rng = case.streams.at("shortcuts", "schemes")
    codes, counts = scheme_draws(instance, case.settings.bootstrap, rng)
    plain = {name: placed for name, placed in found.items() if name not in IDENTIFIERS}
    marked = {name: placed for name, placed in found.items() if name in IDENTIFIERS}
    return [
        _best("best single raw column", plain, codes, counts, LIMIT),
        _best("best identifier", marked, codes, counts, 1.01),
        _degrees(case, LIMIT),
        _grid(case),
    ]


def _best(subject: str, found: Mapping[str, Float1D], codes: Array, counts: Array, limit: float) -> Score:
    areas = {name: max(placed.mean(), 1.0 - placed.mean()) for name, placed in found.items()}
    ranked = sorted(areas, key=lambda name: -areas[name])
    placed = found[ranked[0]]
    draws = mean_draws(codes, counts, placed)
    draws = draws if placed.mean() >= 0.5 else 1.0 - draws
    note = "AUC by column: " + ", ".join(f"{name} {areas[name]:.3f}" for name in ranked[:5])
    return _score(f"{subject}: {ranked[0]}", float(areas[ranked[0]]), draws, counts.shape[1], limit, note)


def _grid(case: TransactionCase) -> Score:
    """Return the AUC of one rule: a time off the grid (days, minutes, seconds ...) of all ordinary times.

    Few rows can be told by it, but those beyond doubt, so its limits are narrower than those of a column.
    """
    rows = case.events
    ordinary = rows.clock[rows.instance < 0]
    if not len(ordinary):
        return METRIC.missing("grid of times", "no ordinary rows")
    step = next(one for one in _GRIDS if (ordinary % one == 0).mean() >= _ON_GRID)
    placed = placement((rows.clock % step != 0).astype(np.float64), rows.illicit)
    codes, counts = scheme_draws(
        rows.instance[rows.illicit], case.settings.bootstrap, case.streams.at("shortcuts", "grid")
    )
    draws = mean_draws(codes, counts, placed)
    note = f"ordinary times are multiples of {step / NANOS_PER_SECOND:g} s"
    limits = (_READ_OFF, _MANY_READ_OFF)
    value = max(0.5, float(placed.mean()))
    return _score("grid of times", value, draws, counts.shape[1], limits[1], note, limits[0])


def degree_features(rows: Events) -> Float2D:
    """Return in- and out-degree (distinct partners) and counts of payer and payee, whole period: [n, 8]."""
    pairs = np.unique(rows.payer * rows.accounts + rows.payee)
    per_account = [
        np.bincount(pairs // rows.accounts, minlength=rows.accounts),
        np.bincount(pairs % rows.accounts, minlength=rows.accounts),
        np.bincount(rows.payer, minlength=rows.accounts),
        np.bincount(rows.payee, minlength=rows.accounts),
    ]
    columns = [column[side] for side in (rows.payer, rows.payee) for column in per_account]
    return np.stack(columns, axis=1).astype(np.float64)


def _degrees(case: TransactionCase, limit: float) -> Score:
    rows = case.events
    chosen, _ = sampled(np.ones(rows.rows, dtype=bool), rows.illicit, rows.tx_id, case.settings.max_rows // 2)
    described, label = degree_features(rows)[chosen], rows.illicit[chosen]
    instance = rows.instance[chosen]
    group = np.where(instance >= 0, rows.accounts + instance, rows.payer[chosen])
    fold = fold_of(group, 2, case.streams.at("shortcuts", "folds"))
    scores = np.zeros(len(label))
    for k in range(2):
        seed = case.streams.word("shortcuts", "degrees", k)
        scores[fold == k] = fitted_scores(
            described[fold != k], label[fold != k], described[fold == k], seed, 60
        )
    area = float(weighted_auc(scores, label, np.ones((1, len(label))))[0])
    codes, counts = scheme_draws(
        instance[label], case.settings.bootstrap, case.streams.at("shortcuts", "graph")
    )
    draws = mean_draws(codes, counts, placement(scores, label))
    draws = draws if area >= 0.5 else 1.0 - draws
    note = "boosted trees on in- and out-degree and row counts of payer and payee, folds by scheme"
    return _score("graph degrees alone", max(area, 1.0 - area), draws, counts.shape[1], limit, note)


def _score(
    subject: str, value: float, draws: Float1D, n: int, limit: float, note: str, target: float = TARGET
) -> Score:
    low, high = (float(v) for v in np.clip(np.quantile(draws, [0.025, 0.975]), 0.0, 1.0))
    verdict, reason = PASS, ""
    if value > limit:
        verdict, reason = FAIL, f"AUC {value:.3f} is above {limit}: the label can be read off"
    elif value > target:
        verdict, reason = WARN, f"AUC {value:.3f} is above the target {target}"
        reason += "; leave the column out of training" if limit > 1 else ""
    return METRIC.scored(subject, value, (low, high), n, (0.5, 1.0, target), (verdict, reason), note)


METRIC = Metric(
    name="shortcuts",
    case="transactions",
    use=DETECTOR,
    unit="AUC",
    lowest=0.0,
    highest=1.0,
    best=0.5,
    delta=TARGET,
    origin="assumption: one column that alone sorts 80 % of pairs makes a toy; above 0.95 the label leaks",
    order_free=True,
    compute=measure,
    summary="Single columns that give the label away",
    order=30,
    how=(
        "AUC of the best single raw column, of the best identifier, of graph degrees alone, and of times off "
        "the grid of ordinary ones, against the illicit label. One column that sorts rows by itself makes "
        "the task a toy."
    ),
    misses="Pairs of columns that together give the label away.",
    estimator=(
        "best orientation-free AUC of one raw column (categories ordered on the other half of the "
        "schemes); of one identifier (warns at most); of boosted trees on in- and out-degrees; "
        "of the rule that a time is off the grid (minutes, seconds ...) of ordinary times"
    ),
    references=".5 / 1",
    required=True,
)
