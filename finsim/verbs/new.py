"""``new``: a commented file to start from: a study, narrative, scenario or rule pack, or a table's schema."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finsim import documents
from finsim.call_errors import public
from finsim.errors import StudyError, did_you_mean
from finsim.verbs.handover.fetched import here

__all__ = ["Made", "new"]

_NAMED = {"rules": "rule pack"}
TEMPLATES = ("narrative", "scenario", "rules", "study")
TABLES = ("prices", "payments", "loans", "table")
_SCHEMA = "schema"
_UNNAMED = "study.yaml"  # what is made where nothing is named; other kinds take the example of their form
_ID = re.compile(r"^(\s*id: |pack: \{id: )[\w-]+", re.MULTILINE)
_FORM = {
    "narrative": (r"[a-z][a-z0-9_]*", "lower-case letters, digits and _, a letter first", "my_story.yaml"),
    "scenario": (r"[a-z][a-z0-9-]*", "lower-case letters, digits and -, a letter first", "my-scenario.yaml"),
    "rules": (r"[a-z][a-z0-9-]*", "lower-case letters, digits and -, a letter first", "my-rules.yaml"),
}
_NEXT = {
    "study": "finsim plan {path}",
    "narrative": "finsim simulate --narrative {path} --schemes {name}=50 -o world",
    "scenario": "finsim stress tiny --scenario {path} -o runs/{name}",
    "rules": "finsim check $DATA --rules {path}   (DATA: `finsim show german_credit` says where it lies)",
}


@dataclass(frozen=True, repr=False)
class Made:
    """A file that was made, or a schema that was only proposed: ``path`` is None then."""

    kind: str
    path: Path | None
    text: str
    said: tuple[str, ...] = ()
    facts: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "kind": self.kind,
            "path": None if self.path is None else str(self.path),
            **(self.facts or {}),
        }

    def to_text(self) -> str:
        """Return what the command line prints: the file and what is next, or the schema itself."""
        return self.text.rstrip("\n") if self.path is None else "\n".join(self.said)

    def __repr__(self) -> str:
        """Return what the command line prints."""
        return self.to_text()

    def __fspath__(self) -> str:
        """Return the path, so that a made file can be given wherever a file is taken."""
        if self.path is None:
            raise TypeError("nothing was written: give output=")
        return str(self.path)


@public
def new(
    what: str | Path = _UNNAMED,
    data: Any = None,
    *,
    like: str | None = None,
    output: str | Path | None = None,
    kind: str = "",
    csv: str | None = None,
    table: str | Path | None = None,
    name: str | None = None,
    given: str | Sequence[str] = (),
    quarters: int | None = None,
) -> Made:
    """Write a commented file that runs as it is, or propose the schema of a table.

    Args:
        what: file to create; or ``schema``, and then a table.
        data: table whose schema is proposed.
        like: shipped study to copy: ``fraud``, ``risk``, ``quant``, ``tiny``, ``quickstart``; left out the
            quickstart, with ``kind`` the tiny one.
        output: schema file to create; the schema is only returned when left out.
        kind: of the file: ``study``, ``narrative``, ``scenario`` or ``rules``; of a table whose schema is
            proposed: ``prices``, ``payments``, ``loans`` or ``table``, found when left out.
        csv: how the table's text is written, such as ``sep=;,decimal=,``.
        table: with ``scenario`` as first word: a supervisor's CSV table to make a scenario file of; with
            ``given`` the table of quarters to learn from, left out the bundled Federal Reserve history.
        name: the scenario in that table; needed where it holds more than one beside its baseline.
        given: with ``scenario`` as first word: what holds, such as ``unemployment+=1.5 2.7 4``; all else
            follows from how the economy moved together.
        quarters: length of that scenario; nine when left out, or as long as what is given.

    Returns:
        Made: kind, path and text.

    Raises:
        StudyError: for a file that exists, an unknown kind or study. DataError: for an unreadable table.
        ScenarioError: for a table of scenarios that does not say what it should.

    Example:
        >>> import finsim
        >>> made = finsim.new("mine.yaml", like="tiny")
        >>> finsim.load_study(made.path).id
        'mine'

    """
    if given or quarters is not None:
        _refuse_others(like, csv, kind)
        return _what_if(
            what, (given,) if isinstance(given, str) else tuple(given), table, name, quarters, output
        )
    if table is not None or name is not None:
        return _published(what, table, name, output)
    if str(what) == _SCHEMA:
        return _schema(data, output, kind, csv)
    if data is not None and str(what) != "study":
        raise StudyError(
            f"nothing is called {str(what)!r}",
            place="finsim new",
            expected="a file to create, or `schema` and a table",
            remedy=did_you_mean(str(what), [_SCHEMA]),
        )
    if data is not None:
        what, data = data, None
    if output is not None or csv or kind in TABLES:
        raise StudyError(
            "a table, -o and --csv belong to `finsim new schema DATA`",
            place="finsim new",
            expected="one file to create",
            remedy="leave them out, or write `finsim new schema DATA -o SCHEMA.yaml`",
        )
    wanted = kind or "study"
    if wanted not in TEMPLATES:
        raise StudyError(
            f"no kind of file is called {kind!r}",
            place="finsim new: --kind",
            expected=", ".join(TEMPLATES),
            remedy=did_you_mean(kind, list(TEMPLATES)),
        )
    return _file(Path(what), wanted, like or ("tiny" if kind else "quickstart"))


def _file(path: Path, kind: str, like: str) -> Made:
    if path == Path(_UNNAMED) and kind in _FORM:
        path = Path(_FORM[kind][2])
    if not path.suffix:
        path = path.with_name(f"{path.name}.yaml")
    _refuse_existing(path)
    if kind == "study":
        source = documents.find(like, "scenarios/studies", "study", StudyError)
    else:
        _check_name(path, kind)
        source = documents.shipped("scenarios/templates") / f"{kind}.yaml"
    text = source.read_text(encoding="utf-8")
    text = _ID.sub(lambda found: f"{found[1]}{path.stem}", text, count=1)
    text = f"{_editor_line(kind, path)}\n{text}"
    _write(path, text)
    following = _NEXT[kind].format(path=shlex.quote(str(path)), name=path.stem)
    return Made(kind, path, text, (f"{kind}: {path}", f"next:  {following}"))


def _published(what: str | Path, table: str | Path | None, name: str | None, output: Any) -> Made:
    from finsim.scenarios.published.published_table import read_published
    from finsim.scenarios.published.scenario_text import scenario_text

    if str(what) != "scenario" or table is None or output is None:
        raise StudyError(
            "a published table becomes a scenario file",
            place="finsim new scenario",
            expected="--from TABLE.csv and -o FILE.yaml",
            remedy="finsim new scenario --from dfast.csv -o my-adverse.yaml",
        )
    path = Path(output)
    _refuse_existing(path)
    _check_name(path, "scenario")
    found = read_published(table, name)
    text = f"{_editor_line('scenario', path)}\n{scenario_text(found, path.stem)}"
    _write(path, text)
    said = (
        f"scenario: {path} ({found.scenario}, {len(next(iter(found.paths.values()), ()))} {found.step}s "
        f"from {found.as_of})",
        f"next:  {_NEXT['scenario'].format(path=shlex.quote(str(path)), name=path.stem)}",
    )
    return Made("scenario", path, text, said)


def _refuse_others(like: str | None, csv: str | None, kind: str) -> None:
    if like is not None or csv is not None or kind:
        raise StudyError(
            "--like, --csv and --kind say nothing of a scenario that is asked for",
            place="finsim new scenario",
            expected="--given, --from HISTORY.csv with commas and decimal points, --quarters and -o",
            remedy="leave them out",
        )


def _what_if(
    what: str | Path,
    given: tuple[str, ...],
    table: str | Path | None,
    name: str | None,
    quarters: int | None,
    output: str | Path | None,
) -> Made:
    from finsim.scenarios.macro_engine.what_if import what_if
    from finsim.scenarios.macro_engine.what_if_text import facts_of, lines_of, what_if_text
    from finsim.scenarios.scenario import load

    if str(what) != "scenario" or not given or output is None or name is not None:
        raise StudyError(
            "what is given becomes a scenario file",
            place="finsim new scenario",
            expected="--given and -o FILE.yaml; with them --from HISTORY.csv and --quarters",
            remedy="finsim new scenario --given 'unemployment+=1.5 2.7 4' -o my-what-if.yaml",
        )
    path = Path(output)
    _refuse_other_ending(path)
    _refuse_existing(path)
    _check_name(path, "scenario")
    found = what_if(given, None if table is None else Path(table), quarters)
    text = f"{_editor_line('scenario', path)}\n{what_if_text(found, given, path.stem)}"
    _write(path, text)
    remarks = load(str(path)).warnings
    said = (
        f"scenario: {path} ({len(found.path)} quarters from {found.table.as_of})",
        *(f"  {line}" for line in lines_of(found)),
        *(f"  remark: {remark}" for remark in remarks),
        f"next:  {_NEXT['scenario'].format(path=shlex.quote(str(path)), name=path.stem)}",
    )
    return Made("scenario", path, text, said, {**facts_of(found), "remarks": list(remarks)})


def _check_name(path: Path, kind: str) -> None:
    form, words, example = _FORM[kind]
    if not re.fullmatch(form, path.stem):
        raise StudyError(
            f"a {_NAMED.get(kind, kind)} cannot be called {path.stem!r}",
            place=str(path),
            expected=words,
            remedy=f"choose a name such as {example}",
        )


def _schema(data: Any, output: str | Path | None, kind: str, csv: str | None) -> Made:
    from finsim.tables import Dialect, propose

    if data is None:
        raise StudyError(
            "no table is named", place="finsim new schema", remedy="finsim new schema DATA -o S.yaml"
        )
    if kind and kind not in TABLES:
        raise StudyError(
            f"no kind of table is called {kind!r}",
            place="finsim new schema: --kind",
            expected=", ".join(TABLES),
            remedy=did_you_mean(kind, list(TABLES)),
        )
    path = None if output is None else Path(output)
    if path is not None:
        _refuse_other_ending(path)
        _refuse_existing(path)
    found = propose(here(data, "new: data"), kind, Dialect.parse(csv) if csv else None)
    if path is not None:
        _write(path, f"{_editor_line(_SCHEMA, path)}\n{found.to_yaml()}")
    shown = str(data) if isinstance(data, str | Path) else "DATA"
    said = (
        f"schema: {path} ({found.kind}, {len(found.fields)} columns)",
        *(f"  {doubt}" for doubt in found.doubts),
        f"next:   finsim plan {shlex.quote(shown)} --schema {shlex.quote(str(path))}",
    )
    return Made(_SCHEMA, path, found.to_yaml(), said, found.to_dict())


def _editor_line(kind: str, path: Path) -> str:
    """Return the first line of a file, which tells an editor where its JSON Schema lies."""
    from finsim.verbs.schema import editor_line

    return editor_line(kind, path.parent)


def _refuse_other_ending(path: Path) -> None:
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise StudyError(
            f"a file that ends in {path.suffix!r}" if path.suffix else "a file name without an ending",
            place=str(path),
            expected=".yaml or .yml: what is written is YAML",
            remedy=f"write {path.with_suffix('.yaml')}",
        )


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise StudyError("the file exists", place=str(path), remedy="choose another name")


def _write(path: Path, text: str) -> None:
    from finsim.records.storage import write_text

    write_text(path, text)
