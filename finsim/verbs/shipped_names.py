"""The names of what is shipped, by kind, without reading a file: folders and catalogues only."""

from __future__ import annotations

from pathlib import Path

from finsim import documents
from finsim.catalog import Catalog

__all__ = ["DATA", "FILES", "KINDS", "data_files", "shipped_names"]

FILES = {
    "scenarios": "scenarios/stress",
    "narratives": "scenarios/narratives",
    "studies": "scenarios/studies",
    "rules": "constraints",
}
"""Kind of file -> folder of the shipped ones."""

DATA = "data"
CATALOGS = ("generators", "metrics", "exports")
KINDS = (*CATALOGS, *FILES, DATA)
"""Every kind of ``finsim list``."""


def shipped_names(kind: str) -> list[str]:
    """Return the names of one of the kinds, sorted."""
    if kind in CATALOGS:
        return list(catalog(kind))
    if kind == DATA:
        return sorted(data_files())
    return sorted(path.stem for path in documents.shipped(FILES[kind]).glob("*.yaml"))


def catalog(kind: str) -> Catalog:
    """Return the catalogue of generators, of metrics or of exports."""
    if kind == "generators":
        from finsim.generators import ALL_GENERATORS

        return ALL_GENERATORS
    if kind == "exports":
        from finsim.exports import EXPORTS

        return EXPORTS
    from finsim.evaluation import METRICS

    return METRICS


def data_files() -> dict[str, Path]:
    """Return bundled data sets by name."""
    found = sorted(documents.shipped("data").glob("*.csv*"))
    return {file.name.split(".")[0]: file for file in found}
