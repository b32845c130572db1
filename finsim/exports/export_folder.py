"""The folder of an export: complete or absent, and nothing that finsim did not write is overwritten."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from finsim.errors import StudyError
from finsim.exports.run_facts import as_json
from finsim.records.storage import digest_file

RECORD = "export.json"
SCHEMA = "finsim.export/1"


def refuse(folder: Path, run: Path, manifest_sha256: str, name: str) -> None:
    """Raise StudyError when the export called ``name`` of a run may not be written to a folder.

    ``run`` is the run, folder or file that is handed over, ``manifest_sha256`` what tells it from others.

    Not into a run (its unknown files would fail verification), not over a file or over a folder with
    anything that no export wrote, not beside the exports of another run, and not over a file that somebody
    has changed since, such as a card with a signature.
    """
    whole, inside = folder.resolve(), run.resolve()
    if whole.is_relative_to(inside) or any(_is_run(path) for path in (whole, *whole.parents)):
        raise _refused(folder, "lies inside a run", "a folder outside: verify names unknown files of a run")
    if inside.is_relative_to(whole) or whole == Path.cwd():
        found = "holds the run" if inside.is_relative_to(whole) else "is the one you are in"
        raise _refused(folder, found, "a folder of its own")
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir():
        raise _refused(folder, "is a file", "an export is a folder")
    record = read_record(folder)
    strange = _strange(folder, record)
    if strange:
        shown = ", ".join(strange[:3]) + (f" and {len(strange) - 3} more" if len(strange) > 3 else "")
        raise _refused(folder, f"holds what no export wrote: {shown}", "a new or empty folder")
    if record and record["manifest_sha256"] != manifest_sha256:
        raise _refused(folder, "holds the exports of another run", "a folder for each run")
    for file, sha256 in record.get("exports", {}).get(name, {}).items():
        if (folder / file).is_file() and digest_file(folder / file) != sha256:
            raise _refused(folder, f"holds {file}, changed since it was written", "a new folder")


def read_record(folder: Path) -> dict[str, Any]:
    """Return what ``export.json`` says of a folder, empty when it has none that can be read."""
    try:
        data = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    is_ours = (
        isinstance(data, dict)
        and data.get("schema") == SCHEMA
        and isinstance(data.get("exports"), dict)
        and all(isinstance(files, dict) for files in data["exports"].values())
        and all(_is_inside(file) for file in _files(data))
    )
    return data if is_ours else {}


def write(
    folder: Path, manifest_sha256: str, name: str, fill: Callable[[Path], Sequence[str] | None]
) -> list[Path]:
    """Let ``fill`` write the files of one export into an empty folder; put them beside those already there.

    The folder is built beside its place and renamed, so that it holds all of the export or none of it.
    Returns the paths of the files in the order that ``fill`` returns, others by name.
    """
    before = read_record(folder)
    exports = {
        other: files
        for other, files in before.get("exports", {}).items()
        if other != name and all((folder / file).is_file() for file in files)
    }
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        fresh.mkdir()
        first = fill(fresh) or ()
        made = sorted(path for path in fresh.rglob("*") if path.is_file())
        made = [*(fresh / name for name in first), *(path for path in made if path.name not in first)]
        files = {path.relative_to(fresh).as_posix(): digest_file(path) for path in made}
        _keep(folder, fresh, exports)
        exports[name] = files
        record = {
            "schema": SCHEMA, "manifest_sha256": manifest_sha256, "exports": dict(sorted(exports.items()))
        }  # fmt: skip
        (fresh / RECORD).write_text(as_json(record), encoding="utf-8")
        if folder.exists():
            os.replace(folder, old)
        os.replace(fresh, folder)
    finally:
        if old.exists() and not folder.exists():
            os.replace(old, folder)
        for left in (fresh, old):
            shutil.rmtree(left, ignore_errors=True)
    return [folder / file for file in files]


def texts_into(texts: Mapping[str, str]) -> Callable[[Path], list[str]]:
    """Return what writes texts, name -> content, into a folder."""

    def fill(folder: Path) -> list[str]:
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8")
        return list(texts)

    return fill


def _keep(folder: Path, fresh: Path, exports: Mapping[str, Mapping[str, str]]) -> None:
    """Copy the files of other exports, which stay as they are."""
    for files in exports.values():
        for file in files:
            (fresh / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / file, fresh / file)


def _strange(folder: Path, record: Mapping[str, Any]) -> list[str]:
    """Return what lies in a folder and is of no export: files, links, and folders without any file of one."""
    known = {RECORD, *_files(record)}
    homes = {parent.as_posix() for file in known for parent in PurePosixPath(file).parents}
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_folder = path.is_dir() and not path.is_symlink()
        if name not in (homes if is_folder else known):
            found.append(name)
    return [name for name in found if not any(name.startswith(f"{other}/") for other in found)]


def _is_inside(file: Any) -> bool:
    """Tell whether a name of a record is a path inside the folder: a record is not believed blindly."""
    path = PurePosixPath(file) if isinstance(file, str) else PurePosixPath("/")
    return not path.is_absolute() and ".." not in path.parts and bool(path.parts)


def _is_run(path: Path) -> bool:
    both = all((path / mark).is_file() for mark in ("manifest.json", "audit.log"))
    return both or (path / ".finsim").is_dir()


def _files(record: Mapping[str, Any]) -> list[str]:
    return [file for files in record.get("exports", {}).values() for file in files]


def _refused(folder: Path, found: str, expected: str) -> StudyError:
    return StudyError(
        f"the folder {found}",
        place="export: output",
        expected=expected,
        remedy=f"write output='{folder.name}-export'" if folder.name else "write output='handover'",
    )
