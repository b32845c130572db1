"""``write_report``: one self-contained page about a run, the same bytes whenever it is written again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from finsim.extras import Later
from finsim.provenance.manifest import plain
from finsim.records.storage import canonical_json, write_text
from finsim.report.border import section_or_said
from finsim.report.colors import variables
from finsim.report.drawing_check import slug
from finsim.report.number_text import THIN, rounded
from finsim.report.page_elements import Figure, Section, Table
from finsim.report.run_folder import PAGE, RunFolder, open_folder
from finsim.report.sections.answer_section import answer_section
from finsim.report.sections.learned_section import learned_model, learned_section
from finsim.report.sections.provenance_section import limits_section, provenance_section
from finsim.report.sections.rules_section import rules_section
from finsim.report.sections.scenario_section import scenario_section
from finsim.report.sections.scorecard_section import scorecard_section
from finsim.report.sections.summary_section import headline, verdict_section
from finsim.report.sections.world_sections import (
    credit_section,
    market_section,
    payment_section,
    read_all_payments,
    read_books,
    scheme_count,
)

jinja2 = Later("jinja2", "report")
markupsafe = Later("markupsafe", "report")

HERE = Path(__file__).parent
SCHEMA = "finsim.report/1"


def write_report(run: Path, manifest: Mapping[str, Any] | None = None) -> Path:
    """Write RUN/report.html from the run's tables, scorecard.json and manifest; return its path.

    ``manifest`` is the manifest as plain data, given while manifest.json is not written yet; None reads
    the file. What the page itself changes in a manifest is not used, so equal runs give equal bytes.
    Raises ProvenanceError when the folder has no manifest.
    """
    page = Path(run) / PAGE
    write_text(page, page_text(Path(run), manifest))
    return page


def page_text(run: Path, manifest: Mapping[str, Any] | None = None) -> str:
    """Return the page of a run without writing it; arguments and errors are those of ``write_report``."""
    folder = open_folder(run, manifest)
    return render(folder, sections_of(folder))


def sections_of(run: RunFolder) -> list[Section]:
    """Return the sections of the page in order: judgement first, evidence next, origin last."""
    payments, books = read_all_payments(run), read_books(run)
    makers: tuple[tuple[str, str, Callable[[], Section]], ...] = (
        ("verdicts", "What these data are fit for", lambda: verdict_section(run)),
        ("answer", "What it costs", lambda: answer_section(run)),
        ("numbers", "In numbers", lambda: headline(run, payments.get(run.base), books, scheme_count(run))),
        ("markets", "Markets", lambda: market_section(run)),
        ("transactions", "Transactions", lambda: payment_section(run, payments)),
        ("learned-payments", "Learned payments", lambda: learned_section(run)),
        ("credit", "Credit", lambda: credit_section(run, books)),
        ("scorecard", "Scorecard", lambda: scorecard_section(run)),
        ("scenarios", "Scenarios", lambda: scenario_section(run)),
        ("rules", "Rules", lambda: rules_section(run)),
        ("limits", "Limits", lambda: limits_section(run)),
        ("provenance", "Where it comes from", lambda: provenance_section(run)),
    )
    if learned_model(run) is None:
        makers = tuple(maker for maker in makers if maker[0] != "learned-payments")
    return [section_or_said(*maker) for maker in makers]


def twin(run: RunFolder, sections: Sequence[Section]) -> dict[str, Any]:
    """Return every number of the page as plain data: facts of the run, then one entry a section."""
    return {
        "schema": SCHEMA,
        "study": run.study.get("id"),
        "seed": run.study.get("seed"),
        "scenarios": list(run.labels),
        "judged_scenario": run.base,
        "dataset_sha256": run.manifest.get("dataset_sha256"),
        "sections": {section.slug: _data(section) for section in sections},
    }


def _data(section: Section) -> dict[str, Any]:
    found: dict[str, Any] = dict(section.data)
    if section.absent:
        found["absent"] = list(section.absent)
    for block in section.blocks:
        if isinstance(block, Figure):
            found[block.slug] = rounded(dict(block.data))
        elif isinstance(block, Table) and block.data is not None:
            found[block.slug] = block.data
    return found


def _unbroken(value: object) -> object:
    """Keep a number and its percent sign on one line."""
    return re.sub(r"(?<=\d) %", f"{THIN}%", value) if type(value) is str else value


def render(run: RunFolder, sections: Sequence[Section]) -> str:
    """Return the page as HTML."""
    # "<" would end the script element early; in JSON it may be written as an escape.
    data = canonical_json(plain(twin(run, sections))).replace("<", "\\u003c")
    return rendered("page.html.j2", {"run": run, "sections": sections}, data)


def rendered(template: str, values: Mapping[str, Any], data: str) -> str:
    """Return a template of this room as HTML, with the page's style and its numbers as JSON text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_unbroken,
    )
    environment.finalize = _unbroken
    environment.tests["kind"] = lambda block, name: type(block).__name__ == name
    environment.filters["capitalize_first"] = lambda text: str(text)[:1].upper() + str(text)[1:]
    environment.filters["slug"] = lambda text: slug(str(text))
    style = (HERE / "style.css").read_text(encoding="utf-8")
    style = style.replace("/*light*/", variables(0)).replace("/*dark*/", variables(1))
    html: str = environment.get_template(template).render(
        {**values, "style": markupsafe.Markup(style), "twin": markupsafe.Markup(data)}
    )
    return html
