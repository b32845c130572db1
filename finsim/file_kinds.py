"""What a file looks like: a folder, an empty or binary file, another encoding, a table, another kind of YAML.

The kinds of YAML files are written once here: how each begins, and which verb takes it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim.errors import (
    DataError,
    FinsimError,
    NarrativeError,
    Problem,
    RuleError,
    ScenarioError,
    StudyError,
)


@dataclass(frozen=True)
class Kind:
    """One kind of YAML file: its first line, keys that tell it, the verb that takes it."""

    name: str
    head: str
    telling: tuple[str, ...]
    verb: str
    error: type[FinsimError]

    @property
    def article(self) -> str:
        """The name with its article."""
        return f"a {self.name}"


KINDS = (
    Kind("study", "finsim: study/1", ("market", "transactions", "credit", "scenarios", "evaluation"),
         "finsim run FILE", StudyError),
    Kind("scenario", "finsim: scenario/1", ("horizon", "macro", "market", "liquidity", "behaviour", "expect"),
         "finsim stress RUN --scenario FILE", ScenarioError),
    Kind("narrative", "finsim: narrative/1", ("roles", "phases", "typology", "family", "story"),
         "a study takes it: `transactions: {narratives: [FILE]}`", NarrativeError),
    Kind("rule pack", "finsim-rules: 1", ("pack", "tables", "rules", "lookup", "params"),
         "finsim check DATA --rules FILE", RuleError),
    Kind("schema", "finsim: schema/1", ("columns", "read", "kind"), "finsim fit DATA --schema FILE",
         DataError),
)  # fmt: skip
_MAGIC = (
    (b"PAR1", "a Parquet file", "table"), (b"ARROW1", "an Arrow file", "table"),
    (b"PK\x03\x04", "a zip archive (or an Excel file)", ""), (b"\x1f\x8b", "a gzip archive", ""),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", ""), (b"%PDF", "a PDF", ""), (b"\x89PNG", "a picture", ""),
    (b"\xff\xd8\xff", "a picture", ""), (b"SQLite format 3", "a SQLite database", ""),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", ""),
)  # fmt: skip
_WIDE = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
_PACKED = ("a gzip archive", "a zstd archive")
_TABLE_VERBS = "tables go to `finsim check FILE --rules PACK`, or to `market: {data: FILE}` of a study"
_SAVE = "save it as UTF-8 text"
_SHOWN = 6


def kind_of(error: type[FinsimError]) -> Kind | None:
    """Return the kind of file that an error speaks of; None for errors of no single kind."""
    return next((kind for kind in KINDS if kind.error is error), None)


def text_of(path: Path, error: type[FinsimError]) -> str:
    """Return the text of a YAML file.

    Raises ``error`` for what is missing, a folder, empty, binary or not UTF-8: what it is, what to do.
    """
    problem = unlike_a_file(path, error)
    if problem:
        raise error.of([problem])
    try:
        raw = path.read_bytes()
    except OSError as bad:
        reason = bad.strerror or type(bad).__name__
        raise error(
            f"cannot be read: {reason.lower()}", place=str(path), remedy="check the file and its rights"
        ) from None
    expected = _expected(error)
    found = _no_text(raw)
    if found:
        what, remedy = found
        raise error(what, place=str(path), expected=expected, remedy=remedy)
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as bad:
        before = raw[: bad.start]
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        letter = raw[bad.start : bad.start + 1].decode("cp1252", "replace")
        raise error(
            f"byte 0x{raw[bad.start]:02x} is not UTF-8 ({letter!r} in Windows-1252 and Latin-1)",
            place=f"{path}:{before.count(10) + 1}:{column}",
            expected=expected,
            remedy=_SAVE,
        ) from None


def _expected(error: type[FinsimError]) -> str:
    kind = kind_of(error)
    return f"{kind.article}, YAML text that begins with `{kind.head}`" if kind else "YAML text"


def _no_text(raw: bytes) -> tuple[str, str] | None:
    """Return what a file is that holds no UTF-8 text, and what to do."""
    for start, what, use in _MAGIC:
        if raw.startswith(start):
            return f"{what}, not YAML", _TABLE_VERBS if use else "give the YAML file"
    for start, what in _WIDE:
        if raw.startswith(start):
            return f"{what} text, as some editors save it", _SAVE
    if b"\0" in raw[:4096]:
        is_wide = raw[1:200:2].count(0) > len(raw[1:200:2]) * 0.8
        return ("UTF-16 text without a mark", _SAVE) if is_wide else ("a binary file, not YAML", _SAVE)
    if not raw.strip(b"\xef\xbb\xbf \t\r\n"):
        return "the file is empty", "start from a file of `finsim new`"
    return None


def unlike_a_file(path: Path, error: type[FinsimError]) -> Problem | None:
    """Return a problem for a folder (with what it holds) or a missing file (with names like it)."""
    try:
        if path.is_dir():
            return _folder(path, error)
        if path.exists():
            return None
    except OSError:  # a name that no file system takes
        return Problem(str(path)[:80], "no such file", _expected(error), "check the path")
    return Problem(str(path), "no such file", _expected(error), near_names(path))


def not_a_table(start: bytes) -> tuple[str, str] | None:
    """Return what a file is that holds no table, from its first bytes, and what to do; else None.

    A file of one of our kinds is named with the verb that takes it; compressed text and Parquet pass.
    """
    for magic, what, use in _MAGIC:
        if start.startswith(magic) and not use and what not in _PACKED:
            return f"{what}, not a table", "save the table as CSV or Parquet"
    text = start.decode("utf-8-sig", "replace")
    for kind in KINDS:
        key, _, value = kind.head.partition(": ")
        if re.search(rf"^\s*[{{\"']*{key}[\"']?\s*:\s*[\"']?{value.partition('/')[0]}", text, re.MULTILINE):
            verb = kind.verb if kind.verb.startswith("a ") else f"`{kind.verb}` takes it"
            return f"{kind.article} (`{kind.head}`), not a table", verb
    if re.match(r"\s*(\{\s*[\"}]|\[\s*[\[{\"])", text):
        return "JSON, not a table", "save the table as CSV or Parquet"
    return None


def held(path: Path) -> str:
    """Return what a folder holds, in a few words."""
    try:
        names = sorted(one.name + ("/" if one.is_dir() else "") for one in path.iterdir())
    except OSError:
        names = []
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"it holds {', '.join(names[:_SHOWN]) or 'nothing'}{more}"


def unlike_a_run(path: Path) -> tuple[str, str]:
    """Return what a path is that is no finished run, and what to do."""
    remedy = "give the folder that `finsim run` wrote"
    if (path / "model.json").is_file():
        return "the folder of a fitted model, not of a run", f"`finsim sample` takes a model; {remedy}"
    if path.is_dir():
        return f"not the folder of a run; {held(path)}", remedy
    if not path.exists():
        return "no such folder", near_folders(path)
    if path.suffix in (".yaml", ".yml"):
        return "a file, not the folder of a run", f"`finsim run {path} -o FOLDER` makes one of a study"
    return "a file, not the folder of a run", remedy


def near_folders(path: Path) -> str:
    """Return a remedy for a missing folder: one of a name like it, or what the place holds."""
    above = path.parent
    names = sorted(one.name for one in above.iterdir() if one.is_dir()) if above.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f"did you mean {str(above / near[0])!r}?" if near else "give the folder that `finsim run` wrote"


def _folder(path: Path, error: type[FinsimError]) -> Problem:
    if (path / "manifest.json").is_file():
        remedy = "give a study file; a run goes to `finsim report`, `verify`, `trace` and `stress`"
        return Problem(str(path), f"the folder of a run; {held(path)}", _expected(error), remedy)
    if (path / "model.json").is_file():
        found = f"the folder of a fitted model; {held(path)}"
        return Problem(str(path), found, _expected(error), "`finsim sample` takes a model")
    files = [*path.glob("*.yaml"), *path.glob("*.yml")]
    remedy = f"give the file: {files[0]}" if len(files) == 1 else "give the file"
    return Problem(str(path), f"a folder; {held(path)}", _expected(error), remedy)


def near_names(path: Path) -> str:
    """Return a remedy for a missing file: names like it in its folder, or that the folder is missing."""
    folder = path.parent if str(path.parent) else Path()
    if not folder.is_dir():
        there = next((one for one in folder.parents if one.is_dir()), folder)
        return f"there is no folder {str(folder)!r}; {str(there)!r} is there" if there != folder else ""
    names = sorted(one.name for one in folder.iterdir() if one.is_file())
    lowered = {name.lower(): name for name in names}
    near = difflib.get_close_matches(path.name.lower(), lowered, n=2, cutoff=0.75)
    near += [name.lower() for name in names if Path(name).stem.lower() == path.stem.lower()]
    shown = [str(folder / lowered[name]) for name in dict.fromkeys(near)][:2]
    if shown:
        return f"did you mean {' or '.join(repr(one) for one in shown)}?"
    alike = (".yaml", ".yml") if path.suffix in ("", ".yaml", ".yml") else (path.suffix,)
    same = [name for name in names if Path(name).suffix in alike][:_SHOWN]
    return f"check the path; the folder holds {', '.join(same)}" if same else "check the path"


def other_kind(data: Any, text: str, error: type[FinsimError]) -> tuple[str, str, str] | None:
    """Return found, expected and remedy where a file is plainly something else than ``error`` speaks of."""
    wanted = kind_of(error)
    if not isinstance(data, dict):
        what = table_words(text)
        if what:
            return f"{what}, not YAML", _expected(error), _TABLE_VERBS
        shape = "a list" if isinstance(data, list) else "one text" if isinstance(data, str) else "one value"
        return f"{shape}; the file must be a mapping of keys to values", _expected(error), _keys(wanted)
    if wanted is None:
        return None
    is_manifest = {"finsim_version", "files"} <= set(data) or {"study", "files"} <= set(data)
    if is_manifest:
        return "the record of a run, not a file to start from", _expected(error), "give a study file"
    seen = declared(data) or guessed(data)
    if seen is None or seen is wanted:
        return None
    said = "" if declared(data) else "by its keys "
    verb = seen.verb if seen.verb.startswith("a ") else f"`{seen.verb}` takes it"
    return f"{said}{seen.article} (`{seen.head}`), not {wanted.article}", _expected(error), verb


def _keys(kind: Kind | None) -> str:
    return f"write `key: value` lines, the first `{kind.head}`" if kind else "write `key: value` lines"


def declared(data: Mapping[str, Any]) -> Kind | None:
    """Return the kind that a file says it is."""
    said = data.get("finsim")
    if isinstance(said, str):
        start = said.split("/")[0].strip().lower()
        return next((kind for kind in KINDS if kind.head.endswith(f" {start}/1")), None)
    return next(
        (kind for kind in KINDS if kind.head.split(":")[0] in data and kind.name == "rule pack"), None
    )


def guessed(data: Mapping[str, Any]) -> Kind | None:
    """Return the only kind that has two or more of a file's keys, and more than any other; else None."""
    counts = sorted(((len(set(kind.telling) & set(data)), i) for i, kind in enumerate(KINDS)), reverse=True)
    best, second = counts[0], counts[1]
    return KINDS[best[1]] if best[0] >= 2 and best[0] > second[0] else None


def table_words(text: str) -> str:
    """Return what a text table looks like (``a CSV table with 5 columns``), or nothing."""
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    if len(lines) < 2 or re.match(r"\s*[\[{#-]|[A-Za-z_-]+:(\s|$)", lines[0]):
        return ""
    for sign, name in ((",", "CSV table"), (";", "CSV table with semicolons"), ("\t", "table with tabs")):
        counts = {line.count(sign) for line in lines[:5]}
        if len(counts) == 1 and counts != {0}:
            return f"a {name}, {counts.pop() + 1} columns"
    return ""
