"""What the system refuses (disk, permission, memory) is bad input, with its place and what to do."""

from __future__ import annotations

import errno
import shlex
from dataclasses import replace

from finsim.errors import StudyError

_WORDS = {
    errno.ENOSPC: ("the disk is full", "free space, or choose another disk with -o"),
    errno.EDQUOT: ("the disk quota is used up", "free space, or choose another disk with -o"),
    errno.EFBIG: (
        "the file is larger than the system allows",
        "raise the limit (`ulimit -f`), or choose another disk with -o",
    ),
    errno.EACCES: ("no permission", "choose a place that you may read and write"),
    errno.EPERM: ("no permission", "choose a place that you may read and write"),
    errno.EROFS: ("the disk may only be read", "choose another place with -o"),
    errno.ENAMETOOLONG: ("the name is too long for this disk", "choose a shorter name"),
    errno.ENOENT: ("no such file or folder", "check the path"),
    errno.ENOTDIR: ("a part of this path is a file, not a folder", "check the path"),
    errno.EISDIR: ("a folder stands where a file is meant", "name a file inside it"),
    errno.EEXIST: ("a file or folder is there already", "choose another name"),
    errno.EMFILE: ("too many files are open", "raise the limit (`ulimit -n`), or use fewer --workers"),
    errno.ELOOP: ("links that go in a circle", "check the path"),
    errno.EIO: ("the disk does not answer", "look at the disk, then try again"),
}


_NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "cannot allocate")
RESUME = "finsim run --resume"
NO_PLACE = "finsim"
"""The place of a refusal that names no file."""


def is_refusal(error: Exception) -> bool:
    """Tell whether the system, or a file, refused: disk, permission, memory, data that Arrow cannot read."""
    return isinstance(error, OSError | MemoryError) or _is_of_arrow(error) or _is_memory_of_torch(error)


def _is_of_arrow(error: Exception) -> bool:
    return any(
        f"{kind.__module__}.{kind.__name__}" == "pyarrow.lib.ArrowException" for kind in type(error).__mro__
    )


def _is_memory_of_torch(error: Exception) -> bool:
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _NO_MEMORY)


def continued_by(stop: BaseException) -> str:
    """Return the command that continues the run which an exception ended, "" when none was under way."""
    notes = getattr(stop, "__notes__", ())
    return next((note for note in notes if note.startswith(RESUME)), "")


def refused(error: Exception) -> StudyError:
    """Return what the system refused as a StudyError in own words, with the command that goes on.

    Where the system names no file, the place is the run that was under way.
    """
    problem = _refused(error).problems[0]
    command = continued_by(error)
    remedy = f"{problem.remedy}, then `{command}`" if command else problem.remedy
    place = " ".join(shlex.split(command.removeprefix(RESUME))[:1]) if problem.place == NO_PLACE else ""
    return StudyError.of([replace(problem, remedy=remedy, place=place or problem.place)])


def _refused(error: Exception) -> StudyError:
    if isinstance(error, MemoryError) or _is_memory_of_torch(error):
        return StudyError(
            "not enough memory",
            place=NO_PLACE,
            expected="memory for one shard of the work",
            remedy="use fewer --workers, a smaller --scale, or a machine with more memory",
        )
    if not isinstance(error, OSError):
        return StudyError(
            f"data that cannot be read or kept: {' '.join(str(error).split())[:200]}",
            place=NO_PLACE,
            expected="whole Parquet or Arrow files",
            remedy="copy the files again; `finsim verify RUN` says which of a run were changed",
        )
    otherwise = ("the system refused to read or write", "check disk, permissions and path")
    words, remedy = _WORDS.get(error.errno or 0, otherwise)
    place = str(error.filename) if error.filename else NO_PLACE
    shown = place if len(place) <= 200 else f"{place[:100]}...{place[-60:]}"
    return StudyError(words, place=shown, expected="a place that can be used", remedy=remedy)
