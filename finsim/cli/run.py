"""``finsim run``: a whole study, from real data to an audited world."""

from __future__ import annotations

from typing import Annotated

import typer

from finsim.cli.options import AsJson, Cluster, NoFail, Quiet, RunPlace, Scale, SeedOfStudy, Workers
from finsim.cli.output import gate, remark, show
from finsim.cli.parsing.completion import names, offered, runs, yaml_files
from finsim.cli.parsing.panels import OUTPUT


def run(
    study: Annotated[
        str | None,
        typer.Argument(
            help="Study file, or a shipped study's name; left out with --resume.",
            autocompletion=offered(names("studies"), yaml_files),
        ),
    ] = None,
    output: RunPlace = None,
    seed: SeedOfStudy = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    keep_checkpoints: Annotated[
        bool,
        typer.Option(
            "--keep-checkpoints",
            help="Keep what only an unfinished run reads.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    scale: Scale = 1.0,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            help="Folder or URL of a stopped run to continue, instead of STUDY; none when left out.",
            autocompletion=offered(runs),
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    accept_versions: Annotated[
        bool,
        typer.Option(
            "--accept-versions",
            help="With --resume: go on under other versions of finsim or its libraries; the log says so.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    no_fail: NoFail = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run a study: learn, simulate, stress, check, judge, report; exit 1 when a verdict or rule fails.

    Example: finsim run quickstart -o runs/demo --seed 7
    """
    from finsim.engine.answers.run_answer import answer_dict, answer_lines, failed, head_line, problems_of
    from finsim.engine.answers.stress_answer import unread_lines
    from finsim.engine.study.market_history import remarks_of
    from finsim.verbs.run import run as verb

    done = verb(
        study, output=output, seed=seed, workers=workers, cluster=cluster,
        keep_checkpoints=keep_checkpoints, scale=scale, resume=resume,
        accept_versions=accept_versions, progress=not quiet,
    )  # fmt: skip
    if done.url.startswith("memory:"):
        remark([f"memory:// ends with this process; the run stays in {done.path}"])
    remark([*remarks_of(done.manifest["models"]), *unread_lines(done), *head_line(done)])
    ok = not failed(done)
    show(
        "run",
        answer_dict(done),
        "\n".join(answer_lines(done)),
        as_json,
        outputs=[done.place],
        ok=ok,
        problems=problems_of(done),
    )
    gate(ok, no_fail)
