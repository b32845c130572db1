"""Features of payments: rows per CPU second beside the usual lines of pandas, and what a detector gains.

Run: ``OMP_NUM_THREADS=1 python benchmarks/detector_features.py [--accounts 12000] [--days 77] [--worth]``.
Ratios are the result; absolute seconds depend on the machine. Compilation is not counted. ``--worth`` trains
boosted trees on six small worlds (3,000 accounts, 60 days) and tests them on four others.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score

import finsim
from finsim.evaluation.detector_features import FEATURES, GROUPS, features
from finsim.evaluation.learner import fitted_scores, one_thread

WINDOWS = {"1h": "1h", "1d": "1D", "7d": "7D", "30d": "30D"}
TRAIN, TEST, BENIGN = (1, 2, 3, 4, 5, 6), (11, 12, 13, 14), 0.05
GAINS = {"raw": ("raw",), "raw + history": ("raw", "history"), "raw + history + graph": GROUPS}


def usual_lines(rows: pd.DataFrame) -> pd.DataFrame:
    """Return 20 of the features as people write them: grouped rolling sums, and first payments of pairs."""
    found = {}
    money = rows.assign(posted=(rows["status"] != "declined").astype(float))
    money["paid"] = money["amount"] * money["posted"]
    for side, way, key in (("payer", "out", "from_account"), ("payee", "in", "to_account")):
        ordered = money.sort_values([key, "ts"], kind="stable")
        groups = ordered.set_index("ts").groupby(key)
        for name, window in WINDOWS.items():
            rolled = groups[["posted", "paid"]].rolling(window, closed="left").sum().fillna(0.0)
            found[f"{side}_{way}_count_{name}"] = pd.Series(rolled["posted"].to_numpy(), ordered.index)
            found[f"{side}_{way}_sum_{name}"] = pd.Series(rolled["paid"].to_numpy(), ordered.index)
        count, total = groups["posted"].cumsum(), groups["paid"].cumsum()
        count, total = count - ordered["posted"].to_numpy(), total - ordered["paid"].to_numpy()
        found[f"{side}_{way}_count"] = pd.Series(count.to_numpy(), ordered.index)
        ratio = ordered["amount"].to_numpy() * count / total
        found[f"{side}_amount_ratio"] = pd.Series(ratio.to_numpy(), ordered.index)
    return pd.DataFrame(found).reindex(rows.index)


def cpu(work, repeats: int = 3) -> float:
    """Return the least CPU seconds of some runs."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def speed(accounts: int, days: int) -> None:
    world = finsim.simulate(accounts=accounts, days=days, seed=1)
    frame, size = world.rows.to_pandas(), world.rows.num_rows
    frame["status"] = frame["status"].astype(str)
    mine = features(world)
    print(f"rows {size:,}, columns {mine.shape[1]}")
    for groups in (*((group,) for group in GROUPS), GROUPS):
        spent = cpu(lambda groups=groups: features(world, groups=groups))
        print(f"{' + '.join(groups):24s} {spent:7.2f} CPU s {size / spent:12,.0f} rows/s")
    usual = usual_lines(frame)
    agree = np.isclose(usual, mine[list(usual)], rtol=1e-4, equal_nan=True).mean()
    lines = cpu(lambda: usual_lines(frame), 1)
    print(f"{'usual lines of pandas':24s} {lines:7.2f} CPU s {usual.shape[1]} columns, {agree:.2%} agree")
    per_column = (lines / usual.shape[1]) / (spent / mine.shape[1])
    print(f"pandas over finsim {lines / spent:.1f}, per column {per_column:.1f}")


def world_of(seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    world = finsim.simulate(accounts=3_000, days=60, seed=seed)
    illicit = np.asarray(world.rows["is_fraud"]) | np.asarray(world.rows["is_laundering"])
    return features(world), illicit, np.asarray(world.rows["instance"])


def drawn(labels, schemes, scores, rng) -> float:
    """Return the mean average precision over worlds when the schemes of each are drawn again."""
    found = []
    for illicit, instance, score in zip(labels, schemes, scores, strict=True):
        names, codes = np.unique(instance[illicit], return_inverse=True)
        weight = np.ones(len(illicit))
        weight[illicit] = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[codes]
        found.append(average_precision_score(illicit, score, sample_weight=weight))
    return float(np.mean(found))


def ridged(train, label, test) -> np.ndarray:
    """Return the scores of boosted trees whose leaves are shrunk, as a team would tune them."""
    model = HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=15, l2_regularization=10.0, early_stopping=False, random_state=0
    )
    with one_thread():
        return model.fit(train, label).predict_proba(test)[:, 1]


def worth() -> None:
    rng, group = np.random.default_rng(0), {one.name: one.group for one in FEATURES}
    known, labels = [], []
    for seed in TRAIN:
        table, illicit, _ = world_of(seed)
        keep = illicit | (rng.random(len(illicit)) < BENIGN)
        known.append(table[keep])
        labels.append(illicit[keep])
    train, label = pd.concat(known), np.concatenate(labels)
    tables, truths, schemes = zip(*map(world_of, TEST), strict=True)
    print(f"{int(label.sum())} illicit rows of {len(TRAIN)} worlds to train on, "
          f"{sum(int(one.sum()) for one in truths)} of {len(TEST)} to test on")  # fmt: skip
    for name, groups in GAINS.items():
        columns = [column for column in train if group[column] in groups]
        for how, learn in (("as evaluated", lambda *given: fitted_scores(*given, 0)), ("shrunk", ridged)):
            stacked = np.concatenate([table[columns].to_numpy(np.float64) for table in tables])
            scores = learn(train[columns].to_numpy(np.float64), label, stacked)
            parts = np.split(scores, np.cumsum([len(one) for one in truths])[:-1])
            each = [average_precision_score(y, s) for y, s in zip(truths, parts, strict=True)]
            low, high = np.quantile([drawn(truths, schemes, parts, rng) for _ in range(100)], [0.025, 0.975])
            print(f"{name:24s} {how:12s} AP {np.mean(each):.3f} [{low:.3f}, {high:.3f}] by world "
                  + " ".join(f"{one:.3f}" for one in each), flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=12_000)
    parser.add_argument("--days", type=int, default=77)
    parser.add_argument("--worth", action="store_true")
    given = parser.parse_args()
    if given.worth:
        worth()
    else:
        speed(given.accounts, given.days)


if __name__ == "__main__":
    main()
