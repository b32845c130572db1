"""Load a rule pack from a YAML document; reports every problem of the file at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from finsim.constraints.language.column_declaration import Column
from finsim.constraints.language.expression import Expr
from finsim.constraints.language.grammar import RESERVED, Misread, parse
from finsim.constraints.language.lookup_table import Lookup
from finsim.constraints.language.node_builder import Builder
from finsim.constraints.language.row_order import Order
from finsim.constraints.language.scope import Scope
from finsim.constraints.language.time_zones import UnknownZone, known_zone
from finsim.constraints.language.types import Clash, Type, day_number, money, number
from finsim.constraints.packs.file_keys import ManyTables, OneTable, keys_of
from finsim.constraints.packs.file_schema import (
    DIALECT,
    MAX_RULES,
    NAME,
    OrderText,
    PackColumnKeys,
    PackHeader,
    PackReader,
    ParamText,
    RuleText,
    TableKeys,
    TableText,
)
from finsim.constraints.packs.lookup_loading import read_lookups
from finsim.constraints.packs.repair_builder import refuse_drawing_computed
from finsim.constraints.packs.repair_order import repair_order
from finsim.constraints.packs.rule import Param, Rule, Table
from finsim.constraints.packs.rule_builder import RuleBuilder, key_rules
from finsim.constraints.packs.split_expressions import mended
from finsim.documents import Document, Loc, in_file_order, line_and_column
from finsim.errors import Problem, RuleError, did_you_mean


class Contents(NamedTuple):
    """What a rule file says, in the order of the fields of ``RuleSet``."""

    id: str
    version: str
    tables: Mapping[str, Table]
    params: Mapping[str, Param]
    rules: tuple[Rule, ...]
    data: Mapping[str, Any]
    path: str
    text: str


def build(document: Document, text: str) -> Contents:
    """Return the pack that a YAML document describes.

    Raises RuleError with every problem: unknown keys, dialect, columns, functions and parameters, type
    clashes and expressions that do not parse, each at its line and column.
    """
    if not isinstance(document.data, dict):
        raise RuleError(
            "a rule file is a mapping", place=document.place(), remedy="start with `finsim-rules: 1`"
        )
    whole, torn = mended(document, text)
    reader = PackReader(whole, text)
    reader.problems.extend(torn)
    _check_head(reader)
    header = reader.part(("pack",), PackHeader) if "pack" in document.data else None
    tables = _tables(reader)
    params = _params(reader)
    lookups, data = read_lookups(reader)
    scopes = {name: _scope(reader, draft, tables, params, lookups) for name, draft in tables.items()}
    rules = _rules(reader, tables, scopes, params)
    if reader.problems or header is None:
        raise RuleError.of(_in_order(reader.problems, torn))
    built = {name: draft.table for name, draft in tables.items()}
    return Contents(header.id, str(header.version), built, params, tuple(rules), data, document.path, text)


def _in_order(problems: Sequence[Problem], torn: Sequence[Problem]) -> list[Problem]:
    """Return problems in the order of the file; of one line first the text that YAML cut, the cause."""
    return sorted(in_file_order(problems), key=lambda one: (line_and_column(one)[0], one not in torn))


def _check_head(reader: PackReader) -> None:
    data = reader.document.data
    single = "tables" not in data
    known = keys_of(OneTable if single else ManyTables)
    for key in data:
        if key not in known:
            reader.complain((key,), f"unknown key {key!r}", did_you_mean(str(key), known))
    dialect = data.get("finsim-rules")
    if dialect is None:
        reader.complain((), "no dialect", "start the file with `finsim-rules: 1`")
    elif dialect != DIALECT or isinstance(dialect, bool):
        reader.complain(
            ("finsim-rules",), f"unknown dialect {dialect!r}", f"this finsim reads dialect {DIALECT}"
        )
    if not isinstance(data.get("table", ""), str):
        reader.complain(("table",), f"table is {data['table']!r}", "write a name, such as `table: loans`")
    for key in ("pack", "rules", *(("columns",) if single else ())):
        if key not in data:
            reader.complain((), f"no `{key}:`", f"add `{key}:`")


@dataclass
class _Draft:
    """A table while the file is being read; ``loc`` is where it stands."""

    table: Table
    lets: dict[str, Expr] = field(default_factory=dict)
    text: TableText | None = None
    loc: Loc = ()


def _tables(reader: PackReader) -> dict[str, _Draft]:
    data = reader.document.data
    if "tables" not in data:
        return _single_table(reader, str(data.get("table", "table")))
    drafts: dict[str, _Draft] = {}
    if not isinstance(data["tables"], dict):
        reader.complain(("tables",), "`tables` is not a mapping", "write `name:` and its columns below")
        return drafts
    for name in data["tables"]:
        text = reader.part(("tables", name), TableText)
        if _named(reader, ("tables", name), str(name), "table") and text is not None:
            drafts[name] = _draft(reader, str(name), text, ("tables", name))
    return drafts


def _single_table(reader: PackReader, name: str) -> dict[str, _Draft]:
    data = reader.document.data
    part = {key: data[key] for key in TableKeys.model_fields if key in data}
    inner = PackReader(
        Document(
            reader.document.path,
            {"t": part},
            {("t", *at): mark for at, mark in reader.document.marks.items()},
        ),
        reader.text,
    )
    text = inner.part(("t",), TableText) if "columns" in part else None
    reader.problems.extend(inner.problems)
    if not _named(reader, ("table",), name, "table") or text is None:
        return {}
    return {name: _draft(reader, name, text, ())}


def _named(reader: PackReader, loc: Loc, name: str, what: str) -> bool:
    if NAME.match(name) and name not in RESERVED:
        return True
    reader.complain(
        loc, f"{what} {name!r} is not a plain word", "use letters, digits and _; put headers in `alias`"
    )
    return False


def _draft(reader: PackReader, name: str, text: TableText, loc: Loc) -> _Draft:
    columns, zone = {}, _zone(reader, text.zone, (*loc, "zone"))
    for column, spec in text.columns.items():
        if _named(reader, (*loc, "columns", column), column, "column"):
            own = _zone(reader, spec.zone, (*loc, "columns", column, "zone"))
            columns[column] = Column(
                _type(spec, own or zone),
                bool(spec.null),
                spec.optional,
                spec.default,
                tuple(spec.alias),
                spec.field(),
            )
            if spec.type == "money" and not spec.ccy:
                reader.complain(
                    (*loc, "columns", column), "money without a currency", "add `ccy: USD` (XXX: any)"
                )
    key = tuple(part for part in text.key if _known(reader, (*loc, "key"), part, columns))
    order = order_of(reader, text.order, columns, (*loc, "order"))
    dialect = text.read.dialect()
    if zone and not dialect.zone:  # times without an offset are meant in the zone of the table
        dialect = replace(dialect, zone=zone)
    draft = _Draft(Table(name, columns, key, order, text.optional, dialect), {}, text, loc)
    for let, written in text.let.items():
        if _named(reader, (*loc, "let", let), let, "name"):
            parsed = parsed_at(reader, (*loc, "let", let), written)
            if parsed is not None:
                draft.lets[let] = parsed
    return draft


def _known(reader: PackReader, loc: Loc, name: str, columns: Mapping[str, Column]) -> bool:
    if name in columns:
        return True
    reader.complain(loc, f"unknown column {name!r}", did_you_mean(name, list(columns)))
    return False


def order_of(
    reader: PackReader, text: OrderText | None, columns: Mapping[str, Column], loc: Loc
) -> Order | None:
    """Return the order that a file declares; unknown columns are noted as problems."""
    if text is None:
        return None
    good = [_known(reader, (*loc, "group"), name, columns) for name in text.group]
    good += [_known(reader, (*loc, "by"), name, columns) for name in text.by]
    return Order(tuple(text.group), tuple(text.by), text.sort) if all(good) else None


def _zone(reader: PackReader, name: str, loc: Loc) -> str:
    """Return a time zone that a file names; one that does not exist is noted as a problem."""
    try:
        return known_zone(name) if name else ""
    except UnknownZone as bad:
        reader.complain(loc, bad.found, bad.remedy)
        return ""


def _type(spec: PackColumnKeys, zone: str) -> Type:
    if spec.type == "money":
        return money(spec.ccy, spec.scale)
    if spec.type == "ts":
        return Type("ts", zone=zone or "UTC")
    exact = spec.type not in ("float", "ratio")
    return Type(spec.type, exact=exact, values=tuple(spec.values) if spec.values is not None else None)


def parsed_at(reader: PackReader, loc: Loc, written: object) -> Expr | None:
    """Parse an expression of the file; a problem is noted at its place."""
    text = expression_text(written)
    try:
        return parse(text)
    except Misread as bad:
        reader.misread(loc, text, bad)
        return None


def expression_text(written: object) -> str:
    """Return an expression that YAML read as text, a number or a truth as text."""
    return str(written).lower() if isinstance(written, bool) else str(written)


def _params(reader: PackReader) -> dict[str, Param]:
    data = reader.document.data.get("params", {})
    if not isinstance(data, dict):
        reader.complain(("params",), "`params` is not a mapping", "write `name: value`")
        return {}
    params: dict[str, Param] = {}
    for name, written in data.items():
        loc: Loc = ("params", name)
        if not _named(reader, loc, str(name), "parameter"):
            continue
        if isinstance(written, dict):
            part = reader.part(loc, ParamText)
            if part is None:
                continue
            written = part.value
        try:
            params[name] = param(written)
        except (Clash, Misread) as bad:
            reader.complain(loc, bad.found, bad.remedy)
    return params


def param(written: Any) -> Param:
    """Return a parameter from a YAML or Python value: ``0.25``, ``"25%"``, ``"2000 USD"``, ``["WTI"]``.

    Raises Clash or Misread when it is not a constant.
    """
    if isinstance(written, list | tuple | set | frozenset):
        members = tuple(sorted(written, key=str))
        if all(isinstance(one, str) for one in members):
            return Param(Type("set", values=()), members, str(list(members)))
        if all(isinstance(one, int | float) and not isinstance(one, bool) for one in members):
            return Param(Type("set"), members, str(list(members)))
        raise Clash("a list of mixed values", "list labels, or numbers")
    expr = parse(expression_text(written))
    sign = 1
    while expr.op == "neg":
        expr, sign = expr.args[0], -sign
    if expr.op == "number":
        kind, value = number(expr.text)
        return Param(kind, sign * value, str(written))
    if expr.op == "date" and sign == 1:
        return Param(Type("date"), day_number(expr.text), str(written))
    if expr.op == "label" and sign == 1:
        return Param(Type("cat"), expr.text, str(written))
    if expr.op == "name" and expr.text in ("true", "false") and sign == 1:
        return Param(Type("bool"), expr.text == "true", str(written))
    raise Clash(f"{written!r} is not a constant", "write a number with its unit, a date, or a 'label'")


def _scope(
    reader: PackReader,
    draft: _Draft,
    tables: Mapping[str, _Draft],
    params: Mapping[str, Param],
    lookups: Mapping[str, Lookup | None],
) -> Scope:
    columns = draft.table.columns
    for name in set(params) & set(columns):
        reader.complain(("params", name), f"{name!r} is also a column", "rename the parameter")
    for name in set(draft.lets) & (set(columns) | set(params)):
        reader.complain((*draft.loc, "let", name), f"{name!r} is also a column or parameter", "rename it")
    others = {
        name: ({one: spec.type for one, spec in other.table.columns.items()}, other.table.key)
        for name, other in tables.items()
    }
    scope = Scope(
        {name: column.type for name, column in columns.items()},
        {name: one.type for name, one in params.items()},
        draft.lets,
        others=others,
        lookups=lookups,
    )
    return scope.ordered_by(draft.table.order)


def _rules(
    reader: PackReader,
    tables: Mapping[str, _Draft],
    scopes: Mapping[str, Scope],
    params: Mapping[str, Param],
) -> list[Rule]:
    written = reader.document.data.get("rules", [])
    if not isinstance(written, list):
        reader.complain(("rules",), "`rules` is not a list", "write `- {id: .., check: ..}` lines")
        return []
    if len(written) > MAX_RULES:
        reader.complain(("rules",), f"{len(written)} rules", f"split the file: at most {MAX_RULES}")
        return []
    make = Builder()
    builders = {name: RuleBuilder(reader, make, draft.table, scopes[name]) for name, draft in tables.items()}
    for name, draft in tables.items():
        builders[name].check_lets(draft.lets, draft.text.let if draft.text else {}, (*draft.loc, "let"))
    rules = [rule for name, draft in tables.items() for rule in key_rules(make, draft.table)]
    texts = [reader.part(("rules", i), RuleText) for i in range(len(written))]
    for i, text in enumerate(texts):
        if text is not None:
            rules.extend(_one_rule(reader, text, ("rules", i), builders))
    _refuse_twice(reader, texts)
    refuse_drawing_computed(reader, texts, rules)
    for name in tables if not reader.problems else ():
        try:
            repair_order([rule for rule in rules if rule.table == name])
        except Clash as clash:
            reader.complain(("rules",), clash.found, clash.remedy)
    return rules


def _one_rule(
    reader: PackReader, text: RuleText, loc: Loc, builders: Mapping[str, RuleBuilder]
) -> list[Rule]:
    name = text.table or (next(iter(builders)) if len(builders) == 1 else "")
    if name in builders:
        order = text.order
        table = builders[name].table
        own = order_of(reader, order, table.columns, (*loc, "order")) if order else table.order
        rule = builders[name].rule(text, loc, own)
        return [] if rule is None else [rule]
    if builders:
        found = f"unknown table {name!r}" if name else "the rule names no table"
        reader.complain((*loc, "table") if name else loc, found, did_you_mean(name, list(builders)))
    return []


def _refuse_twice(reader: PackReader, texts: Sequence[RuleText | None]) -> None:
    seen: set[str] = set()
    for i, text in enumerate(texts):
        if text is not None and text.id in seen:
            reader.complain(
                ("rules", i, "id"), f"rule {text.id!r} appears twice", "give each rule its own id"
            )
        seen.add(text.id if text else "")
