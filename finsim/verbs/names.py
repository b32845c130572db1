"""``names``: everything that can be named, one line each (``finsim list``)."""

from __future__ import annotations

from pathlib import Path

from finsim import documents
from finsim.call_errors import public
from finsim.errors import StudyError, did_you_mean
from finsim.provenance.inputs import bundled
from finsim.verbs.calling.argument_checks import Arguments
from finsim.verbs.shipped_names import CATALOGS, DATA, FILES, KINDS, catalog, data_files, shipped_names

__all__ = ["example_data", "names"]


@public
def names(kind: str | None = None) -> dict[str, dict[str, str]]:
    """Return what can be named, without importing what is described.

    Args:
        kind: ``generators``, ``metrics``, ``exports``, ``scenarios``, ``narratives``, ``studies``, ``rules``
            or ``data``; all of them when left out.

    Returns:
        kind -> name -> what it is, in one sentence.

    Raises:
        StudyError: for an unknown kind.

    Example:
        >>> import finsim
        >>> "covid-2020" in finsim.names("scenarios")["scenarios"]
        True

    """
    wrong = Arguments("names")
    wrong.kinds("kind", kind, (str, type(None)), "one of " + ", ".join(KINDS), "write 'scenarios'").settle()
    if kind is not None and kind not in KINDS:
        raise StudyError(
            f"no kind is called {kind!r}",
            place="names: kind",
            expected=", ".join(KINDS),
            remedy=did_you_mean(kind, KINDS),
        )
    return {name: _described(name) for name in (KINDS if kind is None else (kind,))}


@public
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
    Arguments("example_data").kinds("name", name, (str,), "a name", "write 'german_credit'").settle()
    known = data_files()
    if name not in known:
        raise StudyError(
            f"no bundled data is called {name!r}",
            place="example_data: name",
            remedy=did_you_mean(name, list(known)),
        )
    return known[name]


def _described(kind: str) -> dict[str, str]:
    """Return name -> what it is, of one kind."""
    if kind in CATALOGS:
        return catalog(kind).describe()
    if kind == DATA:
        return {name: _data_set(file) for name, file in data_files().items()}
    folder = documents.shipped(FILES[kind])
    return {name: title_of(documents.read(folder / f"{name}.yaml")) for name in shipped_names(kind)}


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
