"""``finsim plan``: what a study would do, or how a table would be read; no work is done."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, SchemaFile, Seed
from finsim.cli.output import show
from finsim.errors import EXIT_INPUT


def plan(
    study: Annotated[
        str, typer.Argument(metavar="STUDY|DATA", help="Study file or name; or a table of data.")
    ],
    seed: Seed = None,
    scale: Annotated[float, typer.Option("--scale", help="As in `finsim run`.")] = 1.0,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder that the run would write.")
    ] = None,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    as_json: AsJson = False,
) -> None:
    """Resolve and check a study and show its sizes and digests; or show how a table would be read.

    Example: finsim plan quickstart --scale 0.1

    Example: finsim plan loans.csv --schema loans.schema.yaml
    """
    if schema is not None or csv or _is_table(Path(study)):
        _table(Path(study), schema, csv, as_json)
        return
    from finsim.engine.planning.plan_summary import describe
    from finsim.engine.study.study_file import load_study
    from finsim.engine.study.study_resolution import resolve

    resolved = resolve(load_study(study).with_seed(seed).scaled(scale))
    words = [study, *(["--seed", str(seed)] if seed is not None else [])]
    words += ["--scale", f"{scale:g}"] if scale != 1.0 else []
    words += ["-o", str(output)] if output is not None else []
    summary = describe(resolved, output=output, command=shlex.join(words))
    show(summary.to_dict(), summary.to_text(), as_json)


def _is_table(path: Path) -> bool:
    """Tell whether an argument is a table, not a study: by its ending, or a folder of Parquet files."""
    from finsim.tables.rewriting.streams import is_text

    return (
        path.suffix in (".parquet", ".pq") or is_text(path) or (path.is_dir() and any(path.glob("*.parquet")))
    )


def _table(data: Path, schema: Path | None, csv: str | None, as_json: bool) -> None:
    from finsim.tables import Dialect, load_schema, preview, propose

    over = Dialect.parse(csv) if csv else None
    proposal = propose(data, "", over) if schema is None else None
    declared = proposal.schema() if proposal is not None else load_schema(str(schema))
    seen = preview(data, declared, over)
    lines = [seen.to_text()]
    if proposal is not None:
        lines += [
            "",
            "no schema was given: this one is proposed",
            *(f"  {doubt}" for doubt in proposal.doubts),
        ]
    show(seen.to_dict(), "\n".join(lines), as_json)
    if not seen.ok:
        raise typer.Exit(EXIT_INPUT)
