"""Attacks and copy checks on everything that a run learned from real rows: one line of "share" each.

Bars and loans of every scenario, and the model folder. Tables that a simulator made from no real row
(payments of agents, months, losses, drivers) tell of nobody and have no line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.engine.market_model.fit_and_sample import Body
from finsim.errors import DataError
from finsim.evaluation import METRICS
from finsim.evaluation.attacks.model_case import ModelCase
from finsim.evaluation.case import Pieces
from finsim.evaluation.learner import one_thread
from finsim.evaluation.loans import OUTCOME, loan_sides
from finsim.evaluation.metric import Score, on_table
from finsim.evaluation.metric_loop import Report, computed
from finsim.evaluation.paths import evaluate_paths, unscored
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.tables.evaluate_table import scored
from finsim.evaluation.tables.table_case import table_case
from finsim.evaluation.uses import SHARE
from finsim.generators.generator import HasLoss
from finsim.markets.features import encode
from finsim.markets.session_move import split_returns
from finsim.randomness import Streams
from finsim.records.paths import Paths

WINDOWS = 50_000
"""Windows of a further scenario that are looked at: it holds the same bodies under another stress."""


def bars_of_scenarios(
    train: Paths,
    holdout: Paths,
    stored: Mapping[str, Pieces],
    streams: Streams,
    settings: Settings,
    progress: Report,
) -> Iterator[Score]:
    """Yield the scores of the copy checks on the bars of each label: the first block of paths of each."""
    names = METRICS.of_use("paths", SHARE)
    chosen = replace(settings, max_windows=min(settings.max_windows, WINDOWS))
    for label, pieces in stored.items():
        first = next(iter(pieces))
        some = Pieces(first.count, lambda first=first: iter([first]))  # type: ignore[misc]
        try:
            found = evaluate_paths(
                train, holdout, first, streams.under(label), chosen, names, stored=some, progress=progress
            )
        except DataError as error:  # what cannot be judged has a line that says so
            found = unscored(error.problems[0].found, names)
        said = f"the first {first.count} of {pieces.count} paths of this scenario"
        noted = [replace(score, note=f"{score.note}; {said}".lstrip("; ")) for score in found]
        yield from on_table(noted, f"bars, {label}")


def model_folder(
    body: Body, real: Paths, rows: int, streams: Streams, settings: Settings, progress: Report
) -> list[Score]:
    """Return the scores of the attacks on a model that learned the first ``rows`` features of ``real``."""
    features, encoding = encode(real)
    history = split_returns(features, encoding)
    losses = None
    if isinstance(body.generator, HasLoss):
        parts = ((0, rows), (rows, len(history)))
        asked = [body.generator.step_losses(history, *part, streams.under("losses")) for part in parts]
        losses = asked[0], asked[1]
    state = body.generator.state()
    case = ModelCase(
        body.generator.name, state.arrays, history[:rows], history[rows:], losses, streams, settings
    )
    scores: list[Score] = []
    with one_thread(), np.errstate(divide="ignore", invalid="ignore"):
        for _, _, found in computed(METRICS.of_case("model"), case, "the model", progress):
            scores.extend(found)
    return on_table(scores, "model")


def loans_of_scenarios(
    applications: pd.DataFrame,
    first: pa.Table,
    others: Mapping[str, pa.Table],
    judged: list[Score],
    streams: Streams,
    settings: Settings,
    progress: Report,
) -> Iterator[Score]:
    """Yield the scores of "share" on the loans of each label; ``judged`` are those of the ``first`` book.

    A scenario moves the months, not the loans: the scores of a label with the very same loans are the same.
    """
    shared = [score for score in judged if score.use == SHARE]
    for label, loans in others.items():
        if loans.equals(first):
            found = [replace(score, note=f"{score.note}; the same loans".lstrip("; ")) for score in shared]
        else:
            found = loans_shared(applications, loans, streams.under(label), settings, progress)
        yield from on_table(found, f"loans, {label}")


def loans_shared(
    applications: pd.DataFrame, loans: pa.Table, streams: Streams, settings: Settings, progress: Report
) -> list[Score]:
    """Return the scores of "share" alone, of loans against the applications they were learned from."""
    real, own, held = loan_sides(applications, loans, None)
    roles = Roles(label=OUTCOME if OUTCOME in real.column_names else None)
    case = table_case(real, own, held, roles, streams, settings, "loans")
    return on_table(scored(case, progress, METRICS.of_use("table", SHARE)), "loans")
