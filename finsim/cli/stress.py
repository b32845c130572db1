"""``finsim stress``: one scenario, at any severity, or the question turned round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from finsim.cli.options import (
    AsJson,
    Cluster,
    NoFail,
    Quiet,
    RunPlace,
    Scale,
    SeedOfStudy,
    Workers,
    scenario_option,
)
from finsim.cli.output import gate, remark, show
from finsim.cli.parsing.completion import names, offered, runs, yaml_files
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import SCREEN, SIZE
from finsim.errors import StudyError

if TYPE_CHECKING:
    from finsim.engine.finished_run import Run
    from finsim.engine.reverse.breaches import Breaches

_EXAMPLE = 'write --reverse "credit.loss_rate >= 0.06"'


ScenarioName = Annotated[
    str | None,
    scenario_option("Scenario file, or a shipped name; must be given, or --reverse."),
]
Limit = Annotated[
    str | None,
    typer.Option(
        "--reverse",
        metavar='"METRIC >= VALUE"',
        help="Instead of a scenario: which would take a metric there? No question when left out.",
        rich_help_panel=SIZE,
    ),
]
Points = Annotated[
    int | None, number("stress", "points", "Distinct scenarios, with --reverse; 3 when left out", SIZE)
]
Expect = Annotated[
    bool,
    typer.Option(
        "--expect",
        help="Exit 1 if an expectation of the scenario is unmet or not judged, or if there is none.",
        rich_help_panel=SCREEN,
    ),
]
AllowUnjudged = Annotated[
    bool,
    typer.Option(
        "--allow-unjudged",
        help="With --expect: pass over expectations that this run has no data for.",
        rich_help_panel=SCREEN,
    ),
]


def stress(
    subject: Annotated[
        str,
        typer.Argument(
            help="Study (name or file), or the folder of a run, or its URL in a store.",
            autocompletion=offered(names("studies"), runs, yaml_files),
        ),
    ],
    scenario: ScenarioName = None,
    reverse: Limit = None,
    points: Points = None,
    output: RunPlace = None,
    severity: Annotated[
        float | None,
        number("stress", "severity", "0 changes nothing, 1 or 100% (when left out) is as written", SIZE),
    ] = None,
    expect: Expect = False,
    allow_unjudged: AllowUnjudged = False,
    seed: SeedOfStudy = None,
    workers: Workers = 1,
    cluster: Cluster = None,
    scale: Scale = 1.0,
    no_fail: NoFail = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Apply one scenario to markets, payments and credit together, and say what it costs.

    Example: finsim stress quickstart --scenario covid-2020 --severity 0.8 -o runs/covid

    Example: finsim stress quickstart --reverse "credit.loss_rate >= 0.06" -o runs/breaches
    """
    from finsim.verbs.stress import stress as verb

    if reverse is not None:
        _refuse_beside_reverse(scenario, severity, workers, cluster, expect or allow_unjudged)
        _show_breaches(
            verb(
                subject,
                reverse=reverse,
                points=points,
                output=output,
                seed=seed,
                scale=scale,
                progress=not quiet,
            ),
            as_json,
        )
        return
    if scenario is None:
        raise StudyError(
            "--scenario is missing",
            place="finsim stress: --scenario",
            expected="scenario file, or a shipped name",
            remedy="finsim stress quickstart --scenario covid-2020 --severity 0.8 -o runs/covid",
        )
    if points is not None:
        raise StudyError("--points without --reverse", place="finsim stress: --points", remedy=_EXAMPLE)
    _stress(
        verb(
            subject, scenario, output=output, severity=severity, seed=seed, workers=workers, cluster=cluster,
            scale=scale, progress=not quiet,
        ),
        expect, allow_unjudged, no_fail, as_json,
    )  # fmt: skip


def _refuse_beside_reverse(
    scenario: str | None, severity: float | None, workers: int, cluster: str | None, expecting: bool
) -> None:
    """Raise StudyError for options that mean nothing beside --reverse."""
    given = {
        "--scenario": scenario is not None,
        "--severity": severity is not None,
        "--workers": workers != 1,
        "--cluster": cluster is not None,
        "--expect": expecting,
    }
    for name in [name for name, is_given in given.items() if is_given]:
        raise StudyError(
            f"{name} beside --reverse", place=f"finsim stress: {name}", expected="one of them",
            remedy=f"leave {name} out",
        )  # fmt: skip


def _show_breaches(found: Breaches, as_json: bool) -> None:
    files = [found.path / one.file for one in found.breaches]
    tables = [found.path / "points.parquet", found.path / "points.csv"]
    show("stress", found.to_dict(), found.to_text(), as_json, outputs=[*files, *tables])


def _stress(done: Run, expect: bool, allow_unjudged: bool, no_fail: bool, as_json: bool) -> None:
    from finsim.engine.answers.run_answer import answer_dict, answer_lines, failed, head_line, problems_of
    from finsim.engine.answers.stress_answer import (
        expectations_of,
        remark_lines,
        unmet_lines,
        unmoved_lines,
        unread_lines,
    )

    unread = unread_lines(done)
    remark([*unread, *head_line(done)])
    told = expectations_of(done, done.scenarios[0])
    unmet = unmet_lines(told, allow_unjudged) if expect else []
    ok = not failed(done) and not unmet
    answer = answer_lines(done)
    unmoved, remarks = unmoved_lines(done), remark_lines(done)
    said = {"unmoved_narratives": unmoved, "remarks": [*remarks, *unread]}
    show(
        "stress",
        {**answer_dict(done), **told.to_dict(), **said},
        "\n".join([*answer[:-2], *told.lines(), *unmoved, *remarks, *answer[-2:]]),
        as_json,
        outputs=[done.path],
        ok=ok,
        problems=[*problems_of(done), *unmet],
    )
    gate(ok, no_fail)
