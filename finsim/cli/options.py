"""Options that several verbs share, so that one word always means one thing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, help="Root seed; the same seed gives the same bytes.")
]
OutputFolder = Annotated[Path | None, typer.Option("-o", "--output", help="Folder to create.")]
Workers = Annotated[
    int, typer.Option("--workers", min=1, help="Local processes; the result does not depend on it.")
]
RunFolder = Annotated[Path, typer.Argument(help="Folder of a finished run.")]
