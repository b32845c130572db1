"""``names``: everything that can be named, one line each (``finsim list``)."""

from __future__ import annotations

from pathlib import Path

from finsim import documents
from finsim.catalog import Catalog
from finsim.errors import StudyError, did_you_mean
from finsim.provenance.inputs import bundled

__all__ = ["FILES", "example_data", "names"]

FILES = {
    "scenarios": "scenarios/stress",
    "narratives": "scenarios/narratives",
    "studies": "scenarios/studies",
    "rules": "constraints",
}
"""Kind of file -> folder of the shipped ones."""


def names(kind: str | None = None) -> dict[str, dict[str, str]]:
    """Return what can be named, without importing what is described.

    Args:
        kind: ``generators``, ``metrics``, ``scenarios``, ``narratives``, ``studies``, ``rules`` or ``data``;
            all of them when left out.

    Returns:
        kind -> name -> what it is, in one sentence.

    Raises:
        StudyError: for an unknown kind.

    Example:
        >>> import finsim
        >>> "covid-2020" in finsim.names("scenarios")["scenarios"]
        True

    """
    found = _everything()
    if kind is None:
        return found
    if kind not in found:
        raise StudyError(
            f"nothing is called {kind!r}", place="finsim list", remedy=did_you_mean(kind, list(found))
        )
    return {kind: found[kind]}


def example_data(name: str) -> Path:
    """Return the path of a bundled data set.

    Args:
        name: a name of ``finsim.names("data")``.

    Returns:
        The path of a CSV file, plain or gzipped.

    Raises:
        StudyError: for an unknown name.

    Example:
        >>> import finsim
        >>> finsim.example_data("german_credit").is_file()
        True

    """
    known = {file.name.split(".")[0]: file for file in documents.shipped("data").glob("*.csv*")}
    if name not in known:
        raise StudyError(
            f"no bundled data is called {name!r}", place="data", remedy=did_you_mean(name, list(known))
        )
    return known[name]


def _everything() -> dict[str, dict[str, str]]:
    from finsim.evaluation import METRICS
    from finsim.generators import GENERATORS

    catalogs: dict[str, Catalog] = {"generators": GENERATORS, "metrics": METRICS}
    found = {kind: catalog.describe() for kind, catalog in catalogs.items()}
    for kind, folder in FILES.items():
        files = sorted(documents.shipped(folder).glob("*.yaml"))
        found[kind] = {file.stem: title_of(documents.read(file)) for file in files}
    data = sorted(documents.shipped("data").glob("*.csv*"))
    found["data"] = {file.name.split(".")[0]: _data_set(file) for file in data}
    return found


def _data_set(file: Path) -> str:
    """Return what a bundled file is, and under which terms it comes."""
    said = bundled(file)
    parts = (said.get("what it is", file.name), said.get("source and terms", "terms unknown"))
    return "; ".join(parts).replace("`", "")


def title_of(document: documents.Document) -> str:
    """Return the title of a file, or the first line of its text."""
    data = document.data if isinstance(document.data, dict) else {}
    nested = data.get("pack") if isinstance(data.get("pack"), dict) else {}
    for key in ("title", "story", "narrative", "why"):
        text = data.get(key) or (nested or {}).get(key)
        if isinstance(text, str):
            return text.strip().splitlines()[0]
    return ""
