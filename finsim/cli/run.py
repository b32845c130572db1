"""``finsim run``: a whole study, from real data to an audited world."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, OutputFolder, Seed, Workers
from finsim.cli.output import progress, remark, show
from finsim.errors import StudyError


def run(
    study: Annotated[str | None, typer.Argument(help="Study file, or a shipped study's name.")] = None,
    output: OutputFolder = None,
    seed: Seed = None,
    workers: Workers = 1,
    scale: Annotated[
        float,
        typer.Option("--scale", help="Factor on paths, accounts, loans, draws; below 1 on training."),
    ] = 1.0,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Continue the stopped run in this folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a study: learn, simulate, stress, check, judge, report.

    Example: finsim run quickstart -o runs/demo --seed 7
    """
    from finsim.engine import run as engine
    from finsim.engine.study.market_history import remarks_of

    if (study is None) == (resume is None):
        raise StudyError(
            "give a study, or --resume DIR, and not both", place="finsim run", remedy="finsim run --help"
        )
    with progress() as step:
        if resume is not None:
            done = engine.resume(resume, workers=workers, progress=step)
        else:
            assert study is not None
            done = engine.run(study, seed=seed, scale=scale, output=output, workers=workers, progress=step)
    remark(remarks_of(done.manifest["models"]))
    facts = {"run": str(done.path), "manifest_sha256": done.digest, "verdicts": done.verdicts}
    lines = [f"{use}: {verdict}" for use, verdict in done.verdicts.items()]
    page = done.path / "report.html"
    show(facts, "\n".join([*lines, f"report: {page}", f"data:   {done.path}"]), as_json)
