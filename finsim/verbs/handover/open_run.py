"""``open_run``: a finished run, from its folder or from the URL of a store."""

from __future__ import annotations

from pathlib import Path

from finsim.call_errors import public
from finsim.engine.finished_run import Run
from finsim.errors import StudyError
from finsim.verbs.calling.local_places import remote_url

__all__ = ["open_run", "opened"]


@public
def open_run(path: str | Path) -> Run:
    """Open a finished run.

    Args:
        path: folder of the run, or its URL in an object store (``s3://bucket/run``); the run is then fetched
            and ``path`` of the Run is its copy on this machine.

    Returns:
        The Run, with its records as objects.

    Raises:
        StudyError: when the folder is not a finished run, or the store cannot be read.

    Example:
        >>> import finsim
        >>> finsim.open_run("runs/mine").scenarios
        ('base',)

    """
    given: object = path
    if not isinstance(given, str | Path):
        raise StudyError(
            f"{type(given).__name__} {given!r:.60}",
            place="open_run: path",
            expected="the folder of a run",
            remedy="write 'runs/mine'",
        )
    return opened(path, "open_run: path")


def opened(place: str | Path, where: str, *, whole: bool = False) -> Run:
    """Return the run in a folder, or behind a URL, which is fetched; ``where`` names the argument.

    Of a run fetched before only what has changed since, unless ``whole``.
    """
    url = remote_url(place)
    if not url:
        return Run(Path(place))
    from finsim.engine.remote.remote_runs import fetched

    return Run(fetched(url, where, whole=whole), url=url)
