"""The folder of this machine that holds copies of what lies in stores, for its user alone."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from finsim.kernels.cache_files import is_owned, is_safe_place

FOLDER_VARIABLE = "FINSIM_COPIES"
"""Environment variable: where copies lie; for a cluster a folder that all its workers see."""


@cache
def copies() -> Path:
    """Return the private folder of copies, made if need be.

    It is the one that ``FINSIM_COPIES`` names, else below ``XDG_CACHE_HOME`` or ``~/.cache``; where that
    cannot be made, or others may write to it, a temporary one that is removed with the process.
    """
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        wanted = Path(os.environ.get(FOLDER_VARIABLE) or Path(home).expanduser() / "finsim" / "copies")
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_owned(wanted.resolve()) and is_safe_place(wanted) and os.access(wanted, os.W_OK):
            return wanted
    except (OSError, RuntimeError):  # RuntimeError: a user without a home
        pass
    temporary = Path(tempfile.mkdtemp(prefix="finsim-copies-"))
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    return temporary
