"""``RuleSet``: a rule pack, parsed and typed, ready to be checked, repaired and explained."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from finsim.constraints.columns import Column
from finsim.constraints.expression import Node, Span, walk
from finsim.constraints.order import Order
from finsim.constraints.today import TODAY
from finsim.constraints.types import Type
from finsim.documents import Document, find, parse, read
from finsim.errors import FinsimError, RuleError
from finsim.records.storage import replacing


@dataclass(frozen=True)
class Bound:
    """A limit on one column that a rule implies: ``column >= node`` (or <=, strictly or not)."""

    is_low: bool
    strict: bool
    node: Node


@dataclass(frozen=True)
class Repair:
    """How a breach is mended: ``do`` is ``set clip project resample sort drop flag``.

    ``columns`` are those it writes (``column`` is the one of ``set`` and ``clip``), ``weights`` what a
    unit of move costs in each (project), ``most`` the redraws of a row and ``otherwise`` what follows
    them (resample), ``group`` the columns of the group that is dropped whole (drop).
    """

    do: str
    column: str = ""
    node: Node | None = None
    bounds: tuple[Bound, ...] = ()
    text: str = ""
    columns: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    most: int = 0
    otherwise: str = ""
    group: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Rule:
    """One rule of a pack. A row breaks it when ``when`` is true (or absent) and ``check`` is false.

    ``antecedent`` is the condition under which the rule says anything; ``order`` is set when it looks at
    other rows of a group; ``columns`` and ``others`` are the columns and tables it reads.
    """

    id: str
    table: str
    level: str
    kind: str
    check: Node
    when: Node | None
    antecedent: Node | None
    check_text: str
    when_text: str
    check_spans: tuple[Span, ...]
    when_spans: tuple[Span, ...]
    order: Order | None
    nulls: str
    expect: tuple[float, float] | None
    repair: Repair | None
    columns: frozenset[str]
    others: frozenset[str]
    why: str
    cite: str
    assumption: str

    @property
    def text(self) -> str:
        """The rule as one line."""
        return f"if {self.when_text} then {self.check_text}" if self.when_text else self.check_text


@dataclass(frozen=True)
class Table:
    """One table of a pack: what its columns are, its key, and how its rows follow one another."""

    name: str
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    order: Order | None


@dataclass(frozen=True)
class Param:
    """A named value that a caller may override: its type, its value and the value as written."""

    type: Type
    value: Any
    text: str


@dataclass(frozen=True, eq=False)
class RuleSet:
    """A rule pack; ``text`` is the file it came from.

    ``digest`` is the sha256 of its contents (not of comments and layout): equal contents, equal digest,
    and then two packs are equal.
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
        from finsim.constraints.loading import build

        path = find(str(pack_or_file), "constraints", "rule pack", RuleError)
        document = read(path, RuleError)
        return build(document, path.read_bytes().decode("utf-8"))  # with its own ends of lines

    @classmethod
    def parse(cls, text: str, path: str = "<rules>") -> RuleSet:
        """Read a pack from YAML text; ``path`` names it in messages. Raises RuleError like ``load``."""
        from finsim.constraints.loading import build

        return build(parse(text, path, RuleError), text)

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
