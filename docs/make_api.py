"""Write the API reference from the public names: ``python docs/make_api.py``."""

from __future__ import annotations

import inspect
from pathlib import Path

import finsim

PAGE = Path(__file__).parent / "reference" / "api.md"
TITLES = {"functions": "Functions", "classes": "Classes", "values": "Values"}
HEAD = """# API

Every public name of `import finsim`, from the docstrings; this list is written by
`python docs/make_api.py`. Examples that fit together: [Python](../guide/python.md).
"""


def kind_of(name: str) -> str:
    """Return whether a public name is among the functions, the classes or the values."""
    value = getattr(finsim, name)
    return "classes" if inspect.isclass(value) else "functions" if callable(value) else "values"


def target(name: str) -> str:
    """Return the place of the code of a public name, which the site reads without importing it."""
    value = getattr(finsim, name)
    return f"{value.__module__}.{value.__qualname__}" if kind_of(name) != "values" else f"finsim.{name}"


def block(name: str) -> str:
    """Return the block of one public name, under the name by which it is imported."""
    return f"::: {target(name)}\n    options: {{heading: finsim.{name}, toc_label: {name}}}\n"


def text() -> str:
    """Return the page: one block a public name."""
    parts = [HEAD]
    for kind, title in TITLES.items():
        names = [name for name in finsim.__all__ if kind_of(name) == kind]
        if names:
            parts.append(f"## {title}\n")
        parts += [block(name) for name in names]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
