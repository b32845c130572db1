"""What may stand in a place of a command line, for completion by the shell; nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Completer = Callable[[str], list[str]]
_TABLES = (".csv", ".csv.gz", ".csv.zst", ".tsv", ".txt", ".parquet", ".pq")
_YAML = (".yaml", ".yml")
_RUN, _MODEL = ("manifest.json", ".finsim"), ("model.json",)


def offered(*sources: Completer) -> Callable[[str], list[str]]:
    """Return the completion of an option that takes what any of the sources gives."""

    def complete(incomplete: str) -> list[str]:
        found = [word for source in sources for word in source(incomplete) if word.startswith(incomplete)]
        return list(dict.fromkeys(found))

    return complete


def names(*kinds: str) -> Completer:
    """Return the names of ``finsim list`` of some kinds."""
    from finsim.verbs.shipped_names import shipped_names

    return lambda incomplete: [name for kind in kinds for name in shipped_names(kind)]


def kinds(incomplete: str) -> list[str]:
    """Return the kinds of ``finsim list``."""
    from finsim.verbs.shipped_names import KINDS

    return list(KINDS)


def yaml_files(incomplete: str) -> list[str]:
    """Return YAML files, and folders on the way to them."""
    return _paths(incomplete, _YAML)


def tables(incomplete: str) -> list[str]:
    """Return files of tables, and folders."""
    return _paths(incomplete, _TABLES)


def runs(incomplete: str) -> list[str]:
    """Return folders of runs here and below ``runs/``."""
    return _folders(incomplete, _RUN)


def models(incomplete: str) -> list[str]:
    """Return folders of fitted models."""
    return _folders(incomplete, _MODEL)


def tables_of_run(ctx: Any, incomplete: str) -> list[str]:
    """Return the tables of the run that stands before on the command line, as ``trace`` names them."""
    run = Path(str(ctx.params.get("run") or "."))
    if not any((run / mark).exists() for mark in _RUN):
        return []
    files = [file for file in run.rglob("*.parquet") if not any(part[:1] == "." for part in file.parts)]
    found = sorted(file.relative_to(run).with_suffix("").as_posix() for file in files)
    return [name for name in found if name.startswith(incomplete)]


def _paths(incomplete: str, endings: tuple[str, ...]) -> list[str]:
    """Return files with one of some endings that begin as written, and folders with a stroke."""
    found = []
    for path in _listed(_parent(incomplete)):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            found.append(f"{_shown(path, incomplete)}/")
        elif path.name.lower().endswith(endings):
            found.append(_shown(path, incomplete))
    return found


def _folders(incomplete: str, marks: tuple[str, ...]) -> list[str]:
    places = [_parent(incomplete), *([Path("runs")] if "/" not in incomplete else [])]
    found = []
    for path in (path for place in places for path in _listed(place)):
        if path.is_dir() and any((path / mark).exists() for mark in marks):
            found.append(_shown(path, incomplete))
        elif path.is_dir() and path.parent == _parent(incomplete) and not path.name.startswith("."):
            found.append(f"{_shown(path, incomplete)}/")
    return found


def _parent(incomplete: str) -> Path:
    head, stroke, _ = incomplete.rpartition("/")
    return Path(head + stroke or ".")


def _listed(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return ()


def _shown(path: Path, incomplete: str) -> str:
    text = path.as_posix()
    return f"./{text}" if incomplete.startswith("./") and not text.startswith("./") else text
