"""``finsim list``: everything that can be named, one line each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim import documents
from finsim.catalog import Catalog
from finsim.cli.options import AsJson
from finsim.cli.output import show, table
from finsim.errors import StudyError, did_you_mean
from finsim.provenance.inputs import bundled

_FILES = {
    "scenarios": "scenarios/stress",
    "narratives": "scenarios/narratives",
    "studies": "scenarios/studies",
    "rules": "constraints",
}


def list_(
    kind: Annotated[
        str | None, typer.Argument(help="generators, metrics, scenarios, narratives, studies, rules, data.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List generators, metrics, scenarios, narratives, studies, rule packs and bundled data.

    Example: finsim list scenarios
    """
    found = everything()
    if kind is not None:
        if kind not in found:
            raise StudyError(
                f"nothing is called {kind!r}", place="finsim list", remedy=did_you_mean(kind, list(found))
            )
        found = {kind: found[kind]}
    blocks = [
        f"{name}\n{table(list(items.items()), ('name', 'what it is'))}" for name, items in found.items()
    ]
    show(found, "\n\n".join(blocks), as_json)


def everything() -> dict[str, dict[str, str]]:
    """Return kind -> name -> one-sentence description, without importing what is described."""
    from finsim.evaluation import METRICS
    from finsim.generators import GENERATORS

    catalogs: dict[str, Catalog] = {"generators": GENERATORS, "metrics": METRICS}
    found = {kind: catalog.describe() for kind, catalog in catalogs.items()}
    for kind, folder in _FILES.items():
        files = sorted(documents.shipped(folder).glob("*.yaml"))
        found[kind] = {file.stem: _title(documents.read(file)) for file in files}
    data = sorted(documents.shipped("data").glob("*.csv*"))
    found["data"] = {file.name.split(".")[0]: _data_set(file) for file in data}
    return found


def _data_set(file: Path) -> str:
    """Return what a bundled file is, and under which terms it comes."""
    said = bundled(file)
    parts = (said.get("what it is", file.name), said.get("source and terms", "terms unknown"))
    return "; ".join(parts).replace("`", "")


def _title(document: documents.Document) -> str:
    """Return the title of a file, or the first line of its text."""
    data = document.data if isinstance(document.data, dict) else {}
    nested = data.get("pack") if isinstance(data.get("pack"), dict) else {}
    for key in ("title", "story", "narrative", "why"):
        text = data.get(key) or (nested or {}).get(key)
        if isinstance(text, str):
            return text.strip().splitlines()[0]
    return ""
