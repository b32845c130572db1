"""What an extra of the installation brings; a package that is missing is answered with its pip line."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from finsim.errors import StudyError

EXTRAS: dict[str, tuple[str, ...]] = {
    "learn": ("torch", "safetensors", "scipy"),
    "evaluate": ("sklearn", "scipy"),
    "report": ("jinja2", "markupsafe", "matplotlib", "networkx", "scipy"),
    "graph": ("networkx",),
    "markets": ("scipy", "safetensors"),
    "credit": ("scipy",),
    "repair": ("scipy",),
    "db": ("duckdb",),
    "sign": ("cryptography",),
    "cluster": ("distributed", "dask"),
    "remote": ("fsspec",),
}
"""Extra -> the modules that its packages bring, by the names that ``import`` uses."""

PACKAGE_OF = {"sklearn": "scikit-learn"}
"""Module -> its name at pip, where that is another."""


def missing(extra: str) -> tuple[str, ...]:
    """Return the modules of an extra that are not installed; nothing is imported."""
    return tuple(name for name in EXTRAS[extra] if not _is_installed(name))


def needs(extras: Sequence[str], place: str = "") -> None:
    """Raise StudyError where one of the extras is not installed whole: all that is missing, one pip line.

    An empty name stands for the core.
    """
    absent = {extra: missing(extra) for extra in extras if extra and missing(extra)}
    if absent:
        raise _absent([name for names in absent.values() for name in names], list(absent), place)


def pip_line(extras: Sequence[str]) -> str:
    """Return the command that installs some extras."""
    return f'pip install "finsim[{",".join(extras)}]"'


def load(module: str, extra: str) -> Any:
    """Import a module of an extra. Raises StudyError with the pip line where it is not installed."""
    top = module.split(".")[0]
    if not _is_installed(top):
        raise _absent([top], [extra], "")
    return importlib.import_module(module)


class Later:
    """A module of an extra that is imported when something of it is first used.

    Written at the top of a file, ``special = Later("scipy.special", "credit")``; then ``special.ndtr(x)``
    imports, or raises StudyError with the pip line.
    """

    def __init__(self, module: str, extra: str) -> None:
        self._module, self._extra = module, extra

    def __getattr__(self, name: str) -> Any:
        """Return one name of the module and keep it."""
        if name.startswith("__"):  # inspection, not use
            raise AttributeError(name)
        value = getattr(load(self._module, self._extra), name)
        setattr(self, name, value)
        return value


def _absent(modules: Sequence[str], extras: Sequence[str], place: str) -> StudyError:
    packages = list(dict.fromkeys(PACKAGE_OF.get(name, name) for name in modules))
    found = f"needs {', '.join(packages)}, which {'is' if len(packages) == 1 else 'are'} not installed"
    return StudyError(found, place=place, remedy=pip_line(extras))


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # ValueError: half imported, by someone else
        return False
