"""What the features are worth: a detector finds more with history, and more again with the graph."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from finsim.evaluation.detector_features import FEATURES, features
from finsim.evaluation.learner import fitted_scores
from finsim.evaluation.utility.shortcuts import LABELS
from finsim.records.transactions import LABEL_SCHEMA
from finsim.verbs.simulate import simulate

BENIGN = 0.05


def world(seed):
    made = simulate(accounts=3_000, days=60, seed=seed, progress=False)
    return features(made), np.asarray(made.rows["is_fraud"]) | np.asarray(made.rows["is_laundering"])


def precision(train, label, tests, groups):
    names = [one.name for one in FEATURES if one.group in groups and one.name in train]
    found = []
    for table, illicit in tests:
        score = fitted_scores(train[names].to_numpy(np.float64), label, table[names].to_numpy(np.float64), 0)
        found.append(average_precision_score(illicit, score))
    return float(np.mean(found))


@pytest.mark.slow
def test_history_finds_more_than_raw_columns_and_the_graph_more_than_history():
    rng = np.random.default_rng(0)
    known, labels = [], []
    for seed in (1, 2, 3, 4, 5, 6):
        table, illicit = world(seed)
        keep = illicit | (rng.random(len(illicit)) < BENIGN)
        known.append(table[keep])
        labels.append(illicit[keep])
    train, label = pd.concat(known), np.concatenate(labels)
    tests = [world(seed) for seed in (11, 12)]
    raw = precision(train, label, tests, ("raw",))
    history = precision(train, label, tests, ("raw", "history"))
    graph = precision(train, label, tests, ("raw", "history", "graph"))
    assert 0.02 < raw < 0.25
    assert 1.3 * raw < history
    assert history < graph < 0.7


def test_no_single_feature_gives_the_label_away():
    made = simulate(accounts=2_000, days=40, seed=9, progress=False)
    table = features(made)
    illicit = np.asarray(made.rows["is_fraud"]) | np.asarray(made.rows["is_laundering"])
    areas = {}
    for name in table:
        rank = table[name].fillna(-1.0).rank().to_numpy()
        above = (rank[illicit].mean() - (illicit.sum() + 1) / 2) / (~illicit).sum()
        areas[name] = max(above, 1 - above)
    assert max(areas.values()) < 0.8, sorted(areas.items(), key=lambda one: -one[1])[:5]


def test_every_answer_is_left_out_of_the_columns_that_are_judged() -> None:
    answers = {field.name for field in LABEL_SCHEMA if field.metadata[b"role"] == b"label"}
    judged = {name for name in answers if name not in LABELS and not name.startswith("_fs_")}
    assert judged == {"purpose", "order_id"}  # a bank knows the first in part, the second is an identifier
    assert "taint" in LABELS
