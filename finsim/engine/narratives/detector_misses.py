"""``Curriculum``: what a detector misses in a run, and a study that makes more of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from finsim.agents.narratives.narrative import Narrative, load_narratives
from finsim.engine.answers.text_table import aligned
from finsim.engine.finished_run import Run
from finsim.engine.study.study_file import Study, load_study, recorded_study
from finsim.errors import DataError, StudyError
from finsim.records.storage import write_text

LEAST, MOST = 0.25, 4.0
"""A story is made at least a quarter and at most four times as often as before."""
COLUMNS = ("tx_id", "score")


@dataclass(frozen=True)
class Curriculum:
    """Recall of each phase of each illicit story at an alert budget, and the weight of each story."""

    budget: float
    recalls: pd.DataFrame
    weights: dict[str, float]
    study: dict[str, Any]
    output: Path

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "budget": self.budget,
            "phases": self.recalls.to_dict("records"),
            "weights": self.weights,
            "output": str(self.output),
        }

    def to_text(self) -> str:
        """Return recall by phase and weights, as the command line prints them."""
        rows = [("narrative", "phase", "rows", "recall", "made")]
        for one in self.recalls.itertuples(index=False):
            times = f"{self.weights[str(one.narrative)]:.2f} times" if one.phase == "all" else ""
            rows.append((str(one.narrative), str(one.phase), f"{one.rows:,}", f"{one.recall:.3f}", times))
        return "\n".join(
            [f"recall of illicit rows at {self.budget:.2%} alerts", *aligned(rows, numbers_from=2)]
        )

    def __repr__(self) -> str:
        """Return the lines."""
        return self.to_text()


def curriculum_of(run: Run, detector: Path, budget: float, output: Path) -> Curriculum:
    """Return what a detector misses, and write the study that makes more of it.

    Raises StudyError for a run without illicit payments and an output that exists, DataError for scores that
    are not of this run.
    """
    if output.exists():
        raise StudyError("the output exists", place=str(output), remedy="choose another file with -o")
    study = recorded_study(run.manifest["study"]["resolved"], str(run.path))
    if study.transactions is None:
        raise StudyError("a run without payments", place=str(run.path), expected="a study with transactions")
    rows = run.transactions.rows
    score = _scores(detector, rows["tx_id"])
    found = recalls(rows, score, budget)
    if found.empty:
        raise StudyError(
            "a run without a fraudulent or laundering row", place=str(run.path),
            expected="a study with narratives", remedy="add narratives, or raise their rates",
        )  # fmt: skip
    weights = weights_of(found)
    made = harder_study(study, weights)
    write_text(output, yaml.safe_dump(made, sort_keys=False, allow_unicode=True))
    load_study(output)  # what is written can be read again
    return Curriculum(budget, found, weights, made, output)


def _scores(path: Path, ids: pa.ChunkedArray) -> np.ndarray:
    """Return one score per row of the run. Raises DataError for scores that are not of this run."""
    if not path.is_file():
        raise StudyError("no such file", place=str(path), remedy="write the path of a Parquet file of scores")
    try:
        table = pq.read_table(path.absolute())
    except pa.ArrowInvalid as damaged:
        raise DataError(
            f"no Parquet file ({str(damaged).partition('.')[0]})", place=str(path),
            expected="a Parquet file with tx_id and score", remedy="write it with to_parquet",
        ) from None  # fmt: skip
    remedy = "score every row of the run's transactions once"
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise DataError(
            f"no column {' and no column '.join(missing)}", place=str(path),
            expected="the columns tx_id and score", remedy=remedy,
        )  # fmt: skip
    frame = table.select(list(COLUMNS)).to_pandas()
    number = pd.to_numeric(frame["score"], errors="coerce").to_numpy(dtype=np.float64)
    known = pd.Series(number, index=frame["tx_id"].to_numpy())
    wanted = ids.to_numpy()
    if known.index.has_duplicates or len(known) != len(wanted) or not known.index.isin(wanted).all():
        raise DataError(
            f"{len(known):,} scores of {known.index.nunique():,} rows", place=f"{path}: tx_id",
            expected=f"each of the {len(wanted):,} rows of the first scenario once", remedy=remedy,
        )  # fmt: skip
    if not np.isfinite(number).all():
        raise DataError(
            f"{int((~np.isfinite(number)).sum()):,} scores that are no finite number", place=f"{path}: score",
            expected="numbers, the higher the more suspicious", remedy=remedy,
        )  # fmt: skip
    return np.asarray(known.reindex(wanted).to_numpy())


def recalls(rows: pa.Table, score: np.ndarray, budget: float) -> pd.DataFrame:
    """Return rows and recall of each illicit phase and (phase `all`) story: narrative, phase, rows, recall.

    The ``budget`` share of all rows with the highest scores is alerted; rows of one score share what is left.
    """
    order = np.sort(score)[::-1]
    left = budget * len(score)
    cut = order[min(len(order) - 1, max(0, int(np.ceil(left)) - 1))]
    above, level = score > cut, score == cut
    share = (left - above.sum()) / max(1, level.sum())
    hit = above + level * share
    illicit = np.asarray(rows["is_fraud"]) | np.asarray(rows["is_laundering"])
    frame = rows.select(["narrative", "phase"]).to_pandas().astype(str).assign(hit=hit)[illicit]
    whole = frame.assign(phase="all")
    both = pd.concat([whole, frame]).groupby(["narrative", "phase"], sort=False)["hit"]
    found: pd.DataFrame = both.agg(rows="size", recall="mean").reset_index()
    ordered: pd.DataFrame = found.sort_values("narrative", kind="stable").reset_index(drop=True)
    return ordered


def weights_of(found: pd.DataFrame) -> dict[str, float]:
    """Return how many times as often each story is made: by the share of its rows that is missed.

    The weights leave the number of illicit rows about as it was, and lie between a quarter and four.
    """
    whole = found[found["phase"].eq("all")]
    missed = np.maximum(1.0 - whole["recall"].to_numpy(), 1e-9)
    usual = float(np.average(missed, weights=whole["rows"].to_numpy()))
    weight = np.clip(missed / usual, LEAST, MOST)
    return dict(zip(whole["narrative"], (round(float(one), 4) for one in weight), strict=True))


def harder_study(study: Study, weights: dict[str, float]) -> dict[str, Any]:
    """Return a study of the payments alone, with weighted stories and the next seed, as a file says it."""
    data = study.only("transactions").model_dump(mode="json", exclude_none=True)
    part = data["transactions"]
    stories = load_narratives([one["name"] for one in part["narratives"]])
    part["narratives"] = [
        _weighted(choice, story, weights.get(story.id, 1.0))
        for choice, story in zip(part["narratives"], stories, strict=True)
    ]
    data["id"] = f"{study.id}-curriculum"
    data["seed"] = study.seed + 1
    return {name: value for name, value in data.items() if value is not None}


def _weighted(choice: dict[str, Any], story: Narrative, weight: float) -> dict[str, Any]:
    if choice.get("count") is not None:
        return {**choice, "count": max(1, round(choice["count"] * weight))}
    rate = story.rate.value if choice.get("rate") is None else choice["rate"]
    return {**choice, "rate": round(rate * weight, 9)}
