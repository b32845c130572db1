"""``trace``: the story of one row."""

from __future__ import annotations

from pathlib import Path

from finsim.call_errors import public
from finsim.engine.finished_run import Run
from finsim.engine.nearest_training import with_nearest
from finsim.provenance.manifest import read_manifest
from finsim.provenance.trace import trace as story_of
from finsim.provenance.trace_story import Story
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.handover.fetched import here

__all__ = ["trace"]


@public
def trace(run: str | Path | Run, table: str, row: int, *, scenario: str | None = None) -> Story:
    """Tell where one row of a run comes from: layer, seed, scenario, model, story, rules, hashes.

    A learned bar, loan or payment is told with the five training records nearest to it ("nearest, not
    causal"), read again from the run's inputs while they are still there and unchanged.

    Args:
        run: a Run or its folder.
        table: table, such as ``transactions`` or ``bars``.
        row: number of the row, from 0.
        scenario: scenario of the table; the run's first when left out.

    Returns:
        The Story; ``to_text`` tells it.

    Raises:
        ProvenanceError: for an unknown table, a row that is not there, or tables that were changed.

    Example:
        >>> import finsim
        >>> run = finsim.open_run("runs/mine")
        >>> "seed" in finsim.trace(run, "loans", 0).to_text()
        True

    """
    wrong = Arguments("trace").kinds("run", run, (str, Path, Run), "a Run or its folder", "write 'runs/mine'")
    wrong.kinds("table", table, (str,), "a table by name", "write 'transactions'")
    wrong.numbers({"row": row}).settle()
    folder = run.path if isinstance(run, Run) else Path(here(run, "trace: run"))
    story = story_of(folder, table, row, scenario)
    return with_nearest(folder, story, read_manifest(folder).to_dict())
