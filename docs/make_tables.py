"""Write columns into tables.md, words of narratives into narratives.md, metrics into metrics.md.

All come from the facts that the files of the package carry.

Run from the project's root: python docs/make_tables.py
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.vocabulary import CATEGORIES, CHANNELS, PURPOSES
from finsim.credit.months.ratings import RATING
from finsim.credit.panel import PANEL_SCHEMA
from finsim.engine.driver_tables import DAY_SERIES, SESSION_SERIES, driver_schema
from finsim.evaluation import METRICS
from finsim.evaluation.metric import Metric
from finsim.provenance.lineage import REPAIR_SCHEMA, REPAIRS, SEQUENCE_SCHEMA, SEQUENCES
from finsim.records.calendar import Clock
from finsim.records.columns import facts_of, stored
from finsim.records.parties.party_tables import PARTY_SCHEMAS
from finsim.records.paths import BARS_SCHEMA
from finsim.records.portfolio import LOAN_COLUMNS, LOSS_SCHEMA, PROVISION_SCHEMA, RECOVERY_SCHEMA, loan_schema
from finsim.records.transactions import ACCOUNT_SCHEMA, FEATURE_SCHEMA, LABEL_SCHEMA, PATTERN_SCHEMA
from finsim.scenarios.compile import drivers
from finsim.scenarios.scenario import Scenario
from finsim.scenarios.variables import VARIABLES
from finsim.verbs.names import names

PAGE = Path(__file__).with_name("reference") / "tables.md"
NARRATIVES = PAGE.with_name("narratives.md")
WORDS_HEAD = (
    "A phase needs a `channel`: one of these words, or a mix of them with weights.\n"
    "A scenario changes the rate of a narrative through its `typology` (or that of a variant); a narrative\n"
    "whose typology no scenario of a study names starts as often under all of them, and `finsim plan` and\n"
    "`finsim stress` say so.\n"
)
HEAD = "| column | type | unit | role | null | meaning |\n|---|---|---|---|---|---|\n"
OTHER = "<feature>"
_OPEN = {"spend:": "spend:<category>", "channel:": "channel:<channel>",
         "fraud:": "fraud:<typology>", "aml:": "aml:<typology>"}  # fmt: skip

METRIC_HEAD = (
    "| metric | required | what is measured, estimator | floor / ceiling | delta, era | does not see |\n"
    "|---|---|---|---|---|---|"
)
_METRIC_LINES = re.compile(r"^\| metric \| .*?\n(?=\n)", re.MULTILINE | re.DOTALL)
CASES = {
    "paths": "Bars",
    "table": "Tables",
    "events": "Events",
    "transactions": "Transactions",
    "credit": "Loans",
    "model": "Model folder",
    "staleness": "Newer real rows",
}
"""What a case is called on the page, in the order of the page."""

SCHEMAS: Mapping[str, Iterable[pa.Field]] = {
    "bars": BARS_SCHEMA,
    "transactions": FEATURE_SCHEMA,
    "labels": LABEL_SCHEMA,
    "accounts": ACCOUNT_SCHEMA,
    **PARTY_SCHEMAS,
    "patterns": stored(PATTERN_SCHEMA),
    "loans": [*LOAN_COLUMNS.values(), *loan_schema(pa.schema([(OTHER, pa.null())]))],
    "months": PANEL_SCHEMA.insert(PANEL_SCHEMA.get_field_index("_fs_src"), RATING),
    "provisions": PROVISION_SCHEMA,
    "recoveries": RECOVERY_SCHEMA,
    "losses": LOSS_SCHEMA,
    "driver_sessions": driver_schema("driver_sessions", SESSION_SERIES),
    "driver_days": driver_schema("driver_days", [_OPEN.get(name, name) for name in DAY_SERIES]),
    "driver_months": driver_schema("driver_months", VARIABLES),
    SEQUENCES: SEQUENCE_SCHEMA,
    REPAIRS: REPAIR_SCHEMA,
}
"""Heading of the page -> the columns of the table."""


def word(kind: pa.DataType) -> str:
    """Return a column type in the words of the page."""
    if pa.types.is_dictionary(kind):
        return "text"
    if pa.types.is_null(kind):
        return "text, int64, float64 or timestamp[us]"
    plain = {"double": "float64", "timestamp[us, tz=UTC]": "timestamp[us, UTC]"}
    text = str(kind).replace("element: ", "").replace("item: ", "")
    return plain.get(text, text)


def rows(fields: Iterable[pa.Field], table: str, page: str) -> str:
    """Return the lines of one table of the page; columns whose words the page lists get a link to them."""
    lines = []
    for field in fields:
        told = facts_of(field)
        listed = f"| `{table.removeprefix('lineage/').removesuffix('.parquet')}.{field.name}` |" in page
        meaning = told["description"] + (", [words](#words)" if listed else "")
        cells = (
            f"`{field.name}`",
            word(field.type),
            told["unit"],
            told["role"],
            told["null"] or "no",
            meaning,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return HEAD + "\n".join(lines) + "\n"


def narrative_words() -> str:
    """Return the words of channels and purposes, and which scenarios change the rate of which typology."""
    own = [word for word in PURPOSES if word not in CATEGORIES]
    lines = [
        f"`channel`: {_listed(CHANNELS)}.",
        f"\n`purpose`: {_listed(own)}; and the categories of shops, {_listed(CATEGORIES)}.",
        "\n| typology | narratives that have it | scenarios that change its rate |\n|---|---|---|",
    ]
    stories: dict[str, list[str]] = {}
    for name in names("narratives")["narratives"]:
        story = Narrative.load(name)
        for word in (*story.typology, *(form.typology for form in story.variants.values())):
            if word and name not in stories.setdefault(word, []):
                stories[word].append(name)
    changed: dict[str, list[str]] = {}
    for name in names("scenarios")["scenarios"]:
        for word in _raised(name):
            changed.setdefault(word, []).append(name)
    lines += [
        f"| `{word}` | {_listed(stories.get(word, ()))} | {_listed(changed.get(word, ()))} |"
        for word in sorted({*stories, *changed})
    ]
    return "\n".join(lines) + "\n"


def _raised(scenario: str) -> list[str]:
    """Return the typologies whose rate a shipped scenario changes on some day."""
    moves = drivers(Scenario.load(scenario), Clock(date(2025, 12, 31), 2, 400, 36))
    return sorted({
        key.partition(":")[2] for key, series in moves.intensity.items() if bool((series != 1.0).any())
    })  # fmt: skip


def _listed(words: Iterable[str]) -> str:
    return " ".join(f"`{word}`" for word in words) or "none"


def narratives_rewritten(page: str) -> str:
    """Return the page of narrative files with the words that the code has."""
    section = re.compile(r"(^## Words$\n).*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    page, count = section.subn(lambda found: f"{found[1]}{WORDS_HEAD}\n{narrative_words()}\n", page, count=1)
    if not count:
        raise SystemExit("no ## Words in the page of narratives")
    return page


def rewritten(page: str) -> str:
    """Return the page with the columns of every table as the code has them."""
    for heading, fields in SCHEMAS.items():
        section = re.compile(
            rf"(^## {re.escape(heading)}$.*?)^\| column \|.*?\n(?=\n)", re.MULTILINE | re.DOTALL
        )
        text = rows(fields, heading, page)
        page, count = section.subn(lambda found, text=text: found[1] + text, page, count=1)
        if not count:
            raise SystemExit(f"no table of columns under ## {heading}")
    return page


def metric_row(name: str, metric: Metric[Any], required: bool) -> str:
    """Return the line of one metric."""
    assumed = " *a*" if metric.origin.startswith("assumption") else ""
    margin = f"{metric.delta:g}{assumed}" + (f", {metric.era:g}" if metric.era else "")
    measured = metric.estimator or METRICS.describe()[name]
    words = (measured, metric.references or "-", margin, metric.misses or "-")
    safe = [text.replace("|r|", "abs r").replace("|", "\\|") for text in words]
    cells = (f"`{name}`", "yes" if required else "", *safe)
    return "| " + " | ".join(cells) + " |"


def metric_table() -> str:
    """Return the lines of all metrics, by what they judge and by use."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, one in METRICS.files().items():
        groups.setdefault((one.case, one.use), []).append(metric_row(name, METRICS.load(name), one.required))
    lines = [METRIC_HEAD]
    for (case, use), rows_of in sorted(groups.items(), key=lambda group: _place(*group[0])):
        lines += [f"| **{CASES.get(case, case.capitalize())}, {use}** | | | | | |", *rows_of]
    return "\n".join(lines) + "\n"


def _place(case: str, use: str) -> tuple[int, str, str]:
    known = list(CASES)
    return (known.index(case) if case in known else len(known), case, use)


def rewritten_metrics(page: str) -> str:
    """Return the page of metrics with its table as the files of the metrics have it."""
    page, count = _METRIC_LINES.subn(lambda found: metric_table(), page, count=1)
    if not count:
        raise SystemExit("no table of metrics")
    return page


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    NARRATIVES.write_text(narratives_rewritten(NARRATIVES.read_text(encoding="utf-8")), encoding="utf-8")
    metrics = PAGE.with_name("metrics.md")
    metrics.write_text(rewritten_metrics(metrics.read_text(encoding="utf-8")), encoding="utf-8")
