"""``finsim rules``: what can be said of a rule pack itself: conflicts, coverage, a page to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, NoFail, Parameters, SchemaFile, parameters
from finsim.cli.output import gate, show
from finsim.cli.parsing.completion import names, offered, runs, tables, yaml_files
from finsim.cli.parsing.panels import OUTPUT
from finsim.cli.parsing.verb_classes import Verb, Verbs
from finsim.errors import StudyError

if TYPE_CHECKING:
    from finsim.constraints.checking.rule_coverage import CoverageReport
    from finsim.constraints.packs.ruleset import RuleSet

Pack = Annotated[
    str,
    typer.Argument(
        metavar="FILE_OR_PACK",
        help="Rule pack name, or a rule file.",
        autocompletion=offered(names("rules"), yaml_files),
    ),
]

app = typer.Typer(
    cls=Verbs,
    help="Rule packs: find rules that contradict one another; write a readable page.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("lint", cls=Verb)
def lint(
    pack: Pack,
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA",
            help="CSV, CSV.gz, Parquet file, folder or run; the pack alone when left out.",
            autocompletion=offered(tables, runs),
        ),
    ] = None,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    params: Parameters = None,
    no_fail: NoFail = False,
    as_json: AsJson = False,
) -> None:
    """Find conflicts, rules that never speak or add nothing, and ranges; exit 1 when rules conflict.

    With DATA also how often each rule spoke, and where the data and a rule disagree.

    Example: finsim rules lint retail-tx --set ctr="5000 USD"
    """
    from finsim.constraints.conflicts.lint import lint as lint_pack
    from finsim.constraints.packs.ruleset import RuleSet
    from finsim.tables import Dialect

    rules = RuleSet.load(pack).reading(schema, None if csv is None else Dialect.parse(csv))
    settled = parameters(params)
    report = lint_pack(rules, settled)
    facts, text = report.to_dict(), report.to_text()
    if data is not None:
        covered = _coverage(data, rules, settled, schema is None)
        facts |= covered.to_dict()
        text += f"\n\n{covered.to_text()}"
    show("rules lint", facts, text, as_json, ok=report.ok)
    gate(report.ok, no_fail)


def _coverage(data: Path, rules: RuleSet, params: dict[str, object], is_undeclared: bool) -> CoverageReport:
    from finsim.constraints.checking.rule_coverage import coverage
    from finsim.engine.tables_to_check import gather
    from finsim.tables import naming_a_schema

    with naming_a_schema(str(data) if is_undeclared else ""):
        given = gather(data, rules)
        return coverage(given.tables, rules, params, given.excused)


@app.command("docs", cls=Verb)
def docs(
    pack: Pack,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PAGE",
            help="File to write: .md or .html; printed when left out.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a page of a pack for readers: tables, units, parameters with sources, rules with reasons.

    Example: finsim rules docs retail-tx -o retail-tx.html
    """
    from finsim.constraints.explaining.rule_page import page, to_html, to_markdown
    from finsim.constraints.packs.ruleset import RuleSet
    from finsim.records.storage import write_text

    if output is not None and output.suffix not in (".md", ".html"):
        raise StudyError(
            f"{output} ends in neither",
            place="finsim rules docs: -o",
            expected="a name that ends in .md or .html",
            remedy=f"write -o {output.with_suffix('.html')}",
        )
    rules = RuleSet.load(pack)
    blocks = page(rules)
    text = to_html(blocks) if output is not None and output.suffix == ".html" else to_markdown(blocks)
    if output is None:
        show("rules docs", {"pack": rules.id, "page": text}, text.rstrip("\n"), as_json)
        return
    write_text(output, text)
    told = {"pack": rules.id, "path": str(output)}
    show("rules docs", told, f"written: {output}", as_json, outputs=[output])
