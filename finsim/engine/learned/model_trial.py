"""A saved model is tried at its smallest before it is used: one that was edited is refused, not met later."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.engine.learned.event_model import LearnedEvents
from finsim.engine.learned.table_model import LearnedTable
from finsim.engine.market_model.fit_and_sample import Body, sample
from finsim.errors import FinsimError, FitError, Problem
from finsim.generators.saved_models import CARD
from finsim.randomness import Streams

_MISFITS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, OSError, RuntimeError,
    TypeError, ValueError, pa.ArrowException, FinsimError,
)  # fmt: skip
_EXPECTED, _REMEDY = "a model as `finsim fit -o` wrote it", "copy it again, or fit it again"
_PATHS, _STEPS, _ENTITIES, _DAYS, _ROWS = 1, 3, 2, 1, 2


def opened(folder: Path, load: Callable[[Path], Any]) -> Any:
    """Return the model of a folder after a trial: a few steps, rows or entities are sampled from it.

    Its card holds facts of many kinds (settings, encodings, columns, words), read by as many parts: what does
    not fit together is told here, whatever part meets it. Raises FitError.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = load(folder)
            _try(model)
    except FitError as bad:
        raise FitError.of(_placed(problem, folder) for problem in bad.problems) from None
    except _MISFITS as bad:
        said = " ".join(str(bad).split())[:160]
        raise FitError(
            f"the model does not fit together: {type(bad).__name__} {said}".rstrip(),
            place=str(folder / CARD),
            expected=_EXPECTED,
            remedy=_REMEDY,
        ) from None
    return model


def _placed(problem: Problem, folder: Path) -> Problem:
    """Return a problem with the model in its place: a generator knows only itself."""
    if str(folder) in problem.place:
        return problem
    found = f"the model does not fit together: {': '.join(filter(None, (problem.place, problem.found)))}"
    return replace(problem, place=str(folder / CARD), found=found, remedy=problem.remedy or _REMEDY)


def _try(model: Body | LearnedEvents | LearnedTable) -> None:
    streams = Streams(0).under("trial")
    if isinstance(model, Body):
        sample(model, _PATHS, _STEPS, seed=0, progress=_silent).to_table()
    elif isinstance(model, LearnedEvents):
        list(model.batches(_ENTITIES, streams, _DAYS, _quiet))
    else:
        list(model.batches(_ROWS, streams, None, _quiet))
    repr(model)


def _silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def _quiet(done: float, text: str) -> None:
    """Show no progress."""
