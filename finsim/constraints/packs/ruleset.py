"""``RuleSet``: a rule pack, parsed and typed, ready to be checked, repaired and explained."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from finsim.constraints.language.expression import walk
from finsim.constraints.language.today import TODAY
from finsim.constraints.packs.loading import build
from finsim.constraints.packs.pack_schema import read_as, refuse_unlike
from finsim.constraints.packs.rule import Param, Rule, Table
from finsim.documents import Document, find, parse, read
from finsim.errors import FinsimError, RuleError, did_you_mean
from finsim.records.display.card import Card, Value, cut_start
from finsim.records.display.shown_record import ShownRecord
from finsim.records.storage import replacing
from finsim.tables import Dialect, Schema, load_schema


@dataclass(frozen=True, eq=False, repr=False)
class RuleSet(ShownRecord):
    """A rule pack; ``text`` is the file it came from.

    ``digest`` is the sha256 of its contents (not of comments and layout): equal contents, equal digest,
    and then two packs are equal.

    Example:
        >>> import finsim
        >>> finsim.RuleSet.load("ohlcv").id
        'ohlcv'

    """

    id: str
    version: str
    tables: Mapping[str, Table]
    params: Mapping[str, Param]
    rules: tuple[Rule, ...]
    data: Mapping[str, Any] = field(repr=False)
    path: str = ""
    text: str = field(default="", repr=False)

    @classmethod
    def load(cls, pack_or_file: str) -> RuleSet:
        """Load a shipped pack by name, or a rule file by path.

        Raises RuleError that lists every problem of the file at ``file:line:col``.
        """
        path = find(str(pack_or_file), "constraints", "rule pack", RuleError)
        document = read(path, RuleError)
        return cls(*build(document, path.read_bytes().decode("utf-8")))  # with its own ends of lines

    @classmethod
    def parse(cls, text: str, path: str = "<rules>") -> RuleSet:
        """Read a pack from YAML text; ``path`` names it in messages. Raises RuleError like ``load``."""
        return cls(*build(parse(text, path, RuleError), text))

    def card(self) -> Card:
        """Return the tables, the rules by level, those that repair, and the parameters with their values."""
        levels = Counter(rule.level for rule in self.rules)
        facts: tuple[tuple[str, Value], ...] = (
            ("file", cut_start(self.path, 80)),
            (
                "tables",
                tuple(f"{name} ({len(table.columns)} columns)" for name, table in self.tables.items()),
            ),
            ("rules", tuple(f"{count} {level}" for level, count in levels.items())),
            ("repairs", f"{sum(rule.repair is not None for rule in self.rules)} of {len(self.rules)} rules"),
            ("parameters", tuple(f"{name} {param.text}" for name, param in self.params.items())),
        )
        return Card(f"RuleSet: {self.id} {self.version}", facts)

    def needing(self, *tables: str) -> RuleSet:
        """Return the pack in which only these of its tables must be given; rules of absent ones are skipped.

        Raises RuleError for a name that the pack does not have.
        """
        for name in tables:
            if name not in self.tables:
                remedy = did_you_mean(name, list(self.tables))
                raise RuleError(f"pack {self.id} has no table {name!r}", place=f"table {name}", remedy=remedy)
        optional = {
            name: replace(table, optional=table.optional or name not in tables)
            for name, table in self.tables.items()
        }
        return replace(self, tables=optional)

    def reading(self, schema: Schema | str | Path | None = None, dialect: Dialect | None = None) -> RuleSet:
        """Return the pack with columns and text read as a schema (or its file) and a dialect declare.

        A column of the schema is one of the pack's that has its name, or an alias of the same letters; what
        it says of units, formats, zones, words and headers takes the place of what the pack says, and a
        dialect stands above that of the schema. Raises RuleError for columns that the pack lacks
        altogether, and for types that do not fit.
        """
        if schema is None and dialect is None:
            return self
        found = schema if isinstance(schema, Schema | None) else load_schema(schema)
        tables = {name: read_as(table, found, dialect) for name, table in self.tables.items()}
        if found is not None:
            refuse_unlike(self.tables, found)
        return replace(self, tables=tables)

    @cached_property
    def digest(self) -> str:
        """sha256 of the contents, hexadecimal."""
        text = json.dumps(self.data, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def reads_today(self) -> bool:
        """Whether a rule or repair reads the current date, which no parameter of the pack stands for."""
        roots = [
            root
            for rule in self.rules
            for root in (rule.check, rule.when, rule.repair.node if rule.repair else None)
            if root is not None
        ]
        is_free = TODAY not in self.params
        return is_free and any(
            one.op == "param" and one.data == TODAY for root in roots for one in walk(root)
        )

    def __eq__(self, other: object) -> bool:
        """Whether two packs have the same contents."""
        return isinstance(other, RuleSet) and self.digest == other.digest

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash(self.digest)

    def to_yaml(self) -> str:
        """Return the pack as it was written, comments and layout included."""
        return self.text or self.dump()

    def save(self, path: str | Path) -> None:
        """Write the pack as it was written, byte for byte; CSV files of its lookups are not copied."""
        with replacing(Path(path)) as temporary:
            temporary.write_bytes(self.to_yaml().encode("utf-8"))

    @cached_property
    def _document(self) -> Document:
        return parse(self.text, self.path, RuleError)

    def place(self, rule_id: str) -> str:
        """Return ``file:line:col`` of a rule; of the file for a rule that the columns declare."""
        written = [one.get("id") for one in self.data["rules"]]
        if rule_id in written and self.text:
            return self._document.place(("rules", written.index(rule_id)))
        return self.path

    def rule(self, rule_id: str) -> Rule:
        """Return the rule of that name."""
        return next(rule for rule in self.rules if rule.id == rule_id)

    def dump(self) -> str:
        """Return the pack as YAML; ``RuleSet.parse(dump())`` has the same digest."""
        return yaml.dump(dict(self.data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Writes scalars so that the YAML 1.2 reader of finsim gives back the same value."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    try:
        plain = parse(f"key: {value}", "").data == {"key": value}
    except FinsimError:
        plain = False
    style = None if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _number(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    special = {float("inf"): ".inf", float("-inf"): "-.inf"}
    text = special.get(value, ".nan" if value != value else repr(value))
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)
