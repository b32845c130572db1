"""How near synthetic entities are to unseen real ones: finsim's judges, plain trees, membership, shape."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from learned_data import Frame, Ledger
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors
from table_judges import known

from finsim.evaluation.events import entity_two_sample, event_two_sample
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.randomness import Streams

MOST_ROWS = 40_000
MOST_ENTITIES = 5_000
BENFORD = np.log10(1.0 + 1.0 / np.arange(1, 10))


def own_judges(ledger: Ledger, real: Frame, own: Frame) -> dict[str, float]:
    """Return the event and the entity AUC of finsim's judges."""
    roles = Roles(id=ledger.entity, time=ledger.time, amount=ledger.amount, counterparty=ledger.partner)
    sides = [pa.Table.from_pandas(side, preserve_index=False) for side in (real, own)]
    case = event_case(sides[0], sides[1], None, roles, Streams(0), Settings(bootstrap=20))
    with np.errstate(all="ignore"):
        return {
            "event": known(event_two_sample.measure(case)[0].value),
            "entity": known(entity_two_sample.measure(case)[0].value),
        }


def prepared(ledger: Ledger, frame: Frame) -> Frame:
    """Return the rows by entity and time with the log amount and the gap in days to the row before."""
    rows = frame.sort_values([ledger.entity, ledger.time], kind="stable").reset_index(drop=True)
    amount = rows[ledger.amount].to_numpy(dtype=float)
    who = pd.factorize(rows[ledger.entity])[0]
    day = rows[ledger.time].dt.floor("D")
    plain = pd.DataFrame({
        "who": who, "time": rows[ledger.time], "day": day, "amount": amount,
        "log": np.sign(amount) * np.log1p(np.abs(amount)),
        "gap": (rows[ledger.time] - rows[ledger.time].shift()) / pd.Timedelta(days=1),
    })  # fmt: skip
    plain.loc[~plain["who"].duplicated(), "gap"] = np.nan
    if ledger.partner:
        plain["partner"] = rows[ledger.partner].astype(str)
    if ledger.category:
        plain["category"] = rows[ledger.category].astype(str)
    return plain


def event_features(rows: Frame, kinds: dict[str, int]) -> Frame:
    """Return what the plain judge sees of a row: itself and the two rows before it."""
    by = rows["who"]
    seen = pd.DataFrame({
        "log": rows["log"], "gap": rows["gap"], "weekday": rows["time"].dt.dayofweek,
        "month": rows["time"].dt.month, "hour": rows["time"].dt.hour,
        "log1": rows["log"].groupby(by).shift(1), "log2": rows["log"].groupby(by).shift(2),
        "gap1": rows["gap"].groupby(by).shift(1), "so far": rows.groupby("who").cumcount(),
    })  # fmt: skip
    if "category" in rows:
        seen["category"] = rows["category"].map(kinds)
        seen["category1"] = seen["category"].groupby(by).shift(1)
    if "partner" in rows:
        seen["same"] = rows["partner"] == rows.groupby("who")["partner"].shift(1)
        seen["met"] = rows.groupby(["who", "partner"]).cumcount()
    return seen.astype(float)


def entity_features(rows: Frame, kinds: dict[str, int]) -> Frame:
    """Return what the plain judge sees of an entity: counts, moments, silences, partners, calendar."""
    rows = rows.assign(
        weekend=rows["time"].dt.dayofweek >= 5, month=rows["time"].dt.month, whole=rows["amount"] % 1 == 0,
        same_day=rows["gap"] < 1, of_year=rows["time"].dt.dayofyear,
    )  # fmt: skip
    by = rows.groupby("who")
    log, gap = by["log"], by["gap"]
    seen = pd.DataFrame({
        "n": by.size(), "sum": np.log1p(by["amount"].sum().abs()), "mean": log.mean(), "sd": log.std(),
        "max": log.max(), "median": log.median(), "gap": gap.mean(), "gap sd": gap.std(),
        "gap max": gap.max(), "same day": by["same_day"].mean(), "weekend": by["weekend"].mean(),
        "days": by["day"].nunique(), "month sd": by["month"].std(), "first": by["of_year"].min(),
        "last": by["of_year"].max(), "whole": by["whole"].mean(),
    })  # fmt: skip
    if "partner" in rows:
        met = rows.groupby(["who", "partner"]).size()
        seen["partners"] = met.groupby("who").size()
        seen["repeats"] = 1.0 - seen["partners"] / seen["n"]
        seen["main"] = met.groupby("who").max() / seen["n"]
    if "category" in rows:
        code = rows["category"].map(kinds).fillna(-1).astype(int)
        shares = pd.crosstab(rows["who"], code, normalize="index")
        seen = seen.join(shares.reindex(columns=sorted(kinds.values()), fill_value=0.0).add_prefix("kind "))
    return seen.astype(float)


def plain_judges(real: Frame, own: Frame) -> dict[str, float]:
    """Return the event and entity AUC of boosted trees on the features above; folds never cut an entity."""
    kinds = {name: k for k, name in enumerate(sorted(set(real.get("category", pd.Series(dtype=str)))))}
    found = {}
    for name, describe in (("plain event", event_features), ("plain entity", entity_features)):
        sides, groups = [], []
        for k, rows in enumerate((real, own)):
            seen = describe(rows, kinds)
            who = (
                rows["who"].to_numpy()
                if len(seen) == len(rows) and name == "plain event"
                else np.arange(len(seen))
            )
            some = np.random.default_rng(k).permutation(len(seen))[:MOST_ROWS]
            sides.append(seen.to_numpy()[some])
            groups.append(2 * who[some] + k)
        label = np.repeat([0, 1], [len(side) for side in sides])
        trees = HistGradientBoostingClassifier(max_iter=150, random_state=0)
        chances = cross_val_predict(
            trees, np.concatenate(sides), label, groups=np.concatenate(groups), method="predict_proba",
            cv=StratifiedGroupKFold(5, shuffle=True, random_state=0),
        )[:, 1]  # fmt: skip
        found[name] = float(roc_auc_score(label, chances))
    return found


def membership(train: Frame, unseen: Frame, own: Frame) -> dict[str, float]:
    """Return the AUC of "its nearest synthetic entity is near" for training entities against unseen ones.

    The null is the upper 95 % bound of an AUC of chance with as many entities (Mann-Whitney).
    """
    kinds = {name: k for k, name in enumerate(sorted(set(train.get("category", pd.Series(dtype=str)))))}
    sides = [
        entity_features(rows, kinds).head(MOST_ENTITIES).fillna(-1.0).to_numpy()
        for rows in (train, unseen, own)
    ]
    cells = np.concatenate(sides)
    ranks = np.stack([rankdata(column) for column in cells.T], axis=1) / len(cells)
    members, others, made = np.split(ranks, np.cumsum([len(side) for side in sides])[:2])
    tree = NearestNeighbors(n_neighbors=1, metric="manhattan").fit(made)
    near = [-tree.kneighbors(side)[0][:, 0] for side in (members, others)]
    label = np.repeat([1, 0], [len(side) for side in near])
    m, n = len(members), len(others)
    return {
        "member": float(roc_auc_score(label, np.concatenate(near))),
        "member null": 0.5 + 1.645 * float(np.sqrt((m + n + 1) / (12.0 * m * n))),
    }


def shape(rows: Frame) -> dict[str, float]:
    """Return the figures of the shape table."""
    sizes = np.sort(rows.groupby("who").size().to_numpy())
    n = len(sizes)
    gaps = rows.dropna(subset=["gap"]).groupby("who")["gap"]
    enough = gaps.size() >= 5
    cv = (gaps.std() / gaps.mean())[enough]
    cents = np.round(np.abs(rows["amount"].to_numpy()), 2)
    digit = pd.Series(cents[cents > 0]).map(lambda cell: int(f"{cell:e}"[0]))
    benford = digit.value_counts(normalize=True).reindex(range(1, 10), fill_value=0.0).to_numpy()
    weekday = rows["time"].dt.dayofweek.value_counts(normalize=True).reindex(range(7), fill_value=0.0)
    same = ["who", "day", "amount"] + (["partner"] if "partner" in rows else [])
    found = {
        "events": len(rows) / n, "Gini": float((2 * np.arange(1, n + 1) - n - 1) @ sizes / (n * sizes.sum())),
        "CV of gaps": float(cv.median()), "same day": float((rows["gap"].dropna() < 1).mean()),
        "duplicates": float(rows.duplicated(same).mean()),
        "Benford off": float(np.abs(benford - BENFORD).mean()),
        "whole": float((cents % 1 == 0).mean()), "tens": float((cents % 10 == 0).mean()),
        "weekend": float(weekday.iloc[5:].sum()), "quietest day": float(weekday.min()),
        "repeated amounts": float(rows.duplicated(["who", "amount"]).mean()),
    }  # fmt: skip
    if "partner" in rows:
        found["repeats"] = float(rows.duplicated(["who", "partner"]).mean())
        met = rows["partner"].value_counts(normalize=True)
        found["top 10 payees"] = float(met.iloc[:10].sum())
    return found
