"""What a detector finds in the bank world: the ladder of columns, the dial, and twins.

Run: ``OMP_NUM_THREADS=1 python benchmarks/bank_world.py [--ladder [--known]] [--dial] [--twins]
[--accounts 10000] [--days 90] [--train 101 102 103] [--test 104 105 106] [--rungs raw graph]``; without a
choice the ladder and the dial. ``--known``: the last rung once more, learned from what banks know on the last
day of its worlds instead of the truth; tested on the truth.
Boosted trees learn on the worlds of the first seeds (all rows of schemes, 6 % of the ordinary ones) and are
tested on the others (all rows of schemes, a quarter of the ordinary ones with four times the weight). *Acts*
leave out what mules and helpers buy in everyday shops (phase ``spend``): it is labelled, and nobody could see
it. F1 is the best over all thresholds of a world; *fixed* takes the threshold that is best in the other test
worlds. ``--twins`` puts 25 schemes of each shipped story beside 25 of its twin, some pairs at a time.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
from bank_world_twins import twins
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, precision_recall_curve

import finsim
from finsim.evaluation.detector_features import FEATURES, GROUPS, features
from finsim.evaluation.learner import one_thread

LEARNED, TESTED, LEVELS, CHUNK = 0.06, 0.25, (0.0, 0.25, 0.5, 0.75, 1.0), 200_000
RUNGS = {"raw": GROUPS[:1], "history": GROUPS[:2], "graph": GROUPS}
TWINS = {
    "scatter_gather_structuring": "marketplace_gather_scatter",
    "account_ring_layering": "payroll_fan_out",
}
FACTS = ["is_fraud", "is_laundering", "narrative", "phase", "instance", "known_on", "known_by"]
BUDGET = 0.002
"""Share of the rows that is alerted where stories and their twins are compared."""


@dataclass(frozen=True)
class World:
    """Features float32[n, F] of some rows of a world, what is true of them, how many rows each stands for."""

    table: pd.DataFrame
    facts: pd.DataFrame
    weight: np.ndarray

    @property
    def illicit(self) -> np.ndarray:
        """Return which rows have a label."""
        return (self.facts["is_fraud"] | self.facts["is_laundering"]).to_numpy()

    @property
    def shopping(self) -> np.ndarray:
        """Return which rows are everyday shopping of who took part."""
        return (self.facts["phase"].astype(str) == "spend").to_numpy()


def world_of(seed: int, given: argparse.Namespace, evade: float, share: float) -> World:
    """Return the rows of the schemes of one world, and a share of the others."""
    made = finsim.simulate(accounts=given.accounts, days=given.days, seed=seed, evade=evade, progress=False)
    facts = made.rows.select(FACTS).to_pandas()
    facts["known"] = finsim.known_labels(facts, made.rows["ts"][-1].as_py())["illicit"]
    scheme = (facts["instance"] >= 0).to_numpy()
    keep = scheme | (np.random.default_rng(seed).random(len(facts)) < share)
    return World(
        features(made).reset_index(drop=True)[keep], facts[keep], np.where(scheme, 1.0, 1.0 / share)[keep]
    )


def learned(
    worlds: list[World], columns: list[str], *, known: bool = False
) -> HistGradientBoostingClassifier:
    """Return trees trained on the acts of some worlds; what mules buy in shops is not shown to them.

    ``known``: their labels are what banks know on the last day.
    """
    table = np.concatenate([one.table.loc[~one.shopping, columns].to_numpy() for one in worlds])
    told = [one.facts["known"].to_numpy() if known else one.illicit for one in worlds]
    label = np.concatenate([label[~one.shopping] for label, one in zip(told, worlds, strict=True)])
    model = HistGradientBoostingClassifier(
        max_iter=200, learning_rate=0.06, max_leaf_nodes=31, l2_regularization=10.0, max_features=0.3,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    with one_thread():
        return model.fit(table, label)


def scored(model: HistGradientBoostingClassifier, world: World, columns: list[str]) -> np.ndarray:
    """Return the scores of all rows, some at a time so that memory stays small."""
    parts = range(0, len(world.table), CHUNK)
    with one_thread():
        found = [
            model.predict_proba(world.table[columns].iloc[at : at + CHUNK].to_numpy())[:, 1] for at in parts
        ]
    return np.concatenate(found)


Judged = tuple[np.ndarray, np.ndarray, np.ndarray]  # label, score and weight of some rows


def f1_curve(label: np.ndarray, score: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return F1 by threshold, and the thresholds."""
    precision, recall, threshold = precision_recall_curve(label, score, sample_weight=weight)
    both = precision + recall
    return (2 * precision * recall / np.where(both > 0, both, 1.0))[:-1], threshold


def f1_at(label: np.ndarray, score: np.ndarray, weight: np.ndarray, threshold: float) -> float:
    """Return F1 at one threshold."""
    alerted = score >= threshold
    return 2 * float(weight[alerted & label].sum()) / float(weight[alerted].sum() + weight[label].sum())


def judged(worlds: list[World], scores: list[np.ndarray]) -> dict[str, list[float]]:
    """Return average precision, best F1 and fixed F1 of the acts, and best F1 of all labels."""
    acts: list[Judged] = []
    found: dict[str, list[float]] = {"AP": [], "F1": [], "fixed": [], "all": []}
    for world, score in zip(worlds, scores, strict=True):
        rows = ~world.shopping
        acts.append((world.illicit[rows], score[rows], world.weight[rows]))
        found["all"].append(float(f1_curve(world.illicit, score, world.weight)[0].max()))
    for at, (label, score, weight) in enumerate(acts):
        found["AP"].append(float(average_precision_score(label, score, sample_weight=weight)))
        found["F1"].append(float(f1_curve(label, score, weight)[0].max()))
        others = [one for k, one in enumerate(acts) if k != at] or [acts[at]]
        curve, threshold = f1_curve(*(np.concatenate(parts) for parts in zip(*others, strict=True)))
        found["fixed"].append(f1_at(label, score, weight, threshold[curve.argmax()]))
    return found


def line(name: str, found: dict[str, list[float]]) -> None:
    said = "  ".join(
        f"{key} {np.mean(values):.3f} ({' '.join(f'{one:.3f}' for one in values)})"
        for key, values in found.items()
    )
    print(f"{name:22s} {said}", flush=True)


def ladder(train: list[World], test: list[World], *, known: bool) -> HistGradientBoostingClassifier:
    """Print the rungs, and what the last one alerts by story and phase; return the last one.

    ``known``: print the last rung, learned from what banks know, too.
    """
    group = {one.name: one.group for one in FEATURES}
    scores: list[np.ndarray] = []
    for name, groups in RUNGS.items():
        columns = [column for column in train[0].table if group[column] in groups]
        model = learned(train, columns)
        scores = [scored(model, one, columns) for one in test]
        line(name, judged(test, scores))
    if known:
        late = learned(train, columns, known=True)
        line(f"{name}, known labels", judged(test, [scored(late, one, columns) for one in test]))
    alerts = pd.concat([
        one.facts.assign(alerted=score >= alerted_above(score, one.weight))
        for one, score in zip(test, scores, strict=True)
    ])  # fmt: skip
    alerts = alerts[alerts["instance"] >= 0].astype({"narrative": str, "phase": str})
    print(alerts.groupby(["narrative", "phase"])["alerted"].agg(["size", "mean"]).round(2).to_string())
    whole = alerts.groupby("narrative")["alerted"].mean()
    for story, twin in TWINS.items():
        if story not in whole or twin not in whole or whole[story] == 0:
            continue
        print(
            f"{twin} {whole[twin]:.3f}, {story} {whole[story]:.3f}: {whole[twin] / whole[story]:.2f} times",
            flush=True,
        )
    return model


def alerted_above(score: np.ndarray, weight: np.ndarray) -> float:
    """Return the score above which ``BUDGET`` of all rows lie."""
    order = np.argsort(-score)
    return float(score[order][np.searchsorted(np.cumsum(weight[order]), BUDGET * weight.sum())])


def dial(given: argparse.Namespace, first: HistGradientBoostingClassifier | None) -> None:
    """Print what the graph detector finds at each level, trained at that level and trained at 0.

    ``first`` is the detector of level 0, whose line the ladder has printed.
    """
    for level in LEVELS[1:] if first else LEVELS:
        train = [world_of(seed, given, level, LEARNED) for seed in given.train]
        columns = list(train[0].table)
        model = learned(train, columns)
        first = first or model
        own, old, test = [], [], []
        for seed in given.test:
            world = world_of(seed, given, level, TESTED)
            own.append(scored(model, world, columns))
            old.append(scored(first, world, columns))
            test.append(World(world.table.iloc[:, :0], world.facts, world.weight))
        line(f"evade {level:.2f}", judged(test, own))
        line("  trained at 0", judged(test, old))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("ladder", "dial", "twins", "known"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--rungs", nargs="+", default=["raw", "graph"], choices=["raw", "graph"])
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--train", type=int, nargs="+", default=[101, 102, 103])
    parser.add_argument("--test", type=int, nargs="+", default=[104, 105, 106])
    given = parser.parse_args()
    chosen = given.ladder or given.dial or given.twins
    first = None
    if given.ladder or not chosen:
        known = [world_of(seed, given, 0.0, LEARNED) for seed in given.train]
        unseen = [world_of(seed, given, 0.0, TESTED) for seed in given.test]
        acts = [sum(int((one.illicit & ~one.shopping).sum()) for one in some) for some in (known, unseen)]
        print(f"{acts[0]} acts to learn, {acts[1]} to test", flush=True)
        first = ladder(known, unseen, known=given.known)
        del known, unseen
    if given.dial or not chosen:
        dial(given, first)
    if given.twins:
        twins([*given.train, *given.test], given.rungs)


if __name__ == "__main__":
    sys.exit(main())
