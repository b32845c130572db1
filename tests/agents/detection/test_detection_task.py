"""The detection task: ties find nothing, planted leaks are seen, rules and network look back alone."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
from detection.graph_sage import GraphSage, stretches  # noqa: E402
from detection.judge import judged  # noqa: E402
from detection.leaks import leaks  # noqa: E402
from detection.rules import rule_scores  # noqa: E402
from detection.worlds import LEVELS, answers, checksum, known_sums, shown  # noqa: E402

sys.path.remove(str(BENCHMARKS))


def facts(size: int = 4_000, schemes: int = 20) -> pd.DataFrame:
    instance = np.full(size, -1)
    instance[np.random.default_rng(1).choice(size, 3 * schemes, replace=False)] = np.repeat(
        np.arange(schemes), 3
    )
    phase = np.where(instance >= 0, "act", None).astype(object)
    phase[np.flatnonzero(instance == 0)] = "spend"
    return pd.DataFrame({
        "is_fraud": (instance >= 0) & (instance % 2 == 0),
        "is_laundering": (instance >= 0) & (instance % 2 == 1),
        "narrative": np.where(instance >= 0, "story", None), "instance": instance, "phase": phase,
    })  # fmt: skip


def test_the_truth_is_found_whole_and_chance_finds_its_share() -> None:
    told = facts()
    label = (told["is_fraud"] | told["is_laundering"]).to_numpy()
    perfect = judged(told, label.astype(float)).figures
    assert perfect["AP"] == (1.0, 1.0, 1.0)
    assert perfect["F1"][0] == 1.0
    acts = label.sum() - 3
    assert perfect["recall 0.5%"][0] == pytest.approx(0.005 * (len(told) - 3) / acts, abs=1 / acts)
    assert judged(told, -label.astype(float)).figures["AP"][0] < 0.02
    chance = judged(told, np.random.default_rng(0).random(len(told))).figures
    assert chance["recall 0.5%"][0] < 0.05


def test_average_precision_is_that_of_scikit_learn() -> None:
    told = facts()
    kept = (told["phase"] != "spend").to_numpy()
    label = (told["is_fraud"] | told["is_laundering"]).to_numpy()
    scores = np.random.default_rng(4).normal(size=len(told)) + 2 * label
    expected = average_precision_score(label[kept], scores[kept])
    assert judged(told, scores).figures["AP"][0] == pytest.approx(expected, abs=1e-12)
    precision, recall, _ = precision_recall_curve(label[kept], scores[kept])
    best = (2 * precision * recall / np.maximum(precision + recall, 1e-12)).max()
    assert judged(told, scores).figures["F1"][0] == pytest.approx(best, abs=1e-12)


def test_equal_scores_find_no_more_than_chance() -> None:
    told = facts().sort_values("instance", ascending=False, ignore_index=True)
    for order in (told, told.iloc[::-1].reset_index(drop=True)):
        assert judged(order, np.ones(len(order))).figures["AP"][0] < 0.04


def test_everyday_shopping_is_neither_found_nor_missed() -> None:
    told = facts()
    acts = (told["is_fraud"] | told["is_laundering"]).to_numpy() & (told["phase"] != "spend").to_numpy()
    spends = told["phase"].eq("spend").to_numpy()
    assert judged(told, acts + 2.0 * spends).figures["AP"][0] == 1.0
    assert judged(told, acts.astype(float)).figures["AP"][0] == 1.0


def test_the_interval_is_that_of_schemes() -> None:
    told = facts()
    found = told["instance"].isin(range(1, 10)).to_numpy() + 0.0
    value, low, high = judged(told, found).figures["F1"]
    assert low < value < high
    share = 9 / 19
    assert value == pytest.approx(2 * share / (1 + share), abs=0.02)
    assert high - low > 0.15


@pytest.mark.parametrize("scores", [np.ones(3), np.full(4_000, np.nan), np.full(4_000, np.inf)])
def test_scores_that_are_none_are_refused(scores: np.ndarray) -> None:
    with pytest.raises(ValueError, match="4000 finite scores"):
        judged(facts(), scores)


def test_a_planted_leak_is_seen(world) -> None:
    told = answers(world.tables).to_pandas()
    label = (told["is_fraud"] | told["is_laundering"]).to_numpy()
    rows, told = shown(world.tables).slice(0, 60_000), told.iloc[:60_000]
    label = label[:60_000]
    clean = leaks(rows, told)
    assert clean["amount"][0] < clean["amount"][1]
    assert clean["tx_id"][0] < clean["tx_id"][1]
    ids = np.arange(rows.num_rows) + np.where(label, 10**7, 0)
    planted = rows.set_column(0, "tx_id", pa.array(ids))
    place = rows.column_names.index("channel")
    words = pa.array(np.where(label, "secret", "card_present")).dictionary_encode()
    planted = planted.set_column(place, "channel", words)
    shop = rows["merchant_id"].to_numpy()
    shop = pa.array(np.where(label & (shop >= 0), shop - 400, shop))
    planted = planted.set_column(rows.column_names.index("merchant_id"), "merchant_id", shop)
    found = leaks(planted, told)
    assert clean["merchant_id"][0] < clean["merchant_id"][1]
    for name in ("tx_id", "channel", "merchant_id"):
        area, bound = found[name]
        assert area > max(0.9, bound)


def test_worlds_are_told_apart_by_values_and_not_by_how_they_are_held(world) -> None:
    rows = shown(world.tables)
    same = pa.concat_tables([rows.slice(0, 100), rows.slice(100)])
    assert checksum(rows) == checksum(same)
    amount = rows["amount"].to_numpy().copy()
    amount[5] += 1
    changed = rows.set_column(rows.column_names.index("amount"), "amount", pa.array(amount))
    assert checksum(changed) != checksum(rows)
    assert set(known_sums()) == {f"{level}-{number}" for level in LEVELS for number in (1, 2, 3, 4)}


def test_rules_and_network_look_back_alone(world) -> None:
    rows = shown(world.tables).slice(0, 6_000).to_pandas()
    early = rows.iloc[:3_000]
    whole, part = rule_scores(rows), rule_scores(early)
    assert np.array_equal(np.floor(whole[:3_000]), np.floor(part))
    accounts = world.accounts
    label = np.zeros(len(rows), dtype=bool)
    days = (rows["ts"] - rows["ts"].iloc[0].floor("D")).dt.days.to_numpy()
    for one in stretches(rows, accounts, label):
        assert not len(one.before[0]) or one.before[2][:, -1].min() > 0
        assert len(one.place) == len(one.payer)
    assert sum(len(one.place) for one in stretches(rows, accounts, label)) == len(days)
    first = stretches(rows, accounts, label)[0]
    network = GraphSage(first.accounts.shape[1], first.payment.shape[1])
    import torch

    assert network(first, torch.arange(5)).shape == (5,)
