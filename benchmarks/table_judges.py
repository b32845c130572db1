"""How near synthetic rows are to unseen real ones: finsim's judge, plain trees, a target model, copies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from learned_data import Frame, LoanTable
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors

from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.table_case import table_case
from finsim.evaluation.tables.table_two_sample import measure
from finsim.randomness import Streams

NEAR_SHARE = 0.05
MOST_ROWS = 8_000


def two_sample(real: Frame, own: Frame) -> float:
    """Return the AUC of finsim's judge of rows."""
    sides = [pa.Table.from_pandas(side, preserve_index=False) for side in (real, own)]
    case = table_case(sides[0], sides[1], None, Roles(), Streams(0), Settings(bootstrap=20), "table")
    with np.errstate(all="ignore"):
        return known(measure(case)[0].value)


def known(value: float | None) -> float:
    """Return a figure, NaN where a judge has too little to say one."""
    return float("nan") if value is None else float(value)


def numbers(*frames: Frame) -> list[np.ndarray]:
    """Return the frames as numbers: dates in days, words by rank, NaN where missing."""
    found: list[list[np.ndarray]] = [[] for _ in frames]
    for name in frames[0]:
        columns = [frame[name] for frame in frames]
        if pd.api.types.is_datetime64_any_dtype(columns[0]):
            days = [pd.to_datetime(one) - pd.Timestamp("1970-01-01") for one in columns]
            cells = [(one / pd.Timedelta(days=1)).to_numpy(dtype=float) for one in days]
        elif pd.api.types.is_numeric_dtype(columns[0]):
            cells = [pd.to_numeric(one).to_numpy(dtype=float) for one in columns]
        else:
            texts = [one.astype(object).where(one.notna(), None) for one in columns]
            known = sorted({str(cell) for one in texts for cell in one if cell is not None})
            place = {word: float(k) for k, word in enumerate(known)}
            cells = [np.array([np.nan if c is None else place[str(c)] for c in one]) for one in texts]
        for side, values in zip(found, cells, strict=True):
            side.append(values)
    return [np.stack(side, axis=1) for side in found]


def plain_two_sample(real: Frame, own: Frame) -> float:
    """Return the cross-validated AUC of boosted trees with their defaults, on at most 8,000 rows a side."""
    sides = [side.head(MOST_ROWS) for side in (real, own)]
    left, right = numbers(*sides)
    label = np.repeat([0, 1], [len(left), len(right)])
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    trees = HistGradientBoostingClassifier(max_iter=100, random_state=0)
    values = np.concatenate([left, right])
    chances = cross_val_predict(trees, values, label, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(label, chances))


def target_auc(table: LoanTable, train: Frame, unseen: Frame) -> float:
    """Return the AUC on unseen real rows of trees that learn the label from ``train``; mean of 5 seeds."""
    inputs = [name for name in unseen if name not in (table.label, *table.told)]
    values, tested = numbers(train[inputs], unseen[inputs])
    label, truth = (
        (side[table.label].astype(str).isin(table.positive)).to_numpy() for side in (train, unseen)
    )
    if label.min() == label.max():
        return 0.5
    found = []
    for seed in range(5):
        trees = HistGradientBoostingClassifier(
            max_iter=200, learning_rate=0.05, max_leaf_nodes=15, early_stopping=True, random_state=seed
        )
        found.append(roc_auc_score(truth, trees.fit(values, label).predict_proba(tested)[:, 1]))
    return float(np.mean(found))


def copies(train: Frame, unseen: Frame, own: Frame) -> dict[str, float]:
    """Return the shares of rows that are exact copies and near copies of training rows, and their nulls.

    near : rows nearer to a training row than 95 % of unseen real rows are, whose own share is 5 %.
    nearer : rows whose nearest training row is nearer than their nearest unseen row; .5 by chance.
    """
    known = _keys(train)
    left, other, made = numbers(train, unseen, own)
    rng = np.random.default_rng(0)
    other, made = (side[rng.permutation(len(side))[:MOST_ROWS]] for side in (other, made))
    train_, unseen_, own_ = _scaled(left, other, made, _is_word(train))
    tree = NearestNeighbors(n_neighbors=1, algorithm="brute", metric="manhattan").fit(train_)
    near_unseen = tree.kneighbors(unseen_)[0][:, 0]
    near_own = tree.kneighbors(own_)[0][:, 0]
    same = NearestNeighbors(n_neighbors=1, algorithm="brute", metric="manhattan")
    to_unseen = same.fit(unseen_).kneighbors(own_)[0][:, 0]
    some = NearestNeighbors(n_neighbors=1, algorithm="brute", metric="manhattan")
    to_some = some.fit(train_[rng.permutation(len(train_))[: len(unseen_)]]).kneighbors(own_)[0][:, 0]
    return {
        "exact": float(np.isin(_keys(own), known).mean()),
        "exact null": float(np.isin(_keys(unseen), known).mean()),
        "near": float((near_own < np.quantile(near_unseen, NEAR_SHARE)).mean()),
        "nearer": float((to_some < to_unseen).mean() + 0.5 * (to_some == to_unseen).mean()),
    }


def _keys(frame: Frame) -> np.ndarray:
    """Return each row as one text, numbers to six digits."""
    texts = []
    for name in frame:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column):
            texts.append(pd.to_numeric(column).astype(float).map(lambda cell: f"{cell:.6g}"))
        else:
            texts.append(column.astype(object).where(column.notna(), "").astype(str))
    return np.array(["\0".join(cells) for cells in zip(*texts, strict=True)], dtype=object)


def _is_word(frame: Frame) -> np.ndarray:
    kinds = (
        pd.api.types.is_numeric_dtype(one) or pd.api.types.is_datetime64_any_dtype(one)
        for _, one in frame.items()
    )
    return ~np.array(list(kinds))


def _scaled(train: np.ndarray, unseen: np.ndarray, own: np.ndarray, word: np.ndarray) -> list[np.ndarray]:
    """Return numbers as ranks among the training cells, words as indicators that differ by 1 in all."""
    sides: list[list[np.ndarray]] = [[], [], []]
    for k in range(train.shape[1]):
        for side, values in zip(sides, (train[:, k], unseen[:, k], own[:, k]), strict=True):
            missing = np.isnan(values)
            if word[k]:
                levels, counts = np.unique(train[:, k][~np.isnan(train[:, k])], return_counts=True)
                levels = levels[np.argsort(-counts)[:20]]
                side.extend(0.5 * (values == level) for level in levels)
            else:
                order = np.sort(train[:, k][~np.isnan(train[:, k])])
                place = (np.searchsorted(order, values) + np.searchsorted(order, values, side="right")) / 2
                side.append(np.where(missing, -0.5, place / max(len(order), 1)))
    return [np.stack(side, axis=1).astype(np.float32) for side in sides]
