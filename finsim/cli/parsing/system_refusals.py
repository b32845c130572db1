"""What the system refuses (disk, permission, memory) is bad input, with its place and what to do."""

from __future__ import annotations

import errno

from finsim.errors import StudyError

_WORDS = {
    errno.ENOSPC: ("the disk is full", "free space, or choose another disk with -o"),
    errno.EDQUOT: ("the disk quota is used up", "free space, or choose another disk with -o"),
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


def refused(error: OSError | MemoryError) -> StudyError:
    """Return what the system refused as a StudyError in own words."""
    if isinstance(error, MemoryError):
        return StudyError(
            "not enough memory",
            place="finsim",
            expected="memory for one shard of the work",
            remedy="use fewer --workers, a smaller --scale, or a machine with more memory",
        )
    otherwise = ("the system refused to read or write", "check disk, permissions and path")
    words, remedy = _WORDS.get(error.errno or 0, otherwise)
    place = str(error.filename) if error.filename else "finsim"
    shown = place if len(place) <= 200 else f"{place[:100]}...{place[-60:]}"
    return StudyError(words, place=shown, expected="a place that can be used", remedy=remedy)
