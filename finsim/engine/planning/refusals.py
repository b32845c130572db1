"""Everything that a run refuses and that can be known without its work; shared by ``plan`` and ``run``."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from finsim.engine.finished_tasks import is_started
from finsim.engine.planning.loan_cost_sample import LoanWork
from finsim.engine.planning.trial_run import credit_trial, market_trial, transactions_trial
from finsim.engine.run_folder.owner_lock import refuse_owned
from finsim.engine.run_folder.unstarted import is_free
from finsim.engine.study.study_resolution import Plan, joined
from finsim.errors import FinsimError, Problem, StudyError


def refuse_before_work(plan: Plan) -> dict[str, LoanWork]:
    """Raise what the worlds of a study would refuse, each tried at its smallest size, all problems at once.

    Returns for each scenario the work on a loan, on average. Tape, history and
    population are read or built here and kept, so a run in this process does not do it again. Raises the
    FinsimError of what is wrong, at the line of the study that caused it; nothing is written.
    """
    errors: list[FinsimError] = []
    with plan.study.places.noting(errors, ("evaluation",)):
        from finsim.engine.stages.evidence_stage import settings

        settings(plan)
    market_trial(plan, errors)
    transactions_trial(plan, errors)
    works = credit_trial(plan, errors)
    if errors:
        raise joined(errors)
    return works


def refuse_output(folder: Path, workers: int = 1) -> None:
    """Raise StudyError for a folder that is in use or cannot be made, and for a wrong number of workers."""
    refuse_owned(folder)
    problems: list[Problem] = []
    if not is_free(folder):
        problems.append(not_empty(folder))
    else:
        above = next(one for one in (folder, *folder.absolute().parents) if one.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            found = "the output folder cannot be made: " + (
                "no folder" if above.is_file() else "no permission"
            )
            problems.append(Problem(str(above), found, "a folder to write into", "choose another with -o"))
    if workers < 1:
        problems.append(Problem("--workers", f"{workers} workers", "at least 1"))
    if problems:
        raise StudyError.of(problems)


def not_empty(folder: Path) -> Problem:
    """Return the problem of a folder that holds something, and what to do with what it holds."""
    if is_started(folder):
        remedy = (
            f"choose another with -o, or continue it with `finsim run --resume {shlex.quote(str(folder))}`"
        )
    else:
        remedy = "choose another with -o"
    return Problem(str(folder), "the output folder is not empty", "a folder that is new or empty", remedy)
