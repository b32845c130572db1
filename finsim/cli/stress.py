"""``finsim stress``: one scenario, at any severity, on a study or on a finished run."""

from __future__ import annotations

from typing import Annotated

import typer

from finsim.cli.options import AsJson, NoFail, OutputFolder, Quiet, Scale, SeedOfStudy, Workers
from finsim.cli.output import gate, remark, show
from finsim.cli.parsing.completion import names, offered, runs, yaml_files
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import SCREEN, SIZE


def stress(
    subject: Annotated[
        str,
        typer.Argument(
            help="Study (name or file), or the folder of a run.",
            autocompletion=offered(names("studies"), runs, yaml_files),
        ),
    ],
    scenario: Annotated[
        str,
        typer.Option(
            "--scenario",
            metavar="SCENARIO",
            help="Scenario file, or a shipped name.",
            autocompletion=offered(names("scenarios"), yaml_files),
            rich_help_panel=SIZE,
        ),
    ],
    output: OutputFolder = None,
    severity: Annotated[
        float | None,
        number("stress", "severity", "0 changes nothing, 1 or 100% (when left out) is as written", SIZE),
    ] = None,
    expect: Annotated[
        bool,
        typer.Option(
            "--expect",
            help="Exit 1 if an expectation of the scenario is unmet or not judged, or if there is none.",
            rich_help_panel=SCREEN,
        ),
    ] = False,
    allow_unjudged: Annotated[
        bool,
        typer.Option(
            "--allow-unjudged",
            help="With --expect: pass over expectations that this run has no data for.",
            rich_help_panel=SCREEN,
        ),
    ] = False,
    seed: SeedOfStudy = None,
    workers: Workers = 1,
    scale: Scale = 1.0,
    no_fail: NoFail = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Apply one scenario to markets, payments and credit together, and say what it costs.

    Example: finsim stress quickstart --scenario covid-2020 --severity 0.8 -o runs/covid
    """
    from finsim.engine.answers.run_answer import answer_dict, answer_lines, failed, head_line, problems_of
    from finsim.engine.answers.stress_answer import expectations_of, unmet_lines, unmoved_lines
    from finsim.verbs.stress import stress as verb

    done = verb(
        subject, scenario, output=output, severity=severity, seed=seed, workers=workers, scale=scale,
        progress=not quiet,
    )  # fmt: skip
    remark(head_line(done))
    told = expectations_of(done, done.scenarios[0])
    unmet = unmet_lines(told, allow_unjudged) if expect else []
    ok = not failed(done) and not unmet
    answer = answer_lines(done)
    unmoved = unmoved_lines(done)
    show(
        "stress",
        {**answer_dict(done), **told.to_dict(), "unmoved_narratives": unmoved},
        "\n".join([*answer[:-2], *told.lines(), *unmoved, *answer[-2:]]),
        as_json,
        outputs=[done.path],
        ok=ok,
        problems=[*problems_of(done), *unmet],
    )
    gate(ok, no_fail)
