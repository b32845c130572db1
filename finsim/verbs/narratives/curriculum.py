"""``curriculum``: a study that makes more of what a detector misses in a run."""

from __future__ import annotations

from pathlib import Path

from finsim.call_errors import public
from finsim.engine.finished_run import Run
from finsim.engine.narratives.detector_misses import Curriculum, curriculum_of
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.handover.fetched import here

__all__ = ["curriculum"]


@public
def curriculum(
    run: str | Path | Run, *, detector: str | Path, output: str | Path, budget: float = 0.005
) -> Curriculum:
    """Write a study that makes more of what a detector misses in a run.

    Args:
        run: a Run or its folder, with payments.
        detector: Parquet file with the columns ``tx_id`` and ``score`` (the higher the more suspicious), one
            row for each payment of the run's first scenario.
        output: study file to write.
        budget: share of all payments that is alerted.

    Returns:
        Curriculum: recall by narrative and phase, and how many times as often each story is made.

    Raises:
        StudyError: for wrong arguments, a run without illicit payments, an output that exists. DataError: for
            scores that are not of this run.

    Example:
        >>> import finsim
        >>> part = {"accounts": 300, "days": 20, "narratives": [{"name": "account_takeover", "count": 5}]}
        >>> run = finsim.run(finsim.study(transactions=part), output="r", progress=False)
        >>> rows = run.transactions.to_pandas()
        >>> rows.assign(score=rows["amount"])[["tx_id", "score"]].to_parquet("scores.parquet")
        >>> finsim.curriculum(run, detector="scores.parquet", output="next.yaml").weights
        {'account_takeover': 1.0}

    """
    wrong = Arguments("curriculum").kinds(
        "run", run, (str, Path, Run), "a Run or its folder", "write 'runs/a'"
    )
    wrong.kinds("detector", detector, (str, Path), "a Parquet file of scores", "write 'scores.parquet'")
    wrong.kinds("output", output, (str, Path), "a study file to write", "write 'next.yaml'")
    wrong.numbers({"budget": budget}).settle()
    opened = run if isinstance(run, Run) else Run(Path(here(run, "curriculum: run")))
    return curriculum_of(opened, Path(detector), budget, Path(output))
