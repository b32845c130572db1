"""``finsim report``: write the page of a finished run again."""

from __future__ import annotations

import typer

from finsim.cli.options import AsJson, RunFolder
from finsim.cli.output import show


def report(
    run: RunFolder,
    as_json: AsJson = False,
    show_page: bool = typer.Option(False, "--open", help="Open the page in the browser."),
) -> None:
    """Write report.html from the tables, scores and manifest of a run.

    Example: finsim report runs/demo --open
    """
    from finsim.engine.finished_run import open_run
    from finsim.provenance.audit_log import AuditLog
    from finsim.provenance.verify import REWRITTEN
    from finsim.records.storage import digest_file
    from finsim.report.page import write_report

    opened = open_run(run)
    page = write_report(opened.path)
    AuditLog(opened.path / "audit.log").append(REWRITTEN, page.name, {"sha256": digest_file(page)})
    if show_page:
        opened.report()
    show({"report": str(page)}, f"report: {page}", as_json)
