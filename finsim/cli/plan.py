"""``finsim plan``: what a study would do; no work is done."""

from __future__ import annotations

from typing import Annotated

import typer

from finsim.cli.options import AsJson, Seed
from finsim.cli.output import show


def plan(
    study: Annotated[str, typer.Argument(help="Study file, or a shipped study's name.")],
    seed: Seed = None,
    scale: Annotated[float, typer.Option("--scale", help="As in `finsim run`.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Resolve and check a study and show its sizes and digests.

    Example: finsim plan quickstart --scale 0.1
    """
    from finsim.engine.study.plan_summary import describe
    from finsim.engine.study.study_file import load_study
    from finsim.engine.study.study_resolution import resolve

    resolved = resolve(load_study(study).with_seed(seed).scaled(scale))
    data, text = describe(resolved)
    show(data, text, as_json)
