"""Kernels written by a program: kept in files named by their own hash, and run only if the hash is right.

numba caches compiled code of files only (not of ``exec``), so the source goes to a private folder. What
may stand in it is a closed alphabet: see ``ALLOWED``. Machine code beside it is read only when nobody else
can have written it and its hash is the one listed: numba reads it with pickle.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from threading import RLock
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from finsim.errors import ProvenanceError
from finsim.kernels.cache_files import CompiledFiles, is_owned, is_safe_place
from finsim.kernels.hints import named
from finsim.kernels.kernel import kernel_for

NAME = "evaluate"
_WORDS = ("def", "evaluate", "return", "for", "in", "range", "if", "else", "not", "from", "import", "numpy")
_CALLS = ("ahead", "wide", "int64", "float64", "uint64", "min", "abs", "rint", "floor", "ceil", "sqrt")
ALLOWED = frozenset((*_WORDS, *_CALLS))
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[a-z][0-9]*")
_SIGNS = frozenset("0123456789-+*/%<>=()[],:&|^! \n")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz_")
_lock = RLock()
Arguments = Sequence[tuple[str, int]]
_WHOLE = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_TYPES = ("bool", "float64", "float32", *_WHOLE)


def check_alphabet(source: str) -> None:
    """Refuse source with anything but fixed words, names of a letter and a number, numbers, operators.

    Raises ValueError for any other character or word.
    """
    other = set(source) - _SIGNS - _LETTERS
    if other:
        raise ValueError(f"generated source holds {min(other)!r}")
    for word in set(_WORD.findall(source)) - ALLOWED:
        if not _NAME.fullmatch(word):
            raise ValueError(f"generated source holds the word {word!r}")


def digest(source: str) -> str:
    """Return the name of a source: its sha256."""
    return hashlib.sha256(source.encode("ascii")).hexdigest()


@cache
def folder() -> Path:
    """Return the private folder of generated kernels, made if need be.

    It is ``FINSIM_KERNELS``, else below ``XDG_CACHE_HOME`` or ``~/.cache``; a folder that others may
    write to or replace, or that cannot be made, is left alone in favor of a temporary one that is removed
    when the process ends.
    """
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        wanted = Path(os.environ.get("FINSIM_KERNELS") or Path(home).expanduser() / "finsim" / "kernels")
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_owned(wanted.resolve()) and is_safe_place(wanted) and os.access(wanted, os.W_OK):
            return wanted
    except (OSError, RuntimeError):  # RuntimeError: a user without a home
        pass  # a read-only home: compiled code then lives as long as the process
    temporary = Path(tempfile.mkdtemp(prefix="finsim-kernels-"))
    atexit.register(_removed, temporary, os.getpid())
    return temporary


def _removed(temporary: Path, owner: int) -> None:
    """Remove a temporary folder at the end of the process that made it, not of one forked from it."""
    if os.getpid() == owner:
        shutil.rmtree(temporary, ignore_errors=True)


def _path(source: str) -> Path:
    return folder() / f"k{digest(source)}.py"


def signed(source: str, arguments: Arguments) -> str:
    """Return a source that says in numbers for which arguments it is: other arguments are another file."""
    codes: list[int] = []
    for name, dimensions in arguments:
        codes += [_TYPES.index(name.lstrip("=")), dimensions, int(name[0] == "=")]
    return f"{source}t = {codes}\n"


def is_compiled(source: str, arguments: Arguments) -> bool:
    """Whether machine code of a source is on disk, so that loading it takes no compilation."""
    path = _path(signed(source, arguments))
    return path.is_file() and CompiledFiles(path, NAME).are_sound()


_loaded: dict[str, Callable[..., int]] = {}


def load(source: str, arguments: Arguments) -> Callable[..., int]:
    """Return the compiled function ``evaluate`` of a source; compiled once per machine and kept on disk.

    ``arguments`` are dtype names and dimensions as in ``kernel_for``. Raises ProvenanceError when the file
    cannot be kept as it was written.
    """
    source = signed(source, arguments)
    check_alphabet(source)
    name = digest(source)
    with _lock:
        if name not in _loaded:
            _loaded[name] = _compiled(source, arguments)
        return _loaded[name]


def _compiled(source: str, arguments: Arguments) -> Callable[..., int]:
    """Return the machine code of a source: from disk where it is sound, else compiled and listed."""
    path = _path(source)
    files = CompiledFiles(path, NAME)
    files.make_room()
    is_known = files.are_sound()
    if not is_known:
        files.remove()
    function: Callable[..., int] = kernel_for(getattr(_module(source, path), NAME), list(arguments))
    if not is_known:
        files.seal()
    return function


def _module(source: str, path: Path) -> ModuleType:
    """Import the file of a source, after making sure that it holds exactly this source."""
    if not path.is_file() or not is_owned(path) or path.read_bytes() != source.encode("ascii"):
        part = path.with_suffix(f".{os.getpid()}.part")
        part.touch(mode=0o600)
        part.write_bytes(source.encode("ascii"))
        part.replace(path)
    name = f"finsim_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_FromSource(name, str(path)))
    if spec is None or spec.loader is None or digest(path.read_text("ascii")) != path.stem[1:]:
        raise ProvenanceError(
            "a generated kernel does not match its name", place=str(path), remedy="delete it"
        )
    module = importlib.util.module_from_spec(spec)
    for word, hint in named().items():  # the alphabet has no dot, so the source cannot import them
        setattr(module, word, hint)
    sys.modules[name] = module  # numba looks the module up by name when it reads its cache
    spec.loader.exec_module(module)
    return module


class _FromSource(SourceFileLoader):
    """Loads a file from its text alone: no bytecode is read or written, so there is none to tamper with."""

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the code of the text."""
        return self.source_to_code(self.get_data(self.path), self.path)


def constants(values: Sequence[Any], dtype: str) -> Any:
    """Return constants of a kernel as an array (never empty, so that its type is known)."""
    return np.array(list(values) or [0], dtype=dtype)
