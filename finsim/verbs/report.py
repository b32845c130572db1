"""``report``: write the page of a finished run again."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pyarrow as pa

from finsim.call_errors import public
from finsim.engine.finished_run import Run
from finsim.errors import ProvenanceError
from finsim.extras import needs
from finsim.provenance.manifest import read_manifest
from finsim.provenance.seal import note_page
from finsim.report.overview import is_folder_of_runs, write_overview
from finsim.report.page import write_report
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.handover.open_run import open_run

__all__ = ["report"]


@public
def report(run: str | Path | Run, *, open: bool = False) -> Path:
    """Write report.html of a run, or overview.html over a folder of runs; return its path.

    Args:
        run: a Run, its folder, or a folder whose sub-folders are runs: their fidelity, utility and attack
            bound are then drawn side by side.
        open: also open the page in the browser.

    Returns:
        The path of the page.

    Raises:
        StudyError: for a folder that is no finished run. ProvenanceError: for one that was damaged.

    Example:
        >>> import finsim
        >>> run = finsim.open_run("runs/mine")
        >>> finsim.report(run).name
        'report.html'

    """
    wrong = Arguments("report").kinds(
        "run", run, (str, Path, Run), "a Run or its folder", "write 'runs/mine'"
    )
    wrong.changing("run", run)
    wrong.kinds("open", open, (bool,), "True or False", "write open=True").settle()
    needs(("report",), "finsim report")
    if not isinstance(run, Run) and is_folder_of_runs(Path(run)):
        overview = write_overview(run)
        if open:
            webbrowser.open(overview.resolve().as_uri())
        return overview
    opened = run if isinstance(run, Run) else open_run(run)
    read_manifest(opened.path)  # a page is drawn of a run that its record describes
    try:
        page = write_report(opened.path)
    except pa.ArrowInvalid as damaged:
        raise ProvenanceError(
            f"a table cannot be read: {damaged!s:.200}",
            place=str(opened.path),
            remedy=f"finsim verify {opened.path}",
        ) from None
    note_page(opened.path, page)
    if open:
        opened.report()
    return page
