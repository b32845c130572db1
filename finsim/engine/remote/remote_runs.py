"""A whole run behind a URL: begun, resumed, or fetched for reading."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from finsim.engine import run as engine
from finsim.engine.finished_run import Run
from finsim.engine.finished_tasks import WORK
from finsim.engine.remote.remote_owner import owning_remote
from finsim.engine.remote.working_copy import WorkingCopy, copy_of, own_objects
from finsim.engine.run_folder.owner_lock import refuse_owned
from finsim.engine.study.study_file import Study
from finsim.errors import ResumeError, StudyError
from finsim.records.stores.remote_folder import RemoteFolder, open_folder, shown


def run_remote(study: Study, url: str, work: engine.Work, progress: engine.Progress) -> Run:
    """Run a study as it is into a new folder behind a URL; raises as ``engine.run.run`` does."""
    with new_remote(url) as copy:
        engine.run_resolved(study, copy.folder, replace(work, copy=copy), progress)
    return Run(copy.folder, url=copy.remote.url)


@contextmanager
def new_remote(url: str) -> Iterator[WorkingCopy]:
    """Own a new folder behind a URL while the context is open, and its empty working copy.

    Raises StudyError where something lies there, and where another process works in it.
    """
    remote = open_folder(url, "output")
    _refuse_taken(remote)
    copy = WorkingCopy(remote, copy_of(remote.url))
    refuse_owned(copy.folder)
    with owning_remote(remote):
        _refuse_taken(remote)  # another run was faster
        shutil.rmtree(copy.folder, ignore_errors=True)
        yield copy


def resume_remote(url: str, work: engine.Work, accept_versions: bool, progress: engine.Progress) -> Run:
    """Continue the stopped run behind a URL, on whatever machine; raises as ``engine.run.resume`` does."""
    remote = open_folder(url, "resume")
    copy = WorkingCopy(remote, copy_of(remote.url))
    refuse_owned(copy.folder)
    with owning_remote(remote):
        _fetch_started(copy)
        told = replace(work, copy=copy)
        engine.resume(copy.folder, work=told, accept_versions=accept_versions, progress=progress)
    return Run(copy.folder, url=remote.url)


def fetched(url: str, place: str, *, whole: bool = False) -> Path:
    """Return a copy on this machine of the finished run behind a URL, as it lies there now.

    What has not changed in the store since it was last fetched is not fetched again, unless ``whole``.
    Raises StudyError where there is none, or where it is worked on.
    """
    remote = open_folder(url, place)
    copy = WorkingCopy(remote, copy_of(remote.url))
    refuse_owned(copy.folder)
    if "manifest.json" not in remote.names():
        raise StudyError(
            "no finished run is there", place=shown(remote.url), expected="the folder of a finished run",
            remedy=f"check the URL, or continue a stopped run: finsim run --resume {shown(remote.url)}",
        )  # fmt: skip
    if whole:
        copy.fetch()
    else:
        copy.refresh()
    return copy.folder


def _fetch_started(copy: WorkingCopy) -> None:
    if f"{WORK}/plan.json" not in copy.remote.names():
        raise ResumeError(
            "no started run here", place=shown(copy.remote.url), expected=f"{WORK}/plan.json",
            remedy=f"start one with `finsim run STUDY -o {shown(copy.remote.url)}`",
        )  # fmt: skip
    copy.fetch()


def _refuse_taken(remote: RemoteFolder) -> None:
    """Raise StudyError for a folder that holds something; what was sent before a plan counts as nothing."""
    names = own_objects(remote.names())
    is_started = f"{WORK}/plan.json" in names
    if names and (is_started or not any(name.startswith(f"{WORK}/") for name in names)):
        again = f", or continue it with `finsim run --resume {shown(remote.url)}`" if is_started else ""
        raise StudyError(
            "the output folder is not empty",
            place=shown(remote.url),
            expected="a folder that is new or empty",
            remedy=f"choose another with -o{again}",
        )
