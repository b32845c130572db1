"""``finsim new``: a commented file to start from: a study, or the schema of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim import documents
from finsim.cli.options import AsJson, CsvDialect
from finsim.cli.output import show
from finsim.errors import StudyError
from finsim.verbs.schema import editor_line


def new(
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="Study file to create; or `schema`, and then a table.")
    ] = "study.yaml",
    path: Annotated[
        Path | None,
        typer.Argument(metavar="DATA", help="Table whose schema is proposed.", show_default=False),
    ] = None,
    study: Annotated[str, typer.Option("--like", help="Shipped study to copy.")] = "quickstart",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Schema file to create; else it is printed.")
    ] = None,
    kind: Annotated[
        str,
        typer.Option("--kind", help="Of the table: prices, payments, loans or table; found when left out."),
    ] = "",
    csv: CsvDialect = None,
    as_json: AsJson = False,
) -> None:
    """Write a commented study file that runs as it is, or propose the schema of a table.

    Example: finsim new my-study.yaml

    Example: finsim new schema loans.csv -o loans.schema.yaml
    """
    if what == "schema":
        if path is None:
            raise StudyError(
                "no table is named", place="finsim new schema", remedy="finsim new schema DATA -o S.yaml"
            )
        _schema(path, output, kind, csv, as_json)
        return
    if output is not None or kind or csv:
        raise StudyError(
            "-o, --kind and --csv belong to `finsim new schema DATA`",
            place="finsim new",
            remedy="leave them out",
        )
    if path is not None and what != "study":
        raise StudyError(f"nothing is called {what!r}", place="finsim new", expected="study or schema")
    _study(path or Path("study.yaml" if what == "study" else what), study, as_json)


def _study(path: Path, study: str, as_json: bool) -> None:
    if path.exists():
        raise StudyError("the file exists", place=str(path), remedy="choose another name")
    source = documents.find(study, "scenarios/studies", "study", StudyError)
    text = source.read_text(encoding="utf-8").replace(f"id: {study}", f"id: {path.stem}", 1)
    path.write_text(f"{editor_line('study', path.parent)}\n{text}", encoding="utf-8")
    text = f"study: {path}\nnext:  finsim plan {path}"
    show("new", {"study": str(path)}, text, as_json, outputs=[path])


def _schema(data: Path, output: Path | None, kind: str, csv: str | None, as_json: bool) -> None:
    from finsim.records.storage import write_text
    from finsim.tables import Dialect, propose

    if output is not None and output.exists():
        raise StudyError("the file exists", place=str(output), remedy="choose another name")
    found = propose(data, kind, Dialect.parse(csv) if csv else None)
    if output is None:
        show("new", found.to_dict(), found.to_yaml().rstrip("\n"), as_json)
        return
    write_text(output, f"{editor_line('schema', output.parent)}\n{found.to_yaml()}")
    said = [
        f"schema: {output} ({found.kind}, {len(found.fields)} columns)",
        *(f"  {doubt}" for doubt in found.doubts),
    ]
    said.append(f"next:   finsim plan {data} --schema {output}")
    facts = {"schema": str(output), **found.to_dict()}
    show("new", facts, "\n".join(said), as_json, outputs=[output])
