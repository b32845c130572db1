"""The ladder of detectors on unseen worlds: trees on raw, history and graph columns, and a graph network.

Run: ``OMP_NUM_THREADS=1 python benchmarks/detector_ladder.py [--train 1 2 3] [--test 4 5] [--accounts 6000]
[--days 90] [--tools raw history graph twin gnn both] [--epochs 8] [--nets 1]``.

Worlds are those of level easy of the detection task (the dial at 0, its default), by number. Every detector
learns from the payments of four fifths of the schemes of each world and from benign ones; the other schemes
and other benign payments choose the threshold, and the epoch of a network. *Acts* leave out everyday shopping
of mules and helpers (phase ``spend``). ``best``: F1 at the best threshold of a test world, as in papers;
``fixed``: at the threshold chosen on the worlds to learn from. ``twin``: the network before its first step.
``both``: the network, whose payments carry all columns of the trees as well. Recall is the share of acts
within the highest 0.2 % of the payments. All rows of schemes and a quarter of the others are scored.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from bank_world import RUNGS, TESTED, alerted_above, f1_at, f1_curve
from detection.multi_gnn import Budget, Learnable, gnn_scores, trained, untrained
from detection.payment_graph import PaymentGraph, payment_graph
from detection.worlds import LEVELS, answers, shown
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score

import finsim
from finsim.evaluation.detector_features import FEATURES, features
from finsim.evaluation.learner import one_thread
from finsim.records.transactions import Transactions

TOOLS = (*RUNGS, "twin", "gnn", "both")
HELD, FIT, CHOOSE = 0.2, 0.06, 0.05
"""Shares of schemes that choose, and of benign payments that trees fit and that choose."""
CODES = ("channel", "category", "payer_kind", "payee_kind")
"""Columns of the trees that networks have word by word."""


@dataclass(frozen=True)
class Known:
    """A world: features, graph, what is true; to learn from, also which rows fit and which choose."""

    table: pd.DataFrame
    graph: PaymentGraph
    facts: pd.DataFrame
    label: np.ndarray

    def parts(self, seed: int) -> Learnable:
        """Return the rows that fit and the rows that choose, schemes whole, everyday shopping in neither."""
        rng = np.random.default_rng(seed)
        scheme = (self.facts["instance"] >= 0).to_numpy()
        names, code = np.unique(self.facts["instance"].to_numpy(), return_inverse=True)
        held = (rng.random(len(names)) < HELD)[code]
        act = scheme & (self.facts["phase"].astype(str) != "spend").to_numpy()
        draw, benign = rng.random(len(scheme)), np.flatnonzero(~scheme)
        chosen = np.concatenate([np.flatnonzero(act & held), benign[draw[benign] < CHOOSE]])
        weight = np.where(scheme[chosen], 1 / HELD, 1 / CHOOSE)
        fit = benign[draw[benign] >= CHOOSE]
        return Learnable(self.graph, self.label, np.flatnonzero(act & ~held), fit, chosen, weight)

    def tested(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows that test, a share of those of no scheme, and how many each stands for."""
        scheme = (self.facts["instance"] >= 0).to_numpy()
        rows = np.flatnonzero(scheme | (np.random.default_rng(0).random(len(scheme)) < TESTED))
        return rows, np.where(scheme[rows], 1.0, 1.0 / TESTED)


def known(made: Transactions) -> Known:
    """Return what detectors may know of a world, and what is true of it."""
    facts = answers(made).to_pandas()
    label = (facts["is_fraud"] | facts["is_laundering"]).to_numpy()
    graph = payment_graph(shown(made).to_pandas(), made.accounts.to_pandas())
    return Known(features(made).reset_index(drop=True), graph, facts, label)


def with_features(one: Known) -> PaymentGraph:
    """Return the graph whose payments carry all columns of the trees, on the scale of logarithms."""
    found = one.table.drop(columns=list(CODES)).to_numpy(np.float32)
    found = np.where(np.isnan(found), -1.0, np.sign(found) * np.log1p(np.abs(found))).astype(np.float32)
    return replace(one.graph, columns=np.concatenate([one.graph.columns, found], axis=1))


Scores = tuple[list[np.ndarray], list[np.ndarray]]  # of the rows that choose, and of the worlds to test


def trees(learn: list[Known], parts: list[Learnable], test: list[Known], groups: tuple[str, ...]) -> Scores:
    """Return the scores of boosted trees on the columns of some groups."""
    group = {one.name: one.group for one in FEATURES}
    columns = [name for name in learn[0].table if group[name] in groups]
    rows = [
        np.concatenate(
            [one.told, np.random.default_rng(at).choice(one.benign, int(FIT * len(one.label)), replace=False)]
        )
        for at, one in enumerate(parts)
    ]
    table = np.concatenate(
        [one.table[columns].to_numpy()[some] for one, some in zip(learn, rows, strict=True)]
    )
    label = np.concatenate([one.label[some] for one, some in zip(learn, rows, strict=True)])
    model = HistGradientBoostingClassifier(
        max_iter=200, learning_rate=0.06, max_leaf_nodes=31, l2_regularization=10.0, max_features=0.3,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    with one_thread():
        model.fit(table, label)
        asked = [one.table[columns].iloc[part.chosen] for one, part in zip(learn, parts, strict=True)]
        asked += [one.table[columns].iloc[one.tested()[0]] for one in test]
        found = [model.predict_proba(one.to_numpy())[:, 1] for one in asked]
    return found[: len(learn)], found[len(learn) :]


Asked = list[tuple[PaymentGraph, np.ndarray]]


def networks(parts: list[Learnable], asked: Asked, budget: Budget, nets: int, *, learn: bool) -> Scores:
    """Return the mean scores of some networks; without ``learn`` those of their untrained twins."""
    said = [np.zeros(len(one.chosen)) for one in parts], [np.zeros(len(rows)) for _, rows in asked]
    for seed in range(nets):
        if learn:
            network = trained(parts, budget, seed, say=lambda text: print(f"  {text}", file=sys.stderr))
        else:
            network = untrained(parts[0].graph.columns, budget, seed)
        for score, one in zip(said[0], parts, strict=True):
            score += gnn_scores(network, one.graph, one.chosen) / nets
        for score, (graph, rows) in zip(said[1], asked, strict=True):
            score += gnn_scores(network, graph, rows) / nets
    return said


def figures(parts: list[Learnable], test: list[Known], scores: Scores) -> dict[str, list[float]]:
    """Return average precision, best and fixed F1 of the acts of each test world."""
    curve, at = f1_curve(
        np.concatenate([one.label[one.chosen] for one in parts]), np.concatenate(scores[0]),
        np.concatenate([one.weight for one in parts]),
    )  # fmt: skip
    found: dict[str, list[float]] = {"AP": [], "best": [], "fixed": []}
    for one, score in zip(test, scores[1], strict=True):
        rows, weight = one.tested()
        kept = (one.facts["phase"].astype(str) != "spend").to_numpy()[rows]
        judged = one.label[rows][kept], score[kept], weight[kept]
        found["AP"].append(float(average_precision_score(*judged[:2], sample_weight=judged[2])))
        found["best"].append(float(f1_curve(*judged)[0].max()))
        found["fixed"].append(f1_at(*judged, at[curve.argmax()]))
    return found


def recalls(test: list[Known], scores: list[np.ndarray]) -> pd.Series:
    """Return the share of alerted acts by story and phase, and how many there are."""
    told = []
    for one, score in zip(test, scores, strict=True):
        rows, weight = one.tested()
        alerted = score >= alerted_above(score, weight)
        told.append(one.facts.iloc[rows].assign(alerted=alerted)[one.label[rows]])
    acts = pd.concat(told).astype({"narrative": str, "phase": str})
    return acts[acts["phase"] != "spend"].groupby(["narrative", "phase"])["alerted"].agg(["size", "mean"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tools", nargs="+", default=list(TOOLS), choices=TOOLS)
    for name, value in (("accounts", 6_000), ("days", 90), ("epochs", 8), ("nets", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--train", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--test", type=int, nargs="+", default=[4, 5])
    given = parser.parse_args()
    torch.set_num_threads(1)
    made = {}
    for number in (*given.train, *given.test):
        seed = LEVELS["easy"].seed + number
        made[number] = known(
            finsim.simulate(accounts=given.accounts, days=given.days, seed=seed, progress=False)
        )
    learn, test = ([made[number] for number in some] for some in (given.train, given.test))
    parts = [one.parts(number) for number, one in zip(given.train, learn, strict=True)]
    acts = (
        [int(one.label[one.told].sum()) for one in parts],
        [int(one.label[one.chosen].sum()) for one in parts],
    )
    print(f"acts: {sum(acts[0])} to fit, {sum(acts[1])} to choose by", flush=True)
    budget, by = Budget(epochs=given.epochs), {}
    for tool in given.tools:
        start = time.process_time()
        if tool in RUNGS:
            scores = trees(learn, parts, test, RUNGS[tool])
        elif tool == "both":
            more = [replace(part, graph=with_features(one)) for part, one in zip(parts, learn, strict=True)]
            asked = [(with_features(one), one.tested()[0]) for one in test]
            scores = networks(more, asked, budget, given.nets, learn=True)
        else:
            asked = [(one.graph, one.tested()[0]) for one in test]
            scores = networks(parts, asked, budget, given.nets, learn=tool == "gnn")
        told = figures(parts, test, scores)
        words = "  ".join(
            f"{key} {np.mean(values):.3f} ({' '.join(f'{one:.3f}' for one in values)})"
            for key, values in told.items()
        )
        print(f"{tool:8s} {words}  {time.process_time() - start:.0f} CPU s", flush=True)
        by[tool] = recalls(test, scores[1])
    found = {tool: one["mean"].round(2) for tool, one in by.items()}
    print(pd.DataFrame({"acts": next(iter(by.values()))["size"]} | found).to_string())


if __name__ == "__main__":
    sys.exit(main())
