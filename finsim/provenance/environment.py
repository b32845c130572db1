"""Where a run was made: package versions, platform, source commit. Nothing is imported to find out."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from finsim.extras import EXTRAS, PACKAGE_OF

PACKAGES = ("numpy", "scipy", "numba", "pandas", "pyarrow")
PAGE_PACKAGES = ("jinja2", "matplotlib")
"""Packages, beside the core, on which the bytes of the page depend."""
NUMERIC = (*PACKAGES, "torch", "scikit-learn", "statsmodels", "networkx")
"""Packages on whose versions the bytes of tables may depend."""
DETERMINISM = (
    "bitwise: the same study, seed, package versions and processor family give the same bytes, for any "
    "number of workers and after any resume; elsewhere the tables agree in distribution"
)


def environment(packages: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return versions of Python, finsim, the core packages and ``packages``; platform; source commit.

    ``packages`` are further distributions that the run used (``torch`` when a network was fitted).
    """
    import finsim

    versions = {"python": platform.python_version(), "finsim": finsim.__version__}
    versions |= {name: _version(name) for name in sorted({*PACKAGES, *_core(), *packages})}
    return {
        "versions": versions,
        "platform": {
            "system": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "byte_order": sys.byteorder,
        },
        "source": source_commit(),
        "determinism": DETERMINISM,
    }


def numeric_versions() -> dict[str, str]:
    """Return the versions of Python (major, minor), finsim and all that the bytes of tables depend on."""
    import finsim

    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, "finsim": finsim.__version__, **{name: _version(name) for name in NUMERIC}}


def _core() -> set[str]:
    """Return the distributions that the core of finsim needs; none where it is not installed."""
    try:
        lines = metadata.requires("finsim") or []
    except metadata.PackageNotFoundError:
        return set()
    names = (re.match(r"[\w.-]+", line) for line in lines if "extra ==" not in line)
    of_extras = {PACKAGE_OF.get(module, module) for modules in EXTRAS.values() for module in modules}
    return {name.group() for name in names if name} - of_extras


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """Return the processor's model name where the system tells it."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def source_commit() -> dict[str, Any] | None:
    """Return the git commit of a finsim checkout and whether its files differ from it; None in a wheel."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "modified": bool(changed)}


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
