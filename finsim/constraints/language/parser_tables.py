"""The parser of the rule grammar from tables worked out before: computing them takes ten times as long.

``python -m finsim.constraints.language.grammar`` writes the tables again after a change of the grammar;
until then, and with another version of Lark, the parser is built from the grammar itself.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("parser_tables.json")
OPTIONS: dict[str, Any] = {"parser": "lalr", "propagate_positions": True, "maybe_placeholders": False}


def parser_of(grammar: str) -> Any:
    """Return the Lark parser of a grammar."""
    from lark import Lark

    try:
        stored = json.loads(_FILE.read_text("utf-8"))
    except (OSError, ValueError):
        stored = {}
    if not isinstance(stored, dict) or stored.get("digest") != digest(grammar):
        return Lark(grammar, **OPTIONS)
    return Lark.__new__(Lark)._load(_revived(stored["tables"]))


def digest(grammar: str) -> str:
    """Return what the tables depend on: the grammar, the options and the version of Lark."""
    import lark

    return hashlib.sha256(repr((grammar, OPTIONS, lark.__version__)).encode()).hexdigest()


def write(grammar: str) -> None:
    """Put the tables of a grammar in place of those that are stored."""
    _FILE.write_text(written(grammar), "utf-8")


def written(grammar: str) -> str:
    """Return the tables of a grammar as JSON."""
    from lark import Lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = Lark(grammar, **OPTIONS).memo_serialize([TerminalDef, Rule])
    tables = _plain({"data": data, "memo": memo})
    return json.dumps({"digest": digest(grammar), "tables": tables}, separators=(",", ":")) + "\n"


def _plain(value: Any) -> Any:
    """Return data as JSON has it: mappings as lists of pairs, since their keys may be numbers."""
    if isinstance(value, dict):
        return {"map": [[_plain(key), _plain(one)] for key, one in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_plain(one) for one in value]}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _revived(value: Any) -> Any:
    if isinstance(value, dict):
        if "tuple" in value:
            return tuple(_revived(one) for one in value["tuple"])
        return {_revived(key): _revived(one) for key, one in value["map"]}
    return [_revived(one) for one in value] if isinstance(value, list) else value
