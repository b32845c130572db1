"""A rule pack as a page for people: tables, parameters with their sources, every rule with its reason."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finsim.constraints.language.column_declaration import Column
from finsim.constraints.language.row_order import Order
from finsim.constraints.language.types import label_shown, shown
from finsim.constraints.packs.rule import Rule, Table
from finsim.constraints.packs.ruleset import RuleSet

_LEVELS = {
    "invariant": "no row may break it",
    "policy": "only rows whose narrative lists it may break it",
    "plausible": "the share of rows that hold must be as expected",
}
_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left}
pre{background:#f4f4f4;padding:.6rem;white-space:pre-wrap}h3{margin-bottom:.2rem}"""


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 3."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True)
class Code:
    """Text as written in the file."""

    text: str


@dataclass(frozen=True)
class Grid:
    """A table with a header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Code | Grid


def page(rules: RuleSet) -> list[Block]:
    """Return a pack as the blocks of a page."""
    header = rules.data["pack"]
    blocks: list[Block] = [Heading(1, header.get("title") or rules.id)]
    facts = {"Pack": f"{rules.id} {rules.version}", "Owner": header.get("owner", "")}
    facts |= {"Licence": header.get("licence", ""), "Sources": "; ".join(header.get("cites", []))}
    facts |= {"sha256": rules.digest}
    blocks.append(Grid(("", ""), tuple((name, str(value)) for name, value in facts.items() if value)))
    blocks += _params(rules)
    blocks += _lookups(rules)
    written = {one["id"]: one for one in rules.data["rules"]}
    for table in rules.tables.values():
        blocks += _table(table)
        for rule in rules.rules:
            if rule.table == table.name and rule.id in written:
                blocks += _rule(rules, rule, written[rule.id])
    return blocks


def _params(rules: RuleSet) -> list[Block]:
    written = rules.data.get("params", {})
    if not written:
        return []
    rows = []
    for name, param in rules.params.items():
        told = written[name] if isinstance(written[name], dict) else {}
        value = ", ".join(map(_member, param.value)) if isinstance(param.value, tuple) else param.text
        source = told.get("cite") or (f"assumption: {told['assumption']}" if told.get("assumption") else "")
        rows.append((name, value or "(empty)", told.get("why", ""), source))
    return [Heading(2, "Parameters"), Grid(("name", "value", "why", "source"), tuple(rows))]


def _lookups(rules: RuleSet) -> list[Block]:
    written: Mapping[str, Any] = rules.data.get("lookup", {})
    if not written:
        return []
    rows = []
    for name, told in written.items():
        valid = ", ".join(told.get("valid") or [])
        source = told.get("cite") or (f"assumption: {told['assumption']}" if told.get("assumption") else "")
        by = ", ".join(told.get("by", []))
        rows.append((name, by, valid, f"{len(told.get('rows', [])):,}", told.get("why", ""), source))
    header = ("name", "by", "valid between", "rows", "why", "source")
    return [Heading(2, "Lookup tables"), Grid(header, tuple(rows))]


def _table(table: Table) -> list[Block]:
    blocks: list[Block] = [Heading(2, f"Table {table.name}")]
    facts = [f"Rows are named by {', '.join(table.key)}."] if table.key else []
    facts += [_order(table.order)] if table.order else []
    blocks += [Paragraph(" ".join(facts))] if facts else []
    rows = tuple((name, *_column(column)) for name, column in table.columns.items())
    return [*blocks, Grid(("column", "type", "may be empty", "may be absent", "other headers"), rows)]


def _order(order: Order) -> str:
    by = ", ".join(order.by) if order.is_sorted and order.by else ""
    group = (
        f"Rows with equal {', '.join(order.group)} follow one another"
        if order.group
        else "Rows follow one another"
    )
    return f"{group}, sorted by {by}." if by else f"{group} as they stand."


def _column(column: Column) -> tuple[str, str, str, str]:
    kind = column.type
    what = {
        "money": f"money in {kind.ccy}, {kind.scale} decimals",
        "ratio": "ratio (1 is 100 %)",
        "ts": f"time ({kind.zone or 'UTC'})",
        "dur": "duration",
        "cat": f"one of {', '.join(map(_plain_label, kind.values))}" if kind.values else "label",
        "id": "identifier",
        "int": "whole number",
        "float": "number",
        "bool": "true or false",
    }.get(kind.kind, kind.kind)
    absent = "yes" if column.optional else ""
    if column.optional and column.default is not None:
        absent = (
            f"yes, then {label_shown(column.default)}"
            if isinstance(column.default, str)
            else f"yes, then {column.default}"
        )
    return what, "yes" if column.null else "", absent, ", ".join(column.alias)


def _member(value: object) -> str:
    return _plain_label(value) if isinstance(value, str) else str(value)


def _plain_label(label: str) -> str:
    """Return a label bare where that is clear, else as a rule writes it."""
    is_clear = label.isprintable() and not set(label) & set(",'") and label.strip() == label != ""
    return label if is_clear else label_shown(label)


def _rule(rules: RuleSet, rule: Rule, written: Mapping[str, Any]) -> list[Block]:
    blocks: list[Block] = [Heading(3, rule.id)]
    blocks += [Paragraph(_filled(rules, rule.why))] if rule.why else []
    blocks.append(Code(rule.text))
    expect = f": {rule.expect[0]:.4g} to {rule.expect[1]:.4g}" if rule.expect else ""
    facts = {"Level": f"{rule.level}: {_LEVELS[rule.level]}{expect}", "Kind": rule.kind}
    facts |= {"Tolerance": str(written["tol"])} if written.get("tol") else {}
    facts |= {"Empty cells": rule.nulls} if rule.nulls != "unknown" else {}
    facts |= {"Order": _order(rule.order)} if rule.order and "order" in written else {}
    facts |= {"Repair": rule.repair.text} if rule.repair else {}
    facts |= {"Source": rule.cite} if rule.cite else {}
    facts |= {"Assumption": rule.assumption} if rule.assumption else {}
    return [*blocks, Grid(("", ""), tuple(facts.items()))]


def _filled(rules: RuleSet, text: str) -> str:
    for name, param in rules.params.items():
        value = param.value
        told = ", ".join(map(_member, value)) if isinstance(value, tuple) else shown(param.type, value)
        text = text.replace(f"{{{name}}}", told)
    return text


def to_markdown(blocks: Sequence[Block]) -> str:
    """Return a page as Markdown."""
    parts = []
    for block in blocks:
        if isinstance(block, Heading):
            parts.append(f"{'#' * block.level} {_marked(block.text)}")
        elif isinstance(block, Paragraph):
            parts.append(_marked(block.text))
        elif isinstance(block, Code):
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", block.text)), default=0))
            parts.append(f"{fence}\n{block.text}\n{fence}")
        else:
            rows = [block.header, tuple("---" for _ in block.header), *block.rows]
            parts.append("\n".join(f"| {' | '.join(map(_marked_cell, row))} |" for row in rows))
    return "\n\n".join(parts) + "\n"


def _marked(text: str) -> str:
    escaped = re.sub(r"([\\`*<>\[\]]|(?<!\w)_|_(?!\w))", r"\\\1", text)
    return " ".join(escaped.split())


def _marked_cell(text: str) -> str:
    return text if text == "---" else _marked(text).replace("|", "\\|")


def to_html(blocks: Sequence[Block]) -> str:
    """Return a page as one HTML document without scripts or links."""
    title = next(block.text for block in blocks if isinstance(block, Heading))
    parts = [_tagged(block) for block in blocks]
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{chr(10).join(parts)}\n</body></html>\n'
    )


def _tagged(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{html.escape(block.text)}</h{block.level}>"
    if isinstance(block, Paragraph):
        return f"<p>{html.escape(block.text)}</p>"
    if isinstance(block, Code):
        return f"<pre>{html.escape(block.text)}</pre>"
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in block.header) if any(block.header) else ""
    rows = [f"<tr>{head}</tr>"] if head else []
    rows += [
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in block.rows
    ]
    return f"<table>{''.join(rows)}</table>"
