"""The graph of payments holds what lies strictly before; no score changes with what follows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")
BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
from detection.multi_gnn import Budget, Learnable, gnn_scores, trained, untrained  # noqa: E402
from detection.payment_graph import BETWEEN, RELATIONS, PaymentGraph, payment_graph  # noqa: E402
from detection.worlds import shown  # noqa: E402

sys.path.remove(str(BENCHMARKS))
SIZE = 3_000


@pytest.fixture(scope="module")
def rows(world) -> pd.DataFrame:
    return shown(world.tables).slice(0, SIZE).to_pandas()


@pytest.fixture(scope="module")
def graph(rows, world) -> PaymentGraph:
    return payment_graph(rows, world.accounts)


def naive(graph: PaymentGraph, relation: str, row: int, shops: np.ndarray, most: int) -> list[int]:
    """Return the last payments before one, by going through all."""
    payer, payee = graph.payer[row], graph.payee[row]
    same = {
        "payer paid": graph.payer == payer, "payer got": graph.payee == payer,
        "payee got": graph.payee == payee, "payee paid": graph.payer == payee,
        "pair": (graph.payer == payer) & (graph.payee == payee),
        "payer moved": (graph.payer == payer) & (shops < 0),
    }[relation]  # fmt: skip
    found = np.flatnonzero(same & (graph.time < graph.time[row]))
    return sorted(found, key=lambda at: (graph.time[at], at))[::-1][:most]


def test_neighbours_are_the_last_payments_strictly_before(graph, rows) -> None:
    shops, asked = rows["merchant_id"].to_numpy(), np.arange(0, SIZE, 7)
    for relation, lookup in zip(RELATIONS, graph.lookups, strict=True):
        found = lookup.last(asked, 5)
        for row, given in zip(asked, found, strict=True):
            assert [at for at in given if at >= 0] == naive(graph, relation, row, shops, 5), relation
    assert any((lookup.last(asked, 5) >= 0).all(axis=1).any() for lookup in graph.lookups)


def test_ports_count_counterparties_before_the_pair_and_the_pair_is_new_once(graph) -> None:
    pairs = list(zip(graph.payer, graph.payee, strict=True))
    payees: dict[int, list[int]] = {}
    port, new = [], []
    for payer, payee in pairs:
        known = payees.setdefault(payer, [])
        new.append(payee not in known)
        if new[-1]:
            known.append(payee)
        port.append(known.index(payee))
    start = graph.columns.shape[1] - 2 * len(RELATIONS) - 5
    assert np.array_equal(graph.columns[:, start] > 0, new)
    assert np.allclose(np.expm1(4 * graph.columns[:, start + 3].astype(float)), port, atol=1e-3)


def test_ends_that_payments_share_are_told_by_direction(graph) -> None:
    asked = np.arange(SIZE // 2, SIZE)
    for relation, place in (("payer paid", 8), ("payer got", 9), ("payee got", 10), ("payee paid", 11)):
        before = graph.lookups[RELATIONS.index(relation)].last(asked, 3)
        told = graph.between(asked, np.maximum(before, 0))
        assert told.shape == (*before.shape, BETWEEN)
        assert (told[..., place][before >= 0] == 1).all()
        assert (before >= 0).any()


@pytest.mark.parametrize("layers", [1, 2])
def test_a_score_does_not_change_with_what_follows_or_with_its_own_outcome(
    rows, world, graph, layers
) -> None:
    early = rows.iloc[: SIZE // 2].copy()
    last = early.index[-1]
    early["status"] = early["status"].astype(str)
    early.loc[last, "status"] = "declined"
    for side, sign in (("from", 1), ("to", -1)):
        if rows["status"].astype(str)[last] == "posted":
            early.loc[last, f"{side}_balance_after"] += sign * early["amount"][last]
    network = untrained(graph.columns, Budget(layers=layers), 0)
    asked = np.arange(SIZE // 2)
    whole, part = (gnn_scores(network, one, asked) for one in (graph, payment_graph(early, world.accounts)))
    assert np.allclose(whole, part, atol=1e-5)
    assert whole.std() > 0


def test_a_network_learns_what_only_an_earlier_payment_tells(graph) -> None:
    """The label is whether the payer's last payment was above the median: its own row is silent."""
    last = graph.lookups[0].last(np.arange(SIZE), 1)[:, 0]
    label = (last >= 0) & (graph.size[np.maximum(last, 0)] > np.median(graph.size))
    fit, held = np.arange(SIZE) % 3 > 0, np.flatnonzero(np.arange(SIZE) % 3 == 0)
    one = Learnable(
        graph, label, np.flatnonzero(fit & label), np.flatnonzero(fit & ~label), held, np.ones(len(held))
    )
    budget = Budget(width=16, epochs=3, step=128, benign=1.0, rate=1e-2, dropout=0.0, unheard=0.0)
    learned, twin = trained([one], budget), untrained(graph.columns, budget, 0)
    known = held[last[held] >= 0]
    right = [np.mean((gnn_scores(net, graph, known) > 0) == label[known]) for net in (learned, twin)]
    assert right[0] > right[1] + 0.2
