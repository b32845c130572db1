"""The pieces of a run's evidence, each a task of its own: what it needs, and where its scores lie.

Pieces of one world are put together in their order, so that a scorecard does not depend on who computed what.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from finsim.engine.finished_tasks import WORK
from finsim.engine.stages.payment_world import is_learned
from finsim.engine.study.study_resolution import Plan
from finsim.evaluation import METRICS
from finsim.evaluation.metric import Score
from finsim.evaluation.scorecard import Scorecard
from finsim.records.storage import write_json

LIKENESS, BARS, MODEL = "market/likeness", "market/bars", "market/model"
WORLD, COPIES, UNSEEN, APART = (
    f"transactions/{name}" for name in ("world", "copies", "unseen", "told_apart")
)
TOLD_APART = ("event_two_sample", "entity_two_sample")
"""Metrics of learned payments against entities that the body never saw; each is a task."""
BOOK, LOANS = "credit/book", "credit/scenarios"

LONG = ("discriminative", "predictive", "correlation", "turned_copies")
"""Metrics of prices with which a piece begins where there is much to judge: each takes seconds."""
MUCH = 100_000
"""Rows of one asset from which the metrics of prices are worth several tasks: each reads the bars again."""


@dataclass(frozen=True)
class Piece:
    """A piece of the evidence: its name, and the keys of the tasks that it needs."""

    name: str
    needs: tuple[str, ...]


def pieces(plan: Plan, *, of_scenarios: bool = False) -> list[Piece]:
    """Return the pieces of a study's evidence in the order of the scorecard.

    ``of_scenarios``: only what is computed for a scenario beside the one that is judged in full.
    """
    first = first_label(plan)
    others = [label for label in plan.drivers if of_scenarios or label != first]
    found: list[Piece] = []
    study = plan.study
    if study.market:
        if not of_scenarios:
            count = len(likeness_groups(plan))
            found += [Piece(f"{LIKENESS}-{k}", (f"bars/{first}",)) for k in range(1, count + 1)]
        found += [Piece(f"{BARS}/{label}", ("fit", f"bars/{label}")) for label in others]
        found += [] if of_scenarios else [Piece(MODEL, ("fit",))]
    if study.transactions and not of_scenarios:
        learn = ("learn",) if is_learned(plan) else ()
        found.append(Piece(WORLD, (*learn, *_lives(plan), f"transactions/{first}")))
        if learn:
            copies = f"evidence/{COPIES}"
            found += [Piece(COPIES, learn), Piece(UNSEEN, (*learn, "twin", copies))]
            found += [Piece(f"{APART}-{name}", (*learn, "twin")) for name in TOLD_APART]
    if study.credit:
        books = tuple(f"credit/{label}" for label in plan.drivers)
        found += [] if of_scenarios else [Piece(BOOK, (f"credit/{first}",))]
        if others:
            found.append(Piece(LOANS, (*(() if of_scenarios else (f"evidence/{BOOK}",)), *books)))
    return found


def first_label(plan: Plan) -> str:
    """Return the scenario that is judged: the first unstressed one, else the first."""
    quiet = [name for name, drivers in plan.drivers.items() if not (drivers.market or drivers.anchors)]
    return "base" if "base" in plan.drivers else (quiet or list(plan.drivers))[0]


def _lives(plan: Plan) -> tuple[str, ...]:
    """Return the tasks whose files tell the learned population of a run."""
    from finsim.engine.stages.payment_world import order_shards

    return tuple(f"life/{shard:05d}" for shard in range(order_shards(plan))) if is_learned(plan) else ()


def likeness_groups(plan: Plan) -> list[list[str]]:
    """Return the metrics of prices by piece, in the order of the catalogue."""
    part, names = plan.study.market, list(METRICS.of_case("paths"))
    if part is None or part.paths * part.sessions < MUCH:
        return [names]
    groups: list[list[str]] = [[]]
    for name in names:
        if name in LONG and groups[-1]:
            groups.append([])
        groups[-1].append(name)
    return groups


def scores_file(run: Path, name: str) -> Path:
    """Return the file of a piece's scores."""
    return run / WORK / "scores" / f"{name.replace('/', '--')}.json"


def write_scores(run: Path, name: str, scores: Sequence[Score]) -> Path:
    """Write the scores of a piece as they were computed, atomically; they are judged together at the end."""
    file = scores_file(run, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, {"scores": [score.to_dict() for score in scores]})
    return file


def read_scores(run: Path, name: str) -> list[Score]:
    """Return the scores of a piece."""
    data = json.loads(scores_file(run, name).read_text(encoding="utf-8"))
    return [Score.from_dict(one) for one in data["scores"]]


def put_together(run: Path, names: Sequence[str], before: Sequence[Score] = ()) -> tuple[Score, ...]:
    """Return the scores of all pieces, each world judged together; ``before`` are scores of another run."""
    found: list[Score] = list(before)
    for world in dict.fromkeys(name.partition("/")[0] for name in names):
        mine = [name for name in names if name.partition("/")[0] == world]
        found += Scorecard(tuple(_of_world(run, mine))).scores
    return tuple(found)


def _of_world(run: Path, names: Sequence[str]) -> Iterator[Score]:
    """Yield the scores of a world; what unseen entities settled stands in place of what was open."""
    settled = {score.metric for score in read_scores(run, UNSEEN)} if UNSEEN in names else set()
    for name in names:
        for score in read_scores(run, name):
            if name != COPIES or score.metric not in settled:
                yield score
