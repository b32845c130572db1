"""``finsim new``: a commented study file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim import documents
from finsim.cli.options import AsJson
from finsim.cli.output import show
from finsim.errors import StudyError


def new(
    path: Annotated[Path, typer.Argument(help="Study file to create.")] = Path("study.yaml"),
    study: Annotated[str, typer.Option("--like", help="Shipped study to copy.")] = "quickstart",
    as_json: AsJson = False,
) -> None:
    """Write a commented study file that runs as it is.

    Example: finsim new my-study.yaml
    """
    if path.exists():
        raise StudyError("the file exists", place=str(path), remedy="choose another name")
    source = documents.find(study, "scenarios/studies", "study", StudyError)
    text = source.read_text(encoding="utf-8").replace(f"id: {study}", f"id: {path.stem}", 1)
    path.write_text(text, encoding="utf-8")
    show({"study": str(path)}, f"study: {path}\nnext:  finsim plan {path}", as_json)
