"""``README.md`` of a run: a data card that names the tables, for readers and for ``load_dataset``."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from finsim.provenance.manifest import Sources, Statement
from finsim.provenance.outputs import dataset_digest, table_files
from finsim.provenance.parquet_rows import count_rows
from finsim.records.display.markdown_line import markdown_line
from finsim.records.run_layout import DATA_CARD, ROW_OF, place_of
from finsim.records.storage import digest_file, write_text

_Files = Mapping[str, Mapping[str, str]]
"""Table -> scenario -> path of its file inside the run."""


def write_card(run: Path, sources: Sources, statement: Statement) -> Path:
    """Write the data card of a run whose tables are complete; return its file."""
    paths = table_files(run)
    digest = dataset_digest([{"path": path, "sha256": digest_file(run / path)} for path in paths])
    files: dict[str, dict[str, str]] = {}
    for path in paths:
        table, scenario = place_of(path)
        if table:
            files.setdefault(table, {})[scenario] = path
    ordered = {
        name: {label: files[name][label] for label in sources.scenarios if label in files[name]}
        for name in ROW_OF
        if name in files
    }
    parts = [_header(sources, ordered), _text(run, sources, statement, ordered, digest)]
    write_text(run / DATA_CARD, "\n".join(parts))
    return run / DATA_CARD


def split_names(scenarios: Sequence[str]) -> dict[str, str]:
    """Return scenario -> the name of its split: letters, digits, ``_`` and single dots, each name once."""
    found: dict[str, str] = {}
    for label in scenarios:
        name = "_".join(re.findall(r"\w+(?:\.\w+)*", label)) or "scenario"
        same = [other for other in found.values() if other == name or other.startswith(f"{name}__")]
        found[label] = f"{name}__{len(same) + 1}" if same else name
    return found


def _header(sources: Sources, files: _Files) -> str:
    """Return the part that programs read."""
    splits = split_names(list(sources.scenarios))
    lines = ["---", f"pretty_name: {json.dumps(_title(sources))}", "tags: [synthetic, finance, finsim]"]
    lines.append("configs:" if files else "configs: []")
    for table, places in files.items():
        lines += [f"- config_name: {table}", "  data_files:"]
        for label, path in places.items():
            lines += [f"  - split: {json.dumps(splits[label])}", f"    path: {json.dumps(path)}"]
    return "\n".join([*lines, "---", ""])


def _title(sources: Sources) -> str:
    resolved = sources.study.get("resolved", sources.study)
    return str(resolved.get("title") or resolved.get("id") or "finsim run")


def _text(run: Path, sources: Sources, statement: Statement, files: _Files, digest: str) -> str:
    splits = split_names(list(sources.scenarios))
    labels = [f"`{one}` (split `{split}`)" if split != one else f"`{one}`" for one, split in splits.items()]
    inputs = [
        markdown_line(f"* {one.role}: {Path(one.path).name}, {one.licence or 'licence not stated'}")
        for one in sources.inputs
    ]
    return f"""# {markdown_line(_title(sources))}

{_kind(statement)}
It was made by finsim with seed {sources.seed}; the same study and seed make the same bytes. `report.html`
shows it, `scorecard.json` judges it, `manifest.json` names every file with its digest, and `finsim verify`
checks them.

* study sha256: `{sources.study.get("sha256", "")}`
* dataset sha256, over all tables: `{digest}`
* scenarios: {", ".join(labels)}

## Tables

| table | a row | rows by scenario |
|---|---|---|
{_table_lines(run, files)}

A table lies in `<table>/scenario=<name>/<table>.parquet`. Every column carries its description, unit, zone
and role (`feature`, `label`, `key`, `internal`) as metadata of its Parquet field.
{on_labels(files)}
## Made from

{chr(10).join(inputs) or "* no input data"}

finsim grants no licence of its own on these tables: those of the inputs apply.

## Meant for

{listed(statement.intended_use)}

## Not for

{listed(statement.prohibited_use)}

## Known limits

{listed(statement.known_limits)}
"""


def _kind(statement: Statement) -> str:
    if statement.real_records:
        kept = markdown_line(", ".join(statement.real_records))
        return f"Simulated data, but for the real records in: {kept}."
    return "Synthetic data: rows are simulated, none is the record of a real person, payment or loan."


def _table_lines(run: Path, files: _Files) -> str:
    lines = []
    for table, places in files.items():
        rows = ", ".join(f"{count_rows(run / path):,}" for path in places.values())
        lines.append(f"| `{table}` | {ROW_OF[table][1]} | {rows} |")
    return "\n".join(lines)


def on_labels(files: Collection[str]) -> str:
    """Return what is said of tables with answers, "" where there are none among ``files``."""
    if "labels" not in files:
        return ""
    return """
The labels lie apart: `labels` holds the same rows as `transactions` in the same order, joined by `tx_id`.
Columns of `labels` and of `patterns` are answers; a model that is given them detects nothing.
"""


def listed(lines: Sequence[str]) -> str:
    """Return lines as a list of Markdown."""
    return "\n".join(f"* {markdown_line(line)}" for line in lines)
