"""The five training records nearest to a traced bar, loan or payment: read again from the run's inputs.

Nearest, not causal: a generator learned from all its records. The inputs are read only when they are still
the files that the manifest names; else one sentence says why nothing is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from finsim.credit.book import money_of
from finsim.credit.settings import Settings
from finsim.engine.stages.market_stage import training_rows
from finsim.engine.study.credit_part import CreditPart
from finsim.engine.study.loan_tape import tape_of
from finsim.engine.study.market_history import read_history
from finsim.engine.study.market_part import MarketPart
from finsim.engine.study.named_inputs import data_file
from finsim.errors import FinsimError
from finsim.notation import Bool1D, Float1D, Float2D, Int2D, minor_digits
from finsim.provenance.nearest_records import (
    Nearest,
    gower_distance,
    held_out,
    left_out,
    nearest,
    ranked,
    standard,
    window_distance,
)
from finsim.provenance.parquet_rows import rows_at, rows_where
from finsim.provenance.trace_story import Story
from finsim.records.paths import DIFFERENCE, PRICE, RETURN
from finsim.records.run_layout import table_file
from finsim.records.storage import digest_file

WINDOW = 20
WORLD_OF = {"bars": "market", "loans": "credit", "transactions": "transactions"}
LABEL = "nearest, not causal"
NONE = "no nearest records"
MONEY = ("amount", "income", "collateral_value")
LEAST_HELD_OUT = 99


def with_nearest(run: Path, story: Story, manifest: Mapping[str, Any]) -> Story:
    """Return a story with the nearest training records of its row, where it is learned."""
    name = story.table.partition("/")[0]
    part = manifest["study"].get("resolved", {}).get(WORLD_OF.get(name, ""))
    if not part or not str(story.training.get("lineage", "")).startswith("learned"):
        return story
    try:
        found = _refused(story) or {"bars": _bar, "loans": _loan, "transactions": _payment}[name](
            run, story, part
        )
    except FinsimError as error:
        found = {"note": f"{NONE}: {error.problems[0].found}"}
    return replace(story, training={**story.training, **found})


def _refused(story: Story) -> dict[str, str]:
    """Say why the training data cannot be read again; empty when they can."""
    for item in story.training["learned_from"]:
        file = data_file(item["file"])
        if not file.is_file():
            return {"note": f"{NONE}: {item['file']} is not there any more"}
        if digest_file(file) != item["sha256"]:
            return {"note": f"{NONE}: {item['file']} has changed since the run"}
    return {}


def _bar(run: Path, story: Story, part: Mapping[str, Any]) -> dict[str, Any]:
    study, asset = MarketPart.model_validate(part), str(story.values["asset"])
    history = read_history(study)
    moves = history.returns()[0]
    train = training_rows(len(moves), study.holdout)
    if asset not in history.assets:
        return {"note": f"{NONE}: the history has no asset {asset}"}
    kind = history.kinds[history.assets.index(asset)] if history.kinds else PRICE
    dates, own = _window(run, story, kind)
    if not 2 <= len(own) < train:
        return {"note": f"{NONE}: a window of {len(own)} returns is too short or too long"}
    if np.ptp(own) == 0:
        return {"note": f"{NONE}: the price does not move in this window"}
    known, places = _windows(moves[:train], len(own))
    later, _ = _windows(moves[train:], len(own))
    if len(later) >= LEAST_HELD_OUT:
        real, whence = held_out(known, later, window_distance), "real windows, held out"
    else:
        real = left_out(known, window_distance, lambda row: _overlap(places, row, len(own)))
        whence = "real windows, left out one at a time"
    found = nearest(known, standard(own[None])[0], window_distance, real)
    days = [_day(date) for date in history.dates]
    lines = []
    for rank, row in enumerate(found.rows):
        first, which = places[row]
        span = {"from": days[first], "to": days[first + len(own)]}
        lines.append({"asset": history.assets[which], **span, **_figures(found, rank)})
    return {
        "nearest": lines,
        "nearest_means": LABEL,
        "of": f"{len(own)} returns of {asset}, path {story.values['path']}, {dates[0]} to {dates[-1]}",
        "distance": "root mean square difference of returns, each window without its mean and scale",
        "p": f"share of {found.references:,} {whence}, that lie as near to the training windows",
    }


def _window(run: Path, story: Story, kind: str) -> tuple[list[str], Float1D]:
    """Return the dates and returns of the window that ends at the row, or of the path's first one."""
    table, scenario = story.table.split("/", 1)
    file = table_file(run, table, scenario)
    key = {"path": story.values["path"], "asset": story.values["asset"]}
    rows = rows_where(file, key)
    end = max(int(np.searchsorted(rows, story.row)) + 1, WINDOW + 1)
    chosen = rows_at(file, rows[max(0, end - WINDOW - 1) : end])
    closes = np.array([row["close"] for row in chosen], dtype=np.float64)
    return [str(row["date"]) for row in chosen], _moves(closes, kind)


def _moves(closes: Float1D, kind: str) -> Float1D:
    if kind == RETURN:
        return np.asarray(np.log1p(closes[1:]))
    return np.asarray(np.diff(closes if kind == DIFFERENCE else np.log(closes)))


def _windows(moves: Float2D, length: int) -> tuple[Float2D, Int2D]:
    """Return all windows of moves [T, A] in standard form [N, W]; first row and asset of each [N, 2]."""
    count = len(moves) - length + 1
    if count < 1:
        return np.zeros((0, length)), np.zeros((0, 2), dtype=np.int64)
    values = np.lib.stride_tricks.sliding_window_view(moves, length, axis=0)
    first, asset = np.divmod(np.arange(count * moves.shape[1]), moves.shape[1])
    whole = np.isfinite(values).all(axis=2).ravel()
    return standard(values.reshape(-1, length)[whole]), np.stack([first, asset], axis=1)[whole]


def _overlap(places: Int2D, row: int, length: int) -> Bool1D:
    near = np.abs(places[:, 0] - places[row, 0]) < length
    return np.asarray(near & (places[:, 1] == places[row, 1]))


def _day(date: np.datetime64) -> str:
    """Return a date, with its time of day where it has one."""
    text = str(np.datetime_as_string(date, unit="s"))
    return text.removesuffix("T00:00:00")


def _loan(run: Path, story: Story, part: Mapping[str, Any]) -> dict[str, Any]:
    study = CreditPart.model_validate(part)
    tape = tape_of(study)
    frame = tape.frame
    if "bad" in frame:
        frame = frame[frame["bad"].notna()]
    fields = [name for name in story.training.get("learned_fields", ()) if name in frame]
    if not fields:
        return {"note": f"{NONE}: no column of the loan was learned from the table"}
    frame = _in_minor_units(frame, Settings(**study.settings()))
    columns = [_column(frame[name], story.values[name]) for name in fields]
    training = np.stack([column[0] for column in columns], axis=1)
    own = np.array([column[1] for column in columns])
    distance = gower_distance(np.array([column[2] for column in columns]))
    real = left_out(training, distance, lambda row: np.arange(len(training)) == row)
    found = nearest(training, own, distance, real)
    lines = [{"row": int(frame.index[row]), **_figures(found, rank)} for rank, row in enumerate(found.rows)]
    left = [note for note in tape.notes if "left out" in note]
    return {
        "nearest": lines,
        "nearest_means": LABEL,
        "of": "row numbers count from 0" + (f" without the rows left out ({left[0]})" if left else ""),
        "distance": f"mean difference over {len(fields)} learned columns: 0 all agree, 1 none does",
        "p": f"share of {found.references:,} real rows, left out one at a time, that lie as near to others",
    }


def _payment(run: Path, story: Story, part: Mapping[str, Any]) -> dict[str, Any]:
    from finsim.engine.nearest_payment import nearest_payment

    found = nearest_payment(run, story, part)
    return {**found, "nearest_means": LABEL} if "nearest" in found else found


def _in_minor_units(frame: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Return the tape with money as in a book: its currency, minor units, amounts of whole units."""
    currency, scale = money_of(frame, settings)
    minor = 10 ** minor_digits(currency)
    money = {name: frame[name] * scale for name in MONEY if name in frame}
    if "amount" in money:
        money["amount"] = money["amount"].round()
    return frame.assign(**{name: (values * minor).round() for name, values in money.items()})


def _column(known: pd.Series, value: Any) -> tuple[Float1D, float, bool]:
    """Return a column of the tape and the loan's value in numbers that compare, and whether it has ranks."""
    if known.dtype.kind == "M":
        known = (known - pd.Timestamp(0)) / pd.Timedelta(days=1)
        value = None if value is None else (pd.Timestamp(value) - pd.Timestamp(0)) / pd.Timedelta(days=1)
    if known.dtype.kind in "if":
        numbers, one = known.to_numpy(dtype=np.float64), np.nan if value is None else float(value)
        return ranked(numbers, numbers), float(ranked(numbers, np.array([one]))[0]), True
    words = known.where(known.notna(), "missing").astype(str)
    codes, levels = pd.factorize(words)
    same = np.flatnonzero(np.asarray(levels) == str("missing" if value is None else value))
    return codes.astype(np.float64), float(same[0]) if len(same) else -1.0, False


def _figures(found: Nearest, rank: int) -> dict[str, float]:
    return {"distance": round(float(found.distances[rank]), 6), "p": round(float(found.p[rank]), 6)}
