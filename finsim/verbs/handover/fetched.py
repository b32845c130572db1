"""What a verb reads may lie in an object store: it is fetched to this machine first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from finsim.errors import StudyError
from finsim.verbs.calling.local_places import remote_url

__all__ = ["here"]


def here(data: Any, where: str) -> Any:
    """Return what a URL names as a path of this machine, anything else as it is; ``where`` is the argument.

    A file, a folder of files such as the parts of a table, a finished run or a table of one. What has not
    changed since it was last fetched is not fetched again. Raises StudyError for what the store refuses.
    """
    url = remote_url(data) if isinstance(data, str | Path) else ""
    if not url:
        return data
    from finsim.records.run_layout import run_above
    from finsim.records.stores.fetched_file import fetched_file, fetched_folder
    from finsim.records.stores.remote_folder import open_folder, shown

    folder = open_folder(url, where)
    kind = folder.kind()
    if not kind:
        raise StudyError(
            "nothing is there", place=shown(url), expected="a file, a folder or a run", remedy="check the URL"
        )
    if kind == "file":
        return fetched_file(url, where)
    run, rest = run_above(url)
    for place, below in ((url, ""), (run, rest)):
        if place and open_folder(f"{place}/manifest.json", where).kind():
            from finsim.engine.remote.remote_runs import fetched

            return fetched(place, where) / below
    return fetched_folder(url, where)
