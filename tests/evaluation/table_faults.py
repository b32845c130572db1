"""Two real tables, halves of them, and eleven faults that are planted into one half.

``german`` is the Statlog German credit table (1,000 x 21, halves of 500), ``taiwan`` the Taiwan card defaults
(30,000 x 23 without the id, two halves of 4,928 rows drawn without replacement). A fault takes the real half,
the other half in the role of the synthetic side, the label and a generator, and returns the synthetic side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.evaluation import METRICS
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.evaluate_table import evaluate_table
from finsim.evaluation.tables.table_case import table_case
from finsim.randomness import Streams

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
Frame = pd.DataFrame
Fault = Callable[[Frame, Frame, str, np.random.Generator], Frame]


@dataclass(frozen=True)
class RealTable:
    """A real table by its file: rows of a half, the label, a number with a tail, a number tied to others."""

    file: Path
    half: int
    label: str
    tail: str
    tied: str
    dropped: tuple[str, ...] = ()


TABLES = {
    "german": RealTable(
        ROOT / "data" / "german_credit.csv.gz", 500, "creditability", "credit_amount", "duration_in_month"
    ),
    "taiwan": RealTable(
        SHARED / "credit" / "taiwan_card_default.csv.gz", 4_928, "default.payment.next.month", "BILL_AMT1",
        "BILL_AMT2", ("ID",),
    ),
}  # fmt: skip


def halves(name: str, seed: int) -> tuple[Frame, Frame, Frame]:
    """Return two disjoint random parts of a real table, and a third as hold-out where rows are left."""
    table = TABLES[name]
    frame = pd.read_csv(table.file).drop(columns=list(table.dropped), errors="ignore")
    order = np.random.default_rng(seed).permutation(len(frame))
    cut = [order[k * table.half : (k + 1) * table.half] for k in range(3)]
    parts = [frame.iloc[rows].reset_index(drop=True) for rows in cut]
    return parts[0], parts[1], parts[2]


def _copies(share: float) -> Fault:
    def planted(real: Frame, own: Frame, label: str, rng: np.random.Generator) -> Frame:
        count = max(round(share * len(own)), 1)
        rows = rng.choice(len(real), count, replace=False)
        return pd.concat([real.iloc[rows], own.iloc[count:]], ignore_index=True)

    return planted


def near_copies(real: Frame, own: Frame, label: str, rng: np.random.Generator) -> Frame:
    """Replace a tenth of the rows by real ones with 2 % noise on every number of many values."""
    count = len(own) // 10
    made = real.iloc[rng.choice(len(real), count, replace=False)].copy()
    for name in made.select_dtypes("number"):
        if real[name].nunique() > 20:
            noisy = made[name].to_numpy() * (1.0 + 0.02 * rng.standard_normal(count))
            known = np.unique(real[name])  # values of the column, so that their roundness stays
            made[name] = known[np.abs(known[None] - noisy[:, None]).argmin(axis=1)]
    return pd.concat([made, own.iloc[count:]], ignore_index=True)


def independent_columns(real: Frame, own: Frame, label: str, rng: np.random.Generator) -> Frame:
    return own.apply(lambda column: column.to_numpy()[rng.permutation(len(column))])


def tail_cut(real: Frame, own: Frame, label: str, rng: np.random.Generator) -> Frame:
    name = next(table.tail for table in TABLES.values() if table.label == label)
    return own.assign(**{name: own[name].clip(upper=own[name].quantile(0.97))})


def subgroup_lost(real: Frame, own: Frame, label: str, rng: np.random.Generator) -> Frame:
    """Remove the level of any column whose share is nearest to 5 %; the table is shorter then."""
    shares = {
        (name, level): share
        for name in own.columns
        if name != label and own[name].nunique() <= 12
        for level, share in own[name].value_counts(normalize=True).items()
    }
    name, level = min(shares, key=lambda key: abs(shares[key] - 0.05))
    return own[own[name] != level].reset_index(drop=True)


def label_leaked(real: Frame, own: Frame, label: str, rng: np.random.Generator) -> Frame:
    """Let a category say the label in nine rows of ten."""
    name = next(name for name in own.columns if name != label and 3 <= own[name].nunique() <= 12)
    levels = own[name].value_counts().index[:2]
    is_bad = (own[label] == own[label].value_counts().index[-1]).to_numpy()
    said = np.where(is_bad, levels[1], levels[0])
    return own.assign(**{name: np.where(rng.random(len(own)) < 0.9, said, own[name])})


def label_shuffled(real: Frame, own: Frame, label: str, rng: np.random.Generator) -> Frame:
    return own.assign(**{label: rng.permutation(own[label].to_numpy())})


def dependence_flipped(real: Frame, own: Frame, label: str, rng: np.random.Generator) -> Frame:
    """Turn the order of one number around: its margin stays."""
    name = next(table.tied for table in TABLES.values() if table.label == label)
    ranks = own[name].rank(method="first").astype(int).to_numpy() - 1
    return own.assign(**{name: np.sort(own[name].to_numpy())[::-1][ranks]})


def rows_repeated(real: Frame, own: Frame, label: str, rng: np.random.Generator) -> Frame:
    """Replace 50 rows, or a tenth, by repeats of one other row each."""
    count = min(50, len(own) // 10)
    return pd.concat([own.iloc[: len(own) - count], own.iloc[:count]], ignore_index=True)


FAULTS: dict[str, Fault] = {
    "copies 0.1 %": _copies(0.001),
    "copies 2 %": _copies(0.02),
    "copies 100 %": _copies(1.0),
    "near copies": near_copies,
    "independent columns": independent_columns,
    "tail cut at 97 %": tail_cut,
    "subgroup lost": subgroup_lost,
    "leaked label": label_leaked,
    "shuffled label": label_shuffled,
    "flipped dependence": dependence_flipped,
    "rows repeated": rows_repeated,
}
BY_COPIES = ("copies 0.1 %", "copies 2 %", "copies 100 %", "near copies")
"""Faults that only a metric of the use ``share`` can see."""


def sees_copies() -> bool:
    """Whether a metric of the case ``table`` judges the use ``share``."""
    files = METRICS.files()
    return any(files[name].use == "share" for name in METRICS.of_case("table"))


def judged(
    real: Frame,
    own: Frame,
    spare: Frame | None,
    label: str,
    settings: Settings,
    seed: int = 1,
    metric: str = "",
) -> Scorecard:
    """Return the scorecard of every metric of the case ``table``, or of one."""
    sides = [
        None if one is None else pa.Table.from_pandas(one, preserve_index=False) for one in (real, own, spare)
    ]
    given = (sides[0], sides[1], sides[2], Roles(label=label), Streams(seed), settings)
    if metric:
        return Scorecard(tuple(METRICS.load(metric).compute(table_case(*given, "table"))))
    scores = evaluate_table(*given)
    return Scorecard(tuple(scores))


def caught(card: Scorecard) -> list[str]:
    """Return which scores failed."""
    return [f"{score.metric} of {score.subject}" for score in card.scores if score.verdict == "fail"]
